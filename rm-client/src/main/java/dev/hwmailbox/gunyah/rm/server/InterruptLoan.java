// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** A hardware interrupt that its owner has lent to another VM. */
final class InterruptLoan {
    private final int handle;
    private final ManagedVm owner;
    private final int interrupt;
    private final ManagedVm borrower;
    private final int label;
    private @Nullable Integer virq;
    private boolean pending;

    InterruptLoan(int handle, ManagedVm owner, int interrupt, ManagedVm borrower, int label) {
        this.handle = handle;
        this.owner = owner;
        this.interrupt = interrupt;
        this.borrower = borrower;
        this.label = label;
    }

    int handle() {
        return handle;
    }

    ManagedVm owner() {
        return owner;
    }

    /** The hardware's number, which is the owner's. */
    int interrupt() {
        return interrupt;
    }

    ManagedVm borrower() {
        return borrower;
    }

    int label() {
        return label;
    }

    /** The borrower's number; empty unless it has accepted. */
    OptionalInt virq() {
        return virq == null ? OptionalInt.empty() : OptionalInt.of(virq);
    }

    boolean isAccepted() {
        return virq != null;
    }

    void accepted(int as) {
        virq = as;
    }

    void released() {
        virq = null;
    }

    /** The hardware has raised it while nobody had it. */
    void pend() {
        pending = true;
    }

    boolean takePending() {
        boolean was = pending;
        pending = false;
        return was;
    }
}
