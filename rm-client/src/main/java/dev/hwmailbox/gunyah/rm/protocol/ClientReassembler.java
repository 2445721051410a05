// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import dev.hwmailbox.Errno;
import dev.hwmailbox.gunyah.rm.protocol.RmArrival.Verdict;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A client's end: every reply must belong to an outstanding call, and a broken message ends its call. */
final class ClientReassembler extends RmReassembler {
    private final OutstandingCalls calls;
    private final boolean compareSequence;

    ClientReassembler(OutstandingCalls calls, boolean compareSequence) {
        this.calls = calls;
        this.compareSequence = compareSequence;
    }

    @Override
    public RmArrival accept(RmFrame frame) {
        if (!frame.hasValidHeader()) {
            return RmArrival.dropped(Verdict.BAD_HEADER);
        }
        return RmMessageType.fromValue(frame.typeValue())
                .map(type -> acceptFirst(type, frame))
                .orElseGet(() -> acceptContinuation(frame));
    }

    @Override
    RmArrival acceptOverlong(ByteBuffer bytes) {
        return RmArrival.dropped(Verdict.TOO_LONG);
    }

    /** A call may have ended while its reply was arriving: timed out, or broken off by a repeated first frame. */
    @Override
    RmArrival deliver(RmMessage message, RmArrival.@Nullable Loss loss) {
        boolean endedJustNow = loss != null && loss.ends(message);
        if (endedJustNow || !isAwaited(message.type(), message.sequence(), message.messageId())) {
            return new RmArrival(Verdict.UNKNOWN_REPLY, null, loss);
        }
        return new RmArrival(Verdict.COMPLETE, message, loss);
    }

    private RmArrival acceptFirst(RmMessageType type, RmFrame frame) {
        return switch (type) {
            case REQUEST -> RmArrival.dropped(Verdict.UNEXPECTED_REQUEST);
            case REPLY -> acceptReply(frame);
            case NOTIFICATION ->
                announcesTooMuch(frame)
                        ? RmArrival.dropped(Verdict.TOO_MANY_FRAGMENTS)
                        : begin(type, frame, breakOff());
        };
    }

    private RmArrival acceptReply(RmFrame frame) {
        int awaited = calls.messageIdOf(frame.sequence());
        if (awaited == OutstandingCalls.NONE) {
            return RmArrival.dropped(Verdict.UNKNOWN_REPLY);
        }
        if (awaited != frame.messageId()) {
            return RmArrival.dropped(Verdict.WRONG_MESSAGE_ID);
        }
        if (frame.contentLength() < RmMessage.ERROR_WORD_LENGTH) {
            return endCall(frame, Verdict.REPLY_TOO_SHORT);
        }
        if (announcesTooMuch(frame)) {
            return endCall(frame, Verdict.TOO_MANY_FRAGMENTS);
        }
        return begin(RmMessageType.REPLY, frame, breakOff());
    }

    private RmArrival acceptContinuation(RmFrame frame) {
        Assembly current = assembly();
        if (current == null) {
            return RmArrival.dropped(Verdict.STRAY_CONTINUATION);
        }
        return current.isContinuedBy(frame, compareSequence)
                ? resume(current, frame)
                : new RmArrival(Verdict.FOREIGN_CONTINUATION, null, breakOff());
    }

    private RmArrival endCall(RmFrame reply, Verdict reason) {
        Assembly current = assembly();
        if (current != null && current.type() == RmMessageType.REPLY && current.sequence() == reply.sequence()) {
            dropAssembly();
        }
        var loss = new RmArrival.Loss(RmMessageType.REPLY, reply.messageId(), reply.sequence(), Errno.ENOMEM);
        return new RmArrival(reason, null, loss);
    }

    private RmArrival.@Nullable Loss breakOff() {
        Assembly broken = dropAssembly();
        return broken != null && isAwaited(broken.type(), broken.sequence(), broken.messageId())
                ? broken.toLoss(Errno.EIO)
                : null;
    }

    private boolean isAwaited(RmMessageType type, int sequence, int messageId) {
        return type == RmMessageType.NOTIFICATION || calls.messageIdOf(sequence) == messageId;
    }

    private static boolean announcesTooMuch(RmFrame first) {
        return first.continuations() > RmFraming.MAX_CONTINUATIONS;
    }
}
