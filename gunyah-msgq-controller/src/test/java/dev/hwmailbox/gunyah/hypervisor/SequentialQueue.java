// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static dev.hwmailbox.gunyah.GunyahHypercalls.receiveResult;
import static dev.hwmailbox.gunyah.GunyahHypercalls.sendResult;

import dev.hwmailbox.gunyah.GunyahError;
import java.util.List;
import java.util.stream.Stream;

/**
 * A message queue as the specification tells it, one call after the other, for comparison: a value, and what each call
 * makes of it.
 */
record SequentialQueue(List<String> messages, int depth, int maxSize, int notFull, int notEmpty) {
    // What a call says to the lines: bits.
    static final int ASSERT_SEND = 1;
    static final int ASSERT_RECEIVE = 2;
    static final int CLEAR_SEND = 4;
    static final int CLEAR_RECEIVE = 8;

    /** A call. The number is the receiver's room or the threshold. */
    record Call(Kind kind, String message, int number, boolean push) {
        enum Kind {
            SEND,
            RECEIVE,
            FLUSH,
            CONFIGURE_SEND,
            CONFIGURE_RECEIVE
        }

        @Override
        public String toString() {
            return kind + (kind == Kind.SEND ? " '" + message + (push ? "' push" : "'") : " " + number);
        }
    }

    /** What a call has given. */
    record Outcome(long result, String message, int lines) {
        Outcome(long result, int lines) {
            this(result, "", lines);
        }

        @Override
        public String toString() {
            return "%x '%s' lines %d".formatted(result, message, lines);
        }
    }

    /** A call's outcome, and the queue afterwards. */
    record Step(Outcome outcome, SequentialQueue next) {}

    SequentialQueue(int depth, int maxSize) {
        this(List.of(), depth, maxSize, depth - 1, 1);
    }

    Step step(Call call) {
        return switch (call.kind) {
            case SEND -> send(call.message, call.push);
            case RECEIVE -> receive(call.number);
            case FLUSH -> flush();
            case CONFIGURE_SEND -> configureSend(call.number);
            case CONFIGURE_RECEIVE -> configureReceive(call.number);
        };
    }

    private Step send(String message, boolean push) {
        if (messages.size() == depth) {
            return unchanged(sendResult(GunyahError.MSGQUEUE_FULL, false));
        }
        if (message.isEmpty() || message.length() > maxSize) {
            return unchanged(sendResult(GunyahError.ARGUMENT_SIZE, true));
        }
        SequentialQueue next =
                with(Stream.concat(messages.stream(), Stream.of(message)).toList());
        int count = next.messages.size();
        int lines = push || count == notEmpty ? ASSERT_RECEIVE : 0;
        return new Step(new Outcome(sendResult(GunyahError.OK, count < depth), lines), next);
    }

    private Step receive(int room) {
        if (messages.isEmpty()) {
            return unchanged(receiveResult(GunyahError.MSGQUEUE_EMPTY, 0, false));
        }
        String oldest = messages.get(0);
        if (oldest.length() > room) {
            return unchanged(receiveResult(GunyahError.ADDR_OVERFLOW, 0, true));
        }
        SequentialQueue next = with(messages.subList(1, messages.size()));
        int count = next.messages.size();
        long result = receiveResult(GunyahError.OK, oldest.length(), count > 0);
        return new Step(new Outcome(result, oldest, count == notFull ? ASSERT_SEND : 0), next);
    }

    private Step flush() {
        int lines = messages.isEmpty() ? 0 : ASSERT_SEND | CLEAR_RECEIVE;
        return new Step(new Outcome(GunyahError.OK, lines), with(List.of()));
    }

    private Step configureSend(int threshold) {
        if (threshold < -1 || threshold >= depth) {
            return unchanged(GunyahError.ARGUMENT_INVALID);
        }
        if (threshold == -1) {
            return unchanged(GunyahError.OK);
        }
        int lines = messages.size() <= threshold ? ASSERT_SEND : CLEAR_SEND;
        return new Step(
                new Outcome(GunyahError.OK, lines), new SequentialQueue(messages, depth, maxSize, threshold, notEmpty));
    }

    private Step configureReceive(int threshold) {
        if (threshold == 0 || threshold < -2 || threshold > depth) {
            return unchanged(GunyahError.ARGUMENT_INVALID);
        }
        if (threshold == -1) {
            return unchanged(GunyahError.OK);
        }
        if (threshold == -2) {
            return new Step(
                    new Outcome(GunyahError.OK, 0), new SequentialQueue(messages, depth, maxSize, notFull, depth));
        }
        int lines = messages.size() >= threshold ? ASSERT_RECEIVE : CLEAR_RECEIVE;
        return new Step(
                new Outcome(GunyahError.OK, lines), new SequentialQueue(messages, depth, maxSize, notFull, threshold));
    }

    private Step unchanged(long result) {
        return new Step(new Outcome(result, 0), this);
    }

    private SequentialQueue with(List<String> others) {
        return new SequentialQueue(others, depth, maxSize, notFull, notEmpty);
    }
}
