// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.Errno;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a client must make of frames, written down from the table "at the Linux client" of the protocol's description,
 * one row after the other, on bare bytes. It shares no code with the client.
 */
final class NaiveClient {
    private static final int REPLY = 2;
    private static final int NOTIFICATION = 3;

    private final boolean comparesSequences;

    /** Sequence to message id of calls that wait for their reply. */
    private final Map<Integer, Integer> outstanding = new HashMap<>();

    /** Message id to how its call ended. */
    private final Map<Integer, String> ends = new HashMap<>();

    private final List<String> notifications = new ArrayList<>();
    private int dropped;
    private @Nullable Half half;

    NaiveClient(boolean comparesSequences) {
        this.comparesSequences = comparesSequences;
    }

    private static final class Half {
        private final int type;
        private final int sequence;
        private final int id;
        private final int count;
        private final ByteArrayOutputStream content = new ByteArrayOutputStream();
        private int left;

        Half(int type, int sequence, int id, int count) {
            this.type = type;
            this.sequence = sequence;
            this.id = id;
            this.count = count;
            left = count;
        }
    }

    Map<Integer, String> ends() {
        return ends;
    }

    List<String> notifications() {
        return notifications;
    }

    int dropped() {
        return dropped;
    }

    int outstanding() {
        return outstanding.size();
    }

    void requested(int sequence, int id) {
        outstanding.put(sequence, id);
    }

    /** A call was given up by its caller, whether sent or not. */
    void gaveUp(int id, String how) {
        outstanding.values().remove(id);
        ends.put(id, how);
    }

    void restarted() {
        outstanding.clear();
        half = null;
    }

    void frame(byte[] bytes) {
        if (bytes.length < 8 || bytes.length > 240 || bytes[0] != 0x21) {
            dropped++;
            return;
        }
        ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int type = bytes[1] & 3;
        int count = (bytes[1] & 0xff) >> 2;
        int sequence = header.getShort(2) & 0xffff;
        int id = header.getInt(4);
        if (type == 0) {
            continuation(bytes, count, sequence, id);
        } else if (type == 1) {
            dropped++;
        } else if (type == REPLY && !isOutstanding(sequence, id)) {
            dropped++;
        } else if (type == REPLY && (bytes.length < 12 || count == 63)) {
            dropped++;
            end(sequence, "ENOMEM");
            if (half != null && half.type == REPLY && half.sequence == sequence) {
                half = null;
            }
        } else if (count == 63) {
            dropped++;
        } else {
            breakOff();
            half = new Half(type, sequence, id, count);
            append(half, bytes);
        }
    }

    private void continuation(byte[] bytes, int count, int sequence, int id) {
        Half current = half;
        if (current == null) {
            dropped++;
        } else if (current.id != id || current.count != count || (comparesSequences && current.sequence != sequence)) {
            dropped++;
            breakOff();
        } else {
            current.left--;
            append(current, bytes);
        }
    }

    private void append(Half current, byte[] bytes) {
        current.content.write(bytes, 8, bytes.length - 8);
        if (current.left > 0) {
            return;
        }
        half = null;
        byte[] content = current.content.toByteArray();
        if (current.type == NOTIFICATION) {
            notifications.add(text(current.id, content));
        } else if (isOutstanding(current.sequence, current.id)) {
            int error = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getInt();
            end(
                    current.sequence,
                    error == 0 ? "OK " + HexFormat.of().formatHex(content, 4, content.length) : "refused " + error);
        } else {
            dropped++;
        }
    }

    static String text(int id, byte[] content) {
        return Integer.toHexString(id) + " " + HexFormat.of().formatHex(content);
    }

    private void breakOff() {
        if (half != null && half.type == REPLY && isOutstanding(half.sequence, half.id)) {
            end(half.sequence, Errno.name(Errno.EIO));
        }
        half = null;
    }

    private void end(int sequence, String how) {
        ends.put(outstanding.remove(sequence), how);
    }

    private boolean isOutstanding(int sequence, int id) {
        Integer expected = outstanding.get(sequence);
        return expected != null && expected == id;
    }
}
