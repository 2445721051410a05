// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmAddressLayoutRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmAuthImageRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmBootContextRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmConfigImageRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmDemandPagingRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmFirmwareMemRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmTimeBaseRequest;

/**
 * What can be set up in a VM of this one before it starts, beyond
 * {@linkplain ResourceManager#configureImage where its image is}. The published Resource Manager answers some of these
 * with EOPNOTSUPP.
 *
 * <p>Context: as {@link ResourceManager}, and its errors too.
 *
 * @since 0.1
 */
public final class VmSetupCalls {
    private final ResourceManager resourceManager;

    VmSetupCalls(ResourceManager resourceManager) {
        this.resourceManager = resourceManager;
    }

    /**
     * Has the platform authenticate an image that was configured with {@link VmConfigImageRequest#AUTH_PLATFORM}.
     *
     * @param request the VM, and what the platform wants to know
     */
    public void authenticate(VmAuthImageRequest request) {
        resourceManager.call(RmMessageId.VM_AUTH_IMAGE, request).requireNoData();
    }

    /**
     * Sets what time it is for a VM.
     *
     * @param request the VM and its time
     */
    public void timeBase(VmTimeBaseRequest request) {
        resourceManager.call(RmMessageId.VM_SET_TIME_BASE, request).requireNoData();
    }

    /**
     * Sets a register of the first vCPU. Not implemented by the published Resource Manager.
     *
     * @param request the VM, the register and its value
     */
    public void bootContext(VmBootContextRequest request) {
        resourceManager.call(RmMessageId.VM_SET_BOOT_CONTEXT, request).requireNoData();
    }

    /**
     * Tells where the firmware of a VM is.
     *
     * @param request the VM and the place
     */
    public void firmwareMemory(VmFirmwareMemRequest request) {
        resourceManager.call(RmMessageId.VM_SET_FIRMWARE_MEM, request).requireNoData();
    }

    /**
     * Declares memory of a VM as paged on demand. Not implemented by the published Resource Manager.
     *
     * @param request the VM and the ranges
     */
    public void demandPaging(VmDemandPagingRequest request) {
        resourceManager.call(RmMessageId.VM_SET_DEMAND_PAGING, request).requireNoData();
    }

    /**
     * Places a range of a VM. Not implemented by the published Resource Manager.
     *
     * @param request the VM and the range
     */
    public void addressLayout(VmAddressLayoutRequest request) {
        resourceManager.call(RmMessageId.VM_SET_ADDRESS_LAYOUT, request).requireNoData();
    }
}
