// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What goes over the queues, little endian. Request and response are those of include/uapi/linux/virtio_gpio.h (Linux):
 * {u16 type, u16 line, u32 value} and {u8 status, u8 value}.
 *
 * <p>Ours: each record has a head {u16 id, u16 kind} in front, because a message queue, unlike a virtqueue, does not
 * lead a response back to its request. An event is {u16 line, u8 level}. An acknowledgement is {u16 line} with the id
 * of the event, where a virtio driver would queue the line's buffer again.
 *
 * <p>Ours: the names are one block of zero-terminated names, as in virtio, but the block does not fit one message. So
 * the request's value is an offset into the block, the response goes on with as much of the block as fits, and its
 * value is 1 if there is more. Each piece is a request of its own: nothing may come in between that would matter, and
 * no piece waits in a queue that nobody has asked for.
 */
sealed interface GpioRecord {
    /** Size of the head. */
    int HEAD_LENGTH = 4;

    /** Size of a request. */
    int REQUEST_LENGTH = HEAD_LENGTH + 8;

    /** Size of a response without names. */
    int RESPONSE_LENGTH = HEAD_LENGTH + 2;

    /** Size of an event. */
    int EVENT_LENGTH = HEAD_LENGTH + 3;

    /** Size of an acknowledgement. */
    int ACKNOWLEDGEMENT_LENGTH = HEAD_LENGTH + 2;

    /** Largest record. */
    int MAX_LENGTH = 240;

    /** Room for names in a response. */
    int NAMES_LENGTH = MAX_LENGTH - RESPONSE_LENGTH;

    /** Kind: {@link Request}. */
    int REQUEST = 1;

    /** Kind: {@link Response}. */
    int RESPONSE = 2;

    /** Kind: {@link Event}. */
    int EVENT = 3;

    /** Kind: {@link Acknowledgement}. */
    int ACKNOWLEDGEMENT = 4;

    /** Status: done. */
    int STATUS_OK = 0;

    /** Status: refused. */
    int STATUS_ERROR = 1;

    /** Which exchange it belongs to; 0 if even that cannot be read. */
    int id();

    /** What the driver wants; type and value are raw, they may be anything. */
    record Request(int id, int type, int line, int value) implements GpioRecord {
        byte[] encode() {
            return start(REQUEST_LENGTH, id, REQUEST)
                    .putShort((short) type)
                    .putShort((short) line)
                    .putInt(value)
                    .array();
        }
    }

    /** What the device answers; names is read-only, and empty unless names were asked for. */
    record Response(int id, int status, int value, ByteBuffer names) implements GpioRecord {
        static Response ok(int id, int value) {
            return new Response(id, STATUS_OK, value, ByteBuffer.allocate(0));
        }

        static Response error(int id) {
            return new Response(id, STATUS_ERROR, 0, ByteBuffer.allocate(0));
        }

        byte[] encode() {
            return start(RESPONSE_LENGTH + names.remaining(), id, RESPONSE)
                    .put((byte) status)
                    .put((byte) value)
                    .put(names.duplicate())
                    .array();
        }
    }

    /** A line has interrupted; level is 1 or 0. */
    record Event(int id, int line, int level) implements GpioRecord {
        byte[] encode() {
            return start(EVENT_LENGTH, id, EVENT)
                    .putShort((short) line)
                    .put((byte) level)
                    .array();
        }
    }

    /** The driver has dealt with an event: the line may interrupt again. */
    record Acknowledgement(int id, int line) implements GpioRecord {
        byte[] encode() {
            return start(ACKNOWLEDGEMENT_LENGTH, id, ACKNOWLEDGEMENT)
                    .putShort((short) line)
                    .array();
        }
    }

    /** No record: what is wrong, and the kind it claims to be, 0 if that cannot be read. */
    record Malformed(int id, int kind, GpioField field) implements GpioRecord {}

    /** Reads a message, whatever it is. */
    static GpioRecord decode(ByteBuffer message) {
        ByteBuffer in = message.slice().order(ByteOrder.LITTLE_ENDIAN);
        int length = in.remaining();
        if (length < HEAD_LENGTH) {
            return new Malformed(0, 0, GpioField.LENGTH);
        }
        int id = u16(in);
        int kind = u16(in);
        return switch (kind) {
            case REQUEST ->
                length == REQUEST_LENGTH
                        ? new Request(id, u16(in), u16(in), in.getInt())
                        : new Malformed(id, kind, GpioField.LENGTH);
            case RESPONSE ->
                length >= RESPONSE_LENGTH && length <= MAX_LENGTH
                        ? response(id, in)
                        : new Malformed(id, kind, GpioField.LENGTH);
            case EVENT -> length == EVENT_LENGTH ? event(id, in) : new Malformed(id, kind, GpioField.LENGTH);
            case ACKNOWLEDGEMENT ->
                length == ACKNOWLEDGEMENT_LENGTH
                        ? new Acknowledgement(id, u16(in))
                        : new Malformed(id, kind, GpioField.LENGTH);
            default -> new Malformed(id, kind, GpioField.KIND);
        };
    }

    private static GpioRecord response(int id, ByteBuffer in) {
        int status = Byte.toUnsignedInt(in.get());
        int value = Byte.toUnsignedInt(in.get());
        if (status != STATUS_OK && status != STATUS_ERROR) {
            return new Malformed(id, RESPONSE, GpioField.STATUS);
        }
        ByteBuffer names = ByteBuffer.allocate(in.remaining()).put(in).flip();
        return new Response(id, status, value, names.asReadOnlyBuffer());
    }

    private static GpioRecord event(int id, ByteBuffer in) {
        int line = u16(in);
        int level = Byte.toUnsignedInt(in.get());
        return level <= 1 ? new Event(id, line, level) : new Malformed(id, EVENT, GpioField.LEVEL);
    }

    private static int u16(ByteBuffer in) {
        return Short.toUnsignedInt(in.getShort());
    }

    private static ByteBuffer start(int length, int id, int kind) {
        return ByteBuffer.allocate(length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) id)
                .putShort((short) kind);
    }
}
