// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;
import java.util.function.BiConsumer;

/** Writes a payload whose length is known beforehand; each value is reduced to its width. */
final class PayloadWriter {

    private final byte[] payload;
    private int next;

    PayloadWriter(int length) {
        this.payload = new byte[length];
    }

    static int paddedLength(int length) {
        return (length + 3) & ~3;
    }

    static int vmidsLength(List<Integer> vmids) {
        return 4 + 4 * vmids.size();
    }

    PayloadWriter u8(int value) {
        payload[next++] = (byte) value;
        return this;
    }

    PayloadWriter u16(int value) {
        LittleEndian.U16.set(payload, next, (short) value);
        next += 2;
        return this;
    }

    PayloadWriter u32(int value) {
        LittleEndian.U32.set(payload, next, value);
        next += 4;
        return this;
    }

    /** A number of 16 bits, followed by 16 reserved bits. */
    PayloadWriter paddedU16(int value) {
        return u16(value).zeros(2);
    }

    PayloadWriter u64(long value) {
        LittleEndian.U64.set(payload, next, value);
        next += 8;
        return this;
    }

    PayloadWriter bytes(byte[] bytes) {
        System.arraycopy(bytes, 0, payload, next, bytes.length);
        next += bytes.length;
        return this;
    }

    PayloadWriter zeros(int length) {
        next += length;
        return this;
    }

    PayloadWriter paddedBytes(byte[] bytes) {
        return bytes(bytes).zeros(paddedLength(bytes.length) - bytes.length);
    }

    /** A list headed by its length in 32 bits. */
    <T> PayloadWriter list(List<T> elements, BiConsumer<T, PayloadWriter> write) {
        return u32(elements.size()).elements(elements, write);
    }

    /** A list headed by its length in 16 bits and 16 reserved bits. */
    <T> PayloadWriter shortList(List<T> elements, BiConsumer<T, PayloadWriter> write) {
        return paddedU16(elements.size()).elements(elements, write);
    }

    /** A list of VMIDs, each followed by 16 reserved bits. */
    PayloadWriter vmids(List<Integer> vmids) {
        return shortList(vmids, (vmid, out) -> out.paddedU16(vmid));
    }

    /** The elements of a list whose length is written already. */
    <T> PayloadWriter elements(List<T> elements, BiConsumer<T, PayloadWriter> write) {
        elements.forEach(element -> write.accept(element, this));
        return this;
    }

    byte[] toBytes() {
        if (next != payload.length) {
            throw new IllegalStateException(next + " of " + payload.length + " bytes were written");
        }
        return payload;
    }
}
