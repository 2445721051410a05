// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.gunyah.rm.protocol.OsState;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmText;
import dev.hwmailbox.gunyah.rm.protocol.VmExitRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmStatus;

/**
 * What this VM says of itself.
 *
 * <p>Context: as {@link ResourceManager}, and its errors too.
 *
 * @since 0.1
 */
public final class OwnVmCalls {
    private final ResourceManager resourceManager;

    OwnVmCalls(ResourceManager resourceManager) {
        this.resourceManager = resourceManager;
    }

    /**
     * Publishes the state of this VM.
     *
     * @param os how far the operating system is; {@link OsState#NONE} leaves it as it is
     * @param application whatever the applications mean by it, 0..65535
     */
    public void status(OsState os, int application) {
        resourceManager
                .call(RmMessageId.VM_SET_STATUS, new VmStatus(0, os.value(), application))
                .requireNoData();
    }

    /**
     * Leaves a message for the owner in case of a crash.
     *
     * @param text the Resource Manager keeps {@value dev.hwmailbox.gunyah.rm.protocol.RmText#MAX_CRASH_MESSAGE_LENGTH}
     *     bytes of it
     */
    public void crashMessage(String text) {
        resourceManager.call(RmMessageId.VM_SET_CRASH_MSG, RmText.of(text)).requireNoData();
    }

    /**
     * Ends this VM. Refused with EINVAL, and not sent, if it is the host.
     *
     * @param how with what code, and whether to start again
     */
    public void exit(VmExitRequest how) {
        resourceManager.call(RmMessageId.VM_EXIT, how).requireNoData();
    }
}
