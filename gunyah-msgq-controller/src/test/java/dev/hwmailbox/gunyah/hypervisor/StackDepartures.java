// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import com.fasterxml.jackson.databind.JsonNode;
import dev.hwmailbox.Errno;
import dev.hwmailbox.gunyah.hypervisor.StackLedger.Fate;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Compares what becomes of each message that a recorded scenario sends: as recorded, which is what the exact replay of
 * the published driver has, and in the default mode. Each difference has a name.
 */
final class StackDepartures {
    /** What may meet another message, or none, when messages leave at another moment. */
    private static final Set<String> ONE_SHOT = Set.of(
            "fault_next_copy", "revoke", "delete_cap", "hc_flush", "hc_configure_receive", "raw_recv", "raw_send");

    enum Kind {
        /** The queue never had it: the original says it was sent, we say why not. */
        ERROR_REPORTED,
        /** The queue is out of reach: the original says nothing for ever. */
        LOSS_NOTICED,
        /** The original keeps it, where nothing will fetch it. */
        SELF_HEALED,
        /** There is no queue to send on: the original takes it and waits. */
        DIRECTION_REFUSED,
        /** The queue is of no use: the original starts all the same. */
        START_REFUSED,
        /** It does not fit the original's receive buffer, and blocks the queue. */
        LARGE_MESSAGE_DELIVERED,
        /** The original refuses it because its ring is full of messages that wait for a tasklet. */
        RING_NOT_FILLED,
        /** A blocked sender is done sooner, or its message does not go on without it. */
        BLOCKED_SENDER_SERVED,
        /** It leaves at another moment, without tasklet; so it meets a fault, flush, revocation or reader, or not. */
        OTHER_MOMENT
    }

    private final Map<Kind, Integer> counts = new EnumMap<>(Kind.class);

    Map<Kind, Integer> counts() {
        return counts;
    }

    /** Compares two replays of one scenario; fails on a difference without name. */
    void compare(JsonNode scenario, StackLedger recorded, StackLedger ours) {
        boolean oneShot = false;
        for (JsonNode step : scenario.get("steps")) {
            oneShot |= ONE_SHOT.contains(step.get("op").asText());
        }
        for (JsonNode step : scenario.get("steps")) {
            String op = step.get("op").asText();
            if (op.equals("send") || op.equals("raw_send")) {
                int tag = step.get("tag").asInt();
                Fate before = recorded.fate(tag);
                Fate now = ours.fate(tag);
                if (!before.toString().equals(now.toString())) {
                    count(kind(before, now, oneShot), scenario, "message %d: %s -> %s".formatted(tag, before, now));
                }
            }
        }
    }

    private void count(@Nullable Kind kind, JsonNode scenario, String difference) {
        if (kind == null) {
            throw new AssertionError(scenario.get("id").asText() + ", no name for " + difference);
        }
        counts.merge(kind, 1, Integer::sum);
    }

    private static @Nullable Kind kind(Fate before, Fate now, boolean oneShot) {
        if (is(now.answer, -Errno.EINVAL)) {
            return Kind.START_REFUSED;
        }
        if (is(now.status, -Errno.EOPNOTSUPP)) {
            return Kind.DIRECTION_REFUSED;
        }
        if (is(before.answer, -Errno.ENOBUFS) || is(now.answer, -Errno.ENOBUFS)) {
            return is(now.status, 0) ? Kind.RING_NOT_FILLED : null;
        }
        if (is(before.answer, -Errno.ETIME)) {
            return Kind.BLOCKED_SENDER_SERVED;
        }
        if (is(before.status, 0) && !before.queued && now.status != null && now.status < 0) {
            return Kind.ERROR_REPORTED;
        }
        if (before.answer != null && before.status == null && now.status != null) {
            return now.status == 0 ? Kind.SELF_HEALED : Kind.LOSS_NOTICED;
        }
        if (before.size > 240 && before.queued && !before.delivered && now.delivered) {
            return Kind.LARGE_MESSAGE_DELIVERED;
        }
        boolean settled = now.answer == null || now.status != null;
        return oneShot && settled ? Kind.OTHER_MOMENT : null;
    }

    private static boolean is(@Nullable Integer number, int expected) {
        return number != null && number == expected;
    }
}
