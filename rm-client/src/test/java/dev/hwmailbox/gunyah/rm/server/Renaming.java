// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/**
 * Values that another Resource Manager may choose differently: recorded ones on one side, ours on the other, one to one
 * within a scope.
 */
final class Renaming {
    private final Map<String, Map<Long, Long>> scopes = new HashMap<>();

    /** Puts ours in the place of the recorded 32 bits, which may appear for the first time. */
    void learn32(String scope, byte[] recorded, byte[] ours, int offset) {
        if (reaches(recorded, offset, Integer.BYTES) && reaches(ours, offset, Integer.BYTES)) {
            long value =
                    learn(scope, buffer(recorded).getInt(offset), buffer(ours).getInt(offset));
            buffer(recorded).putInt(offset, (int) value);
        }
    }

    /** Puts ours in the place of the recorded 64 bits, which may appear for the first time. */
    void learn64(String scope, byte[] recorded, byte[] ours, int offset) {
        if (reaches(recorded, offset, Long.BYTES) && reaches(ours, offset, Long.BYTES)) {
            long value =
                    learn(scope, buffer(recorded).getLong(offset), buffer(ours).getLong(offset));
            buffer(recorded).putLong(offset, value);
        }
    }

    /** Puts ours in the place of the recorded 32 bits; a value never handed out stays as it is. */
    void apply32(String scope, byte[] recorded, int offset) {
        if (reaches(recorded, offset, Integer.BYTES)) {
            long value = buffer(recorded).getInt(offset);
            buffer(recorded)
                    .putInt(offset, scope(scope).getOrDefault(value, value).intValue());
        }
    }

    private long learn(String scope, long recorded, long ours) {
        Map<Long, Long> known = scope(scope);
        if (!known.containsKey(recorded)) {
            assertThat(known.values()).as("%s 0x%x", scope, recorded).doesNotContain(ours);
            known.put(recorded, ours);
        }
        return known.get(recorded);
    }

    private Map<Long, Long> scope(String scope) {
        return scopes.computeIfAbsent(scope, any -> new HashMap<>());
    }

    private static boolean reaches(byte[] bytes, int offset, int length) {
        return bytes.length >= offset + length;
    }

    private static ByteBuffer buffer(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
