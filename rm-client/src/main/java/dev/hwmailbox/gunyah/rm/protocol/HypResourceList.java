// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * The reply of VM_GET_HYP_RESOURCES: the hypervisor objects the caller shares with a VM.
 *
 * <p>Context: any thread; immutable.
 *
 * @param resources in the order of the Resource Manager; copied
 * @since 0.1
 */
public record HypResourceList(List<HypResource> resources) implements RmPayload {
    /** The most objects one reply can hold. The published Resource Manager dies of more. */
    public static final int MAX_LENGTH = (RmFraming.MAX_MESSAGE_LENGTH - 8) / HypResource.LENGTH;

    public HypResourceList {
        resources = List.copyOf(resources);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: no data at all, or not exactly as many entries as announced
     */
    public static HypResourceList decode(RmMessage message) {
        var in = new PayloadReader(message);
        var decoded = new HypResourceList(in.list("resources", HypResource::read));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(4 + HypResource.LENGTH * resources.size())
                .list(resources, HypResource::write)
                .toBytes();
    }
}
