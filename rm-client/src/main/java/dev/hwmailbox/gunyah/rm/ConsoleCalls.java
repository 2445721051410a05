// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.rm.protocol.ConsoleText;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmRequest;

/**
 * The calls behind a {@link VmConsole}: consoles of VMs that this one owns, or, with {@link #OWN}, its own. What the
 * other side writes comes as the notification VM_CONSOLE_CHARS.
 *
 * <p>Context: as {@link ResourceManager}, and its errors too.
 *
 * @since 0.1
 */
public final class ConsoleCalls {
    /** The VMID that stands for this VM's own console. */
    public static final int OWN = 0;

    private final ResourceManager resourceManager;

    ConsoleCalls(ResourceManager resourceManager) {
        this.resourceManager = resourceManager;
    }

    /**
     * Opens a console; from now on its characters come.
     *
     * @param vmid whose console, or {@link #OWN}
     */
    public void open(int vmid) {
        resourceManager.call(RmMessageId.VM_CONSOLE_OPEN, new VmRequest(vmid)).requireNoData();
    }

    /**
     * Closes a console.
     *
     * @param vmid whose console, or {@link #OWN}
     */
    public void close(int vmid) {
        resourceManager.call(RmMessageId.VM_CONSOLE_CLOSE, new VmRequest(vmid)).requireNoData();
    }

    /**
     * Writes to a console. What the other side has not opened loses the characters without a word.
     *
     * @param vmid whose console, or {@link #OWN}
     * @param characters at least 1; more than {@link ConsoleText#MAX_SINGLE_FRAME_LENGTH} take several frames
     * @throws MailboxException EINVAL, with nothing sent: there are no characters
     */
    public void write(int vmid, byte[] characters) {
        if (characters.length == 0) {
            throw new MailboxException(Errno.EINVAL, "nothing to write to the console of VM " + vmid);
        }
        resourceManager
                .call(RmMessageId.VM_CONSOLE_WRITE, ConsoleText.of(vmid, characters))
                .requireNoData();
    }

    /**
     * Makes sure that a console is open; every write is passed on at once anyway.
     *
     * @param vmid whose console, or {@link #OWN}
     */
    public void flush(int vmid) {
        resourceManager.call(RmMessageId.VM_CONSOLE_FLUSH, new VmRequest(vmid)).requireNoData();
    }
}
