// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static dev.hwmailbox.gunyah.msgq.RecordingClient.bytes;
import static dev.hwmailbox.gunyah.msgq.RecordingClient.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.msgq.QueuePairBed.Pair;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What happens inside, or after, what it should not: closing, giving up, errors of callbacks. */
final class LateAndNestedTest {
    private static final Duration BUDGET = Duration.ofMillis(100);

    private final QueuePairBed bed = new QueuePairBed();
    private final RecordingClient client = new RecordingClient();

    /** One that delivers interrupts on the asserting thread. */
    private QueuePairBed inlineBed() {
        return new QueuePairBed(SoftwareHypervisor.builder()
                .schedulers(vmid -> bed.scheduler)
                .interruptDelivery(vmid -> Runnable::run));
    }

    /** Closes the controller after it has taken the slot and before the client is bound. */
    private static final class ClosingClient extends RecordingClient {
        private @Nullable GunyahMsgqController controller;

        @Override
        public ClientOptions options() {
            if (controller != null) {
                controller.close();
            }
            return super.options();
        }
    }

    @Test
    void controllerClosedBetweenSlotAndBindingHandsOutNoChannel() {
        Pair pair = bed.pair(1);
        GunyahMsgqController controller = bed.controller(bed.near).build();
        var closing = new ClosingClient();
        closing.controller = controller;

        assertThatThrownBy(() -> controller.requestChannel(closing, pair.near()))
                .hasMessageStartingWith("ESHUTDOWN");

        assertThat(controller.freeSlots()).isEqualTo(controller.slots());
        assertThat(QueuePairBed.isFree(bed.near.interrupts(), pair.near().txVirq()))
                .isTrue();
        assertThat(QueuePairBed.isFree(bed.near.interrupts(), pair.near().rxVirq()))
                .isTrue();
    }

    @Test
    void reservationEndsIfTheControllerIsClosedWhileItIsBeingSupplied() {
        Pair pair = bed.pair(1);
        GunyahMsgqController controller = bed.controller(bed.near).build();
        var closing = new ClosingClient();
        CompletableFuture<MailboxChannel> future =
                controller.reserve(closing, ReservationKey.anyPartner(7), Duration.ofDays(1));
        closing.controller = controller;

        assertThatThrownBy(() -> controller.supply(3, 7, pair.near())).hasMessageStartingWith("ESHUTDOWN");

        assertThat(future).isCompletedExceptionally();
        assertThat(controller.freeSlots()).isEqualTo(controller.slots());
        assertThat(bed.scheduler.pending()).isEmpty();
    }

    @Test
    void errorOfACallbackDuringARequestLeavesNoHandlerAttached() {
        var inline = inlineBed();
        Pair pair = inline.pair(1);
        var failing = new RecordingClient() {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                throw new AssertionError("on purpose");
            }
        };
        inline.rawSend(pair.farToNear(), bytes("early"));
        GunyahMsgqController controller = inline.controller(inline.near).build();

        assertThatThrownBy(() -> controller.requestChannel(failing, pair.near()))
                .hasMessage("on purpose");

        assertThat(controller.freeSlots()).isEqualTo(controller.slots());
        assertThat(QueuePairBed.isFree(inline.near.interrupts(), pair.near().rxVirq()))
                .isTrue();
        assertThat(QueuePairBed.isFree(inline.near.interrupts(), pair.near().txVirq()))
                .isTrue();
    }

    @Test
    void budgetOfAMessageThatGaveUpIsNotChargedToTheNext() {
        Pair pair = bed.pair(1);
        MailboxChannel channel =
                bed.controller(bed.near).fullBudget(BUDGET).build().requestChannel(client, pair.near());
        bed.rawSend(pair.nearToFar(), bytes("someone else's"));
        CompletableFuture<Integer> first = channel.sendMessageAsync(message("gives up"));
        bed.scheduler.advance(BUDGET.dividedBy(2));
        first.cancel(false);
        bed.scheduler.advance(BUDGET.multipliedBy(3));

        channel.sendMessage(message("next"));
        bed.scheduler.advance(BUDGET.minusNanos(1));

        assertThat(client.done).isEmpty();
        bed.scheduler.advance(Duration.ofNanos(1));
        assertThat(client.done).containsExactly("EAGAIN");
    }

    /** A level line whose condition always holds: its handler runs again as long as it is not masked. */
    private static final class EagerLine implements InterruptController {
        private static final int ENOUGH = 100;

        private final int virq;
        private Runnable handler = () -> {};
        private boolean masked;
        private int runs;

        EagerLine(int virq) {
            this.virq = virq;
        }

        void deliver() {
            while (!masked && runs < ENOUGH) {
                runs++;
                handler.run();
            }
        }

        @Override
        public void attach(int virq, Runnable handler) {
            if (virq == this.virq) {
                this.handler = handler;
            }
        }

        @Override
        public void detach(int virq) {}

        @Override
        public void mask(int virq) {
            masked |= virq == this.virq;
        }

        @Override
        public void unmask(int virq) {
            masked &= virq != this.virq;
        }
    }

    @Test
    void levelLineLeavesWhatIsAboveTheLimitToTheTask() {
        var inline = inlineBed();
        Pair pair = inline.pair(8, QueuePairBed.MAX_MESSAGE, Trigger.LEVEL);
        for (int i = 0; i < 5; i++) {
            inline.rawSend(pair.farToNear(), bytes("m" + i));
        }

        inline.controller(inline.near).drainLimit(2).build().requestChannel(client, pair.near());
        assertThat(client.received).hasSize(2);
        bed.scheduler.runUntilIdle();
        inline.rawSend(pair.farToNear(), bytes("later"));

        assertThat(client.received).containsExactly("m0", "m1", "m2", "m3", "m4", "later");
    }

    @Test
    void levelLineDoesNotComeBackAgainAndAgainWhileATaskDrains() {
        Pair pair = bed.pair(8);
        var line = new EagerLine(pair.near().rxVirq());
        var interrupted = new RecordingClient() {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                super.rxCallback(channel, message);
                line.deliver();
            }
        };
        bed.rawSend(pair.farToNear(), bytes("a"));
        GunyahMsgqController.builder(bed.near.hypercalls(), line, bed.scheduler)
                .build()
                .requestChannel(interrupted, pair.near());

        bed.scheduler.runUntilIdle();

        assertThat(interrupted.received).containsExactly("a");
        assertThat(line.runs).isOne();
        assertThat(line.masked).isFalse();
    }

    /** Hypercalls of which one throws, as a remote hypervisor's might, as often as it is told. */
    private GunyahHypercalls throwing(String call, AtomicInteger times) {
        GunyahHypercalls real = bed.near.hypercalls();
        return (GunyahHypercalls) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {GunyahHypercalls.class}, (proxy, method, args) -> {
                    if (method.getName().equals(call) && times.getAndDecrement() > 0) {
                        throw new IllegalStateException("on purpose");
                    }
                    return method.invoke(real, args);
                });
    }

    @Test
    void messageWhoseHypercallThrowsEndsWithEioAndTheNextIsSent() {
        Pair pair = bed.pair(1);
        GunyahHypercalls hypercalls = throwing("msgqSend", new AtomicInteger(1));
        MailboxChannel channel = GunyahMsgqController.builder(hypercalls, bed.near.interrupts(), bed.scheduler)
                .build()
                .requestChannel(client, pair.near());

        channel.sendMessage(message("a"));
        bed.scheduler.advance(Duration.ofSeconds(1));
        assertThat(client.done).containsExactly("EIO");
        channel.sendMessage(message("b"));

        assertThat(bed.rawReceive(pair.nearToFar())).isEqualTo(bytes("b"));
    }

    @Test
    void receiveThatThrowsIsTriedAgainLaterAndNotAtOnce() {
        Pair pair = bed.pair(1);
        bed.rawSend(pair.farToNear(), bytes("a"));
        var times = new AtomicInteger(3);
        GunyahMsgqController.builder(throwing("msgqReceive", times), bed.near.interrupts(), bed.scheduler)
                .build()
                .requestChannel(client, pair.near());

        bed.scheduler.runDue();
        assertThat(times.get()).isPositive();
        bed.scheduler.advance(GunyahMsgqController.DEFAULT_RETRY_DELAY.multipliedBy(3));

        assertThat(client.received).containsExactly("a");
        assertThat(bed.scheduler.failures()).isEmpty();
    }

    @Test
    void interruptThatCannotBeDetachedCostsNoSlot() {
        Pair pair = bed.pair(1);
        InterruptController stuck = (InterruptController) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {InterruptController.class}, (proxy, method, args) -> {
                    if (method.getName().equals("detach")) {
                        throw new IllegalStateException("on purpose");
                    }
                    return method.invoke(bed.near.interrupts(), args);
                });
        GunyahMsgqController controller = GunyahMsgqController.builder(bed.near.hypercalls(), stuck, bed.scheduler)
                .build();

        controller.requestChannel(client, pair.near()).close();

        assertThat(controller.freeSlots()).isEqualTo(controller.slots());
    }
}
