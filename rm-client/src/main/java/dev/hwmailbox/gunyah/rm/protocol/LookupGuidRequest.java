// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.Objects;
import java.util.UUID;

/**
 * VM_LOOKUP_GUID: the 16 bytes of the GUID in the order in which its digits are written.
 *
 * <p>Context: any thread; immutable.
 *
 * @param guid what to look for; all zero finds VMs without a GUID
 * @since 0.1
 */
public record LookupGuidRequest(UUID guid) implements RmPayload {
    public LookupGuidRequest {
        Objects.requireNonNull(guid, "guid");
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static LookupGuidRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        long high = Long.reverseBytes(in.u64("guid"));
        var decoded = new LookupGuidRequest(new UUID(high, Long.reverseBytes(in.u64("guid"))));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(16)
                .u64(Long.reverseBytes(guid.getMostSignificantBits()))
                .u64(Long.reverseBytes(guid.getLeastSignificantBits()))
                .toBytes();
    }
}
