// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.gunyah.rm.protocol.LookupGuidRequest;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmText;
import dev.hwmailbox.gunyah.rm.protocol.VmIdentifier;
import dev.hwmailbox.gunyah.rm.protocol.VmIdentifiersReply;
import dev.hwmailbox.gunyah.rm.protocol.VmRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmidListReply;
import dev.hwmailbox.gunyah.rm.protocol.VmidReply;
import java.util.List;
import java.util.UUID;

/**
 * Which VMs there are, who they are and how they are.
 *
 * <p>Context: as {@link ResourceManager}, and its errors too.
 *
 * @since 0.1
 */
public final class DirectoryCalls {
    private final ResourceManager resourceManager;

    DirectoryCalls(ResourceManager resourceManager) {
        this.resourceManager = resourceManager;
    }

    /**
     * Finds VMs by name.
     *
     * @param name at most {@value dev.hwmailbox.gunyah.rm.protocol.RmText#MAX_LOOKUP_LENGTH} bytes in UTF-8
     * @return the VMIDs, none if there is no such VM
     */
    public List<Integer> byName(String name) {
        return find(RmMessageId.VM_LOOKUP_NAME, name);
    }

    /**
     * Finds VMs by URI.
     *
     * @param uri at most {@value dev.hwmailbox.gunyah.rm.protocol.RmText#MAX_LOOKUP_LENGTH} bytes in UTF-8
     * @return the VMIDs, none if there is no such VM
     */
    public List<Integer> byUri(String uri) {
        return find(RmMessageId.VM_LOOKUP_URI, uri);
    }

    /**
     * Finds VMs by GUID.
     *
     * @param guid the GUID; all zero finds those without
     * @return the VMIDs, none if there is no such VM
     */
    public List<Integer> byGuid(UUID guid) {
        return VmidListReply.decode(resourceManager.call(RmMessageId.VM_LOOKUP_GUID, new LookupGuidRequest(guid)))
                .vmids();
    }

    /**
     * How a VM is identified.
     *
     * @param vmid the VM, 0 for this one
     * @return what identifies it
     */
    public List<VmIdentifier> identifiers(int vmid) {
        return VmIdentifiersReply.decode(resourceManager.call(RmMessageId.VM_GET_ID, new VmRequest(vmid)))
                .identifiers();
    }

    /**
     * Who owns this VM.
     *
     * @return the VMID of the owner
     */
    public int owner() {
        return VmidReply.decode(resourceManager.call(RmMessageId.VM_GET_OWNER, new byte[0]))
                .vmid();
    }

    /**
     * Which VMs this one may know of.
     *
     * @return their VMIDs
     */
    public List<Integer> peers() {
        return VmidListReply.decode(resourceManager.call(RmMessageId.VM_GET_PEERS, new byte[0]))
                .vmids();
    }

    /**
     * What a VM said before it crashed.
     *
     * @param vmid the VM
     * @return its message
     */
    public String crashMessage(int vmid) {
        return RmText.decode(resourceManager.call(RmMessageId.VM_GET_CRASH_MSG, new VmRequest(vmid)))
                .text();
    }

    private List<Integer> find(int messageId, String text) {
        return VmidListReply.decode(resourceManager.call(messageId, RmText.of(text)))
                .vmids();
    }
}
