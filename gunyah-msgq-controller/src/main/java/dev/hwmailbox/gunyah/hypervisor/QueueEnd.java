// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.gunyah.InterruptSink;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One end of a queue as an interrupt source. Asserting and clearing happen after the queue's lock is released. */
final class QueueEnd implements InterruptSink.Source {
    private static final Logger LOG = LoggerFactory.getLogger(QueueEnd.class);

    private final MessageQueue queue;
    private final boolean sending;
    private final @Nullable InterruptSink sink;
    private final @Nullable HypervisorObserver observer;

    // Written under the set-up lock.
    private volatile @Nullable Binding binding;

    QueueEnd(MessageQueue queue, boolean sending, @Nullable InterruptSink sink, @Nullable HypervisorObserver observer) {
        this.queue = queue;
        this.sending = sending;
        this.sink = sink;
        this.observer = observer;
    }

    MessageQueue queue() {
        return queue;
    }

    /** Whether this is the sender's end, whose condition is "room again". */
    boolean isSending() {
        return sending;
    }

    @Nullable
    Binding binding() {
        return binding;
    }

    void binding(@Nullable Binding binding) {
        this.binding = binding;
    }

    /** Asserts the line; lost if none is bound. */
    void assertLine() {
        Binding bound = binding;
        if (observer != null) {
            observer.asserted(this, bound != null);
        }
        if (bound == null) {
            return;
        }
        if (sink == null) {
            bound.line().assertBy(bound);
            return;
        }
        try {
            sink.assertLine(bound.controller().vmid(), bound.line().virq(), this);
        } catch (RuntimeException e) {
            logSinkFailure(bound, e);
        }
    }

    /** Takes the level of the line back. */
    void clearLine() {
        Binding bound = binding;
        if (observer != null) {
            observer.cleared(this, bound != null);
        }
        if (bound == null) {
            return;
        }
        if (sink == null) {
            bound.line().clearBy(bound);
        } else {
            withdrawFromSink(bound);
        }
        // Another thread's call may have crossed the threshold after ours decided and asserted before we cleared.
        if (isStillPending()) {
            assertLine();
        }
    }

    /** Tells the embedder's sink, if there is one, that a binding has ended. */
    void withdrawFromSink(Binding ended) {
        if (sink == null) {
            return;
        }
        try {
            sink.clearLine(ended.controller().vmid(), ended.line().virq());
        } catch (RuntimeException e) {
            logSinkFailure(ended, e);
        }
    }

    @Override
    public boolean isStillPending() {
        return binding != null && queue.isConditionMet(sending);
    }

    private static void logSinkFailure(Binding bound, RuntimeException e) {
        LOG.error(
                "the interrupt sink failed (vm {}, virq {})",
                bound.controller().vmid(),
                bound.line().virq(),
                e);
    }

    @Override
    public String toString() {
        return queue + (sending ? "/send" : "/receive");
    }
}
