// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

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
final class InterruptLine extends ShortLock {
    /** Handler runs in one go; then others have their turn. */
    static final int MAX_DELIVERIES_PER_RUN = 16;

    private static final Logger LOG = LoggerFactory.getLogger(InterruptLine.class);

    private final VirtualInterruptController controller;
    private final int virq;
    private final @Nullable HypervisorObserver observer;

    // The lock guards all fields below. Lock order: set-up lock, line, queue: the source is asked under the lock.
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
        enter();
        try {
            if (source != null) {
                return false;
            }
            source = binding;
            return true;
        } finally {
            leave();
        }
    }

    /** Ends a binding: the level goes, a latched or pending edge stays. */
    void release(Binding binding) {
        enter();
        try {
            if (source == binding) {
                source = null;
                withdrawLevel();
            }
        } finally {
            leave();
        }
    }

    @Nullable
    Binding source() {
        enter();
        try {
            return source;
        } finally {
            leave();
        }
    }

    /** An assertion by a source. One whose binding has ended is dropped. */
    void assertBy(Binding binding) {
        Attachment due;
        enter();
        try {
            if (source != binding) {
                return;
            }
            due = latch();
        } finally {
            leave();
        }
        submit(due);
    }

    /** An assertion by the embedder. */
    void raise() {
        Attachment due;
        enter();
        try {
            due = latch();
        } finally {
            leave();
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
        enter();
        try {
            if (source == binding) {
                withdrawLevel();
            }
        } finally {
            leave();
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
        enter();
        try {
            this.levelTriggered = levelTriggered;
            list();
            due = due();
        } finally {
            leave();
        }
        submit(due);
    }

    boolean isLevelTriggered() {
        enter();
        try {
            return levelTriggered;
        } finally {
            leave();
        }
    }

    void enable() {
        Attachment due;
        enter();
        try {
            enabled = true;
            list();
            due = due();
        } finally {
            leave();
        }
        submit(due);
    }

    void disable() {
        enter();
        try {
            disableLocked();
        } finally {
            leave();
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
        enter();
        try {
            return acknowledgeLocked();
        } finally {
            leave();
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
        enter();
        try {
            endOfInterruptLocked();
        } finally {
            leave();
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
            return reasserted; // by the embedder
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
        enter();
        try {
            if (attachment != null) {
                return false;
            }
            attachment = new Attachment(handler);
            enabled = true;
            list();
            due = due();
        } finally {
            leave();
        }
        submit(due);
        return true;
    }

    void detach() {
        enter();
        try {
            if (attachment != null) {
                attachment = null;
                disableLocked();
            }
        } finally {
            leave();
        }
    }

    void mask() {
        enter();
        try {
            if (attachment != null) {
                disableLocked();
            }
        } finally {
            leave();
        }
    }

    void unmask() {
        Attachment due = null;
        enter();
        try {
            if (attachment != null) {
                enabled = true;
                list();
                due = due();
            }
        } finally {
            leave();
        }
        submit(due);
    }

    boolean isAttached() {
        enter();
        try {
            return attachment != null;
        } finally {
            leave();
        }
    }

    /** The attachment to submit, if the line is pending and nobody is on the way to it. */
    private @Nullable Attachment due() {
        if (attachment == null || attachment.scheduled || !pending || active) {
            return null;
        }
        attachment.scheduled = true;
        if (controller.deliversInline()) {
            acknowledgeLocked();
        }
        return attachment;
    }

    private void submit(@Nullable Attachment due) {
        if (due == null) {
            return;
        }
        if (controller.deliversInline()) {
            due.handleTaken();
        } else {
            handOver(due, false);
        }
    }

    private void handOver(Attachment task, boolean later) {
        boolean accepted = false;
        try {
            accepted = later ? controller.deliverLater(task) : controller.deliver(task);
        } finally {
            if (!accepted) {
                cancel(task);
            }
        }
    }

    /** The executor refused: the line stays pending, and the next assertion or unmasking tries again. */
    private void cancel(Attachment refused) {
        enter();
        try {
            refused.scheduled = false;
        } finally {
            leave();
        }
    }

    /** For tests: {@code idle}, {@code pending}, {@code active} or {@code active_pending}. */
    String guestState() {
        enter();
        try {
            if (active) {
                return pending ? "active_pending" : "active";
            }
            return pending ? "pending" : "idle";
        } finally {
            leave();
        }
    }

    /** Whether an assertion is remembered that the guest does not see. */
    boolean isLatched() {
        enter();
        try {
            return edge && !listed;
        } finally {
            leave();
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
            if (begin()) {
                handleTaken();
            }
        }

        /** Runs the handler for the interrupt taken, and for those that come meanwhile. */
        private void handleTaken() {
            int left = MAX_DELIVERIES_PER_RUN;
            Attachment next = this;
            while (next != null) {
                next = next.handle(--left > 0);
            }
        }

        private boolean begin() {
            enter();
            try {
                scheduled = attachment == this && acknowledgeLocked();
                return scheduled;
            } finally {
                leave();
            }
        }

        /** Runs the handler for the interrupt taken. Returns who has taken another: the handler attached by now. */
        private @Nullable Attachment handle(boolean mayTakeAnother) {
            boolean takeAnother = false;
            Attachment next;
            try {
                handler.run();
                takeAnother = mayTakeAnother;
            } catch (RuntimeException e) {
                LOG.error("interrupt handler failed (vm {}, virq {})", controller.vmid(), virq, e);
                takeAnother = mayTakeAnother;
            } finally {
                next = end(takeAnother);
            }
            return next;
        }

        private @Nullable Attachment end(boolean takeAnother) {
            Attachment next;
            boolean taken;
            enter();
            try {
                endOfInterruptLocked();
                scheduled = false;
                next = attachment;
                if (next == null || !pending) {
                    return null;
                }
                next.scheduled = true;
                taken = takeAnother && acknowledgeLocked();
            } finally {
                leave();
            }
            if (taken) {
                return next;
            }
            handOver(next, true);
            return null;
        }
    }
}
