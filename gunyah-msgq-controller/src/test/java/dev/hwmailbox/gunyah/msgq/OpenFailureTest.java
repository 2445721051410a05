// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static dev.hwmailbox.gunyah.msgq.RecordingClient.bytes;
import static dev.hwmailbox.gunyah.msgq.RecordingClient.message;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.msgq.QueuePairBed.Pair;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Opening that fails at each of its steps in turn: nothing is left, and the same request succeeds afterwards. */
final class OpenFailureTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final int LABEL = 5;

    private final QueuePairBed bed = new QueuePairBed();
    private final FailingSteps steps = new FailingSteps();
    private final GunyahMsgqController controller = GunyahMsgqController.builder(
                    steps.over(GunyahHypercalls.class, bed.near.hypercalls()),
                    steps.over(InterruptController.class, bed.near.interrupts()),
                    steps.over(MailboxScheduler.class, bed.scheduler))
            .slots(1)
            .build();
    private final Pair pair = bed.pair(8);

    /** Answers at how many steps it failed before it succeeded. */
    private int failAtEachStep(Supplier<Boolean> attempt, int freeAfterFailure) {
        for (int step = 1; ; step++) {
            steps.failAt(step);
            boolean succeeded = attempt.get();
            boolean failed = steps.calls.size() >= step;
            steps.failAt(0);
            if (!failed) {
                assertThat(succeeded).isTrue();
                return step - 1;
            }
            assertThat(succeeded).as("with step %d failing", step).isFalse();
            assertThat(controller.freeSlots()).as("after step %d", step).isEqualTo(freeAfterFailure);
            assertThat(QueuePairBed.isFree(bed.near.interrupts(), pair.near().txVirq()))
                    .isTrue();
            assertThat(QueuePairBed.isFree(bed.near.interrupts(), pair.near().rxVirq()))
                    .isTrue();
        }
    }

    private void worksBothWays(RecordingClient client, MailboxChannel channel) {
        bed.rawSend(pair.farToNear(), bytes("in"));
        channel.sendMessage(message("out"));
        bed.scheduler.runUntilIdle();

        assertThat(client.received).containsExactly("in");
        assertThat(client.done).containsExactly("ok");
        assertThat(bed.rawReceive(pair.nearToFar())).isEqualTo(bytes("out"));
        assertThat(bed.scheduler.failures()).isEmpty();
        channel.close();
        assertThat(controller.freeSlots()).isEqualTo(1);
    }

    private static <T> @Nullable T orNull(Supplier<T> call) {
        try {
            return call.get();
        } catch (RuntimeException e) {
            return null;
        }
    }

    @Test
    void ofARequestLeavesNothing() {
        RecordingClient client = new RecordingClient();
        MailboxChannel[] opened = new MailboxChannel[1];

        int failures = failAtEachStep(
                () -> {
                    MailboxChannel made = orNull(() -> controller.requestChannel(client, pair.near()));
                    opened[0] = made == null ? opened[0] : made;
                    return made != null;
                },
                1);

        // Two timers, two questions, two lines of which one is masked, and the first look at the queue.
        assertThat(failures).isEqualTo(8);
        worksBothWays(client, opened[0]);
    }

    @Test
    void ofAReservationLeavesNothing() {
        int failures = failAtEachStep(
                () -> orNull(() -> controller.reserve(new RecordingClient(), ReservationKey.anyPartner(LABEL), MINUTE))
                        != null,
                1);

        assertThat(failures).isEqualTo(1);
        assertThat(controller.freeSlots()).isZero();
    }

    @Test
    void ofASupplyKeepsTheReservation() {
        RecordingClient client = new RecordingClient();
        CompletableFuture<MailboxChannel> reserved =
                controller.reserve(client, ReservationKey.anyPartner(LABEL), MINUTE);

        int failures = failAtEachStep(
                () -> {
                    Optional<MailboxChannel> made = orNull(() -> controller.supply(3, LABEL, pair.near()));
                    assertThat(reserved.isDone()).isEqualTo(made != null);
                    return made != null;
                },
                0);

        assertThat(failures).isEqualTo(8);
        worksBothWays(client, reserved.join());
        assertThat(bed.scheduler.pending()).isEmpty();
    }
}
