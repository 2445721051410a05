// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram.StopReason;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state of one VM, its program, and who waits for it to end.
 *
 * <p>An end of the program, and each reset that has begun, is a hold on the state STOPPING or RESETTING. Whoever
 * releases the last one settles the VM; so a reset may meet a stop or another reset at any point.
 */
final class VmLifeCycle {
    private static final Logger LOG = LoggerFactory.getLogger(VirtualMachine.class);

    private final VirtualMachine vm;
    private final @Nullable VmListener listener;

    // guards: writes of the state, and the fields below. Taken before the set-up lock; nothing is called out under it.
    private final ReentrantLock lock = new ReentrantLock();
    private volatile State state = State.CREATED;
    private int holds;
    private StaleMessages stale = StaleMessages.KEEP;
    private List<Runnable> waiting = new ArrayList<>();
    private @Nullable Run run;

    /** Program calls that wait for their task. Keeps their order whatever the order of the scheduler's tasks. */
    private final Queue<Runnable> programCalls = new ConcurrentLinkedQueue<>();

    private final Queue<State> untold = new ConcurrentLinkedQueue<>();
    private final AtomicInteger tellRequests = new AtomicInteger();

    VmLifeCycle(VirtualMachine vm, @Nullable VmListener listener) {
        this.vm = vm;
        this.listener = listener;
    }

    State state() {
        return state;
    }

    /** One program from its start to its stop. */
    private static final class Run {
        private final GuestProgram program;

        // A program whose VM is reset before its start never hears of either.
        private volatile boolean cancelled;
        private volatile boolean started;

        Run(GuestProgram program) {
            this.program = program;
        }

        void start(GuestContext context) {
            if (!cancelled) {
                started = true;
                program.start(context);
            }
        }

        void stop(StopReason reason) {
            if (started) {
                program.stop(reason);
            }
        }
    }

    void start(Supplier<GuestProgram> factory, Supplier<GuestContext> contexts) {
        State before;
        lock.lock();
        try {
            before = state;
            if (before != State.CREATED && before != State.STOPPED && before != State.RESET) {
                throw refused("start");
            }
            change(State.STARTING);
        } finally {
            lock.unlock();
        }
        tell();
        Run created = null;
        try {
            created = new Run(factory.get());
        } finally {
            if (created == null) {
                notStarted(before);
            }
        }
        started(created, contexts.get());
    }

    private void notStarted(State before) {
        lock.lock();
        try {
            change(before);
        } finally {
            lock.unlock();
        }
        tell();
        vm.settled();
    }

    private void started(Run created, GuestContext context) {
        Runnable call = () -> created.start(context);
        lock.lock();
        try {
            run = created;
            programCalls.add(call);
            change(State.RUNNING);
        } finally {
            lock.unlock();
        }
        try {
            schedule(call);
        } finally {
            tell();
            vm.settled();
        }
    }

    void stop(StopReason reason, Runnable stopped) {
        Run stopping;
        lock.lock();
        try {
            if (state == State.RESETTING) {
                waiting.add(stopped);
                return;
            }
            stopping = run;
            if (state != State.RUNNING || stopping == null) {
                throw refused("stop");
            }
            holds++;
            waiting.add(stopped);
            change(State.STOPPING);
        } finally {
            lock.unlock();
        }
        tell();
        end(stopping, reason);
    }

    private void end(Run stopping, StopReason reason) {
        boolean scheduled = false;
        try {
            callProgram(() -> stopping.stop(reason));
            callProgram(this::release);
            scheduled = true;
        } catch (RuntimeException e) {
            LOG.error("the scheduler does not let the guest program stop (vm {})", vm.vmid(), e);
        } finally {
            if (!scheduled) {
                release();
            }
        }
    }

    private void callProgram(Runnable call) {
        programCalls.add(call);
        schedule(call);
    }

    /** Schedules the oldest program call; each has a task, so that the last one added has none if there is no task. */
    private void schedule(Runnable last) {
        boolean scheduled = false;
        try {
            vm.scheduler().execute(this::runProgramCall);
            scheduled = true;
        } finally {
            if (!scheduled) {
                programCalls.remove(last);
            }
        }
    }

    private void runProgramCall() {
        Runnable call = programCalls.remove();
        try {
            call.run();
        } catch (RuntimeException e) {
            LOG.error("guest program failed (vm {})", vm.vmid(), e);
        }
    }

    /** Begins a reset: cuts the VM off. It does not come back before {@link #release}. */
    void hold(StaleMessages policy, Runnable done) {
        Run stopping = null;
        lock.lock();
        try {
            if (state == State.STARTING || state == State.DESTROYED) {
                throw refused("reset");
            }
            if (run != null) {
                run.cancelled = true;
            }
            if (state == State.RUNNING) {
                stopping = run;
                holds++;
            }
            holds++;
            stale = stale.strongest(policy);
            waiting.add(done);
            if (state != State.RESETTING) {
                change(State.RESETTING);
            }
            vm.cutOff();
        } finally {
            lock.unlock();
        }
        vm.treat(policy); // first: survivors that hear of the reset must not take an old message for a new one
        tell();
        if (stopping != null) {
            end(stopping, StopReason.RESET);
        }
    }

    /** Gives a hold back. The last one settles the VM. */
    void release() {
        StaleMessages policy;
        lock.lock();
        try {
            if (holds > 1) {
                holds--;
                return;
            }
            policy = state == State.RESETTING ? stale : StaleMessages.KEEP;
        } finally {
            lock.unlock();
        }
        // Once more: a call that was under way when the VM was cut off may still have sent.
        vm.treat(policy);
        settle();
    }

    private void settle() {
        List<Runnable> waited;
        List<QueueEnd> receiving = List.of();
        lock.lock();
        try {
            if (--holds > 0) {
                return; // a reset has begun meanwhile, and settles
            }
            if (state == State.RESETTING) {
                receiving = vm.renew();
                change(State.RESET);
            } else {
                change(State.STOPPED);
            }
            run = null;
            stale = StaleMessages.KEEP;
            waited = waiting;
            waiting = new ArrayList<>();
        } finally {
            lock.unlock();
        }
        for (QueueEnd end : receiving) {
            if (end.queue().count() > 0) {
                report(end::assertLine);
            }
        }
        tell();
        for (Runnable each : waited) {
            report(each);
        }
        vm.settled();
    }

    private void report(Runnable callback) {
        try {
            callback.run();
        } catch (Throwable e) { // an Error, too, must not keep the others waiting
            LOG.error("a callback at the end of a stop or reset failed (vm {})", vm.vmid(), e);
        }
    }

    /** False if the VM is destroyed already. */
    boolean destroy() {
        lock.lock();
        try {
            if (state == State.DESTROYED) {
                return false;
            }
            if (isBusy()) {
                throw refused("destroy");
            }
            change(State.DESTROYED);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private boolean isBusy() {
        return switch (state) {
            case STARTING, RUNNING, STOPPING, RESETTING -> true;
            case CREATED, STOPPED, RESET, DESTROYED -> false;
        };
    }

    private MailboxException refused(String action) {
        return new MailboxException(
                isBusy() ? Errno.EBUSY : Errno.EINVAL,
                "cannot %s while %s (vm %d)".formatted(action, state, vm.vmid()));
    }

    // ---- telling ----

    /** The caller holds the lock. */
    private void change(State next) {
        state = next;
        if (listener != null) {
            untold.add(next);
        }
    }

    /** Tells the listener what has changed; whoever comes first tells for all. */
    void tell() {
        if (listener == null || tellRequests.getAndIncrement() != 0) {
            return;
        }
        int served;
        do {
            served = tellRequests.get();
            for (State next = untold.poll(); next != null; next = untold.poll()) {
                tell(listener, next);
            }
        } while (tellRequests.addAndGet(-served) != 0);
    }

    private void tell(VmListener listener, State next) {
        try {
            listener.vmChanged(vm, next);
        } catch (Throwable e) { // an Error, too, must not leave the later changes untold
            LOG.error("the listener failed (vm {}, {})", vm.vmid(), next, e);
        }
    }
}
