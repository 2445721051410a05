// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.Completion;
import dev.hwmailbox.gunyah.rm.protocol.RmFraming;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One call, from the asking to its one end: a reply, or the errno that says why there is none. */
final class RmCall {
    private final RmMessage request;
    private final List<Object> messages;
    private final Completion completion = new Completion();
    private volatile @Nullable RmMessage reply;

    /** How many messages the channel has been given; touched only by whoever pumps. */
    private int handedOver;

    RmCall(RmMessage request, RmFrameCarrier carrier) {
        this.request = request;
        this.messages =
                RmFraming.split(request).stream().map(carrier::toMessage).toList();
    }

    int messageId() {
        return request.messageId();
    }

    boolean hasSequence(int sequence) {
        return request.sequence() == sequence;
    }

    boolean isHandedOver() {
        return handedOver == messages.size();
    }

    Object nextMessage() {
        return messages.get(handedOver);
    }

    void handOver() {
        handedOver++;
    }

    /** Whether a message is this call's own; another call's may be equal. */
    boolean sent(@Nullable Object message) {
        return messages.stream().anyMatch(own -> own == message);
    }

    Completion completion() {
        return completion;
    }

    @Nullable
    RmMessage reply() {
        return reply;
    }

    /** Ends the call with its reply, unless it has ended already. */
    boolean end(RmMessage answer) {
        reply = answer;
        return completion.complete(0);
    }

    /** Ends the call with an error, unless it has ended already. */
    boolean fail(int errno) {
        return completion.complete(-errno);
    }
}
