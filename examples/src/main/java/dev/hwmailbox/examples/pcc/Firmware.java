// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pcc;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.examples.timeline.Timeline;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The firmware of the machine: answers commands with the temperature of a sensor, each after the latency of its
 * subspace, and raises alarms.
 */
final class Firmware {
    /** Where the fields of a command are in the window. */
    static final int COMMAND = 0;

    /** Where those of its answer are. */
    static final int ANSWER = Integer.BYTES;

    static final int SENSORS = 4;

    private final PccPlatform platform;
    private final List<PccSubspace> table;
    private final Timeline timeline;
    private final List<MailboxScheduler.Timer> work;

    Firmware(PccPlatform platform, List<PccSubspace> table, MailboxScheduler scheduler, Timeline timeline) {
        this.platform = platform;
        this.table = table;
        this.timeline = timeline;
        work = IntStream.range(0, table.size())
                .mapToObj(subspace -> scheduler.timer("firmware " + subspace, () -> answer(subspace)))
                .toList();
        platform.onDoorbell(this::rung);
    }

    /** In thousandths of a degree; every sensor of every subspace has another one. */
    static int temperature(int subspace, int sensor) {
        return 20_000 + 10_000 * subspace + 1_250 * sensor;
    }

    void raiseAlarm(int subspace, int temperature) {
        platform.window(subspace).putInt(COMMAND, temperature);
        platform.command(subspace);
    }

    private void rung(int subspace) {
        if (table.get(subspace).role() == PccSubspace.Role.RESPONDER) {
            timeline.add(
                    "pcc", "alarm answered with %d", platform.window(subspace).getInt(ANSWER));
        } else {
            work.get(subspace).arm(table.get(subspace).latency().toNanos());
        }
    }

    private void answer(int subspace) {
        ByteBuffer window = platform.window(subspace);
        int sensor = window.getInt(COMMAND);
        if (sensor < 0 || sensor >= SENSORS) {
            platform.complete(subspace, -Errno.EIO);
            return;
        }
        window.putInt(ANSWER, temperature(subspace, sensor));
        platform.complete(subspace, 0);
    }
}
