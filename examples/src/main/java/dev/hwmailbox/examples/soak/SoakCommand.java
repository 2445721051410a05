// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.soak;

import dev.hwmailbox.examples.machine.MachineFailure;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code soak}: makes calls and restarts a VM, in real threads, and watches the heap. */
@Command(
        name = "soak",
        mixinStandardHelpOptions = true,
        description = {
            "Makes calls to a Resource Manager and restarts a VM with its channel open, in real threads.",
            "Exits 0 if all went well and the heap stayed in the second half as it was after the first, 1 if not."
        })
public final class SoakCommand implements Callable<Integer> {
    static final int EXIT_OK = 0;
    static final int EXIT_FAILED = 1;

    private static final int TENTHS = 10;

    /**
     * The tenth after which the heap must not grow: capability spaces double their tables, up to a limit, before they
     * use a place again.
     */
    private static final int SETTLED = 5;

    /** How much more may be used at the end: less than 20 bytes for each life of the second half. */
    private static final long TOLERANCE = 100_000;

    @Option(names = "--calls", paramLabel = "N", description = "How many calls, beside those of the restarts.")
    private long calls = 1_000_000;

    @Option(names = "--restarts", paramLabel = "N", description = "How many lives of the VM, at least 20.")
    private int restarts = 10_000;

    @SuppressWarnings("NullAway.Init") // picocli sets it
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    private final AtomicLong made = new AtomicLong();

    @Override
    public Integer call() {
        if (restarts < 2 * TENTHS) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--restarts must be at least " + 2 * TENTHS);
        }
        PrintWriter out = spec.commandLine().getOut();
        try (SoakMachine machine = new SoakMachine()) {
            return run(machine, out);
        } catch (SoakFailure | MachineFailure e) {
            spec.commandLine().getErr().println("soak failed: " + e.getMessage());
            return EXIT_FAILED;
        }
    }

    private int run(SoakMachine machine, PrintWriter out) {
        long start = System.nanoTime();
        CompletableFuture<Void> caller = CompletableFuture.runAsync(() -> makeCalls(machine));
        long settled = 0;
        String census = "";
        for (int life = 1; life <= restarts; life++) {
            machine.live(life, life % 2 == 0);
            if (life % (restarts / TENTHS) == 0) {
                long used = usedHeap();
                settled = life / (restarts / TENTHS) == SETTLED ? used : settled;
                census = census.isEmpty() ? machine.census() : census;
                expectSame(census, machine.census());
                out.printf(
                        "%6.1f s  %,d restarts, %,d calls, %,d bytes of heap used%n",
                        (System.nanoTime() - start) / 1e9, life, made.get(), used);
                out.flush();
            }
        }
        caller.join();
        long grown = usedHeap() - settled;
        out.printf(
                "%6.1f s  %,d restarts, %,d calls; since the first half the heap has grown by %,d bytes%n",
                (System.nanoTime() - start) / 1e9, restarts, made.get(), grown);
        out.println(census);
        if (grown > TOLERANCE) {
            throw new SoakFailure("the heap has grown by %,d bytes".formatted(grown));
        }
        out.println("ok");
        return EXIT_OK;
    }

    private void makeCalls(SoakMachine machine) {
        while (made.get() < calls) {
            machine.call();
            made.incrementAndGet();
        }
    }

    private static void expectSame(String before, String now) {
        if (!now.equals(before)) {
            throw new SoakFailure("after the first tenth: " + before + "; now: " + now);
        }
    }

    private static long usedHeap() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
