// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.gunyah.rm.protocol.HostTypeReply;
import dev.hwmailbox.gunyah.rm.protocol.IpaReserveReply;
import dev.hwmailbox.gunyah.rm.protocol.IpaReserveRequest;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmFirmwareRequest;
import java.util.List;

/**
 * What concerns the machine rather than a VM.
 *
 * <p>Context: as {@link ResourceManager}, and its errors too.
 *
 * @since 0.1
 */
public final class PlatformCalls {
    private final ResourceManager resourceManager;

    PlatformCalls(ResourceManager resourceManager) {
        this.resourceManager = resourceManager;
    }

    /**
     * What kind of hypervisor this is.
     *
     * @return architecture, hypervisor and version
     */
    public HostTypeReply hostType() {
        return HostTypeReply.decode(resourceManager.call(RmMessageId.VM_HOST_GET_TYPE, new byte[0]));
    }

    /**
     * Reserves guest addresses of this VM.
     *
     * @param request which, or where to choose them
     * @return the chosen addresses, in the order of the request; empty if they were given
     */
    public List<Long> reserveAddresses(IpaReserveRequest request) {
        RmMessage reply = resourceManager.call(RmMessageId.IPA_RESERVE, request);
        if (!request.isAllocation()) {
            reply.requireNoData();
            return List.of();
        }
        return IpaReserveReply.decode(reply).addresses();
    }

    /**
     * Tells that the firmware of the platform has been loaded.
     */
    public void firmwareLoaded() {
        resourceManager.call(RmMessageId.FW_MILESTONE, new byte[0]).requireNoData();
    }

    /**
     * Tells where the firmware of VMs is.
     *
     * @param request the place
     */
    public void vmFirmware(VmFirmwareRequest request) {
        resourceManager.call(RmMessageId.FW_SET_VM_FIRMWARE, request).requireNoData();
    }
}
