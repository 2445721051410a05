// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static dev.hwmailbox.gunyah.rm.ResourceManagerTest.errno;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Several callers at once, and the ends of a wait that are not a reply. */
final class ResourceManagerWaitingTest {
    private static final byte[] VMID = {3, 0, 0, 0};

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final ScriptedPeer peer = new ScriptedPeer(scheduler);
    private final ResourceManager client = peer.client();
    private final List<String> ends = new ArrayList<>();

    @Test
    void secondCallerWaitsForItsTurn() {
        caller("a", 0x5600AAAA);
        caller("b", 0x5600BBBB);
        scheduler.runDue();
        assertThat(peer.requests()).hasSize(1);

        peer.reply(peer.request(0), 0);
        scheduler.runDue();
        assertThat(peer.requests()).hasSize(2);
        assertThat(ends).containsExactly("a ok");

        peer.reply(peer.request(1), 0);
        scheduler.runDue();
        assertThat(ends).containsExactly("a ok", "b ok");
    }

    @Test
    void framesOfTwoRequestsAreNeverInterleaved() {
        peer.hold();
        caller("a", 0x5600AAAA, 10 * 232);
        caller("b", 0x5600BBBB, 10 * 232);
        peer.answering();
        peer.release();
        scheduler.runUntilIdle();

        assertThat(ends).containsExactly("a ok", "b ok");
        assertThat(peer.requests()).extracting(ScriptedPeer.Request::payload).allMatch(bytes -> bytes.length == 2320);
    }

    @Test
    void waitForTheTurnCountsAsTime() {
        caller("a", 0x5600AAAA);
        scheduler.advance(Duration.ofSeconds(2));
        caller("b", 0x5600BBBB);
        scheduler.advance(Duration.ofSeconds(3));
        assertThat(ends).containsExactly("a ETIMEDOUT");
        assertThat(peer.requests()).as("b's turn").hasSize(2);

        scheduler.advance(Duration.ofSeconds(2));
        assertThat(ends).containsExactly("a ETIMEDOUT", "b ETIMEDOUT");
    }

    @Test
    void requestsThatTimedOutInTheMailboxRingGoOutLateAndTheirRepliesAreDropped() {
        peer.hold();
        caller("a", 0x5600AAAA);
        scheduler.advance(Duration.ofSeconds(4));
        caller("b", 0x5600BBBB);
        scheduler.advance(Duration.ofSeconds(1));
        caller("c", 0x5600CCCC);
        scheduler.advance(Duration.ofSeconds(4));
        assertThat(ends).containsExactly("a ETIMEDOUT", "b ETIMEDOUT");

        peer.answering();
        peer.release();
        scheduler.runUntilIdle();
        assertThat(ends).containsExactly("a ETIMEDOUT", "b ETIMEDOUT", "c ok");
        assertThat(peer.requests())
                .extracting(ScriptedPeer.Request::id)
                .containsExactly(0x5600AAAA, 0x5600BBBB, 0x5600CCCC);
        assertThat(client.droppedFrames()).as("replies to a and b").isGreaterThan(0);
    }

    @Test
    void restOfARequestThatTimedOutIsNotSent() {
        peer.hold();
        caller("a", 0x5600AAAA, 40 * 232);
        scheduler.advance(Duration.ofSeconds(5));
        assertThat(ends).containsExactly("a ETIMEDOUT");
        caller("b", 0x5600BBBB);
        peer.answering();
        peer.release();
        scheduler.runUntilIdle();

        assertThat(ends).containsExactly("a ETIMEDOUT", "b ok");
        assertThat(peer.frames()).as("what the ring held, and b").hasSizeLessThan(24);
        assertThat(peer.requests()).extracting(ScriptedPeer.Request::id).containsExactly(0x5600BBBB);
    }

    @Test
    void interruptEndsTheCallWithEintrAndKeepsTheFlag() {
        scheduler.execute(() -> Thread.currentThread().interrupt());

        assertThatThrownBy(client::vmid).satisfies(errno(Errno.EINTR));

        assertThat(Thread.interrupted()).isTrue();
        peer.answering(VMID);
        assertThat(client.vmid()).isEqualTo(3);
    }

    @Test
    void interruptedCallerGetsAReplyThatIsThereAlready() {
        peer.answering(VMID);
        Thread.currentThread().interrupt();

        assertThat(client.vmid()).isEqualTo(3);

        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void closeEndsTheActiveCallAndTheWaitingOnesWithEshutdown() {
        caller("a", 0x5600AAAA);
        caller("b", 0x5600BBBB);
        caller("c", 0x5600CCCC);

        client.close();
        scheduler.runUntilIdle();

        assertThat(ends).containsExactly("a ESHUTDOWN", "b ESHUTDOWN", "c ESHUTDOWN");
        assertThat(peer.requests()).hasSize(1);
        assertThatThrownBy(client::vmid).satisfies(errno(Errno.ESHUTDOWN));
        assertThat(peer.controller().channel(0).isBound()).isFalse();
        client.close();
    }

    @Test
    void callMadeWhileTheChannelClosesEndsWithEshutdown() {
        List<String> inside = new ArrayList<>();
        peer.onShutdown(() -> inside.add(outcome(() -> client.vmid())));

        peer.controller().close();

        assertThat(inside).containsExactly("ESHUTDOWN");
    }

    @Test
    void callBeyondTheBoundIsRefusedWithEbusyAtOnce() {
        caller("active", 0x5600AAAA);
        for (int i = 0; i < RmConnection.MAX_WAITING; i++) {
            caller("waiting", 0x5600BBBB);
        }

        assertThatThrownBy(client::vmid).satisfies(errno(Errno.EBUSY));

        client.close();
        scheduler.runUntilIdle();
        assertThat(ends).hasSize(1 + RmConnection.MAX_WAITING).allMatch(end -> end.endsWith("ESHUTDOWN"));
    }

    @Test
    void carrierThatThrowsFailsItsCallAlone() {
        List<RuntimeException> broken = new ArrayList<>(List.of(new IllegalStateException("carrier")));
        ResourceManager fragile = peer.rebind(frame -> {
            if (!broken.isEmpty()) {
                throw broken.remove(0);
            }
        });
        peer.answering(VMID);

        assertThatThrownBy(fragile::vmid).hasMessage("carrier");
        assertThat(fragile.vmid()).isEqualTo(3);
    }

    private Completion caller(String name, int messageId) {
        return caller(name, messageId, 0);
    }

    private Completion caller(String name, int messageId, int length) {
        return scheduler.spawn(() -> ends.add(name + " " + outcome(() -> client.call(messageId, new byte[length]))));
    }

    private static String outcome(Runnable call) {
        try {
            call.run();
            return "ok";
        } catch (MailboxException e) {
            return Errno.name(e.errno());
        }
    }
}
