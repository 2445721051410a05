// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.gunyah.rm.protocol.MemAclEntry;
import dev.hwmailbox.gunyah.rm.protocol.MemAttribute;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import java.util.List;

/**
 * Memory to be donated, lent or shared, in any number of ranges; {@link MemoryCalls} makes as many messages of it as it
 * takes.
 *
 * <p>Context: any thread; immutable.
 *
 * @param memoryType {@link MemParcelRequest#TYPE_NORMAL} or {@link MemParcelRequest#TYPE_IO}
 * @param flags {@link MemParcelRequest#FLAG_SANITIZE} or 0. {@link MemParcelRequest#FLAG_MORE_RANGES} is set where it
 *     is needed
 * @param label what the recipients know the parcel by, 32 bits
 * @param acl who may use it; at most {@link MemParcelRequest#MAX_LIST_LENGTH}; copied
 * @param ranges what memory it is, in whole pages; copied
 * @param attributes how recipients map it; at most {@link MemParcelRequest#MAX_LIST_LENGTH}; copied
 * @since 0.1
 */
public record MemoryParcel(
        int memoryType,
        int flags,
        int label,
        List<MemAclEntry> acl,
        List<MemRange> ranges,
        List<MemAttribute> attributes) {
    public MemoryParcel {
        acl = List.copyOf(acl);
        ranges = List.copyOf(ranges);
        attributes = List.copyOf(attributes);
    }

    /**
     * Normal memory, without label or attributes.
     *
     * @param acl who may use it
     * @param ranges what memory it is
     * @return the parcel
     */
    public static MemoryParcel of(List<MemAclEntry> acl, List<MemRange> ranges) {
        return new MemoryParcel(MemParcelRequest.TYPE_NORMAL, 0, 0, acl, ranges, List.of());
    }

    /** The message that makes the parcel, with as many ranges as it takes. */
    MemParcelRequest firstRequest() {
        int more = isLong() ? MemParcelRequest.FLAG_MORE_RANGES : 0;
        return new MemParcelRequest(memoryType, flags | more, label, acl, ranges(0), attributes);
    }

    boolean isLong() {
        return ranges.size() > MemParcelRequest.MAX_LIST_LENGTH;
    }

    /** The ranges from an index on that one message takes. */
    List<MemRange> ranges(int from) {
        return ranges.subList(from, Math.min(ranges.size(), from + MemParcelRequest.MAX_LIST_LENGTH));
    }
}
