// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

import java.util.concurrent.CompletableFuture;

/**
 * Memory that can be lent to one other VM. Futures end as tasks of the lender's scheduler, exceptionally with a
 * {@link dev.hwmailbox.MailboxException}.
 *
 * <p>Context: the lender's scheduler; never blocks.
 */
interface MemoryLoans {
    /** Lends whole pages; the future has the handle of the parcel. */
    CompletableFuture<Integer> lend(int size);

    /** Takes a parcel back; fails while the borrower has not released it. */
    CompletableFuture<?> reclaim(int handle);
}
