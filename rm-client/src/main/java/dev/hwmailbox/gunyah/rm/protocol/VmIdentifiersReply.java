// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * The reply of VM_GET_ID: all the ways a VM is identified.
 *
 * <p>Context: any thread; immutable.
 *
 * @param identifiers in the order of the Resource Manager; copied
 * @since 0.1
 */
public record VmIdentifiersReply(List<VmIdentifier> identifiers) implements RmPayload {
    public VmIdentifiersReply {
        identifiers = List.copyOf(identifiers);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes, or padding that is not zero
     */
    public static VmIdentifiersReply decode(RmMessage message) {
        var in = new PayloadReader(message);
        var decoded = new VmIdentifiersReply(in.list("identifiers", VmIdentifier::read));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        int length = identifiers.stream().mapToInt(VmIdentifier::encodedLength).sum();
        return new PayloadWriter(4 + length)
                .list(identifiers, VmIdentifier::write)
                .toBytes();
    }
}
