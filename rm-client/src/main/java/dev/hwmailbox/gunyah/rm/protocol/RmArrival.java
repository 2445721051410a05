// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import org.jspecify.annotations.Nullable;

/**
 * What one frame did to a {@link RmReassembler}. Both may happen at once: a frame can complete a message and by that
 * end another one for good. Whoever handles an arrival handles the loss first.
 *
 * <p>Context: any thread; immutable.
 *
 * @param verdict what became of the frame
 * @param message the completed message; null unless the verdict is {@link Verdict#COMPLETE}
 * @param loss the message that will not arrive any more because of this frame, or null
 * @since 0.1
 */
public record RmArrival(
        Verdict verdict,
        @Nullable RmMessage message,
        @Nullable Loss loss) {
    public RmArrival {
        if ((verdict == Verdict.COMPLETE) != (message != null)) {
            throw new IllegalArgumentException("verdict " + verdict + " with message " + message);
        }
    }

    static RmArrival dropped(Verdict reason) {
        return new RmArrival(reason, null, null);
    }

    /** What became of a frame: taken, or dropped for a reason. */
    public enum Verdict {
        /** Taken; its message lacks further frames. */
        INCOMPLETE,

        /** Taken; it was the last of its message. */
        COMPLETE,

        /** Dropped: fewer than 8 bytes. */
        TOO_SHORT,

        /** Dropped: more than 240 bytes; only a client minds. */
        TOO_LONG,

        /** Dropped: byte 0 is not 0x21. */
        BAD_HEADER,

        /** Dropped: announces 63 continuations. At a client a reply's call ends. */
        TOO_MANY_FRAGMENTS,

        /** Dropped: a continuation, and nothing is being reassembled. */
        STRAY_CONTINUATION,

        /** Dropped: a continuation of another message than the one being reassembled, which at a client ends by it. */
        FOREIGN_CONTINUATION,

        /** Dropped: a request, at a client. */
        UNEXPECTED_REQUEST,

        /** Dropped: a reply nobody waits for, or not any more. */
        UNKNOWN_REPLY,

        /** Dropped: a reply to an outstanding call, but with another message id. */
        WRONG_MESSAGE_ID,

        /** Dropped: a reply without a whole error word in its first frame. Its call ends. */
        REPLY_TOO_SHORT;

        /**
         * Whether the frame was dropped.
         *
         * @return false for {@link #INCOMPLETE} and {@link #COMPLETE}
         */
        public boolean isDrop() {
            return this != INCOMPLETE && this != COMPLETE;
        }
    }

    /**
     * A message that will not arrive any more.
     *
     * @param type what it was. At a client REPLY: that call has ended; NOTIFICATION: it is lost
     * @param messageId its message id
     * @param sequence its sequence, 0..65535
     * @param errno why, positive: EIO, reassembly was broken off; ENOMEM, Linux's answer to a reply that is too short
     *     or announces too many continuations
     */
    public record Loss(RmMessageType type, int messageId, int sequence, int errno) {
        boolean ends(RmMessage reply) {
            return type == RmMessageType.REPLY && sequence == reply.sequence();
        }
    }
}
