// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static dev.hwmailbox.gunyah.msgq.RecordingClient.bytes;
import static dev.hwmailbox.gunyah.msgq.RecordingClient.message;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Mode;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.msgq.QueuePairBed.Pair;
import dev.hwmailbox.testing.VirtualScheduler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What goes wrong with the published driver over the C code's answers, and what becomes of the same in the default mode
 * over the documented ones.
 */
class PublishedDefectsTest {
    private static final Duration LONG = Duration.ofMinutes(10);

    /** Two VMs, one queue pair, and a controller in the first. */
    private static final class Stack {
        final VirtualScheduler scheduler = new VirtualScheduler();
        final Client client;
        final QueuePairBed bed;
        final Pair pair;
        private final boolean published;

        Stack(boolean published, int depth) {
            this(published, depth, QueuePairBed.MAX_MESSAGE, new Client());
        }

        Stack(boolean published, int depth, int maxMessage, Client client) {
            this.published = published;
            this.client = client;
            bed = new QueuePairBed(SoftwareHypervisor.builder()
                    .mode(published ? Mode.COMPAT : Mode.STRICT)
                    .schedulers(vmid -> scheduler));
            pair = bed.pair(depth, maxMessage, Trigger.EDGE);
        }

        MailboxChannel open(MsgqEndpoint endpoint) {
            return open(bed.near.hypercalls(), endpoint);
        }

        MailboxChannel open(GunyahHypercalls calls, MsgqEndpoint endpoint) {
            GunyahMsgqController.Builder builder =
                    GunyahMsgqController.builder(calls, bed.near.interrupts(), scheduler);
            return (published ? builder.published() : builder).build().requestChannel(client, endpoint);
        }

        int queued() {
            return bed.hypervisor.census().queuedMessages();
        }
    }

    private static class Client extends RecordingClient {
        final List<ChannelEvent> events = new ArrayList<>();

        @Override
        public void event(MailboxChannel channel, ChannelEvent event) {
            events.add(event);
        }
    }

    @Test
    void publishedDropsDeferredWorkOnRemovalWithoutAWord() { // where the original crashes: S-remove-ring-nonempty
        var stack = new Stack(true, 4);
        MailboxChannel channel = stack.open(stack.pair.near());
        channel.sendMessage(message("deferred"));
        channel.sendMessage(message("waits"));

        channel.close();
        stack.scheduler.runUntilIdle();

        assertThat(stack.client.done).isEmpty();
        assertThat(stack.queued()).isOne();
        assertThat(stack.scheduler.failures()).isEmpty();
    }

    @Test
    void defaultLeavesNothingDeferredForARemoval() {
        var stack = new Stack(false, 4);
        MailboxChannel channel = stack.open(stack.pair.near());
        channel.sendMessage(message("at once"));
        channel.sendMessage(message("as well"));

        channel.close();
        stack.scheduler.runUntilIdle();

        assertThat(stack.client.done).containsExactly("ok", "ok");
        assertThat(stack.queued()).isEqualTo(2);
        assertThat(stack.scheduler.failures()).isEmpty();
    }

    @Test
    void publishedReportsALostMessageAsSent() {
        var stack = new Stack(true, 4);

        stack.open(stack.pair.near()).sendMessage(MsgqMessage.of(new byte[241]));
        stack.scheduler.runUntilIdle();

        assertThat(stack.client.done).containsExactly("ok");
        assertThat(stack.queued()).isZero();
    }

    @Test
    void defaultSaysThatAMessageIsTooLarge() {
        var stack = new Stack(false, 4);

        stack.open(stack.pair.near()).sendMessage(MsgqMessage.of(new byte[241]));

        assertThat(stack.client.done).containsExactly("EMSGSIZE");
    }

    @Test
    void publishedReceivesNothingForEverBecauseOfALargeMessage() {
        var stack = new Stack(true, 4, 512, new Client() {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                super.rxCallback(channel, message);
                if (received.size() == 1000) {
                    channel.close();
                }
            }
        });
        stack.open(stack.pair.near());

        stack.bed.rawSend(stack.pair.farToNear(), new byte[241]);
        stack.scheduler.runUntilIdle();

        assertThat(stack.client.received).hasSize(1000).containsOnly("");
        assertThat(stack.queued()).isOne();
    }

    @Test
    void defaultReceivesAMessageThatIsLargerThanItWasTold() {
        var stack = new Stack(false, 4, 512, new Client());
        MsgqEndpoint near = stack.pair.near();
        stack.open(MsgqEndpoint.receiveOnly(near.rxCapability(), near.rxVirq(), 240));

        stack.bed.rawSend(stack.pair.farToNear(), new byte[241]);
        stack.scheduler.runUntilIdle();

        assertThat(stack.client.received).containsExactly("\0".repeat(241));
        assertThat(stack.queued()).isZero();
    }

    @Test
    void publishedReportsAFailedMessageAsSentIfAnInterruptComesFirst() {
        var stack = new Stack(true, 4);
        MailboxChannel channel = stack.open(stack.pair.near());
        stack.bed.revokeAll(stack.pair.nearToFar());
        channel.sendMessage(message("fails"));
        channel.sendMessage(message("fails too"));

        stack.bed.near.interrupts().raise(stack.pair.near().txVirq());
        stack.bed.near.interrupts().raise(stack.pair.near().txVirq());
        stack.scheduler.runUntilIdle();

        assertThat(stack.client.done).startsWith("EACCES", "ok"); // two for one: the tasklet's and the interrupt's
    }

    @Test
    void defaultReportsEachMessageOnceWhateverInterruptsCome() {
        var stack = new Stack(false, 4);
        MailboxChannel channel = stack.open(stack.pair.near());
        stack.bed.revokeAll(stack.pair.nearToFar());
        channel.sendMessage(message("fails"));
        channel.sendMessage(message("fails too"));

        stack.bed.near.interrupts().raise(stack.pair.near().txVirq());
        stack.bed.near.interrupts().raise(stack.pair.near().txVirq());
        stack.scheduler.runUntilIdle();

        assertThat(stack.client.done).containsExactly("EACCES", "EACCES");
    }

    @Test
    void publishedHangsSilentlyWhenAFullQueueIsRevoked() {
        var stack = new Stack(true, 1);
        stack.open(stack.pair.near()).sendMessage(message("fills"));

        stack.bed.revokeAll(stack.pair.nearToFar());
        stack.scheduler.advance(LONG);

        assertThat(stack.client.done).isEmpty();
        assertThat(stack.client.events).isEmpty();
    }

    @Test
    void defaultNoticesThatAFullQueueWasRevoked() {
        var stack = new Stack(false, 1);
        stack.open(stack.pair.near()).sendMessage(message("fills"));

        stack.bed.revokeAll(stack.pair.nearToFar());
        stack.scheduler.advance(GunyahMsgqController.DEFAULT_RETRY_DELAY.minusNanos(1));
        assertThat(stack.client.done).isEmpty();
        stack.scheduler.advance(Duration.ofNanos(1));

        assertThat(stack.client.done).containsExactly("EACCES");
        assertThat(stack.client.events).containsExactly(ChannelEvent.PEER_RESET);
    }

    @Test
    void messageWhoseBlockedSenderGaveUpWakesNoLaterSenderInEitherMode() { // of the original: S-blocking-timeout
        for (boolean published : new boolean[] {true, false}) {
            var stack = new Stack(published, 1, QueuePairBed.MAX_MESSAGE, new Client() {
                @Override
                public ClientOptions options() {
                    return ClientOptions.blocking(Duration.ofSeconds(1));
                }
            });
            MailboxChannel channel = stack.open(stack.pair.near());
            stack.bed.rawSend(stack.pair.nearToFar(), bytes("someone else's"));

            int first = channel.sendMessage(message("late"));
            stack.bed.rawReceive(stack.pair.nearToFar());
            stack.scheduler.runDue();
            int second = channel.sendMessage(message("nobody takes it"));

            assertThat(List.of(first, second)).as("published: %s", published).containsOnly(-Errno.ETIME);
            assertThat(stack.bed.rawReceive(stack.pair.nearToFar())).isEqualTo(bytes("nobody takes it"));
        }
    }

    @Test
    void publishedDeliversNothingAfterAReceiveFault() {
        var stack = new Stack(true, 4);
        stack.open(
                failingOnce(stack.bed.near.hypercalls(), GunyahHypercalls.receiveResult(GunyahError.OK, 0, true)),
                stack.pair.near());

        stack.bed.rawSend(stack.pair.farToNear(), bytes("text"));
        stack.scheduler.runUntilIdle();

        assertThat(stack.client.received).containsExactly("", "text");
    }

    @Test
    void defaultTriesAgainAfterAReceiveFault() {
        var stack = new Stack(false, 4);
        long fault = GunyahHypercalls.receiveResult(GunyahError.ADDR_INVALID, 0, false);
        GunyahHypercalls calls = failingOnce(stack.bed.near.hypercalls(), fault);

        stack.open(calls, stack.pair.near());
        stack.bed.rawSend(stack.pair.farToNear(), bytes("text"));
        stack.bed.rawSend(stack.pair.farToNear(), bytes("more"));
        stack.scheduler.advance(GunyahMsgqController.DEFAULT_RETRY_DELAY.minusNanos(1));
        assertThat(stack.client.received).isEmpty();
        stack.scheduler.advance(Duration.ofNanos(1));

        assertThat(stack.client.received).containsExactly("text", "more");
        stack.bed.rawSend(stack.pair.farToNear(), bytes("later"));
        stack.scheduler.runDue();
        assertThat(stack.client.received).endsWith("later");
    }

    private static GunyahHypercalls failingOnce(GunyahHypercalls real, long result) {
        var failed = new AtomicBoolean();
        return (GunyahHypercalls) Proxy.newProxyInstance(
                GunyahHypercalls.class.getClassLoader(),
                new Class<?>[] {GunyahHypercalls.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("msgqReceive") && !failed.getAndSet(true)) {
                        return result;
                    }
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @Test
    void publishedNeedsLuckOnceTheQueueWasFull() {
        var stack = new Stack(true, 1);
        MailboxChannel channel = stack.open(stack.pair.near());
        stack.bed.rawSend(stack.pair.nearToFar(), bytes("someone else's"));
        stack.bed.unbindSendVirq(stack.pair.nearToFar());

        channel.sendMessage(message("mine"));
        stack.bed.rawReceive(stack.pair.nearToFar());
        stack.scheduler.advance(LONG);

        assertThat(stack.client.done).isEmpty();
        assertThat(stack.queued()).isZero();
    }

    @Test
    void defaultNeedsNoLuckOnceTheQueueWasFull() {
        var stack = new Stack(false, 1);
        MailboxChannel channel = stack.open(stack.pair.near());
        stack.bed.rawSend(stack.pair.nearToFar(), bytes("someone else's"));
        stack.bed.unbindSendVirq(stack.pair.nearToFar());

        channel.sendMessage(message("mine"));
        stack.bed.rawReceive(stack.pair.nearToFar());
        stack.scheduler.advance(GunyahMsgqController.DEFAULT_RETRY_DELAY);

        assertThat(stack.bed.rawReceive(stack.pair.nearToFar())).isEqualTo(bytes("mine"));
    }

    @Test
    void publishedAcceptsWhatItCannotSend() {
        var stack = new Stack(true, 4);
        MsgqEndpoint near = stack.pair.near();
        MailboxChannel channel = stack.open(MsgqEndpoint.receiveOnly(near.rxCapability(), near.rxVirq(), 240));

        for (int i = 0; i < MailboxChannel.TX_QUEUE_LENGTH; i++) {
            assertThat(channel.sendMessage(message("lost"))).isEqualTo(i);
        }
        stack.scheduler.advance(LONG);

        assertThat(stack.client.done).isEmpty();
        assertThat(channel.sendMessage(message("no room"))).isEqualTo(-Errno.ENOBUFS);
    }

    @Test
    void defaultSaysThatItCannotSend() {
        var stack = new Stack(false, 4);
        MsgqEndpoint near = stack.pair.near();

        stack.open(MsgqEndpoint.receiveOnly(near.rxCapability(), near.rxVirq(), 240))
                .sendMessage(message("refused"));

        assertThat(stack.client.done).containsExactly("EOPNOTSUPP");
    }
}
