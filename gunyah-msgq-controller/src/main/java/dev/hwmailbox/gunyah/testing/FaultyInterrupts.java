// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.InterruptController;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Interrupts that go wrong on demand, over any interrupt controller. It stands between the controller and the handlers
 * attached through it. Without faults everything passes through, and a delivery allocates nothing.
 *
 * <pre>{@code
 * FaultyInterrupts faulty = FaultyInterrupts.over(vm.interrupts(), scheduler);
 * faulty.inject(rxVirq, Occurrence.nth(2), InterruptFault.delayed(Duration.ofMillis(5)));
 * }</pre>
 *
 * <p>A fault counts the interrupts of its line since it was injected. If several are meant, the one injected first
 * counts. An interrupt that comes late respects the line's mask, and comes never once its handler is detached.
 * Everything belongs to this instance, so tests can run in parallel.
 *
 * <p>Context: any thread; no lock is held while handlers run or the controller is called.
 *
 * @since 0.1
 */
public final class FaultyInterrupts implements InterruptController {
    private static final int ANY_LINE = -1;

    private final InterruptController real;
    private final MailboxScheduler scheduler;
    private final FaultRules<Integer, InterruptFault> rules = new FaultRules<>();
    private final Map<Integer, Line> lines = new ConcurrentHashMap<>();

    private FaultyInterrupts(InterruptController real, MailboxScheduler scheduler) {
        this.real = Objects.requireNonNull(real, "real");
        this.scheduler = Objects.requireNonNull(scheduler, "scheduler");
    }

    /**
     * Makes a decorator without faults.
     *
     * @param real the interrupt controller
     * @param scheduler time, for interrupts that come late
     * @return the decorator
     */
    public static FaultyInterrupts over(InterruptController real, MailboxScheduler scheduler) {
        return new FaultyInterrupts(real, scheduler);
    }

    /**
     * Injects a fault into all lines together from now on.
     *
     * @param when which of their interrupts
     * @param fault what goes wrong
     * @return this
     */
    public FaultyInterrupts inject(Occurrence when, InterruptFault fault) {
        return inject(ANY_LINE, when, fault);
    }

    /**
     * Injects a fault into one line from now on.
     *
     * @param virq the line's number
     * @param when which of its interrupts
     * @param fault what goes wrong
     * @return this
     */
    public FaultyInterrupts inject(int virq, Occurrence when, InterruptFault fault) {
        rules.add(virq, when, fault);
        return this;
    }

    /** Ends all faults; what is on its way comes as it was to. What they have done stays counted. */
    public void stop() {
        rules.stop();
    }

    /**
     * How many interrupts have gone wrong.
     *
     * @return interrupts with an injected fault
     */
    public long injected() {
        return rules.used(virq -> true);
    }

    @Override
    public void attach(int virq, Runnable handler) {
        Objects.requireNonNull(handler, "handler");
        var line = new Line(virq, handler);
        boolean isFirst = lines.putIfAbsent(virq, line) == null;
        try {
            real.attach(virq, line);
        } catch (RuntimeException e) {
            if (isFirst) {
                lines.remove(virq, line);
            }
            throw e;
        }
    }

    @Override
    public void detach(int virq) {
        Line line = lines.remove(virq);
        if (line != null) {
            line.detach();
        }
        real.detach(virq);
    }

    @Override
    public void mask(int virq) {
        Line line = lines.get(virq);
        if (line != null) {
            line.mask();
        }
        real.mask(virq);
    }

    @Override
    public void unmask(int virq) {
        Line line = lines.get(virq);
        if (line == null) {
            real.unmask(virq);
        } else {
            line.unmask();
        }
    }

    @Override
    public void wakeUp(int virq, boolean enabled) {
        real.wakeUp(virq, enabled);
    }

    /**
     * Lists the faults, for a failed test.
     *
     * @return each with how often it was used
     */
    @Override
    public String toString() {
        return "FaultyInterrupts" + rules + lines.values();
    }

    private void overtake(Line next) {
        for (Line line : lines.values()) {
            if (line != next && line.isWaitingForAnother()) {
                line.release();
            }
        }
    }

    /** A handler with what may be on its way to it. While an interrupt is held, the real line is masked. */
    private final class Line implements Runnable {
        private final int virq;
        private final Runnable handler;
        private final MailboxScheduler.Timer timer;

        /** Runs of the handler that are due. Whoever makes it more than zero runs it, so that runs never overlap. */
        private final AtomicInteger runs = new AtomicInteger();

        private volatile boolean detached;
        private volatile boolean waitsForAnother;

        // guards: everything below
        private final ReentrantLock lock = new ReentrantLock();
        private boolean masked;
        private boolean held;
        private boolean owed;

        Line(int virq, Runnable handler) {
            this.virq = virq;
            this.handler = handler;
            timer = scheduler.timer("late interrupt " + virq, this::release);
        }

        @Override
        public void run() {
            InterruptFault fault = rules.areOn() ? rules.choose(this::isMine, virq) : null;
            if (fault == null) {
                handle(1);
                overtake(this);
                return;
            }
            switch (fault.kind()) {
                case DROPPED -> {}
                case DUPLICATED -> {
                    handle(2);
                    overtake(this);
                }
                case DELAYED -> hold(fault.delayNanos(), false);
                case OVERTAKEN -> hold(fault.delayNanos(), true);
            }
        }

        private boolean isMine(int key) {
            return key == virq || key == ANY_LINE;
        }

        private void handle(int times) {
            if (runs.getAndAdd(times) > 0) {
                return;
            }
            Throwable failure = null;
            do {
                try {
                    if (!detached) {
                        handler.run();
                    }
                } catch (RuntimeException | Error e) {
                    failure = e; // the controller's to log, but a run that is due must come first
                }
            } while (runs.decrementAndGet() > 0);
            if (failure instanceof Error error) {
                throw error;
            }
            if (failure instanceof RuntimeException exception) {
                throw exception;
            }
        }

        private void hold(long delayNanos, boolean untilAnother) {
            lock.lock();
            try {
                held = true;
            } finally {
                lock.unlock();
            }
            real.mask(virq);
            waitsForAnother = untilAnother;
            timer.arm(delayNanos);
        }

        boolean isWaitingForAnother() {
            return waitsForAnother;
        }

        /** The held interrupt comes, unless the line is masked. */
        void release() {
            boolean due;
            lock.lock();
            try {
                due = held && !masked;
                owed |= held && masked;
                held = false;
                waitsForAnother = false;
            } finally {
                lock.unlock();
            }
            timer.cancel();
            if (due) {
                comeLate();
            }
        }

        private void comeLate() {
            try {
                handle(1);
            } finally {
                if (isOpen()) {
                    real.unmask(virq);
                }
            }
        }

        private boolean isOpen() {
            lock.lock();
            try {
                return !masked && !held && !detached;
            } finally {
                lock.unlock();
            }
        }

        void mask() {
            lock.lock();
            try {
                masked = true;
            } finally {
                lock.unlock();
            }
        }

        void unmask() {
            boolean due;
            lock.lock();
            try {
                masked = false;
                due = owed;
                owed = false;
            } finally {
                lock.unlock();
            }
            if (due) {
                comeLate();
            } else if (isOpen()) {
                real.unmask(virq);
            }
        }

        void detach() {
            detached = true;
            waitsForAnother = false;
            timer.cancel();
        }

        @Override
        public String toString() {
            lock.lock();
            try {
                return "virq " + virq + (held ? " held" : "") + (masked ? " masked" : "");
            } finally {
                lock.unlock();
            }
        }
    }
}
