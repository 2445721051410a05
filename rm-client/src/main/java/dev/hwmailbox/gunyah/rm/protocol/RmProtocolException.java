// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;

/**
 * A payload does not have the shape its message id asks for: missing or trailing bytes, a count that does not match, a
 * value that is not allowed. Names the place.
 *
 * <p>The message has the form
 * {@code EBADMSG: VM_GET_HYP_RESOURCES (0x56000020): entry label at byte 12: found 0 bytes, expected 4 bytes}.
 *
 * <p>Context: thrown on the thread that decodes.
 *
 * @since 0.1
 */
public final class RmProtocolException extends MailboxException {
    private static final long serialVersionUID = 1L;

    private final int messageId;
    private final String field;
    private final int offset;
    private final String found;
    private final String expected;

    /**
     * A refusal with EBADMSG.
     *
     * @param messageId the message's id
     * @param field what was wrong
     * @param offset where it stands, in bytes from the start of the message's {@linkplain RmMessage#data() data}
     * @param found what stands there
     * @param expected what should
     */
    public RmProtocolException(int messageId, String field, int offset, String found, String expected) {
        super(
                Errno.EBADMSG,
                "%s: %s at byte %d: found %s, expected %s"
                        .formatted(RmMessageId.describe(messageId), field, offset, found, expected));
        this.messageId = messageId;
        this.field = field;
        this.offset = offset;
        this.found = found;
        this.expected = expected;
    }

    /**
     * The message's id.
     *
     * @return 32 bits, see {@link RmMessageId}
     */
    public int messageId() {
        return messageId;
    }

    /**
     * What was wrong.
     *
     * @return a field's name
     */
    public String field() {
        return field;
    }

    /**
     * Where it stands.
     *
     * @return bytes from the start of the message's {@linkplain RmMessage#data() data}
     */
    public int offset() {
        return offset;
    }

    /**
     * What stands there.
     *
     * @return a value or a number of bytes, as text
     */
    public String found() {
        return found;
    }

    /**
     * What should stand there.
     *
     * @return a value, a range or a number of bytes, as text
     */
    public String expected() {
        return expected;
    }
}
