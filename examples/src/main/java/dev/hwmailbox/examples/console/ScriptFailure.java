// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.console;

/** A script that cannot be read or whose expectation was not met, with the words for the user. */
final class ScriptFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean unreadable;

    private ScriptFailure(String message, boolean unreadable) {
        super(message);
        this.unreadable = unreadable;
    }

    static ScriptFailure unreadable(int line, String why) {
        return new ScriptFailure("line " + line + ": " + why, true);
    }

    static ScriptFailure unmet(int line, String why) {
        return new ScriptFailure("line " + line + ": " + why, false);
    }

    boolean isUnreadable() {
        return unreadable;
    }
}
