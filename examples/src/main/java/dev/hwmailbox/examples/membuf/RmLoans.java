// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.protocol.MemAclEntry;
import dev.hwmailbox.gunyah.rm.protocol.MemHandleRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import dev.hwmailbox.gunyah.rm.protocol.RmHandle;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmPayload;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * Lends pages through the Resource Manager: while they are lent, this VM cannot reach them.
 *
 * <p>Context: the lender's scheduler; never blocks, which is why it does not use {@link ResourceManager#memory()}.
 */
final class RmLoans implements MemoryLoans {
    private final ResourceManager resourceManager;
    private final int borrower;
    private final PagePool pool;
    private final Map<Integer, MemRange> parcels = new HashMap<>();

    RmLoans(ResourceManager resourceManager, int borrower, PagePool pool) {
        this.resourceManager = resourceManager;
        this.borrower = borrower;
        this.pool = pool;
    }

    @Override
    public CompletableFuture<Integer> lend(int size) {
        OptionalLong address = pool.take(size);
        if (address.isEmpty()) {
            return CompletableFuture.failedFuture(new MailboxException(Errno.ENOMEM, "no " + size + " bytes to lend"));
        }
        MemRange range = new MemRange(address.getAsLong(), size);
        var parcel = new MemParcelRequest(
                MemParcelRequest.TYPE_NORMAL,
                0,
                0,
                List.of(new MemAclEntry(borrower, MemAclEntry.READ | MemAclEntry.WRITE)),
                List.of(range),
                List.of());
        return call(resourceManager, RmMessageId.MEM_LEND, parcel)
                .thenApply(reply -> {
                    int handle = RmHandle.decode(reply).handle();
                    parcels.put(handle, range);
                    return handle;
                })
                .whenComplete((handle, failure) -> {
                    if (failure != null) {
                        pool.give(range.address(), size);
                    }
                });
    }

    @Override
    public CompletableFuture<?> reclaim(int handle) {
        return call(resourceManager, RmMessageId.MEM_RECLAIM, new MemHandleRequest(handle, 0))
                .thenAccept(reply -> {
                    MemRange range = parcels.remove(handle);
                    if (range != null) {
                        pool.give(range.address(), (int) range.size());
                    }
                });
    }

    /** Parcels that are lent. */
    int parcels() {
        return parcels.size();
    }

    /** A call that ends in its future only, whatever happens to it. */
    static CompletableFuture<RmMessage> call(ResourceManager resourceManager, int messageId, RmPayload request) {
        try {
            return resourceManager.callAsync(messageId, request.encode());
        } catch (MailboxException e) {
            return CompletableFuture.failedFuture(e);
        }
    }
}
