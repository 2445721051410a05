// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * VM_IRQ_UNMAP: the caller no longer uses these interrupts.
 *
 * <p>Context: any thread; immutable.
 *
 * @param virqs the caller's numbers of them, 32 bits each; copied
 * @since 0.1
 */
public record VmIrqUnmapRequest(List<Integer> virqs) implements RmPayload {
    public VmIrqUnmapRequest {
        virqs = List.copyOf(virqs);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: not exactly as many interrupts as announced
     */
    public static VmIrqUnmapRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        long count = in.u64("number of virqs");
        if (count < 0 || count != in.remaining() / Integer.BYTES) {
            throw in.refuse("number of virqs", 0, Long.toUnsignedString(count), "as many as follow");
        }
        var decoded = new VmIrqUnmapRequest(in.elements(count, element -> element.u32("virq")));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        var out = new PayloadWriter(8 + Integer.BYTES * virqs.size()).u64(virqs.size());
        virqs.forEach(out::u32);
        return out.toBytes();
    }
}
