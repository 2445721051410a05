// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static dev.hwmailbox.gunyah.rm.ResourceManagerTest.errno;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Calls that do not wait, several calls at a time, and what is counted. */
final class ResourceManagerAsyncTest {
    private static final byte[] NOTHING = {};

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final ScriptedPeer peer = new ScriptedPeer(scheduler);
    private final ResourceManager client = peer.client();

    @Test
    void futureEndsWithTheReplyOffTheInterruptPath() {
        CompletableFuture<RmMessage> future = client.callAsync(0x5600AAAA, NOTHING);
        peer.reply(peer.request(0), 0, (byte) 7);
        assertThat(future).isNotDone();
        scheduler.runUntilIdle();

        assertThat(future.join().data()).containsExactly(7);
        assertThat(scheduler.elapsed()).isZero();
    }

    /** Takes no timers. */
    private record Refusing(VirtualScheduler scheduler, AtomicBoolean refuses) implements MailboxScheduler {
        @Override
        public long nanoTime() {
            return scheduler.nanoTime();
        }

        @Override
        public void execute(Runnable task) {
            scheduler.execute(task);
        }

        @Override
        public Timer timer(String name, Runnable task) {
            if (refuses.get()) {
                throw new RejectedExecutionException("no more timers");
            }
            return scheduler.timer(name, task);
        }

        @Override
        public boolean await(Completion completion, long timeoutNanos) {
            return scheduler.await(completion, timeoutNanos);
        }

        @Override
        public void wake(Completion completion) {
            scheduler.wake(completion);
        }
    }

    @Test
    void callThatTheSchedulerRefusesLeavesNothingBehind() {
        var refuses = new AtomicBoolean();
        var other = new ScriptedPeer(new Refusing(scheduler, refuses));
        refuses.set(true);
        for (int i = 0; i <= RmConnection.MAX_WAITING + 1; i++) {
            assertThatThrownBy(() -> other.client().callAsync(0x5600AAAA, NOTHING))
                    .isInstanceOf(RejectedExecutionException.class);
        }
        refuses.set(false);
        other.answering((byte) 3, (byte) 0, (byte) 0, (byte) 0);

        assertThat(other.client().vmid()).isEqualTo(3);
    }

    @Test
    void refusalEndsTheFutureExceptionally() {
        CompletableFuture<RmMessage> future = client.callAsync(0x5600AAAA, NOTHING);
        peer.reply(peer.request(0), 3);
        scheduler.runUntilIdle();

        assertThatThrownBy(future::join)
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOf(ResourceManagerException.class)
                .satisfies(errno(Errno.EPERM));
    }

    @Test
    void futureEndsWhenItsTimeIsUpAndTheReplyIsLate() {
        CompletableFuture<RmMessage> future = client.callAsync(0x5600AAAA, NOTHING);
        scheduler.advance(Duration.ofSeconds(5));
        assertThatThrownBy(future::join).cause().satisfies(errno(Errno.ETIMEDOUT));

        peer.reply(peer.request(0), 0);

        assertThat(client.counters()).isEqualTo(new RmCounters(1, 0, 0, 0, 0, 0));
    }

    @Test
    void cancelledCallIsNotSentAndALateReplyToOneThatWasIsDropped() {
        CompletableFuture<RmMessage> sent = client.callAsync(0x5600AAAA, NOTHING);
        CompletableFuture<RmMessage> waiting = client.callAsync(0x5600BBBB, NOTHING);
        CompletableFuture<RmMessage> last = client.callAsync(0x5600CCCC, NOTHING);

        waiting.cancel(true);
        sent.cancel(true);
        peer.reply(peer.request(0), 0);
        peer.reply(peer.request(1), 0);
        scheduler.runUntilIdle();

        assertThat(last).isCompleted();
        assertThat(peer.requests()).extracting(ScriptedPeer.Request::id).containsExactly(0x5600AAAA, 0x5600CCCC);
        assertThat(client.counters().lateReplies()).isEqualTo(1);
        assertThat(scheduler.pending()).isEmpty();
    }

    @Test
    void severalCallsMayBeOutstandingAndAreAnsweredInAnyOrder() {
        var wide = new ScriptedPeer(
                scheduler, ResourceManagerOptions.builder().maxOutstanding(2).build());
        List<CompletableFuture<RmMessage>> futures = new ArrayList<>();
        for (int id : new int[] {0x5600AAAA, 0x5600BBBB, 0x5600CCCC}) {
            futures.add(wide.client().callAsync(id, NOTHING));
        }
        assertThat(wide.requests()).extracting(ScriptedPeer.Request::sequence).containsExactly(0, 1);

        wide.reply(wide.request(1), 0, (byte) 1);
        assertThat(wide.requests()).hasSize(3);
        wide.reply(wide.request(2), 0, (byte) 2);
        wide.reply(wide.request(0), 0, (byte) 0);
        scheduler.runUntilIdle();

        assertThat(futures).extracting(future -> future.join().data()[0]).containsExactly((byte) 0, (byte) 1, (byte) 2);
    }

    @Test
    void framesOfOutstandingCallsAreNotInterleaved() {
        var wide = new ScriptedPeer(
                scheduler, ResourceManagerOptions.builder().maxOutstanding(3).build());
        wide.answering();
        wide.hold();
        for (int id : new int[] {0x5600AAAA, 0x5600BBBB, 0x5600CCCC}) {
            var unused = wide.client().callAsync(id, new byte[30 * 232]);
        }
        wide.release();
        scheduler.runUntilIdle();

        assertThat(wide.requests())
                .extracting(ScriptedPeer.Request::id, request -> request.payload().length)
                .containsExactly(tuple(0x5600AAAA, 30 * 232), tuple(0x5600BBBB, 30 * 232), tuple(0x5600CCCC, 30 * 232));
    }

    @Test
    void repliesThatNobodyWaitsForAreCountedByKind() {
        peer.onRequest(request -> {
            peer.reply(request, 0);
            peer.reply(request, 0);
        });
        client.call(0x5600AAAA, NOTHING);
        peer.onRequest(request -> {
            peer.reply(new ScriptedPeer.Request(0x5600AAAA, request.sequence(), NOTHING), 0);
            peer.reply(new ScriptedPeer.Request(0x5600BBBB, 0x4444, NOTHING), 0);
            peer.deliver(new byte[3]);
            peer.reply(request, 0);
        });
        client.call(0x5600BBBB, NOTHING);

        assertThat(client.counters()).isEqualTo(new RmCounters(0, 1, 2, 0, 1, 0));
        assertThat(client.droppedFrames()).isEqualTo(4);
    }

    @Test
    void callsLongAgoAreForgottenAndTheirRepliesForeign() {
        peer.answering();
        for (int i = 0; i <= RecentCalls.REMEMBERED; i++) {
            client.call(0x5600AAAA, NOTHING);
        }

        peer.reply(peer.request(0), 0);
        peer.reply(peer.request(1), 0);

        assertThat(client.counters()).isEqualTo(new RmCounters(0, 1, 1, 0, 0, 0));
    }

    @Test
    void slowListenersLoseTheOldestNotificationsAndTheLossIsCounted() {
        var small = new ScriptedPeer(
                scheduler, ResourceManagerOptions.builder().maxUntold(2).build());
        List<String> heard = new ArrayList<>();
        small.client().addListener(new RmNotificationListener() {
            @Override
            public void notified(RmMessage notification) {
                heard.add("" + notification.payload()[0]);
            }

            @Override
            public void restarted(int generation) {
                heard.add("restarted " + generation);
            }
        });

        small.notification(RmMessageId.NOTIFY_VM_STATUS, (byte) 1);
        small.reset();
        small.notification(RmMessageId.NOTIFY_VM_STATUS, (byte) 2);
        small.notification(RmMessageId.NOTIFY_VM_STATUS, (byte) 3);
        small.notification(RmMessageId.NOTIFY_VM_STATUS, (byte) 4);
        scheduler.runUntilIdle();

        assertThat(heard).containsExactly("restarted 1", "3", "4");
        assertThat(small.client().counters().untoldNotifications()).isEqualTo(2);
    }

    @Test
    void continuationWithAnotherSequenceIsTakenOnlyIfAskedTo() {
        var lenient = new ScriptedPeer(
                scheduler,
                ResourceManagerOptions.builder().comparesSequences(false).build());
        for (ScriptedPeer each : List.of(peer, lenient)) {
            each.onRequest(request -> {
                List<byte[]> reply =
                        ScriptedPeer.message(ScriptedPeer.REPLY, request.id(), request.sequence(), new byte[300]);
                reply.get(1)[2]++;
                reply.forEach(each::deliver);
            });
        }

        assertThatThrownBy(() -> client.call(0x5600AAAA, NOTHING)).satisfies(errno(Errno.EIO));
        assertThat(lenient.client().call(0x5600AAAA, NOTHING).data()).hasSize(296);
    }

    @Test
    void optionsOutOfRangeAreRefused() {
        assertThatThrownBy(
                        () -> ResourceManagerOptions.builder().maxOutstanding(0).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("maxOutstanding must be 1..256: 0");
        assertThatThrownBy(() -> ResourceManagerOptions.builder().maxUntold(0).build())
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() ->
                        ResourceManagerOptions.builder().rebindAttempts(-1).build())
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ResourceManagerOptions.builder()
                        .rebindDelay(Duration.ofNanos(-1))
                        .build())
                .isInstanceOf(IllegalArgumentException.class);
    }
}
