// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.examples.calls.Arrival;
import dev.hwmailbox.examples.gpio.GpioRecord.Event;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.gunyah.msgq.SuspendPolicy;
import dev.hwmailbox.gunyah.testing.GunyahTestBed;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Chip and driver in two VMs. */
class GpioExchangeTest {
    private static final int LINES = 40;
    private static final int LED = 3;
    private static final int BUTTON = 4;

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final List<String> outputs = new ArrayList<>();
    private final List<Integer> answers = new ArrayList<>();
    private final List<Event> events = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    private final GpioChip chip;
    private final GpioClient client = new GpioClient(scheduler, () -> answers.add(-1000));
    private final GunyahTestBed bed;

    GpioExchangeTest() {
        for (int i = 0; i < LINES; i++) {
            names.add("a line of a name that is long, number " + i);
        }
        chip = new GpioChip(names, (line, level) -> outputs.add(line + "=" + level));
        bed = GunyahTestBed.builder()
                .scheduler(scheduler)
                .nearClient(new GpioDevice(chip, scheduler))
                .farClient(client)
                .messagesMayStay()
                .build();
        client.open(bed.far().channel());
        answers.clear();
    }

    @AfterEach
    void close() {
        bed.close();
        assertThat(client.calls().size()).isZero();
    }

    private void input(GpioInterrupt type) {
        client.setDirection(BUTTON, GpioDirection.IN, answers::add);
        client.setInterrupt(BUTTON, type, events::add, answers::add);
        scheduler.runUntilIdle();
        assertThat(answers).containsExactly(0, 0);
        answers.clear();
    }

    @Test
    void namesOfAnyLengthCrossInPieces() {
        List<String> found = new ArrayList<>();

        client.names(outcome -> found.addAll(outcome.reply().names()));
        scheduler.runUntilIdle();

        assertThat(found).isEqualTo(names);
        assertThat(client.calls().count(Arrival.ANSWER))
                .isEqualTo((GpioNames.block(names).length + GpioRecord.NAMES_LENGTH - 1) / GpioRecord.NAMES_LENGTH)
                .isGreaterThan(1);
    }

    @Test
    void requestsOverlapAndEachHasItsAnswer() {
        client.setValue(LED, 1, answers::add);
        client.setDirection(LED, GpioDirection.OUT, answers::add);
        client.direction(LED, answers::add);
        client.value(LED, answers::add);
        client.value(LINES, answers::add);
        assertThat(answers).as("nothing is told inside the calls").isEmpty();

        scheduler.runUntilIdle();

        assertThat(answers).containsExactly(0, 0, 1, 1, -Errno.EIO);
        assertThat(outputs).containsExactly("3=1");
    }

    @Test
    void moreRequestsThanMayBeOpenAreRefusedWithoutHarmToTheOthers() {
        for (int i = 0; i <= GpioClient.MAX_OPEN; i++) {
            client.value(LED, answers::add);
        }

        scheduler.runUntilIdle();

        assertThat(answers)
                .hasSize(GpioClient.MAX_OPEN + 1)
                .containsOnlyOnce(-Errno.EBUSY)
                .contains(0);
    }

    @Test
    void anEventComesOnceUntilItIsAcknowledged() {
        input(GpioInterrupt.HIGH);
        chip.drive(BUTTON, 1);
        scheduler.runUntilIdle();
        assertThat(events).hasSize(1);

        client.acknowledge(events.get(0));
        client.acknowledge(events.get(0));
        scheduler.runUntilIdle();
        assertThat(events).as("still asserted").hasSize(2);

        chip.drive(BUTTON, 0);
        client.acknowledge(events.get(1));
        scheduler.runUntilIdle();

        assertThat(events).hasSize(2);
        assertThat(chip.counters().refused()).as("acknowledged once each").isZero();
    }

    @Test
    void aHandlerMayAcknowledgeAtOnceAndALineThatStaysAssertedHangsNothing() {
        client.setDirection(BUTTON, GpioDirection.IN, answers::add);
        client.setInterrupt(
                BUTTON,
                GpioInterrupt.HIGH,
                event -> {
                    events.add(event);
                    if (events.size() == 100) {
                        chip.drive(BUTTON, 0);
                    }
                    client.acknowledge(event);
                },
                answers::add);
        scheduler.runUntilIdle();

        chip.drive(BUTTON, 1);
        scheduler.runUntilIdle();

        assertThat(events).hasSize(100);
        assertThat(client.counters().refused() + chip.counters().refused()).isZero();
    }

    @Test
    void allLinesCanInterruptAtOnceThroughASmallQueue() {
        for (int line = 0; line < LINES; line++) {
            client.setDirection(line, GpioDirection.IN, answers::add);
            client.setInterrupt(line, GpioInterrupt.RISING, events::add, answers::add);
            scheduler.runUntilIdle();
        }
        assertThat(answers).containsOnly(0);

        // More than queue and channel hold, because the driver's VM does not read meanwhile.
        bed.far().controller().suspend(SuspendPolicy.PARK, channel -> {});
        for (int line = 0; line < LINES; line++) {
            chip.drive(line, 1);
        }
        scheduler.runDue();
        assertThat(events).isEmpty();
        bed.far().controller().resume();
        scheduler.runUntilIdle();

        assertThat(events).extracting(Event::line).containsExactlyElementsOf(lines());
        assertThat(events).extracting(Event::id).doesNotHaveDuplicates();
    }

    private static List<Integer> lines() {
        List<Integer> lines = new ArrayList<>();
        for (int line = 0; line < LINES; line++) {
            lines.add(line);
        }
        return lines;
    }

    @Test
    void acknowledgementsAreNotLostInAFullChannel() {
        input(GpioInterrupt.RISING);
        chip.drive(BUTTON, 1);
        scheduler.runUntilIdle();
        bed.near().controller().suspend(SuspendPolicy.PARK, channel -> {});
        while (bed.far().channel().slotsAvailable() > 0) {
            bed.far().channel().sendMessage(MsgqMessage.of(new byte[] {0}));
        }

        client.acknowledge(events.get(0));
        client.value(LED, answers::add);
        scheduler.runDue();
        assertThat(answers).as("requests have their outcome at once").containsExactly(-Errno.ENOBUFS);
        bed.near().controller().resume();
        scheduler.runUntilIdle();
        chip.drive(BUTTON, 0);
        chip.drive(BUTTON, 1);
        scheduler.runUntilIdle();

        assertThat(events).hasSize(2);
    }

    @Test
    void aDriverThatNeverReadsCostsOnlyWhatTheChannelHolds() {
        bed.far().controller().suspend(SuspendPolicy.REFUSE, channel -> {});
        for (int i = 0; i < 200; i++) {
            bed.near()
                    .client()
                    .rxCallback(bed.near().channel(), ByteBuffer.wrap(new GpioRecord.Request(i, 4, LED, 0).encode()));
        }

        assertThat(chip.counters().unsent()).isPositive().isLessThan(200);
        assertThat(bed.near().channel().slotsAvailable()).isZero();
        bed.far().controller().resume();
        scheduler.runUntilIdle();
        assertThat(client.calls().count(Arrival.UNKNOWN))
                .isEqualTo(200 - chip.counters().unsent());
    }

    @Test
    void whenTheOtherSideIsResetEverythingOpenEndsAndInterruptsAreForgotten() {
        input(GpioInterrupt.HIGH);
        bed.near().controller().suspend(SuspendPolicy.PARK, channel -> {});
        client.value(LED, answers::add);

        bed.far().controller().peerReset(bed.far().channel());
        scheduler.runDue();

        assertThat(answers).containsExactly(-Errno.ECONNRESET);
        bed.near().controller().resume();
        chip.drive(BUTTON, 1);
        scheduler.runUntilIdle();
        assertThat(client.calls().count(Arrival.LATE)).isEqualTo(1);
        assertThat(client.counters().refused(GpioField.LINE))
                .as("nobody handles it")
                .isEqualTo(1);
        assertThat(events).isEmpty();
    }

    @Test
    void aResetOfTheDriverMasksItsInterrupts() {
        input(GpioInterrupt.HIGH);

        bed.near().controller().peerReset(bed.near().channel());
        chip.drive(BUTTON, 1);
        scheduler.runUntilIdle();

        assertThat(events).isEmpty();
        assertThat(chip.line(BUTTON).direction()).isEqualTo(GpioDirection.IN);
    }

    @Test
    void aClosedChannelEndsWhatIsOpenAndThereIsNoneAfterwards() {
        bed.near().controller().suspend(SuspendPolicy.PARK, channel -> {});
        client.value(LED, answers::add);

        bed.far().channel().close();
        client.value(LED, answers::add);
        scheduler.runDue();

        assertThat(answers).containsExactly(-Errno.ESHUTDOWN, -Errno.ENODEV);
    }
}
