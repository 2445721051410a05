// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

/** The calls that ended last, to tell what a reply is that nobody waits for. */
final class RecentCalls {
    /** How many calls are remembered. */
    static final int REMEMBERED = 256;

    /** What a reply to no outstanding call is. */
    enum Kind {
        LATE,
        DUPLICATE,
        STALE,
        FOREIGN
    }

    private final long[] calls = new long[REMEMBERED];
    private final int[] generations = new int[REMEMBERED];
    private final boolean[] answered = new boolean[REMEMBERED];
    private int ended;

    void add(int messageId, int sequence, int generation, boolean withReply) {
        int place = ended % REMEMBERED;
        calls[place] = key(messageId, sequence);
        generations[place] = generation;
        answered[place] = withReply;
        // Never 0 again, and never negative.
        ended = ended == 2 * REMEMBERED - 1 ? REMEMBERED : ended + 1;
    }

    Kind kindOf(int messageId, int sequence, int generation) {
        long wanted = key(messageId, sequence);
        for (int i = ended - 1; i >= Math.max(0, ended - REMEMBERED); i--) {
            int place = i % REMEMBERED;
            if (calls[place] == wanted) {
                if (generations[place] != generation) {
                    return Kind.STALE;
                }
                return answered[place] ? Kind.DUPLICATE : Kind.LATE;
            }
        }
        return Kind.FOREIGN;
    }

    private static long key(int messageId, int sequence) {
        return (long) messageId << 16 | sequence;
    }
}
