// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

import dev.hwmailbox.examples.machine.Guest;
import dev.hwmailbox.examples.machine.Machine;
import dev.hwmailbox.examples.machine.ServiceProgram;
import dev.hwmailbox.examples.machine.VirtualPlatform;
import dev.hwmailbox.examples.story.StoryCommand;
import dev.hwmailbox.examples.timeline.Timeline;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

/** {@code gpio}: a guest drives and reads lines of its owner's chip. */
@Command(
        name = "gpio",
        mixinStandardHelpOptions = true,
        description = {
            "A guest blinks an LED, listens to a button and runs a fan, on lines of a chip that its owner has.",
            "Exits 0 if everything was as it must be, 1 on a mismatch."
        })
public final class GpioCommand extends StoryCommand {
    private static final List<String> NAMES = List.of(
            "led-status",
            "led-error",
            "button-user",
            "button-reset",
            "alarm-temperature",
            "alarm-fan",
            "fan-enable",
            "spare");
    private static final int LED = NAMES.indexOf("led-status");
    private static final int BUTTON = NAMES.indexOf("button-user");
    private static final int ALARM = NAMES.indexOf("alarm-temperature");
    private static final int FAN = NAMES.indexOf("fan-enable");
    private static final int BLINKS = 3;
    private static final Duration COOLING = Duration.ofMillis(120);

    private int ledChanges;

    /** Made by picocli. */
    public GpioCommand() {}

    @Override
    protected Map<String, Object> tell(VirtualPlatform platform, Timeline timeline) {
        try (Machine machine = new Machine(
                platform,
                (vmid, image) -> new ServiceProgram(connection -> new GpioGuest(connection, timeline, BLINKS)))) {
            return tell(platform, timeline, machine);
        }
    }

    private Map<String, Object> tell(VirtualPlatform platform, Timeline timeline, Machine machine) {
        Board board = new Board(machine, timeline);
        Guest guest = machine.allocate();
        machine.channels().subscribe(board.device, guest.channel(), board.device);
        guest.start();
        platform.time().advance(Duration.ofMillis(400));

        timeline.add("owner", "button-user is pressed, and bounces");
        for (int level : new int[] {1, 0, 1, 0, 1}) {
            board.chip.drive(BUTTON, level);
            platform.time().advance(Duration.ofMillis(1));
        }
        platform.time().advance(Duration.ofMillis(95));
        timeline.add("owner", "it gets hot: alarm-temperature is 1");
        board.chip.drive(ALARM, 1);
        platform.time().advance(Duration.ofMillis(200));
        expect("changes of the LED, with that of becoming an output", ledChanges, 1 + BLINKS);
        expect("level of alarm-temperature", board.chip.line(ALARM).level(), 0);

        timeline.add("owner", "restarts the guest; before: %s", board.chip.line(LED));
        guest.restart();
        expect("level of the LED after the restart", board.chip.line(LED).level(), 1);
        platform.time().advance(Duration.ofMillis(500));
        guest.stop(false);
        timeline.add("owner", "the guest is gone: %s, %s", board.chip.line(LED), board.chip.line(BUTTON));
        expect("requests refused", board.chip.counters().toString(), "refused {DIRECTION=2}, stale 0, unsent 0");
        return counts(board);
    }

    private Map<String, Object> counts(Board board) {
        Map<String, Object> counts = new LinkedHashMap<>();
        counts.put("lines", NAMES.size());
        counts.put("led_changes", ledChanges);
        counts.put("requests_refused", board.chip.counters().refused());
        counts.put("responses_unsent", board.chip.counters().unsent());
        return counts;
    }

    /** The chip, and what its lines are wired to: the fan takes the alarm back after a while. */
    private final class Board {
        private final GpioChip chip;
        private final GpioDevice device;
        private final Machine machine;
        private final Timeline timeline;

        Board(Machine machine, Timeline timeline) {
            this.machine = machine;
            this.timeline = timeline;
            chip = new GpioChip(NAMES, this::output);
            device = new GpioDevice(chip, machine.scheduler());
        }

        private void output(int line, int level) {
            timeline.add("owner", "%s becomes %d", NAMES.get(line), level);
            if (line == LED) {
                ledChanges++;
            } else if (line == FAN && level == 1) {
                machine.scheduler().timer("cooling", this::cooled).arm(COOLING.toNanos());
            }
        }

        private void cooled() {
            timeline.add("owner", "cool again: alarm-temperature is 0");
            chip.drive(ALARM, 0);
        }
    }
}
