// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** What happened in one check, for the message of a failure, and what must not have happened. */
final class ControllerLog {
    private static final int KEPT = 30;

    private final Deque<String> events = new ArrayDeque<>();
    private String violation = "";

    void add(Duration when, String what) {
        if (events.size() == KEPT) {
            events.removeFirst();
        }
        events.addLast("%n    %8.3f ms  ".formatted(when.toNanos() / 1e6) + what);
    }

    /** Noted inside callbacks, from which nothing can be thrown to the check. The first one counts. */
    void violation(String what) {
        if (violation.isEmpty()) {
            violation = what;
        }
    }

    void requireNoViolation() {
        if (!violation.isEmpty()) {
            throw new AssertionError(violation);
        }
    }

    @Override
    public String toString() {
        return events.isEmpty() ? " none" : String.join("", events);
    }
}
