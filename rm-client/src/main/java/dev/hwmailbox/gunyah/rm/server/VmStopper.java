// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram.StopReason;
import dev.hwmailbox.gunyah.hypervisor.StaleMessages;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine.State;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops the programs of VMs, whether they like it or not: one that has not stopped after {@value #PATIENCE_SECONDS} s
 * is cut off from the hypervisor, and its VM counts as stopped.
 */
final class VmStopper {
    static final long PATIENCE_SECONDS = 10;

    private static final Logger LOG = LoggerFactory.getLogger(VmStopper.class);

    private final MailboxScheduler scheduler;

    VmStopper(MailboxScheduler scheduler) {
        this.scheduler = scheduler;
    }

    /** Stops a VM that is not stopping yet; afterwards it is not stopping any more, and a task tells so, once. */
    void stop(ManagedVm vm, StopReason how, Runnable stopped) {
        VirtualMachine machine = vm.machine().vm();
        vm.stopping(true);
        Stop stop = new Stop(vm, stopped);
        stop.deadline.arm(TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS));
        if (machine.state() == State.RUNNING) {
            try {
                machine.stop(how, stop::scheduleEnd);
                return;
            } catch (MailboxException e) {
                LOG.debug("somebody else has just ended {}", machine, e);
            }
        }
        cutOff(machine, stop::scheduleEnd);
    }

    /** Takes a VM away from its program; one that somebody else has ended already is soon done. */
    private static void cutOff(VirtualMachine machine, Runnable done) {
        try {
            machine.reset(StaleMessages.KEEP, done);
        } catch (MailboxException e) {
            LOG.debug("{} cannot be cut off", machine, e);
            done.run();
        }
    }

    /**
     * Destroys a machine. If its program has not stopped yet, the machine loses its memory and its capabilities now,
     * and goes when the program has stopped.
     */
    static void destroy(VirtualMachine machine) {
        try {
            machine.destroy();
        } catch (MailboxException e) {
            LOG.warn("{} waits for its program, which does not stop", machine, e);
            machine.memory().clear();
            cutOff(machine, machine::destroy);
        }
    }

    /** One stop, which ends with the program or with the deadline. */
    private final class Stop {
        private final ManagedVm vm;
        private final Runnable stopped;
        private final MailboxScheduler.Timer deadline;
        private boolean over;

        Stop(ManagedVm vm, Runnable stopped) {
            this.vm = vm;
            this.stopped = stopped;
            this.deadline = scheduler.timer("stop of VM " + vm.vmid(), this::expired);
        }

        void scheduleEnd() {
            scheduler.execute(this::end);
        }

        private void expired() {
            if (!over) {
                LOG.warn("the program of VM {} has not stopped after {} s", vm.vmid(), PATIENCE_SECONDS);
                cutOff(vm.machine().vm(), () -> {});
                end();
            }
        }

        private void end() {
            if (!over) {
                over = true;
                deadline.cancel();
                vm.stopping(false);
                stopped.run();
            }
        }
    }
}
