// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.Errno;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** What became of every message of a scenario, and that nothing impossible did. */
final class StackLedger {
    private final boolean truthful;
    private final Map<Integer, Fate> fates = new HashMap<>();
    private final Map<Integer, Queue<byte[]>> queues = new HashMap<>();
    private final Map<Integer, Queue<Integer>> tags = new HashMap<>();

    /** One message. Where it has got to, and what its sender was told. */
    static final class Fate {
        final int size;

        @Nullable
        Integer answer;

        @Nullable
        Integer status;

        boolean queued;
        boolean delivered;
        boolean flushed;

        Fate(int size) {
            this.size = size;
        }

        @Override
        public String toString() {
            return "size %d, answer %s, status %s%s%s%s"
                    .formatted(
                            size,
                            answer,
                            status,
                            queued ? ", queued" : "",
                            delivered ? ", delivered" : "",
                            flushed ? ", flushed" : "");
        }
    }

    /**
     * Makes a ledger.
     *
     * @param truthful what is reported as sent must have been taken by the queue, and nothing is received that is empty
     */
    StackLedger(boolean truthful) {
        this.truthful = truthful;
    }

    void made(int tag, int size) {
        fates.put(tag, new Fate(size));
    }

    void received(int size) {
        require(!truthful || size > 0, "received, with bytes", size);
    }

    void answered(int tag, int answer) {
        fate(tag).answer = answer;
    }

    void reported(int tag, int status) {
        Fate fate = fate(tag);
        require(fate.status == null, "reported twice", tag);
        require(!truthful || status != 0 || fate.queued, "reported as sent, and not sent", tag);
        // Of a message that the queue has, all that can be lost is the word that there is room again.
        boolean lost = status == -Errno.EACCES || status == -Errno.ETIME;
        require(!truthful || status == 0 || !fate.queued || lost, "reported as not sent, and sent", tag);
        fate.status = status;
    }

    /** A queue has taken a message. */
    void queued(int queue, int tag, byte[] message, int length) {
        Fate fate = fate(tag);
        require(!fate.queued, "sent twice", tag);
        fate.queued = true;
        queues.computeIfAbsent(queue, key -> new ArrayDeque<>()).add(Arrays.copyOf(message, length));
        tags.computeIfAbsent(queue, key -> new ArrayDeque<>()).add(tag);
    }

    /** A queue has given a message away: the oldest, whole. */
    void taken(int queue, byte[] buffer, int size) {
        byte[] expected = queues.getOrDefault(queue, new ArrayDeque<>()).poll();
        require(expected != null && Arrays.equals(expected, Arrays.copyOf(buffer, size)), "not the oldest", queue);
        fate(tags.getOrDefault(queue, new ArrayDeque<>()).remove()).delivered = true;
    }

    void flushed(int queue) {
        queues.remove(queue);
        Queue<Integer> lost = tags.remove(queue);
        if (lost != null) {
            lost.forEach(tag -> fate(tag).flushed = true);
        }
    }

    /**
     * Each message that was taken from its sender has one outcome, and one that was not, none.
     *
     * @param waiting how many the machines have not reported
     */
    void checkOutcomes(int waiting) {
        int unreported = 0;
        for (Map.Entry<Integer, Fate> entry : fates.entrySet()) {
            Fate fate = entry.getValue();
            boolean taken = fate.answer != null && fate.answer >= 0;
            unreported += taken && fate.status == null ? 1 : 0;
            boolean refused = fate.answer != null && fate.answer < 0 && fate.status == null;
            require(!(refused && fate.queued), "refused, and sent", entry.getKey());
        }
        require(unreported == waiting, waiting + " messages wait or were dropped, unreported are", unreported);
    }

    Fate fate(int tag) {
        return fates.computeIfAbsent(tag, key -> new Fate(0));
    }

    private static void require(boolean condition, String fault, int which) {
        if (!condition) {
            throw new AssertionError(fault + ": " + which);
        }
    }
}
