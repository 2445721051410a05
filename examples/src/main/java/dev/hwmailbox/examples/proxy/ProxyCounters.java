// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.proxy;

import dev.hwmailbox.examples.calls.Refusals;

/**
 * Replies that no call could use.
 *
 * <p>Context: the VM's scheduler.
 */
final class ProxyCounters {
    private final Refusals<ProxyField> refused = new Refusals<>(ProxyField.class);
    private long drained;
    private long unasked;
    private long stale;

    void refuse(ProxyField field) {
        refused.add(field);
    }

    /** Was in the queue when a call began. */
    void foundDrained() {
        drained++;
    }

    /** Came between two calls. */
    void foundUnasked() {
        unasked++;
    }

    /** Of an earlier call, or of a former life of the trusted VM. */
    void foundStale() {
        stale++;
    }

    long drained() {
        return drained;
    }

    long unasked() {
        return unasked;
    }

    long stale() {
        return stale;
    }

    @Override
    public String toString() {
        return "refused %s, drained %d, unasked %d, stale %d".formatted(refused, drained, unasked, stale);
    }
}
