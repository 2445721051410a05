// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

import dev.hwmailbox.examples.calls.Refusals;

/**
 * What one end has refused, by what was wrong with it, and what else it could not use.
 *
 * <p>Context: the VM's scheduler.
 */
final class MemBufCounters {
    private final Refusals<MemBufField> refused = new Refusals<>(MemBufField.class);
    private long stale;
    private long unsent;
    private long givenBack;

    void refuse(MemBufField field) {
        refused.add(field);
    }

    /** A message of the other side's former life, or of a channel that is no more. */
    void foundStale() {
        stale++;
    }

    /** A reply that the channel did not take, or gave up. */
    void couldNotSend() {
        unsent++;
    }

    /** Memory that went back without anybody having had it. */
    void gaveBack() {
        givenBack++;
    }

    long refused(MemBufField field) {
        return refused.of(field);
    }

    long stale() {
        return stale;
    }

    long unsent() {
        return unsent;
    }

    long givenBack() {
        return givenBack;
    }

    @Override
    public String toString() {
        return "refused %s, stale %d, unsent %d, given back %d".formatted(refused, stale, unsent, givenBack);
    }
}
