// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pcc;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.examples.pcc.PccSubspace.Trigger;
import dev.hwmailbox.examples.timeline.Timeline;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code pcc}: a client picks channels by number, and talks to firmware through shared memory and doorbells. */
@Command(
        name = "pcc",
        mixinStandardHelpOptions = true,
        description = {
            "A client picks channels by number, and talks to firmware through shared memory and doorbells.",
            "Exits 0 if everything was as it must be, 1 on a mismatch."
        })
public final class PccCommand implements Callable<Integer> {
    private static final long MEMORY = 0x80000000L;
    private static final int MEMORY_SIZE = 4096;
    private static final int SHARED_LINE = 40;
    private static final int ALARM_LINE = 41;
    private static final int ALARM = 95_500;

    /** Two that command, on one line of interrupt; one that listens; and one whose window lies outside the memory. */
    private static final List<PccSubspace> TABLE = List.of(
            initiator(MEMORY, Duration.ofNanos(20_000), 600_000),
            initiator(MEMORY + 0x40, Duration.ofNanos(35_000), 0),
            new PccSubspace(
                    PccSubspace.Role.RESPONDER,
                    MEMORY + 0x80,
                    0x40,
                    ALARM_LINE,
                    Trigger.EDGE,
                    Duration.ZERO,
                    0,
                    Duration.ZERO),
            initiator(MEMORY + MEMORY_SIZE, Duration.ZERO, 0));

    @Option(
            names = "--client-reports",
            description = "The client reports when a command is done, instead of the controller.")
    private boolean clientReports;

    @SuppressWarnings("NullAway.Init") // picocli sets it
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    private static PccSubspace initiator(long windowAddress, Duration latency, int maxRequestRate) {
        return new PccSubspace(
                PccSubspace.Role.INITIATOR,
                windowAddress,
                0x40,
                SHARED_LINE,
                Trigger.LEVEL,
                latency,
                maxRequestRate,
                Duration.ofNanos(5_000));
    }

    @Override
    public Integer call() {
        Timeline timeline = new Timeline(spec.commandLine().getOut(), false);
        try (VirtualScheduler scheduler = new VirtualScheduler()) {
            timeline.startClock(scheduler::nanoTime);
            return run(scheduler, timeline) ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
        }
    }

    private boolean run(VirtualScheduler scheduler, Timeline timeline) {
        PccPlatform platform = new PccPlatform(MEMORY, MEMORY_SIZE, TABLE, scheduler::execute);
        Firmware firmware = new Firmware(platform, TABLE, scheduler, timeline);
        timeline.add("pcc", "%s", platform);
        TxDoneMethod method = clientReports ? TxDoneMethod.ACK : TxDoneMethod.IRQ;
        try (PccController controller = new PccController(platform, TABLE, method, scheduler)) {
            ThermalClient cpu = new ThermalClient("cpu", controller, 0, scheduler, timeline);
            ThermalClient board = new ThermalClient("board", controller, 1, scheduler, timeline);
            ThermalClient alarms = new ThermalClient("alarms", controller, 2, scheduler, timeline);
            boolean refused = refuses(controller, 0, Errno.EBUSY, scheduler, timeline)
                    && refuses(controller, 3, Errno.ENXIO, scheduler, timeline)
                    && refuses(controller, 4, Errno.ENOENT, scheduler, timeline);

            cpu.ask(0, 3, Firmware.SENSORS);
            board.ask(1);
            scheduler.runUntilIdle();
            firmware.raiseAlarm(2, ALARM);
            scheduler.runUntilIdle();

            List.of(cpu, board, alarms).forEach(ThermalClient::close);
            boolean answered =
                    cpu.results().equals(List.of(Firmware.temperature(0, 0), Firmware.temperature(0, 3), -Errno.EIO))
                            && board.results().equals(List.of(Firmware.temperature(1, 1)))
                            && alarms.results().equals(List.of(ALARM));
            Map<String, Object> left = left(platform);
            boolean ok = refused && answered && left.values().stream().allMatch(count -> count.equals(0));
            timeline.end(ok ? "ok" : "mismatch", left);
            return ok;
        }
    }

    /** A request that must fail. */
    private static boolean refuses(
            PccController controller, int subspace, int errno, VirtualScheduler scheduler, Timeline timeline) {
        try {
            new ThermalClient("other", controller, subspace, scheduler, timeline).close();
            return false;
        } catch (MailboxException e) {
            timeline.add("other", "subspace %d: %s", subspace, Objects.requireNonNull(e.getMessage()));
            return e.errno() == errno;
        }
    }

    private static Map<String, Object> left(PccPlatform platform) {
        Map<String, Object> left = new LinkedHashMap<>();
        left.put("windows_left_mapped", platform.mapped().size());
        left.put("handlers_left", platform.handlers(SHARED_LINE) + platform.handlers(ALARM_LINE));
        left.put("interrupts_nobody_wanted", platform.unclaimed());
        return left;
    }
}
