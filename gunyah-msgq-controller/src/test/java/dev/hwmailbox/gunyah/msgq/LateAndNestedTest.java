// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static dev.hwmailbox.gunyah.msgq.RecordingClient.bytes;
import static dev.hwmailbox.gunyah.msgq.RecordingClient.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.msgq.QueuePairBed.Pair;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What happens inside, or after, what it should not: closing, giving up, errors of callbacks. */
final class LateAndNestedTest {
    private static final Duration BUDGET = Duration.ofMillis(100);

    private final QueuePairBed bed = new QueuePairBed();
    private final RecordingClient client = new RecordingClient();

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

        assertThatThrownBy(() -> controller.requestChannel(closing, pair.near())).hasMessageStartingWith("ESHUTDOWN");

        assertThat(controller.freeSlots()).isEqualTo(controller.slots());
        assertThat(QueuePairBed.isFree(bed.near.interrupts(), pair.near().txVirq())).isTrue();
        assertThat(QueuePairBed.isFree(bed.near.interrupts(), pair.near().rxVirq())).isTrue();
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
        var inline = new QueuePairBed(SoftwareHypervisor.builder()
                .schedulers(vmid -> bed.scheduler)
                .interruptDelivery(vmid -> Runnable::run));
        Pair pair = inline.pair(1);
        var failing = new RecordingClient() {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                throw new AssertionError("on purpose");
            }
        };
        inline.rawSend(pair.farToNear(), bytes("early"));
        GunyahMsgqController controller = inline.controller(inline.near).build();

        assertThatThrownBy(() -> controller.requestChannel(failing, pair.near())).hasMessage("on purpose");

        assertThat(controller.freeSlots()).isEqualTo(controller.slots());
        assertThat(QueuePairBed.isFree(inline.near.interrupts(), pair.near().rxVirq())).isTrue();
        assertThat(QueuePairBed.isFree(inline.near.interrupts(), pair.near().txVirq())).isTrue();
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
}
