// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pcc;

import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.examples.pcc.PccSubspace.Role;
import dev.hwmailbox.examples.pcc.PccSubspace.Trigger;
import dev.hwmailbox.testing.RecordingClient;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A controller over a machine in memory whose firmware only counts doorbells: two initiators on one line (0 and 1), one
 * on a line of its own (2), a responder (3), one whose window lies half outside the memory (4), and a responder on the
 * first line (5).
 */
final class PccBed implements AutoCloseable {
    static final long MEMORY = 0xffff_0000L;
    static final int MEMORY_SIZE = 1024;
    static final int WINDOW_SIZE = 32;
    static final int SHARED_LINE = 7;
    static final int OWN_LINE = 8;
    static final int RESPONDER_LINE = 9;

    static final List<PccSubspace> TABLE = List.of(
            subspace(Role.INITIATOR, MEMORY, SHARED_LINE, Trigger.LEVEL),
            subspace(Role.INITIATOR, MEMORY + 32, SHARED_LINE, Trigger.LEVEL),
            subspace(Role.INITIATOR, MEMORY + 64, OWN_LINE, Trigger.EDGE),
            subspace(Role.RESPONDER, MEMORY + 96, RESPONDER_LINE, Trigger.EDGE),
            subspace(Role.INITIATOR, MEMORY + MEMORY_SIZE - 31, SHARED_LINE, Trigger.LEVEL),
            subspace(Role.RESPONDER, MEMORY + 128, SHARED_LINE, Trigger.LEVEL));

    final VirtualScheduler scheduler = new VirtualScheduler();
    final PccPlatform platform;
    final PccController controller;
    final List<Integer> doorbells = new ArrayList<>();

    PccBed(TxDoneMethod method) {
        this(method, null);
    }

    /** A machine whose interrupts come before whoever raised them goes on. */
    static PccBed withFastInterrupts(TxDoneMethod method) {
        return new PccBed(method, Runnable::run);
    }

    private PccBed(TxDoneMethod method, @Nullable Executor delivery) {
        platform = new PccPlatform(MEMORY, MEMORY_SIZE, TABLE, delivery == null ? scheduler::execute : delivery);
        controller = new PccController(platform, TABLE, method, scheduler);
        platform.onDoorbell(doorbells::add);
    }

    private static PccSubspace subspace(Role role, long address, int line, Trigger trigger) {
        return new PccSubspace(
                role, address, WINDOW_SIZE, line, trigger, Duration.ofNanos(1500), 120, Duration.ofMillis(2));
    }

    RecordingClient client() {
        return RecordingClient.create(scheduler);
    }

    /** The firmware has done a command, and its interrupt has been served. */
    void complete(int subspace) {
        complete(subspace, 0);
    }

    void complete(int subspace, int error) {
        platform.complete(subspace, error);
        scheduler.runDue();
    }

    void command(int subspace) {
        platform.command(subspace);
        scheduler.runDue();
    }

    @Override
    public void close() {
        controller.close();
        scheduler.close();
    }
}
