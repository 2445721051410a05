// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** Reads a message's data from front to back; whatever is missing, left over or not allowed is refused by name. */
final class PayloadReader {

    private final int messageId;
    private final byte[] payload;
    private final int start;
    private int next;

    PayloadReader(RmMessage message) {
        messageId = message.messageId();
        payload = message.ownPayload();
        start = message.dataOffset();
        next = start;
    }

    int u8(String field) {
        return payload[take(field, 1)] & 0xFF;
    }

    int u16(String field) {
        return (short) LittleEndian.U16.get(payload, take(field, 2)) & 0xFFFF;
    }

    int u32(String field) {
        return (int) LittleEndian.U32.get(payload, take(field, 4));
    }

    long u64(String field) {
        return (long) LittleEndian.U64.get(payload, take(field, 8));
    }

    /** A number of 16 bits, followed by 16 reserved bits. */
    int paddedU16(String field) {
        int value = u16(field);
        skip(field, 2);
        return value;
    }

    /** A VMID that takes 32 bits; the upper half must be 0. */
    int vmid32(String field) {
        int offset = position();
        int vmid = u32(field);
        if (vmid >>> 16 != 0) {
            throw refuse(field, offset, "0x%08x".formatted(vmid), "a 16-bit VMID");
        }
        return vmid;
    }

    byte[] bytes(String field, int length) {
        int from = take(field, length);
        return Arrays.copyOfRange(payload, from, from + length);
    }

    /** A field nobody looks at. */
    void skip(String field, int length) {
        take(field, length);
    }

    /** The zero bytes that fill a field of some length up to the next multiple of 4. */
    void padding(String field, int length) {
        for (int i = length; (i & 3) != 0; i++) {
            int offset = position();
            int padding = u8(field + " padding");
            if (padding != 0) {
                throw refuse(field + " padding", offset, "0x%02x".formatted(padding), "0");
            }
        }
    }

    /** A list headed by its length in 32 bits. */
    <T> List<T> list(String field, Function<PayloadReader, T> element) {
        return elements(Integer.toUnsignedLong(u32("number of " + field)), element);
    }

    /** A list headed by its length in 32 bits, which is bounded. */
    <T> List<T> list(String field, int max, Function<PayloadReader, T> element) {
        int offset = position();
        long count = Integer.toUnsignedLong(u32("number of " + field));
        if (count > max) {
            throw refuse("number of " + field, offset, Long.toString(count), "at most " + max);
        }
        return elements(count, element);
    }

    /** A list headed by its length in 16 bits and 16 reserved bits. */
    <T> List<T> shortList(String field, int max, Function<PayloadReader, T> element) {
        int count = count(field, max);
        skip(field, 2);
        return elements(count, element);
    }

    /** A list of VMIDs, each followed by 16 reserved bits. */
    List<Integer> vmids() {
        return shortList("VMIDs", MemParcelRequest.MAX_LIST_LENGTH, element -> element.paddedU16("vmid"));
    }

    /** The length of a list. */
    int count(String field, int max) {
        int offset = position();
        int count = u16("number of " + field);
        if (count > max) {
            throw refuse("number of " + field, offset, Integer.toString(count), "at most " + max);
        }
        return count;
    }

    /** Every list element takes bytes, so a lying count runs into the end of the data, not out of memory. */
    <T> List<T> elements(long count, Function<PayloadReader, T> element) {
        var list = new ArrayList<T>();
        for (long i = 0; i < count; i++) {
            list.add(element.apply(this));
        }
        return List.copyOf(list);
    }

    int remaining() {
        return payload.length - next;
    }

    /** How much of the data has been read. */
    private int position() {
        return next - start;
    }

    void end() {
        if (remaining() > 0) {
            throw refuse("end", position(), remaining() + " more bytes", "none");
        }
    }

    RmProtocolException refuse(String field, int offset, String found, String expected) {
        return new RmProtocolException(messageId, field, offset, found, expected);
    }

    /** Where a field begins; the next one begins behind it. */
    private int take(String field, int length) {
        if (remaining() < length) {
            throw refuse(field, position(), remaining() + " bytes", length + " bytes");
        }
        int from = next;
        next += length;
        return from;
    }
}
