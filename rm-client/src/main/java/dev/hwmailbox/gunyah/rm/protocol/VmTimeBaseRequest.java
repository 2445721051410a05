// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * VM_SET_TIME_BASE: tells a VM that has not been started what time it is.
 *
 * <p>Context: any thread; immutable.
 *
 * @param vmid 0..65535
 * @param timeBase the time base, in nanoseconds by custom
 * @param timerReference the value of the architecture's timer to which the time base belongs
 * @since 0.1
 */
public record VmTimeBaseRequest(int vmid, long timeBase, long timerReference) implements RmPayload {
    public VmTimeBaseRequest {
        Unsigned.requireU16("vmid", vmid);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static VmTimeBaseRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        int vmid = in.u16("vmid");
        in.skip("reserved", 2);
        long timeBase = in.u64("time base");
        long timerReference = in.u64("timer reference");
        in.end();
        return new VmTimeBaseRequest(vmid, timeBase, timerReference);
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(20)
                .u16(vmid)
                .zeros(2)
                .u64(timeBase)
                .u64(timerReference)
                .toBytes();
    }
}
