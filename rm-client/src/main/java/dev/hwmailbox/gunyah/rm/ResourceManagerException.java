// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;

/**
 * The Resource Manager refused a call. Keeps the raw error word, known or not, beside the errno Linux makes of it.
 *
 * @since 0.1
 */
public final class ResourceManagerException extends MailboxException {
    private static final long serialVersionUID = 1L;

    private final int messageId;
    private final int errorWord;

    ResourceManagerException(int messageId, int errorWord) {
        super(
                RmError.toErrno(errorWord),
                "%s refused: %s (0x%x)".formatted(RmMessageId.name(messageId), RmError.name(errorWord), errorWord));
        this.messageId = messageId;
        this.errorWord = errorWord;
    }

    /**
     * The call that was refused.
     *
     * @return its message id, see {@link RmMessageId}
     */
    public int messageId() {
        return messageId;
    }

    /**
     * The error word of the reply, raw.
     *
     * @return the word, see {@link RmError}; it may be one that is not listed there
     */
    public int errorWord() {
        return errorWord;
    }
}
