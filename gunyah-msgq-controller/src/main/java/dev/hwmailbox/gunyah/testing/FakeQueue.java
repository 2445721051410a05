// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import static dev.hwmailbox.gunyah.GunyahHypercalls.receiveResult;
import static dev.hwmailbox.gunyah.GunyahHypercalls.sendResult;

import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One queue of a {@link FakeGunyah}: a real queue in memory, with the statuses, flags and interrupts that the interface
 * document promises, unless the test has said what to answer.
 *
 * <p>Methods that begin with {@code on} put answers behind those given before; each is used once, and then the standard
 * answer counts, {@link CallAnswer#ok} unless {@link #onEverySend} or {@link #onEveryReceive} says otherwise. A wrong
 * capability is refused before any answer is used.
 *
 * <p>Context: any thread.
 *
 * @since 0.1
 */
public final class FakeQueue {
    /** Messages a queue holds unless told otherwise. */
    public static final int DEFAULT_DEPTH = 8;

    /** Largest message of a queue in bytes, unless told otherwise. */
    public static final int DEFAULT_MAX_MESSAGE_SIZE = 240;

    private static final int UNCHANGED = -1;
    private static final int WHOLE_DEPTH = -2;

    private final FakeGunyah fake;
    private final String name;
    private final CapabilityId sendCapability;
    private final CapabilityId receiveCapability;
    private final FakeEnd sendEnd;
    private final FakeEnd receiveEnd;

    // All below guarded by the fake's lock.
    private final Deque<byte[]> messages = new ArrayDeque<>();
    private final Deque<CallAnswer> sendAnswers = new ArrayDeque<>();
    private final Deque<CallAnswer> receiveAnswers = new ArrayDeque<>();
    private CallAnswer everySend = CallAnswer.ok();
    private CallAnswer everyReceive = CallAnswer.ok();
    private int depth = DEFAULT_DEPTH;
    private int maxMessageSize = DEFAULT_MAX_MESSAGE_SIZE;
    private int notFullThreshold = DEFAULT_DEPTH - 1;
    private int notEmptyThreshold = 1;

    FakeQueue(FakeGunyah fake, String name, CapabilityId send, CapabilityId receive, int sendVirq, int receiveVirq) {
        this.fake = fake;
        this.name = name;
        sendCapability = send;
        receiveCapability = receive;
        sendEnd = new FakeEnd(fake, name + "/send", sendVirq);
        receiveEnd = new FakeEnd(fake, name + "/receive", receiveVirq);
    }

    // ---- what it is ----

    /**
     * Sets how many messages it holds, and the thresholds back to what they are at first.
     *
     * @param depth 1..255
     * @return this
     * @throws IllegalArgumentException if the depth is not allowed
     */
    public FakeQueue depth(int depth) {
        checkRange("depth", depth, 255);
        fake.locked(() -> {
            this.depth = depth;
            notFullThreshold = depth - 1;
            notEmptyThreshold = 1;
            return this;
        });
        return this;
    }

    /**
     * Sets the largest message.
     *
     * @param maxMessageSize 1..1023 bytes
     * @return this
     * @throws IllegalArgumentException if the size is not allowed
     */
    public FakeQueue maxMessageSize(int maxMessageSize) {
        checkRange("maxMessageSize", maxMessageSize, MsgqEndpoint.MAX_MESSAGE_SIZE);
        fake.locked(() -> this.maxMessageSize = maxMessageSize);
        return this;
    }

    /**
     * Sets the sender's interrupt "room again".
     *
     * @param virq its number, or {@link MsgqEndpoint#NO_VIRQ} for none
     * @return this
     */
    public FakeQueue sendVirq(int virq) {
        sendEnd.bind(virq);
        return this;
    }

    /**
     * Sets the receiver's interrupt "something to read".
     *
     * @param virq its number, or {@link MsgqEndpoint#NO_VIRQ} for none
     * @return this
     */
    public FakeQueue receiveVirq(int virq) {
        receiveEnd.bind(virq);
        return this;
    }

    private static void checkRange(String what, int value, int most) {
        if (value < 1 || value > most) {
            throw new IllegalArgumentException(what + " " + value + " is outside 1.." + most);
        }
    }

    /**
     * The capability to send with.
     *
     * @return the ID the test gave
     */
    public CapabilityId sendCapability() {
        return sendCapability;
    }

    /**
     * The capability to receive with.
     *
     * @return the ID the test gave
     */
    public CapabilityId receiveCapability() {
        return receiveCapability;
    }

    /**
     * The sender's interrupt.
     *
     * @return its number, {@link MsgqEndpoint#NO_VIRQ} if none is bound
     */
    public int sendVirq() {
        return sendEnd.virq();
    }

    /**
     * The receiver's interrupt.
     *
     * @return its number, {@link MsgqEndpoint#NO_VIRQ} if none is bound
     */
    public int receiveVirq() {
        return receiveEnd.virq();
    }

    /**
     * The largest message.
     *
     * @return bytes
     */
    public int maxMessageSize() {
        return fake.locked(() -> maxMessageSize);
    }

    // ---- the script ----

    /**
     * What to answer to the next sends, one after the other.
     *
     * @param next the answers
     * @return this
     */
    public FakeQueue onSend(CallAnswer... next) {
        List<CallAnswer> answers = List.of(next);
        fake.locked(() -> sendAnswers.addAll(answers));
        return this;
    }

    /**
     * What to answer to the next receives, one after the other.
     *
     * @param next the answers
     * @return this
     */
    public FakeQueue onReceive(CallAnswer... next) {
        List<CallAnswer> answers = List.of(next);
        fake.locked(() -> receiveAnswers.addAll(answers));
        return this;
    }

    /**
     * What to answer to sends when nothing else has been said.
     *
     * @param answer the answer
     * @return this
     */
    public FakeQueue onEverySend(CallAnswer answer) {
        Objects.requireNonNull(answer, "answer");
        fake.locked(() -> everySend = answer);
        return this;
    }

    /**
     * What to answer to receives when nothing else has been said.
     *
     * @param answer the answer
     * @return this
     */
    public FakeQueue onEveryReceive(CallAnswer answer) {
        Objects.requireNonNull(answer, "answer");
        fake.locked(() -> everyReceive = answer);
        return this;
    }

    /**
     * What becomes of the next interrupts that the queue has for its sender.
     *
     * @param next the answers
     * @return this
     */
    public FakeQueue onSendInterrupt(InterruptAnswer... next) {
        sendEnd.onInterrupt(List.of(next));
        return this;
    }

    /**
     * What becomes of the next interrupts that the queue has for its receiver.
     *
     * @param next the answers
     * @return this
     */
    public FakeQueue onReceiveInterrupt(InterruptAnswer... next) {
        receiveEnd.onInterrupt(List.of(next));
        return this;
    }

    /** Asserts the sender's interrupt, with or without reason. */
    public void interruptSender() {
        sendEnd.raise();
    }

    /** Asserts the receiver's interrupt, with or without reason. */
    public void interruptReceiver() {
        receiveEnd.raise();
    }

    /** Takes both capabilities back: all calls with them answer CSPACE_CAP_REVOKED. Raises no interrupt. */
    public void revoke() {
        fake.revoke(this);
    }

    // ---- the other side ----

    /**
     * The other side sends, beside all answers: the message is queued, its receiver interrupted.
     *
     * @param message 1 to {@link #maxMessageSize} bytes
     * @throws IllegalStateException if the queue does not take it
     */
    public void peerSends(byte... message) {
        long result = perform(message, 0, message.length, true, CallAnswer.ok(), "peer sends");
        int status = GunyahHypercalls.status(result);
        if (status != GunyahError.OK) {
            throw new IllegalStateException("the peer cannot send: " + GunyahError.name(status) + " (" + this + ")");
        }
    }

    /**
     * The other side takes the oldest message, beside all answers; the sender is interrupted if it was waiting.
     *
     * @return the message
     * @throws IllegalStateException if there is none
     */
    public byte[] peerReads() {
        byte[] buffer = new byte[MsgqEndpoint.MAX_MESSAGE_SIZE];
        long result = take(buffer, 0, buffer.length, CallAnswer.ok(), "peer reads");
        if (GunyahHypercalls.status(result) != GunyahError.OK) {
            throw new IllegalStateException("the peer finds no message (" + this + ")");
        }
        return Arrays.copyOf(buffer, GunyahHypercalls.size(result));
    }

    /**
     * The messages that wait.
     *
     * @return copies, the oldest first
     */
    public List<byte[]> messages() {
        return fake.locked(() -> messages.stream().map(byte[]::clone).toList());
    }

    /**
     * Checks which messages wait.
     *
     * @param expected their contents, the oldest first
     * @throws AssertionError if there are others, with both lists and the first difference marked
     */
    public void assertMessages(byte[]... expected) {
        KitText.compareBytes("messages in " + name, List.of(expected), messages());
    }

    // ---- hypercalls ----

    long send(byte @Nullable [] buffer, int offset, int length, boolean push) {
        CallAnswer answer = fake.locked(() -> next(sendAnswers, everySend));
        long result = perform(buffer, offset, length, push, answer, "send");
        follow(sendEnd, answer);
        return result;
    }

    private long perform(
            byte @Nullable [] buffer, int offset, int length, boolean push, CallAnswer answer, String verb) {
        boolean[] crossed = new boolean[1];
        long result = fake.locked(() -> {
            if (!answer.isCarriedOut()) {
                return sendResult(answer.status(), flag(answer, false));
            }
            int error = sendError(buffer, offset, length);
            if (error != GunyahError.OK || buffer == null) {
                return sendResult(error, error != GunyahError.MSGQUEUE_FULL);
            }
            messages.add(Arrays.copyOfRange(buffer, offset, offset + length));
            crossed[0] = push || messages.size() == notEmptyThreshold;
            return sendResult(GunyahError.OK, flag(answer, messages.size() < depth));
        });
        String outcome = outcome(result) + (isOk(result) ? GunyahHypercalls.notFull(result) ? ", room" : ", full" : "");
        fake.log()
                .call("%s %s %s%s -> %s"
                        .formatted(name, verb, shown(buffer, offset, length), push ? " push" : "", outcome));
        if (crossed[0]) {
            receiveEnd.fire();
        }
        return result;
    }

    private int sendError(byte @Nullable [] buffer, int offset, int length) {
        if (messages.size() == depth) {
            return GunyahError.MSGQUEUE_FULL;
        }
        if (length < 1 || length > maxMessageSize) {
            return GunyahError.ARGUMENT_SIZE;
        }
        return reaches(buffer, offset, length) ? GunyahError.OK : GunyahError.ADDR_INVALID;
    }

    long receive(byte @Nullable [] buffer, int offset, int length) {
        CallAnswer answer = fake.locked(() -> next(receiveAnswers, everyReceive));
        long result = take(buffer, offset, length, answer, "receive");
        follow(receiveEnd, answer);
        return result;
    }

    private long take(byte @Nullable [] buffer, int offset, int length, CallAnswer answer, String verb) {
        boolean[] crossed = new boolean[1];
        long result = fake.locked(() -> {
            if (!answer.isCarriedOut()) {
                return receiveResult(answer.status(), 0, flag(answer, false));
            }
            byte[] oldest = messages.peek();
            if (oldest == null) {
                return receiveResult(GunyahError.MSGQUEUE_EMPTY, 0, false);
            }
            boolean tooSmall = Integer.compareUnsigned(length, oldest.length) < 0;
            if (tooSmall || buffer == null || !reaches(buffer, offset, length)) {
                return receiveResult(tooSmall ? GunyahError.ADDR_OVERFLOW : GunyahError.ADDR_INVALID, 0, true);
            }
            System.arraycopy(messages.remove(), 0, buffer, offset, oldest.length);
            crossed[0] = messages.size() == notFullThreshold;
            return receiveResult(GunyahError.OK, oldest.length, flag(answer, !messages.isEmpty()));
        });
        String outcome = outcome(result);
        if (isOk(result)) {
            outcome += " " + shown(buffer, offset, GunyahHypercalls.size(result))
                    + (GunyahHypercalls.notEmpty(result) ? ", more" : ", no more");
        }
        fake.log().call(name + " " + verb + " -> " + outcome);
        if (crossed[0]) {
            sendEnd.fire();
        }
        return result;
    }

    private static CallAnswer next(Deque<CallAnswer> script, CallAnswer standard) {
        CallAnswer next = script.poll();
        return next == null ? standard : next;
    }

    private static boolean flag(CallAnswer answer, boolean truth) {
        Boolean said = answer.flag();
        return said == null ? truth : said;
    }

    private static void follow(FakeEnd end, CallAnswer answer) {
        InterruptAnswer interrupt = answer.interrupt();
        if (interrupt != null) {
            end.follow(interrupt);
        }
    }

    private static boolean reaches(byte @Nullable [] buffer, int offset, int length) {
        return buffer != null && (offset | length) >= 0 && length <= buffer.length - offset;
    }

    private static boolean isOk(long result) {
        return GunyahHypercalls.status(result) == GunyahError.OK;
    }

    private static String outcome(long result) {
        return GunyahError.name(GunyahHypercalls.status(result));
    }

    private static String shown(byte @Nullable [] buffer, int offset, int length) {
        return buffer != null && reaches(buffer, offset, length)
                ? KitText.bytes(buffer, offset, length)
                : length + " bytes out of reach";
    }

    int flush() {
        boolean dropped = fake.locked(() -> {
            boolean any = !messages.isEmpty();
            messages.clear();
            return any;
        });
        if (dropped) {
            sendEnd.fire();
        }
        return GunyahError.OK;
    }

    int configureSend(int threshold, int delay) {
        boolean allowed = threshold >= UNCHANGED && fake.locked(() -> threshold < depth);
        int error = configureError(allowed, delay);
        boolean met = error == GunyahError.OK
                && threshold != UNCHANGED
                && fake.locked(() -> {
                    notFullThreshold = threshold;
                    return messages.size() <= threshold;
                });
        if (met) {
            sendEnd.fire();
        }
        return error;
    }

    int configureReceive(int threshold, int delay) {
        boolean allowed = threshold != 0 && threshold >= WHOLE_DEPTH && fake.locked(() -> threshold <= depth);
        int error = configureError(allowed, delay);
        boolean met = error == GunyahError.OK
                && threshold != UNCHANGED
                && fake.locked(() -> {
                    notEmptyThreshold = threshold == WHOLE_DEPTH ? depth : threshold;
                    return threshold != WHOLE_DEPTH && messages.size() >= threshold;
                });
        if (met) {
            receiveEnd.fire();
        }
        return error;
    }

    private static int configureError(boolean allowed, int delay) {
        return delay != -1 ? GunyahError.UNIMPLEMENTED : allowed ? GunyahError.OK : GunyahError.ARGUMENT_INVALID;
    }

    int bind(boolean sending, int virq) {
        FakeEnd end = end(sending);
        return fake.locked(() -> {
            if (end.isBound()) {
                return GunyahError.VIRQ_BOUND;
            }
            if (virq < InterruptController.FIRST_SHARED_VIRQ || virq > InterruptController.LAST_SHARED_VIRQ) {
                return GunyahError.ARGUMENT_INVALID;
            }
            if (fake.isTaken(virq)) {
                return GunyahError.BUSY;
            }
            end.bind(virq);
            return GunyahError.OK;
        });
    }

    int unbind(boolean sending) {
        end(sending).bind(MsgqEndpoint.NO_VIRQ);
        return GunyahError.OK;
    }

    private FakeEnd end(boolean sending) {
        return sending ? sendEnd : receiveEnd;
    }

    String name() {
        return name;
    }

    @Override
    public String toString() {
        return fake.locked(() -> name + ": " + messages.size() + " of " + depth + " messages, send irq "
                + sendEnd.virq() + ", receive irq " + receiveEnd.virq() + ", answers left " + sendAnswers
                + receiveAnswers);
    }
}
