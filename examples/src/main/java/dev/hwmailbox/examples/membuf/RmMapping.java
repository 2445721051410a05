// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.protocol.MemAcceptReply;
import dev.hwmailbox.gunyah.rm.protocol.MemAcceptRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemHandleRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What a borrower does with a parcel: has it mapped, and releases it before it gives it back.
 *
 * <p>Context: the borrower's scheduler; never blocks.
 */
final class RmMapping {
    private final ResourceManager resourceManager;

    RmMapping(ResourceManager resourceManager) {
        this.resourceManager = resourceManager;
    }

    /** The address at which the Resource Manager has mapped it. */
    CompletableFuture<Long> accept(MemBuf memory) {
        var request = new MemAcceptRequest(
                memory.handle(),
                MemParcelRequest.TYPE_NORMAL,
                MemAcceptRequest.LEND,
                MemAcceptRequest.FLAG_CONTIGUOUS | MemAcceptRequest.FLAG_DONE,
                0,
                List.of(),
                List.of(),
                0,
                List.of());
        return RmLoans.call(resourceManager, RmMessageId.MEM_ACCEPT, request)
                .thenApply(reply -> MemAcceptReply.decode(reply).ranges().get(0).address());
    }

    CompletableFuture<?> release(MemBuf memory) {
        return RmLoans.call(resourceManager, RmMessageId.MEM_RELEASE, new MemHandleRequest(memory.handle(), 0));
    }
}
