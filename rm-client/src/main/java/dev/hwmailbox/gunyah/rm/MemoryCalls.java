// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.rm.protocol.MemAcceptReply;
import dev.hwmailbox.gunyah.rm.protocol.MemAcceptRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemAppendRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemHandleRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemLookupRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemNotifyRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import dev.hwmailbox.gunyah.rm.protocol.RmHandle;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import java.util.List;

/**
 * Memory between VMs: donated, lent or shared by its owner, accepted and released by recipients, reclaimed by its
 * owner. A parcel of more than {@link MemParcelRequest#MAX_LIST_LENGTH} ranges takes several messages; if one of them
 * fails, what there is of the parcel is reclaimed.
 *
 * <p>Context: as {@link ResourceManager}, and its errors too.
 *
 * <p>Linux counterpart: {@code gh_rm_mem_share} and {@code gh_rm_mem_lend}, drivers/virt/gunyah/rsc_mgr_rpc.c (Linux
 * patch series).
 *
 * @since 0.1
 */
public final class MemoryCalls {
    private final ResourceManager resourceManager;

    MemoryCalls(ResourceManager resourceManager) {
        this.resourceManager = resourceManager;
    }

    /**
     * Gives memory away for good.
     *
     * @param parcel what is given to whom
     * @return the handle of the parcel
     */
    public int donate(MemoryParcel parcel) {
        return make(RmMessageId.MEM_DONATE, parcel);
    }

    /**
     * Lends memory, which this VM cannot reach until it has reclaimed it.
     *
     * @param parcel what is lent to whom
     * @return the handle of the parcel
     */
    public int lend(MemoryParcel parcel) {
        return make(RmMessageId.MEM_LEND, parcel);
    }

    /**
     * Shares memory, which this VM goes on using.
     *
     * @param parcel what is shared with whom
     * @return the handle of the parcel
     */
    public int share(MemoryParcel parcel) {
        return make(RmMessageId.MEM_SHARE, parcel);
    }

    /**
     * Accepts memory, where the request says or where the Resource Manager chooses.
     *
     * @param request the parcel, what is to be checked, and where it goes
     * @return where the Resource Manager has put it; without ranges if the request says where
     */
    public MemAcceptReply accept(MemAcceptRequest request) {
        RmMessage reply = resourceManager.call(RmMessageId.MEM_ACCEPT, request);
        if (request.ranges().isEmpty()) {
            return MemAcceptReply.decode(reply);
        }
        reply.requireNoData();
        return new MemAcceptReply(0, List.of());
    }

    /**
     * Gives accepted memory up.
     *
     * @param handle the parcel
     * @param clear true to have it cleared
     */
    public void release(int handle, boolean clear) {
        end(RmMessageId.MEM_RELEASE, handle, clear);
    }

    /**
     * Takes lent or shared memory back.
     *
     * @param handle the parcel; not in use by a VM any more
     * @param clear true to have it cleared
     */
    public void reclaim(int handle, boolean clear) {
        end(RmMessageId.MEM_RECLAIM, handle, clear);
    }

    /**
     * Adds ranges to a parcel that was made with {@link MemParcelRequest#FLAG_MORE_RANGES}.
     *
     * @param handle the parcel
     * @param ranges at most {@link MemParcelRequest#MAX_LIST_LENGTH}
     * @param last true if the parcel is complete with them
     */
    public void append(int handle, List<MemRange> ranges, boolean last) {
        var request = new MemAppendRequest(handle, last ? MemAppendRequest.FLAG_LAST : 0, ranges);
        resourceManager.call(RmMessageId.MEM_APPEND, request).requireNoData();
    }

    /**
     * Has the other side of a parcel told about it.
     *
     * @param request the parcel, what is told, and to whom
     */
    public void tell(MemNotifyRequest request) {
        resourceManager.call(RmMessageId.MEM_NOTIFY, request).requireNoData();
    }

    /**
     * Finds a parcel by its ranges.
     *
     * @param request what it looks like
     * @return its handle
     */
    public int find(MemLookupRequest request) {
        return RmHandle.decode(resourceManager.call(RmMessageId.MEM_QCOM_LOOKUP_SGL, request))
                .handle();
    }

    private int make(int messageId, MemoryParcel parcel) {
        int handle = RmHandle.decode(resourceManager.call(messageId, parcel.firstRequest()))
                .handle();
        if (parcel.isLong()) {
            appendRest(handle, parcel);
        }
        return handle;
    }

    private void appendRest(int handle, MemoryParcel parcel) {
        int count = parcel.ranges().size();
        try {
            for (int from = MemParcelRequest.MAX_LIST_LENGTH; from < count; ) {
                List<MemRange> ranges = parcel.ranges(from);
                from += ranges.size();
                append(handle, ranges, from == count);
            }
        } catch (MailboxException e) {
            giveBack(handle, e);
            throw e;
        }
    }

    private void giveBack(int handle, MailboxException reason) {
        try {
            reclaim(handle, false);
        } catch (MailboxException e) {
            reason.addSuppressed(e);
        }
    }

    private void end(int messageId, int handle, boolean clear) {
        var request = new MemHandleRequest(handle, clear ? MemHandleRequest.FLAG_CLEAR : 0);
        resourceManager.call(messageId, request).requireNoData();
    }
}
