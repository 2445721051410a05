// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.Arrays;

/** A message of which some frames have arrived. Its memory is bounded by what the first frame may announce. */
final class Assembly {
    private final RmMessageType type;
    private final RmFrame first;
    private final byte[] payload;
    private int length;
    private int remaining;

    Assembly(RmMessageType type, RmFrame first) {
        this.type = type;
        this.first = first;
        this.payload = new byte[first.contentLength() + first.continuations() * RmFrame.MAX_CONTENT_LENGTH];
        this.remaining = first.continuations();
        take(first);
    }

    RmMessageType type() {
        return type;
    }

    int messageId() {
        return first.messageId();
    }

    int sequence() {
        return first.sequence();
    }

    int remaining() {
        return remaining;
    }

    int length() {
        return length;
    }

    boolean isContinuedBy(RmFrame continuation, boolean compareSequence) {
        return continuation.messageId() == first.messageId()
                && continuation.continuations() == first.continuations()
                && (!compareSequence || continuation.sequence() == first.sequence());
    }

    void add(RmFrame continuation) {
        take(continuation);
        remaining--;
    }

    RmMessage toMessage() {
        byte[] whole = length == payload.length ? payload : Arrays.copyOf(payload, length);
        return RmMessage.owning(type, messageId(), sequence(), whole);
    }

    RmArrival.Loss toLoss(int errno) {
        return new RmArrival.Loss(type, messageId(), sequence(), errno);
    }

    private void take(RmFrame frame) {
        frame.copyContentTo(payload, length);
        length += frame.contentLength();
    }
}
