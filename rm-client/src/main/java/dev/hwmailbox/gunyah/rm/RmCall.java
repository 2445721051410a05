// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import dev.hwmailbox.gunyah.rm.protocol.RmFraming;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** One call, from the asking to its one end: a reply, or the reason why there is none. */
final class RmCall {
    /** How a call ended. */
    private sealed interface End permits Reply, Failure {
        RmMessage result(int messageId);
    }

    private record Reply(RmMessage message) implements End {
        @Override
        public RmMessage result(int messageId) {
            if (message.error() != RmError.OK) {
                throw new ResourceManagerException(messageId, message.error());
            }
            return message;
        }
    }

    /** Why a call has no reply. */
    record Failure(int errno, String reason, @Nullable Throwable cause) implements End {
        static Failure of(int errno, String reason) {
            return new Failure(errno, reason, null);
        }

        @Override
        public RmMessage result(int messageId) {
            throw new MailboxException(errno, RmMessageId.name(messageId) + " has no reply: " + reason, cause);
        }
    }

    private final RmMessage request;
    private final int generation;
    private final List<Object> messages;
    private final @Nullable CompletableFuture<RmMessage> future;
    private final Completion completion = new Completion();
    private final AtomicReference<@Nullable End> end = new AtomicReference<>();

    /** How many messages the channel has been given; touched only by whoever pumps. */
    private int handedOver;

    RmCall(RmMessage request, int generation, RmFrameCarrier carrier, @Nullable CompletableFuture<RmMessage> future) {
        this.request = request;
        this.generation = generation;
        this.messages = messagesOf(RmFraming.split(request), carrier);
        this.future = future;
    }

    private static List<Object> messagesOf(List<RmFrame> frames, RmFrameCarrier carrier) {
        var messages = new Object[frames.size()];
        for (int i = 0; i < messages.length; i++) {
            messages[i] = carrier.toMessage(frames.get(i));
        }
        return List.of(messages);
    }

    RmMessage request() {
        return request;
    }

    int messageId() {
        return request.messageId();
    }

    int sequence() {
        return request.sequence();
    }

    /** Which life of the Resource Manager it was made for. */
    int generation() {
        return generation;
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

    boolean hasEnded() {
        return end.get() != null;
    }

    boolean hasReply() {
        return end.get() instanceof Reply;
    }

    /** Ends the call with its reply, unless it has ended already. */
    boolean answer(RmMessage reply) {
        return end(new Reply(reply));
    }

    /** Ends the call without a reply, unless it has ended already. */
    boolean fail(Failure failure) {
        return end(failure);
    }

    /** Whether somebody waits on the future rather than on the completion. */
    boolean isAsynchronous() {
        return future != null;
    }

    /** Tells the future how the call ended. */
    void completeFuture() {
        CompletableFuture<RmMessage> waiting = future;
        if (waiting != null) {
            try {
                waiting.complete(result());
            } catch (MailboxException e) {
                waiting.completeExceptionally(e);
            }
        }
    }

    /** The reply of a call that has ended, if it brought no refusal. */
    RmMessage result() {
        End how = end.get();
        if (how == null) {
            throw new IllegalStateException("the call has not ended: " + request);
        }
        return how.result(messageId());
    }

    private boolean end(End how) {
        if (!end.compareAndSet(null, how)) {
            return false;
        }
        completion.complete(0);
        return true;
    }
}
