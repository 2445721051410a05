// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.examples.gpio.GpioRecord.Acknowledgement;
import dev.hwmailbox.examples.gpio.GpioRecord.Event;
import dev.hwmailbox.examples.gpio.GpioRecord.Request;
import dev.hwmailbox.examples.gpio.GpioRecord.Response;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What requests do to lines, and when lines interrupt; no queue is needed for it. */
class GpioChipTest {
    private final List<String> outputs = new ArrayList<>();
    private final GpioChip chip =
            new GpioChip(List.of("led", "button"), (line, level) -> outputs.add(line + "=" + level));
    private int lastId;

    private Response ask(GpioType type, int line, int value) {
        return chip.handle(new Request(7, type.value(), line, value));
    }

    private void refused(GpioField field, GpioType type, int line, int value) {
        long before = chip.counters().refused(field);
        assertThat(ask(type, line, value)).isEqualTo(Response.error(7));
        assertThat(chip.counters().refused(field)).as(field.name()).isEqualTo(before + 1);
    }

    private void done(GpioType type, int line, int value) {
        assertThat(ask(type, line, value)).isEqualTo(Response.ok(7, 0));
    }

    private void input(GpioInterrupt type) {
        done(GpioType.SET_DIRECTION, 1, GpioDirection.IN.value());
        done(GpioType.SET_INTERRUPT, 1, type.value());
    }

    private Optional<Integer> sendEvent() {
        Optional<Event> event = chip.dueFrom(0, lastId + 1);
        event.ifPresent(sent -> {
            lastId = sent.id();
            chip.line(sent.line()).sent(lastId);
        });
        return event.map(Event::level);
    }

    private void acknowledge() {
        chip.acknowledge(new Acknowledgement(lastId, 1));
    }

    @Test
    void anOutputTakesTheValueThatWasSetBeforeItWasOne() {
        done(GpioType.SET_VALUE, 0, 1);
        assertThat(outputs).isEmpty();

        done(GpioType.SET_DIRECTION, 0, GpioDirection.OUT.value());
        done(GpioType.SET_VALUE, 0, 1);
        done(GpioType.SET_VALUE, 0, 0);

        assertThat(outputs).containsExactly("0=1", "0=0");
        assertThat(ask(GpioType.DIRECTION, 0, 0)).isEqualTo(Response.ok(7, GpioDirection.OUT.value()));
        assertThat(ask(GpioType.VALUE, 0, 0)).isEqualTo(Response.ok(7, 0));
    }

    @Test
    void anInputHasTheLevelThatIsWiredToIt() {
        done(GpioType.SET_DIRECTION, 1, GpioDirection.IN.value());

        chip.drive(1, 1);

        assertThat(ask(GpioType.VALUE, 1, 0)).isEqualTo(Response.ok(7, 1));
        assertThat(outputs).isEmpty();
    }

    @Test
    void whatCannotBeDoneIsRefusedByField() {
        done(GpioType.SET_DIRECTION, 1, GpioDirection.IN.value());

        assertThat(chip.handle(new Request(7, 0, 0, 0))).isEqualTo(Response.error(7));
        assertThat(chip.handle(new Request(7, 7, 0, 0))).isEqualTo(Response.error(7));
        assertThat(chip.counters().refused(GpioField.TYPE)).isEqualTo(2);
        for (GpioType type : GpioType.values()) {
            if (type != GpioType.UNKNOWN) {
                refused(GpioField.LINE, type, 2, 0);
            }
        }
        refused(GpioField.VALUE, GpioType.DIRECTION, 0, 1);
        refused(GpioField.VALUE, GpioType.VALUE, 0, 1);
        refused(GpioField.VALUE, GpioType.SET_DIRECTION, 0, 3);
        refused(GpioField.VALUE, GpioType.SET_DIRECTION, 0, -1);
        refused(GpioField.VALUE, GpioType.SET_VALUE, 0, 2);
        refused(GpioField.VALUE, GpioType.SET_INTERRUPT, 1, 5);
        refused(GpioField.VALUE, GpioType.SET_INTERRUPT, 1, -1);
        refused(GpioField.VALUE, GpioType.NAMES, 0, -1);
        refused(GpioField.VALUE, GpioType.NAMES, 0, "led.button.".length());
        refused(GpioField.DIRECTION, GpioType.SET_VALUE, 1, 1);
        refused(GpioField.DIRECTION, GpioType.SET_INTERRUPT, 0, GpioInterrupt.RISING.value());
        assertThat(chip).hasToString("[led NONE 0 NONE, button IN 0 NONE], " + chip.counters());
    }

    @Test
    void edgesInterruptOnlyInTheirDirection() {
        input(GpioInterrupt.RISING);
        chip.drive(1, 1);
        assertThat(sendEvent()).contains(1);
        acknowledge();
        chip.drive(1, 0);
        assertThat(sendEvent()).isEmpty();

        input(GpioInterrupt.FALLING);
        chip.drive(1, 1);
        assertThat(sendEvent()).isEmpty();
        chip.drive(1, 0);
        assertThat(sendEvent()).contains(0);
        acknowledge();

        input(GpioInterrupt.BOTH);
        chip.drive(1, 1);
        assertThat(sendEvent()).contains(1);
        acknowledge();
        chip.drive(1, 0);
        assertThat(sendEvent()).contains(0);
    }

    @Test
    void edgesBeforeTheAcknowledgementAreRememberedOnce() {
        input(GpioInterrupt.BOTH);
        chip.drive(1, 1);
        assertThat(sendEvent()).contains(1);

        chip.drive(1, 0);
        chip.drive(1, 1);
        chip.drive(1, 0);
        assertThat(sendEvent()).as("not before the acknowledgement").isEmpty();
        acknowledge();

        assertThat(sendEvent()).as("the level of now").contains(0);
        acknowledge();
        assertThat(sendEvent()).as("once for all of them").isEmpty();
    }

    @Test
    void aLevelInterruptsAgainForAsLongAsItIsAsserted() {
        input(GpioInterrupt.HIGH);
        assertThat(sendEvent()).isEmpty();
        chip.drive(1, 1);
        assertThat(sendEvent()).contains(1);
        assertThat(sendEvent()).as("not before the acknowledgement").isEmpty();

        acknowledge();
        assertThat(sendEvent()).contains(1);
        chip.drive(1, 0);
        acknowledge();

        assertThat(sendEvent()).isEmpty();
    }

    @Test
    void aLevelThatIsAssertedAlreadyInterruptsAtOnceAndOneThatHasGoneDoesNot() {
        input(GpioInterrupt.LOW);
        assertThat(chip.dueFrom(0, 1)).isPresent();

        chip.drive(1, 1);

        assertThat(sendEvent()).isEmpty();
    }

    @Test
    void aMaskedLineIsSilentAndForgetsWhatWasOutstanding() {
        input(GpioInterrupt.BOTH);
        chip.drive(1, 1);
        sendEvent();
        chip.drive(1, 0);

        done(GpioType.SET_INTERRUPT, 1, GpioInterrupt.NONE.value());
        chip.drive(1, 1);
        acknowledge();

        assertThat(sendEvent()).isEmpty();
        assertThat(chip.counters().refused(GpioField.EVENT)).isEqualTo(1);
        done(GpioType.SET_INTERRUPT, 1, GpioInterrupt.HIGH.value());
        assertThat(sendEvent()).contains(1);
    }

    @Test
    void aLineThatIsNoInputAnyMoreDoesNotInterrupt() {
        input(GpioInterrupt.HIGH);
        chip.drive(1, 1);

        done(GpioType.SET_DIRECTION, 1, GpioDirection.NONE.value());

        assertThat(sendEvent()).isEmpty();
        chip.drive(1, 0);
        chip.drive(1, 1);
        done(GpioType.SET_DIRECTION, 1, GpioDirection.IN.value());
        assertThat(sendEvent()).as("masked until it is asked for again").isEmpty();
    }

    @Test
    void onlyTheEventThatWaitsCanBeAcknowledged() {
        input(GpioInterrupt.HIGH);
        chip.drive(1, 1);
        sendEvent();

        chip.acknowledge(new Acknowledgement(lastId + 1, 1));
        chip.acknowledge(new Acknowledgement(lastId, 0));
        chip.acknowledge(new Acknowledgement(lastId, 2));

        assertThat(chip.counters().refused(GpioField.EVENT)).isEqualTo(2);
        assertThat(chip.counters().refused(GpioField.LINE)).isEqualTo(1);
        assertThat(sendEvent()).as("still outstanding").isEmpty();
    }

    @Test
    void anEventThatDidNotGoOutIsDueAgainUnlessItsLevelHasGone() {
        input(GpioInterrupt.HIGH);
        chip.drive(1, 1);
        sendEvent();
        chip.line(1).unsent(lastId);
        assertThat(sendEvent()).contains(1);

        chip.drive(1, 0);
        chip.line(1).unsent(lastId);

        assertThat(sendEvent()).isEmpty();
    }

    @Test
    void withoutItsDriverTheChipKeepsItsLinesAndMasksItsInterrupts() {
        done(GpioType.SET_DIRECTION, 0, GpioDirection.OUT.value());
        done(GpioType.SET_VALUE, 0, 1);
        input(GpioInterrupt.HIGH);
        chip.drive(1, 1);
        sendEvent();

        chip.driverIsGone();

        assertThat(sendEvent()).isEmpty();
        assertThat(chip.line(0)).hasToString("led OUT 1 NONE");
        assertThat(chip.line(1)).hasToString("button IN 1 NONE");
    }

    @Test
    void aChipHasOneTo256Lines() {
        for (int lines : new int[] {0, GpioChip.MAX_LINES + 1}) {
            assertThatThrownBy(() -> new GpioChip(Collections.nCopies(lines, ""), (line, level) -> {}))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(lines + " lines");
        }
    }
}
