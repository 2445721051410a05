// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.testing;

import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import dev.hwmailbox.gunyah.rm.protocol.RmFraming;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmPayload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * What a {@link FakeResourceManager} does with one request: what it answers, when, how often, and what becomes of the
 * frames on their way.
 *
 * <pre>{@code
 * fake.on(VM_GET_VMID, FakeReply.silence(), FakeReply.ok(new VmidReply(3)).after(Duration.ofMillis(10)).twice());
 * }</pre>
 *
 * <p>Context: any thread; immutable, so one reply can be given many times.
 *
 * @since 0.1
 */
public final class FakeReply {
    /** What {@link #echo} and {@link #corruptFrame} change bytes by. */
    public static final byte MASK = 0x5a;

    private final String name;
    private final Function<RmMessage, List<RmMessage>> answer;
    private final Duration delay;
    private final UnaryOperator<List<RmFrame>> onTheWay;

    private FakeReply(
            String name,
            Function<RmMessage, List<RmMessage>> answer,
            Duration delay,
            UnaryOperator<List<RmFrame>> onTheWay) {
        this.name = name;
        this.answer = answer;
        this.delay = delay;
        this.onTheWay = onTheWay;
    }

    private static FakeReply of(String name, Function<RmMessage, List<RmMessage>> answer) {
        return new FakeReply(name, answer, Duration.ZERO, frames -> frames);
    }

    /**
     * Success, without data.
     *
     * @return the reply
     */
    public static FakeReply ok() {
        return ok(new byte[0]);
    }

    /**
     * Success.
     *
     * @param data what follows the error word
     * @return the reply
     */
    public static FakeReply ok(RmPayload data) {
        return ok(data.encode());
    }

    /**
     * Success with raw data, which may be of the wrong length on purpose.
     *
     * @param data what follows the error word; copied
     * @return the reply
     */
    public static FakeReply ok(byte[] data) {
        byte[] copy = data.clone();
        return of("ok", request -> List.of(reply(request, RmError.OK, copy)));
    }

    /**
     * Refusal.
     *
     * @param error the error word, see {@link RmError}; one that is not listed there is as good
     * @return the reply
     */
    public static FakeReply refuse(int error) {
        return of("refuse " + RmError.name(error), request -> List.of(reply(request, error, new byte[0])));
    }

    /**
     * No reply at all.
     *
     * @return the reply
     */
    public static FakeReply silence() {
        return of("silence", request -> List.of());
    }

    /**
     * Success, with the payload of the request, every byte XOR {@link #MASK}: so a client that takes its own request
     * for the reply is found out.
     *
     * @return the reply
     */
    public static FakeReply echo() {
        return of("echo", request -> List.of(reply(request, RmError.OK, masked(request.payload()))));
    }

    /**
     * Whatever a function makes of the request.
     *
     * @param data from the request to the data of the reply
     * @return the reply
     */
    public static FakeReply computed(Function<RmMessage, ? extends RmPayload> data) {
        Objects.requireNonNull(data, "data");
        return of(
                "computed",
                request ->
                        List.of(reply(request, RmError.OK, data.apply(request).encode())));
    }

    /**
     * The same after a time. A later request may be answered before.
     *
     * @param time how long after the request, not negative
     * @return the reply
     */
    public FakeReply after(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("negative time: " + time);
        }
        return new FakeReply(name + " after " + time, answer, time, onTheWay);
    }

    /**
     * The same reply two times, one after the other.
     *
     * @return the reply
     */
    public FakeReply twice() {
        return answering(name + " twice", request -> {
            var two = new ArrayList<>(answer.apply(request));
            two.addAll(answer.apply(request));
            return two;
        });
    }

    /**
     * The same with a notification before it, as of what the call causes.
     *
     * @param messageId what happened, see {@link RmMessageId}
     * @param payload the details
     * @return the reply
     */
    public FakeReply telling(int messageId, RmPayload payload) {
        return answering(name + " telling " + RmMessageId.name(messageId), request -> {
            var all = new ArrayList<RmMessage>();
            all.add(RmMessage.notification(messageId, 0, payload));
            all.addAll(answer.apply(request));
            return all;
        });
    }

    /**
     * The same, of which one frame is lost.
     *
     * @param index which, from 0; nothing happens if there are fewer
     * @return the reply
     */
    public FakeReply loseFrame(int index) {
        return onTheWay(frames -> {
            if (index < frames.size()) {
                frames.remove(index);
            }
            return frames;
        });
    }

    /**
     * The same, of which one frame comes twice.
     *
     * @param index which, from 0; nothing happens if there are fewer
     * @return the reply
     */
    public FakeReply duplicateFrame(int index) {
        return onTheWay(frames -> {
            if (index < frames.size()) {
                frames.add(index, frames.get(index));
            }
            return frames;
        });
    }

    /**
     * The same, of which two frames are exchanged.
     *
     * @param one which, from 0; nothing happens if there are fewer
     * @param other which, from 0; nothing happens if there are fewer
     * @return the reply
     */
    public FakeReply swapFrames(int one, int other) {
        return onTheWay(frames -> {
            if (Math.max(one, other) < frames.size()) {
                Collections.swap(frames, one, other);
            }
            return frames;
        });
    }

    /**
     * The same, of which one byte is changed.
     *
     * @param index which frame, from 0; nothing happens if there are fewer
     * @param offset which byte of it, from 0; nothing happens if it is shorter
     * @return the reply
     */
    public FakeReply corruptFrame(int index, int offset) {
        return onTheWay(frames -> {
            if (index < frames.size() && offset < frames.get(index).length()) {
                byte[] bytes = frames.get(index).toBytes();
                bytes[offset] ^= MASK;
                frames.set(index, RmFrame.of(bytes, frames.get(index).push()));
            }
            return frames;
        });
    }

    /**
     * The same, with anything done to its frames.
     *
     * @param change gets a list that it may change, and returns what is sent
     * @return the reply
     */
    public FakeReply onTheWay(UnaryOperator<List<RmFrame>> change) {
        Objects.requireNonNull(change, "change");
        return new FakeReply(
                name + " with changed frames",
                answer,
                delay,
                frames -> change.apply(new ArrayList<>(onTheWay.apply(frames))));
    }

    Duration delay() {
        return delay;
    }

    /** The frames to send for a request. */
    List<RmFrame> frames(RmMessage request) {
        var frames = new ArrayList<RmFrame>();
        answer.apply(request).forEach(message -> frames.addAll(RmFraming.split(message)));
        return onTheWay.apply(frames);
    }

    @Override
    public String toString() {
        return "FakeReply[" + name + "]";
    }

    private FakeReply answering(String newName, Function<RmMessage, List<RmMessage>> newAnswer) {
        return new FakeReply(newName, newAnswer, delay, onTheWay);
    }

    private static RmMessage reply(RmMessage request, int error, byte[] data) {
        return RmMessage.reply(request.messageId(), request.sequence(), error, data);
    }

    private static byte[] masked(byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] ^= MASK;
        }
        return bytes;
    }
}
