// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static dev.hwmailbox.gunyah.rm.ResourceManagerTest.errno;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.msgq.StaleMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The Resource Manager restarts, or its channel goes. */
final class ResourceManagerRestartTest {
    private static final byte[] VMID = {3, 0, 0, 0};
    private static final int NEWS = 0x56100008;

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final ScriptedPeer peer = new ScriptedPeer(scheduler);
    private final ResourceManager client = peer.client();
    private final List<String> log = new ArrayList<>();

    @Test
    void everyCallEndsWithEconnresetOnceAndTheNextOneStartsFromSequenceZero() {
        caller("a", 0x5600AAAA);
        caller("b", 0x5600BBBB);

        peer.reset();
        scheduler.runUntilIdle();
        assertThat(log)
                .containsExactly(
                        "a ECONNRESET: message 0x5600aaaa has no reply: the Resource Manager restarted",
                        "b ECONNRESET: message 0x5600bbbb has no reply: the Resource Manager restarted");
        peer.answering(VMID);
        assertThat(client.vmid()).isEqualTo(3);

        assertThat(peer.requests()).extracting(ScriptedPeer.Request::sequence).containsExactly(0, 0);
        assertThat(client.generation()).isEqualTo(1);
    }

    @Test
    void whatWasHeardBeforeIsToldBeforeTheRestartAndTheRestartBeforeWhatFollows() {
        client.addListener(listener());
        peer.notification(NEWS, (byte) 1);
        peer.notification(NEWS, (byte) 2);
        peer.reset();
        peer.notification(NEWS, (byte) 3);

        scheduler.runUntilIdle();

        assertThat(log).containsExactly("told 1", "told 2", "restarted 1", "told 3");
    }

    @Test
    void halfAMessageIsForgotten() {
        client.addListener(listener());
        List<byte[]> old = ScriptedPeer.message(ScriptedPeer.NOTIFICATION, NEWS, 1, new byte[600]);
        peer.deliver(old.get(0));
        peer.reset();
        peer.deliver(old.get(1));
        peer.deliver(old.get(2));
        scheduler.runUntilIdle();

        assertThat(log).containsExactly("restarted 1");
        assertThat(client.counters().brokenFrames()).isEqualTo(2);
    }

    @Test
    void framesOfTheOldGenerationAreDroppedAndCountedAsStale() {
        peer.onRequest(request -> peer.reply(request, 0, VMID));
        client.vmid();
        peer.onRequest(ScriptedPeer.SILENT);
        caller("a", 0x5600AAAA);
        peer.reset();
        scheduler.runUntilIdle();

        peer.reply(peer.request(1), 0, VMID);
        peer.deliverMessage(new StaleMessage(ByteBuffer.wrap(new byte[8])));

        assertThat(client.counters().staleFrames()).isEqualTo(2);
        assertThat(client.droppedFrames()).isEqualTo(2);
    }

    @Test
    void oldReplyWithTheSequenceOfANewCallIsStaleAndDoesNotEndIt() {
        caller("old", 0x5600AAAA);
        peer.reset();
        scheduler.runUntilIdle();
        caller("new", 0x5600BBBB);

        peer.reply(peer.request(0), 0);
        scheduler.runDue();

        assertThat(log).hasSize(1);
        assertThat(client.counters()).isEqualTo(new RmCounters(0, 0, 0, 1, 0, 0));
    }

    @Test
    void everyRestartIsNoticedBecauseTheChannelIsRequestedAgainAfterEach() {
        for (int restart = 1; restart <= 3; restart++) {
            caller("call " + restart, 0x5600AAAA);
            peer.reset();
            scheduler.runUntilIdle();
            assertThat(client.generation()).isEqualTo(restart);
        }

        assertThat(log).hasSize(3).allMatch(end -> end.contains("ECONNRESET"));
        assertThat(peer.channelRequests()).isEqualTo(4);
    }

    @Test
    void restOfARequestIsNotSentToTheNextGeneration() {
        peer.hold();
        caller("a", 0x5600AAAA, 40 * 232);
        peer.reset();
        scheduler.runDue();
        int framesOfA = peer.frames().size();
        peer.answering(VMID);
        scheduler.spawn(() -> log.add("vmid " + client.vmid()));
        scheduler.runDue();
        peer.release();
        scheduler.runUntilIdle();

        assertThat(log).hasSize(2).contains("vmid 3");
        assertThat(peer.frames()).hasSize(framesOfA + 1);
    }

    @Test
    void callThatIsMadeWhileTheRestartHappensEndsWithEconnreset() {
        List<Runnable> once = new ArrayList<>(List.of(peer::reset));
        ResourceManager interrupted = peer.rebind(frame -> {
            if (!once.isEmpty()) {
                once.remove(0).run();
            }
        });
        peer.answering(VMID);

        assertThatThrownBy(interrupted::vmid).satisfies(errno(Errno.ECONNRESET));
        assertThat(interrupted.vmid()).isEqualTo(3);

        assertThat(peer.requests()).extracting(ScriptedPeer.Request::sequence).containsExactly(0);
    }

    @Test
    void callMadeInsideTheRestartListenerGoesToTheNewGeneration() {
        peer.answering(VMID);
        client.addListener(new RmNotificationListener() {
            @Override
            public void notified(RmMessage notification) {}

            @Override
            public void restarted(int generation) {
                log.add("vmid " + client.vmid());
            }
        });

        peer.reset();
        scheduler.runUntilIdle();

        assertThat(log).containsExactly("vmid 3");
    }

    @Test
    void closedChannelEndsCallsWithEshutdownAndIsRequestedAgainUntilThereIsOne() {
        caller("a", 0x5600AAAA);
        peer.refuseRequests(3);
        peer.controller().close();
        scheduler.runDue();
        assertThat(log).containsExactly("a ESHUTDOWN: message 0x5600aaaa has no reply: the channel was closed");

        peer.answering(VMID);
        Duration before = scheduler.elapsed();
        assertThat(client.vmid()).isEqualTo(3);

        assertThat(scheduler.elapsed().minus(before)).isEqualTo(Duration.ofMillis(400));
        assertThat(peer.channelRequests()).isEqualTo(5);
        assertThat(client.generation()).isEqualTo(1);
    }

    @Test
    void afterTheLastAttemptCallsEndWithEshutdownAndTheCause() {
        peer.refuseRequests(1_000_000);
        peer.controller().close();
        caller("waiting", 0x5600AAAA);
        scheduler.runUntilIdle();

        assertThat(log)
                .containsExactly("waiting ESHUTDOWN: message 0x5600aaaa has no reply: the channel was closed and could"
                        + " not be bound again");
        assertThat(peer.channelRequests()).isEqualTo(1 + ResourceManagerOptions.DEFAULT_REBIND_ATTEMPTS);
        assertThatThrownBy(client::vmid).satisfies(errno(Errno.ESHUTDOWN)).hasRootCauseMessage("ENODEV: no channel");
    }

    @Test
    void withoutRebindAClosedChannelIsTheEnd() {
        var alone = new ScriptedPeer(
                scheduler, ResourceManagerOptions.builder().rebindAttempts(0).build());
        List<String> ends = new ArrayList<>();
        scheduler.spawn(() -> ends.add(outcome(() -> alone.client().vmid())));

        alone.controller().close();
        scheduler.runUntilIdle();

        assertThat(ends).singleElement().asString().startsWith("ESHUTDOWN");
        assertThatThrownBy(alone.client()::vmid).satisfies(errno(Errno.ESHUTDOWN));
        assertThat(alone.channelRequests()).isEqualTo(1);
    }

    @Test
    void withoutRebindTheSurvivingChannelIsUsedOn() {
        var alone = new ScriptedPeer(
                scheduler, ResourceManagerOptions.builder().rebindAttempts(0).build());
        alone.reset();
        alone.answering(VMID);

        assertThat(alone.client().vmid()).isEqualTo(3);

        assertThat(alone.client().generation()).isEqualTo(1);
        assertThat(alone.channelRequests()).isEqualTo(1);
    }

    @Test
    void channelThatIsLostAgainAndAgainWithoutAFrameIsGivenUp() {
        peer.onStartup(this::resetNowAndInTheNextStartup);

        peer.reset();
        scheduler.runUntilIdle();

        assertThat(peer.channelRequests()).isEqualTo(1 + ResourceManagerOptions.DEFAULT_REBIND_ATTEMPTS);
        assertThatThrownBy(client::vmid).satisfies(errno(Errno.ECONNRESET));
    }

    private void resetNowAndInTheNextStartup() {
        peer.onStartup(this::resetNowAndInTheNextStartup);
        peer.reset();
    }

    @Test
    void errorInsideTheRequestForTheChannelDoesNotEndTheAttempts() {
        peer.onStartup(() -> {
            throw new AssertionError("startup");
        });
        peer.reset();
        assertThatThrownBy(scheduler::runUntilIdle).hasMessage("startup");
        peer.answering(VMID);

        assertThat(client.vmid()).isEqualTo(3);
    }

    @Test
    @SuppressWarnings("NullAway") // not every caller has it looking on
    void requestThatGivesNoChannelIsRefused() {
        assertThatThrownBy(() -> ResourceManager.bind(
                        nobody -> null, RmFrameCarrier.MSGQ, scheduler, ResourceManagerOptions.DEFAULT))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("the requested channel");
    }

    @Test
    void resetWhileTheChannelIsRequestedIsNotMissed() {
        peer.onStartup(peer::reset);
        peer.reset();
        scheduler.runUntilIdle();

        assertThat(client.generation()).isEqualTo(2);
        peer.answering(VMID);
        assertThat(client.vmid()).isEqualTo(3);
    }

    @Test
    void closeDuringTheRebindLeavesNothingBehind() {
        peer.controller().close();
        caller("a", 0x5600AAAA);

        client.close();
        scheduler.runUntilIdle();

        assertThat(log).singleElement().asString().startsWith("a ESHUTDOWN");
        assertThat(peer.controller().channel(0).isBound()).isFalse();
        assertThat(peer.channelRequests()).isEqualTo(1);
        assertThat(scheduler.pending()).isEmpty();
    }

    @Test
    void closeFromInsideTheRequestForTheChannelClosesWhatIsRequested() {
        peer.onStartup(client::close);
        peer.reset();
        scheduler.runUntilIdle();

        assertThat(peer.controller().channel(0).isBound()).isFalse();
        assertThatThrownBy(client::vmid).satisfies(errno(Errno.ESHUTDOWN));
    }

    private RmNotificationListener listener() {
        return new RmNotificationListener() {
            @Override
            public void notified(RmMessage notification) {
                log.add("told " + notification.payload()[0]);
            }

            @Override
            public void restarted(int generation) {
                log.add("restarted " + generation);
            }
        };
    }

    private void caller(String name, int messageId) {
        caller(name, messageId, 0);
    }

    private void caller(String name, int messageId, int length) {
        scheduler.spawn(() -> log.add(name + " " + outcome(() -> client.call(messageId, new byte[length]))));
    }

    private static String outcome(Runnable call) {
        try {
            call.run();
            return "ok";
        } catch (MailboxException e) {
            return String.valueOf(e.getMessage());
        }
    }
}
