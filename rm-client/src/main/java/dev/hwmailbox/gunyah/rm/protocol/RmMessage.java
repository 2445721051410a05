// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/**
 * One request, reply or notification, whole: what {@link RmFraming} cuts into frames and {@link RmReassembler} puts
 * together again. The payload is raw; the records of this package ({@link RmPayload}) give it a shape.
 *
 * <p>A reply's payload begins with the {@linkplain #error() error word}; {@link #data()} is what follows it.
 *
 * <p>Context: any thread; immutable, bytes are copied in and out.
 *
 * @since 0.1
 */
public final class RmMessage {
    static final int ERROR_WORD_LENGTH = 4;

    private final RmMessageType type;
    private final int messageId;
    private final int sequence;
    private final byte[] payload;

    private RmMessage(RmMessageType type, int messageId, int sequence, byte[] owned) {
        Unsigned.requireU16("sequence", sequence);
        this.type = Objects.requireNonNull(type, "type");
        this.messageId = messageId;
        this.sequence = sequence;
        this.payload = owned;
    }

    /**
     * A message of any type.
     *
     * @param type what it is
     * @param messageId what it says, see {@link RmMessageId}
     * @param sequence 0..65535; a reply repeats its request's
     * @param payload the bytes, for a reply error word and data; copied, of any length
     * @return the message
     * @throws IllegalArgumentException if the sequence has more than 16 bits
     */
    public static RmMessage of(RmMessageType type, int messageId, int sequence, byte[] payload) {
        return new RmMessage(type, messageId, sequence, payload.clone());
    }

    /** As {@link #of}, of bytes that are the message's own from here on. */
    static RmMessage owning(RmMessageType type, int messageId, int sequence, byte[] payload) {
        return new RmMessage(type, messageId, sequence, payload);
    }

    /**
     * A request with a raw payload.
     *
     * @param messageId the call, see {@link RmMessageId}
     * @param sequence 0..65535
     * @param payload the bytes; copied
     * @return the request
     * @throws IllegalArgumentException if the sequence has more than 16 bits
     */
    public static RmMessage request(int messageId, int sequence, byte[] payload) {
        return of(RmMessageType.REQUEST, messageId, sequence, payload);
    }

    /**
     * A request.
     *
     * @param messageId the call, see {@link RmMessageId}
     * @param sequence 0..65535
     * @param payload the arguments
     * @return the request
     * @throws IllegalArgumentException if the sequence has more than 16 bits
     */
    public static RmMessage request(int messageId, int sequence, RmPayload payload) {
        return new RmMessage(RmMessageType.REQUEST, messageId, sequence, payload.encode());
    }

    /**
     * A reply with raw data.
     *
     * @param messageId the request's
     * @param sequence the request's
     * @param error the error word, see {@link RmError}
     * @param data what follows the error word; copied
     * @return the reply
     * @throws IllegalArgumentException if the sequence has more than 16 bits
     */
    public static RmMessage reply(int messageId, int sequence, int error, byte[] data) {
        var payload =
                new PayloadWriter(ERROR_WORD_LENGTH + data.length).u32(error).bytes(data);
        return new RmMessage(RmMessageType.REPLY, messageId, sequence, payload.toBytes());
    }

    /**
     * A reply to a request that succeeded.
     *
     * @param messageId the request's
     * @param sequence the request's
     * @param data the result
     * @return the reply
     * @throws IllegalArgumentException if the sequence has more than 16 bits
     */
    public static RmMessage reply(int messageId, int sequence, RmPayload data) {
        return reply(messageId, sequence, RmError.OK, data.encode());
    }

    /**
     * A notification.
     *
     * @param messageId what happened, see {@link RmMessageId}
     * @param sequence 0..65535
     * @param payload the details
     * @return the notification
     * @throws IllegalArgumentException if the sequence has more than 16 bits
     */
    public static RmMessage notification(int messageId, int sequence, RmPayload payload) {
        return new RmMessage(RmMessageType.NOTIFICATION, messageId, sequence, payload.encode());
    }

    /**
     * What the message is.
     *
     * @return the type
     */
    public RmMessageType type() {
        return type;
    }

    /**
     * What the message says.
     *
     * @return 32 bits, see {@link RmMessageId}
     */
    public int messageId() {
        return messageId;
    }

    /**
     * The number that ties a reply to its request. A notification's means nothing to its receiver.
     *
     * @return 0..65535
     */
    public int sequence() {
        return sequence;
    }

    /**
     * Length of the payload.
     *
     * @return bytes, including the error word of a reply
     */
    public int payloadLength() {
        return payload.length;
    }

    /**
     * The payload, including the error word of a reply.
     *
     * @return a copy
     */
    public byte[] payload() {
        return payload.clone();
    }

    /** The payload itself: to be read only. */
    byte[] ownPayload() {
        return payload;
    }

    /** Where in the payload the {@linkplain #data() data} begins; behind its end if there is none. */
    int dataOffset() {
        if (type != RmMessageType.REPLY) {
            return 0;
        }
        return error() == RmError.OK ? ERROR_WORD_LENGTH : payload.length;
    }

    /**
     * A view of the payload, including the error word of a reply.
     *
     * @return a new read-only, little-endian buffer
     */
    public ByteBuffer payloadBuffer() {
        return ByteBuffer.wrap(payload).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * The error word of a reply.
     *
     * @return 32 bits, see {@link RmError}
     * @throws IllegalStateException if this is not a reply
     * @throws RmProtocolException EBADMSG: the reply is too short to hold one. {@link RmReassembler} never delivers
     *     such a reply to a client
     */
    public int error() {
        if (type != RmMessageType.REPLY) {
            throw new IllegalStateException("only a reply has an error word: " + this);
        }
        if (payload.length < ERROR_WORD_LENGTH) {
            throw new RmProtocolException(messageId, "error word", 0, payload.length + " bytes", "4 bytes");
        }
        return (int) LittleEndian.U32.get(payload, 0);
    }

    /**
     * What a receiver may look at: the payload of a request or notification; of a reply what follows the error word,
     * and nothing if that reports an error.
     *
     * <p>Differs: the Resource Manager adds a word to the error replies of very few calls; like Linux this discards it.
     * {@link #payload()} still has it.
     *
     * @return a copy
     * @throws RmProtocolException EBADMSG: a reply too short to hold an error word
     */
    public byte[] data() {
        return Arrays.copyOfRange(payload, dataOffset(), payload.length);
    }

    /**
     * Makes sure that there is no {@linkplain #data() data}, as in a standard reply or a request without arguments.
     *
     * @throws RmProtocolException EBADMSG: there is data
     */
    public void requireNoData() {
        new PayloadReader(this).end();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RmMessage that
                && type == that.type
                && messageId == that.messageId
                && sequence == that.sequence
                && Arrays.equals(payload, that.payload);
    }

    @Override
    public int hashCode() {
        return Objects.hash(type, messageId, sequence, Arrays.hashCode(payload));
    }

    @Override
    public String toString() {
        return "RmMessage[%s %s, sequence 0x%04x, %d bytes]"
                .formatted(type, RmMessageId.describe(messageId), sequence, payload.length);
    }
}
