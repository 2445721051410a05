// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import java.util.List;

/**
 * Cuts messages into frames. The content is cut every 232 bytes and the pieces have no index, so the frames of one
 * message must be sent in order and without another message's in between.
 *
 * <p>The type of a message tells who sends it, and so which limits hold: those of Linux for a request, those of the
 * Resource Manager for a reply or notification.
 *
 * <p>Context: any thread.
 *
 * <p>Gunyah counterpart: src/rpc (gunyah-resource-manager) and drivers/virt/gunyah/rsc_mgr_rpc.c (Linux, Gunyah series
 * of 2024).
 *
 * @since 0.1
 */
public final class RmFraming {
    /** The most continuations a message has; the header could say 63, which every receiver refuses. */
    public static final int MAX_CONTINUATIONS = 62;

    /** The longest request Linux sends, in bytes. One frame less than the Resource Manager would take. */
    public static final int MAX_REQUEST_LENGTH = MAX_CONTINUATIONS * RmFrame.MAX_CONTENT_LENGTH;

    /** The longest message there is, in bytes, including the error word of a reply. */
    public static final int MAX_MESSAGE_LENGTH = (MAX_CONTINUATIONS + 1) * RmFrame.MAX_CONTENT_LENGTH;

    private RmFraming() {}

    /**
     * The frames of a message, in the order to send them. The last frame of a request has the push hint, so that the
     * Resource Manager is interrupted once per request; it itself never pushes.
     *
     * @param message what to send
     * @return 1..63 frames
     * @throws MailboxException E2BIG: a request longer than {@link #MAX_REQUEST_LENGTH}. EINVAL: a request with message
     *     id 0; a reply or notification longer than {@link #MAX_MESSAGE_LENGTH} (the Resource Manager's own answer to
     *     that is {@link RmError#MSG_INVALID})
     */
    public static List<RmFrame> split(RmMessage message) {
        requireSendable(message);
        byte[] payload = message.ownPayload();
        int continuations = Math.max(0, payload.length - 1) / RmFrame.MAX_CONTENT_LENGTH;
        var frames = new RmFrame[continuations + 1];
        for (int i = 0; i <= continuations; i++) {
            int type = i == 0 ? message.type().value() : RmFrame.TYPE_CONTINUATION;
            boolean push = message.type() == RmMessageType.REQUEST && i == continuations;
            int offset = i * RmFrame.MAX_CONTENT_LENGTH;
            int length = Math.min(payload.length - offset, RmFrame.MAX_CONTENT_LENGTH);
            frames[i] = RmFrame.build(type, continuations, message, payload, offset, length, push);
        }
        return List.of(frames);
    }

    private static void requireSendable(RmMessage message) {
        if (message.type() == RmMessageType.REQUEST) {
            if (message.messageId() == RmMessageId.NONE) {
                throw new MailboxException(Errno.EINVAL, "message id 0 is reserved (" + message + ")");
            }
            requireAtMost(MAX_REQUEST_LENGTH, Errno.E2BIG, message);
        } else {
            requireAtMost(MAX_MESSAGE_LENGTH, RmError.toErrno(RmError.MSG_INVALID), message);
        }
    }

    private static void requireAtMost(int max, int errno, RmMessage message) {
        if (message.payloadLength() > max) {
            throw new MailboxException(errno, "message longer than " + max + " bytes (" + message + ")");
        }
    }
}
