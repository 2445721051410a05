// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * VM_SET_DEMAND_PAGING: declares guest addresses of a VM as paged on demand. The published Resource Manager does not
 * implement it.
 *
 * <p>Context: any thread; immutable.
 *
 * @param vmid 0..65535
 * @param ranges what is paged, at most {@link #MAX_RANGES}; copied
 * @since 0.1
 */
public record VmDemandPagingRequest(int vmid, List<MemRange> ranges) implements RmPayload {
    /** The most ranges a request can hold. */
    public static final int MAX_RANGES = (RmFraming.MAX_REQUEST_LENGTH - 8) / MemRange.LENGTH;

    public VmDemandPagingRequest {
        Unsigned.requireU16("vmid", vmid);
        ranges = Unsigned.copyOf("ranges", ranges, MAX_RANGES);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes, or too many ranges
     */
    public static VmDemandPagingRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        int vmid = in.u16("vmid");
        in.skip("reserved", 2);
        List<MemRange> ranges = in.list("ranges", MAX_RANGES, MemRange::read);
        in.end();
        return new VmDemandPagingRequest(vmid, ranges);
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(8 + ranges.size() * MemRange.LENGTH)
                .u16(vmid)
                .zeros(2)
                .list(ranges, MemRange::write)
                .toBytes();
    }
}
