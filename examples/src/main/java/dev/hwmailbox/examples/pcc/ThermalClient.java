// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pcc;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.examples.timeline.Timeline;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Asks the firmware for temperatures, not faster than its figures allow, or listens to its alarms, depending on the
 * subspace.
 *
 * <p>All of it runs on one scheduler, so nothing here is locked.
 */
final class ThermalClient implements MailboxClient {
    private static final int TAKEN = 1;

    private final String name;
    private final PccChannel pcc;
    private final boolean reports;
    private final Timeline timeline;
    private final MailboxScheduler.Timer pause;
    private final Deque<Integer> sensors = new ArrayDeque<>();
    private final List<Integer> results = new ArrayList<>();

    /** Takes its channel; fails as {@link PccController#requestChannel} does. */
    ThermalClient(String name, PccController controller, int subspace, MailboxScheduler scheduler, Timeline timeline) {
        this.name = name;
        this.timeline = timeline;
        reports = controller.controller().txDoneMethod(0) == TxDoneMethod.ACK;
        pause = scheduler.timer("pause", this::askNext);
        pcc = controller.requestChannel(this, subspace);
        timeline.add(name, "%s", pcc);
    }

    void ask(int... numbers) {
        for (int number : numbers) {
            sensors.add(number);
        }
        askNext();
    }

    /** Temperatures in the order of the questions and of the alarms; negative errnos where there was none. */
    List<Integer> results() {
        return results;
    }

    void close() {
        pause.cancel();
        pcc.close();
    }

    private void askNext() {
        Integer sensor = sensors.poll();
        if (sensor != null) {
            timeline.add(name, "asks for sensor %d", sensor);
            int result = pcc.mailbox().sendMessage(sensor);
            if (result < 0) {
                failed(result);
            }
        }
    }

    private void failed(int errno) {
        results.add(errno);
        timeline.add(name, "no answer: %s", Errno.name(errno));
    }

    @Override
    public void txPrepare(MailboxChannel channel, @Nullable Object sensor) {
        if (sensor instanceof Integer number) {
            pcc.window().putInt(Firmware.COMMAND, number);
        }
    }

    @Override
    public void rxCallback(MailboxChannel channel, @Nullable Object signal) {
        if (pcc.subspace().role() == PccSubspace.Role.RESPONDER) {
            read("alarm", Firmware.COMMAND);
            pcc.window().putInt(Firmware.ANSWER, TAKEN);
            return;
        }
        if (pcc.status() == 0) {
            read("answer", Firmware.ANSWER); // here, not in txDone: the next command may be in the window by then
        }
        if (reports) {
            channel.clientTxDone(pcc.status());
        }
    }

    private void read(String what, int position) {
        int thousandths = pcc.window().getInt(position);
        results.add(thousandths);
        timeline.add(name, "%s: %d.%03d degrees", what, thousandths / 1000, thousandths % 1000);
    }

    @Override
    public void txDone(MailboxChannel channel, @Nullable Object sensor, int status) {
        if (status < 0) {
            failed(status);
        }
        pause.arm(pauseAfterCommand().toNanos());
    }

    /** Of the two limits, the one that is stricter when commands take no time. */
    private Duration pauseAfterCommand() {
        PccSubspace figures = pcc.subspace();
        Duration turnaround = figures.minTurnaround();
        if (figures.maxRequestRate() == 0) {
            return turnaround;
        }
        Duration interval = Duration.ofMinutes(1).dividedBy(figures.maxRequestRate());
        return interval.compareTo(turnaround) > 0 ? interval : turnaround;
    }
}
