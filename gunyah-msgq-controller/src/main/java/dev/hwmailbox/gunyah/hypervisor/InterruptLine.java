// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One shared interrupt of one VM: the state its controller keeps, and the delivery to the attached handler.
 *
 * <p>What the source said is remembered in {@code edge} (latched) and {@code level}; which of the two counts, the
 * trigger decides. A line that has something to say and is enabled is listed for the guest, where it goes
 *
 * <pre>
 *   IDLE ──assert──▶ PENDING ──acknowledge──▶ ACTIVE ──assert──▶ ACTIVE+PENDING
 *    ▲                  ▲                       │                      │
 *    └──────────────────┼───── end of interrupt ┘                      │
 *                       └───────────────────────── end of interrupt ───┘
 * </pre>
 *
 * At the end of a level interrupt the source is asked whether its condition still holds.
 *
 * <p>An enabled line that has something to say is always pending; so ending a binding never makes one pending, and
 * needs no delivery.
 *
 * <p>Gunyah counterpart: hyp/vm/vgic (gunyah-hypervisor). Differs: a line without handler counts as disabled.
 */
final class InterruptLine {
    /** Handler runs in one go; then others have their turn. */
    static final int MAX_DELIVERIES_PER_RUN = 16;

    private static final Logger LOG = LoggerFactory.getLogger(InterruptLine.class);

    private final VirtualInterruptController controller;
    private final int virq;
    private final @Nullable HypervisorObserver observer;

    // guards: all fields below. Lock order: set-up lock, line, queue; the source is asked under this lock, which takes
    // the queue's lock only.
    private final ReentrantLock lock = new ReentrantLock();
    private boolean levelTriggered;
    private boolean enabled;
    private boolean edge;
    private boolean level;
    private boolean listed;
    private boolean pending;
    private boolean active;
    private boolean endTrapped;
    private @Nullable Binding source;
    private @Nullable Attachment attachment;

    InterruptLine(VirtualInterruptController controller, int virq, @Nullable HypervisorObserver observer) {
        this.controller = controller;
        this.virq = virq;
        this.observer = observer;
    }

    int virq() {
        return virq;
    }

    /** Makes a source the line's only one. The caller holds the set-up lock. */
    boolean claim(Binding binding) {
        lock.lock();
        try {
            if (source != null) {
                return false;
            }
            source = binding;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Ends a binding: the level goes, a latched or pending edge stays. */
    void release(Binding binding) {
        lock.lock();
        try {
            if (source == binding) {
                source = null;
                withdrawLevel();
            }
        } finally {
            lock.unlock();
        }
    }

    @Nullable
    Binding source() {
        lock.lock();
        try {
            return source;
        } finally {
            lock.unlock();
        }
    }

    /** An assertion by a source. One whose binding has ended is dropped. */
    void assertBy(Binding binding) {
        Attachment due;
        lock.lock();
        try {
            if (source != binding) {
                return;
            }
            due = latch();
        } finally {
            lock.unlock();
        }
        submit(due);
    }

    /** An assertion by the embedder. */
    void raise() {
        Attachment due;
        lock.lock();
        try {
            due = latch();
        } finally {
            lock.unlock();
        }
        submit(due);
    }

    private @Nullable Attachment latch() {
        edge = true;
        level = true;
        list();
        return due();
    }

    /** Takes the level back for a source. */
    void clearBy(Binding binding) {
        lock.lock();
        try {
            if (source == binding) {
                withdrawLevel();
            }
        } finally {
            lock.unlock();
        }
    }

    private void withdrawLevel() {
        if (listed) {
            synchronise(true);
        } else {
            level = false;
        }
    }

    void trigger(boolean levelTriggered) {
        Attachment due;
        lock.lock();
        try {
            this.levelTriggered = levelTriggered;
            list();
            due = due();
        } finally {
            lock.unlock();
        }
        submit(due);
    }

    void enable() {
        Attachment due;
        lock.lock();
        try {
            enabled = true;
            list();
            due = due();
        } finally {
            lock.unlock();
        }
        submit(due);
    }

    void disable() {
        lock.lock();
        try {
            disableLocked();
        } finally {
            lock.unlock();
        }
    }

    private void disableLocked() {
        enabled = false;
        if (listed) {
            synchronise(false);
        } else if (level) {
            level = isStillPending(edge);
        }
    }

    /** The guest takes the interrupt. */
    boolean acknowledge() {
        lock.lock();
        try {
            return acknowledgeLocked();
        } finally {
            lock.unlock();
        }
    }

    private boolean acknowledgeLocked() {
        if (!pending || active) {
            return false;
        }
        pending = false;
        active = true;
        return true;
    }

    /** The guest is done with the interrupt. */
    void endOfInterrupt() {
        lock.lock();
        try {
            endOfInterruptLocked();
        } finally {
            lock.unlock();
        }
    }

    private void endOfInterruptLocked() {
        if (!active) {
            return;
        }
        active = false;
        if (pending) {
            notePending();
        } else if (endTrapped) {
            synchronise(false);
        }
    }

    private boolean wants() {
        return levelTriggered ? level : edge;
    }

    /** Shows the guest what the source said, if the guest wants to hear. */
    private void list() {
        if (!enabled || !wants()) {
            return;
        }
        listed = true;
        edge = false;
        endTrapped = levelTriggered;
        if (!pending) {
            pending = true;
            if (!active) {
                notePending();
            }
        }
    }

    /** Takes the line back from the guest, asks the source if need be, and lists the line again if there is reason. */
    private void synchronise(boolean clearLevel) {
        boolean wasPending = pending;
        edge |= wasPending;
        if (clearLevel) {
            level = false;
        } else if (level) {
            level = isStillPending(edge);
        }
        boolean deliverable = enabled && wants();
        if (deliverable) {
            pending = true;
            edge = false;
            endTrapped = levelTriggered;
            if (!wasPending && !active) {
                notePending();
            }
        } else if (!active) {
            listed = false;
            pending = false;
        } else if (!enabled) {
            pending = false;
        }
    }

    private boolean isStillPending(boolean reasserted) {
        if (source == null) {
            return false;
        }
        boolean still = reasserted || source.end().isStillPending();
        if (observer != null) {
            observer.checked(source.end(), reasserted, still);
        }
        return still;
    }

    private void notePending() {
        if (observer != null) {
            observer.pending(controller.vmid(), virq);
        }
    }

    // ---- delivery ----

    /** Attaches a handler and enables the line; false if there is one. */
    boolean attach(Runnable handler) {
        Attachment due;
        lock.lock();
        try {
            if (attachment != null) {
                return false;
            }
            attachment = new Attachment(handler);
            enabled = true;
            list();
            due = due();
        } finally {
            lock.unlock();
        }
        submit(due);
        return true;
    }

    void detach() {
        lock.lock();
        try {
            if (attachment != null) {
                attachment = null;
                disableLocked();
            }
        } finally {
            lock.unlock();
        }
    }

    void mask() {
        lock.lock();
        try {
            if (attachment != null) {
                disableLocked();
            }
        } finally {
            lock.unlock();
        }
    }

    void unmask() {
        Attachment due = null;
        lock.lock();
        try {
            if (attachment != null) {
                enabled = true;
                list();
                due = due();
            }
        } finally {
            lock.unlock();
        }
        submit(due);
    }

    boolean isAttached() {
        lock.lock();
        try {
            return attachment != null;
        } finally {
            lock.unlock();
        }
    }

    /** The attachment to submit, if the line is pending and nobody is on the way to it. */
    private @Nullable Attachment due() {
        if (attachment == null || attachment.scheduled || !pending || active) {
            return null;
        }
        attachment.scheduled = true;
        return attachment;
    }

    private void submit(@Nullable Attachment due) {
        if (due != null && !controller.deliver(due)) {
            cancel(due);
        }
    }

    /** The executor refused: the line stays pending, and the next assertion tries again. */
    private void cancel(Attachment refused) {
        lock.lock();
        try {
            refused.scheduled = false;
        } finally {
            lock.unlock();
        }
    }

    /** For tests: {@code idle}, {@code pending}, {@code active} or {@code active_pending}. */
    String guestState() {
        lock.lock();
        try {
            if (active) {
                return pending ? "active_pending" : "active";
            }
            return pending ? "pending" : "idle";
        } finally {
            lock.unlock();
        }
    }

    /** Whether an assertion is remembered that the guest does not see. */
    boolean isLatched() {
        lock.lock();
        try {
            return edge && !listed;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        return "virq %d %s%s".formatted(virq, guestState(), isLatched() ? " latched" : "");
    }

    /**
     * One handler from attach to detach; as a task, its delivery. A task that comes late, after detach, finds another
     * attachment or none and does nothing. While a handler runs the line is active, so that no other run can take it,
     * not even for the next attachment.
     */
    private final class Attachment implements Runnable {
        private final Runnable handler;

        // guarded by the line's lock: a task is on its way or running.
        private boolean scheduled;

        Attachment(Runnable handler) {
            this.handler = handler;
        }

        @Override
        public void run() {
            int left = MAX_DELIVERIES_PER_RUN;
            boolean taken = begin();
            while (taken) {
                taken = handle(--left > 0);
            }
        }

        private boolean begin() {
            lock.lock();
            try {
                scheduled = attachment == this && acknowledgeLocked();
                return scheduled;
            } finally {
                lock.unlock();
            }
        }

        /** Runs the handler for the interrupt taken. Returns whether it has taken another. */
        private boolean handle(boolean mayTakeAnother) {
            boolean takeAnother = false;
            boolean taken;
            try {
                handler.run();
                takeAnother = mayTakeAnother;
            } catch (RuntimeException e) {
                LOG.error("interrupt handler failed (vm {}, virq {})", controller.vmid(), virq, e);
                takeAnother = mayTakeAnother;
            } finally {
                taken = end(takeAnother);
            }
            return taken;
        }

        private boolean end(boolean takeAnother) {
            Attachment successor = null;
            boolean taken = false;
            boolean again = false;
            lock.lock();
            try {
                endOfInterruptLocked();
                if (attachment != this) {
                    successor = due();
                } else if (takeAnother) {
                    taken = acknowledgeLocked();
                } else {
                    again = pending;
                }
                scheduled = taken || again;
            } finally {
                lock.unlock();
            }
            submit(successor);
            if (again && !controller.deliverLater(this)) {
                cancel(this);
            }
            return taken;
        }
    }
}
