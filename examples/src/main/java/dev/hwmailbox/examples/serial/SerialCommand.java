// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.serial;

import dev.hwmailbox.examples.machine.Guest;
import dev.hwmailbox.examples.machine.Machine;
import dev.hwmailbox.examples.machine.ServiceProgram;
import dev.hwmailbox.examples.machine.VirtualPlatform;
import dev.hwmailbox.examples.story.StoryCommand;
import dev.hwmailbox.examples.timeline.Timeline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

/** {@code serial}: a line between owner and guest, and a reader that stalls. */
@Command(
        name = "serial",
        mixinStandardHelpOptions = true,
        description = {
            "A serial line between owner and guest: a transfer, a reader that stalls, the same without credits.",
            "Exits 0 if everything was as it must be, 1 on a mismatch."
        })
public final class SerialCommand extends StoryCommand {
    static final int OWNER_SEED = 1;
    static final int GUEST_SEED = 2;

    private static final int TRANSFER = 64 << 10;
    private static final int BURST = 3000;
    private static final Duration A_WHILE = Duration.ofMillis(1);
    private static final Duration STEP = Duration.ofNanos(1000);

    /** Messages that the queue holds. */
    private static final int DEPTH = 8;

    /** In steps. */
    private static final int LONGEST_TRANSFER = 100_000;

    /** So much credit that it is none: what the writer has finds room in it. */
    private static final int NO_LIMIT = Credit.MAX_WINDOW;

    /** Made by picocli. */
    public SerialCommand() {}

    @Override
    protected Map<String, Object> tell(VirtualPlatform platform, Timeline timeline) {
        Map<String, Object> counts = new LinkedHashMap<>();
        for (int capacity : new int[] {SerialPort.DEFAULT_CAPACITY, NO_LIMIT}) {
            QueueLevels levels = new QueueLevels();
            List<SerialGuest> lives = new ArrayList<>();
            try (Machine machine = new Machine(
                    platform,
                    (vmid, image) -> new ServiceProgram(connection -> {
                        SerialGuest guest = new SerialGuest(connection, capacity);
                        lives.add(guest);
                        return guest;
                    }),
                    hypervisor -> hypervisor.probe(levels))) {
                Story story = new Story(platform, timeline, machine, levels, lives);
                if (capacity == NO_LIMIT) {
                    story.stallWithoutCredits(counts);
                } else {
                    story.transfer(counts);
                    story.stallWithCredits(counts);
                    story.restart();
                }
            }
        }
        return counts;
    }

    private final class Story {
        private final VirtualPlatform platform;
        private final Timeline timeline;
        private final QueueLevels levels;
        private final List<SerialGuest> lives;
        private final Guest guest;
        private final Stream stream = new Stream(OWNER_SEED, GUEST_SEED);
        private final SerialPort port;

        Story(
                VirtualPlatform platform,
                Timeline timeline,
                Machine machine,
                QueueLevels levels,
                List<SerialGuest> lives) {
            this.platform = platform;
            this.timeline = timeline;
            this.levels = levels;
            this.lives = lives;
            port = new SerialPort(machine.scheduler(), SerialPort.DEFAULT_CAPACITY, stream);
            stream.use(port);
            guest = machine.allocate();
            machine.channels().subscribe(port, guest.channel(), port);
            guest.start();
            platform.time().advance(A_WHILE);
            timeline.add("owner", "a line to VM %d: may send %d bytes", guest.vmid(), port.credit());
        }

        private SerialGuest life() {
            return lives.get(lives.size() - 1);
        }

        void transfer(Map<String, Object> counts) {
            levels.reset();
            long start = platform.time().nanoTime();
            stream.write(TRANSFER);
            life().stream().write(TRANSFER);
            for (int i = 0; i < LONGEST_TRANSFER && isTransferring(); i++) {
                platform.time().advance(STEP);
            }
            long nanos = platform.time().nanoTime() - start;
            expect("bytes that the guest has read", life().stream().read(), TRANSFER);
            expect("bytes that the owner has read", stream.read(), TRANSFER);
            expect("wrong bytes", stream.isBroken() || life().stream().isBroken(), false);
            timeline.add(
                    "both",
                    "%d bytes each way, verified, in %d us: %d bytes per us; %d windows, at most %d messages in a queue",
                    TRANSFER,
                    nanos / 1000,
                    2L * TRANSFER * 1000 / nanos,
                    port.counters().windows() + life().port().counters().windows(),
                    levels.highest());
            counts.put("bytes_each_way", TRANSFER);

            life().port().setModemLines(SerialRecord.DTR | SerialRecord.CTS);
            stream.write(10);
            port.sendBreak();
            stream.write(10);
            platform.time().advance(A_WHILE);
            timeline.add("owner", "a break between bytes; the guest's modem lines are 0x%x", port.modemLines());
            expect("breaks", life().stream().breaks(), 1);
            expect("modem lines", port.modemLines(), SerialRecord.DTR | SerialRecord.CTS);
        }

        private boolean isTransferring() {
            return stream.read() < TRANSFER || life().stream().read() < TRANSFER;
        }

        void stallWithCredits(Map<String, Object> counts) {
            levels.reset();
            int credit = port.credit();
            life().stream().stall(true);
            stream.write(BURST);
            platform.time().advance(A_WHILE);
            timeline.add(
                    "guest",
                    "its reader stalls: %d bytes wait there, %d at the writer, who may send %d; the queue has %d messages",
                    life().port().readable(),
                    port.unsent(),
                    port.credit(),
                    levels.fullest());
            expect("bytes that wait for the reader", life().port().readable(), credit);
            expect("bytes that wait at the writer", port.unsent(), BURST - credit);
            expect("messages in the queue", levels.fullest(), 0);
            expect("sends refused as full", levels.refused(), 0);
            counts.put("messages_in_the_queue_of_a_stalled_reader", levels.fullest());
            counts.put("sends_refused_as_full", levels.refused());
            life().stream().stall(false);
            platform.time().advance(A_WHILE);
            expect("bytes that wait at the writer", port.unsent(), 0);
            timeline.add(
                    "guest",
                    "reads on: %d bytes have come, all verified",
                    life().stream().read());
        }

        void restart() {
            life().stream().stall(true);
            stream.write(BURST);
            platform.time().advance(A_WHILE);
            guest.restart();
            platform.time().advance(A_WHILE);
            timeline.add(
                    "owner",
                    "VM %d has restarted: %d bytes of its former life dropped, may send %d again",
                    guest.vmid(),
                    stream.unsent(),
                    port.credit());
            expect("hang-ups", stream.hangUps(), 1);
            expect("credit", port.credit(), SerialPort.DEFAULT_CAPACITY);
            stream.write(BURST);
            platform.time().advance(A_WHILE);
            expect("bytes that the new life has read", life().stream().read(), BURST);
        }

        void stallWithoutCredits(Map<String, Object> counts) {
            levels.reset();
            life().takeNothing();
            stream.write(BURST);
            platform.time().advance(A_WHILE);
            timeline.add(
                    "guest",
                    "without credits its reader can only take no message, of no channel:"
                            + " the queue has %d messages and is full, and the writer may send %d bytes more",
                    levels.fullest(),
                    port.credit());
            expect("messages in the queue", levels.fullest(), DEPTH);
            counts.put("messages_without_credits", levels.fullest());
            life().takeAgain();
            platform.time().advance(A_WHILE);
            expect("bytes read in the end", life().stream().read(), BURST);
        }
    }
}
