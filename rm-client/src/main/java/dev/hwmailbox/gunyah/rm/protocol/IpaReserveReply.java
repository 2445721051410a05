// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * The reply of IPA_RESERVE that chose addresses.
 *
 * <p>Context: any thread; immutable.
 *
 * @param addresses the chosen guest addresses, unsigned, in the order of the request; copied
 * @since 0.1
 */
public record IpaReserveReply(List<Long> addresses) implements RmPayload {
    public IpaReserveReply {
        addresses = Unsigned.copyOf("addresses", addresses, IpaReserveRequest.MAX_ENTRIES);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes, or too many addresses
     */
    public static IpaReserveReply decode(RmMessage message) {
        var in = new PayloadReader(message);
        List<Long> addresses = in.list("addresses", IpaReserveRequest.MAX_ENTRIES, reader -> reader.u64("address"));
        in.end();
        return new IpaReserveReply(addresses);
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(4 + addresses.size() * Long.BYTES)
                .list(addresses, (address, out) -> out.u64(address))
                .toBytes();
    }
}
