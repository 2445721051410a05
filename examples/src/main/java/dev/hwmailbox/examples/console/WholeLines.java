// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.console;

/**
 * Output in lines that are whole, because a terminal that shows it above the line being edited ends it with a new one.
 *
 * <p>Context: one thread.
 */
final class WholeLines {
    private final StringBuilder begun = new StringBuilder();

    /** Adds what has come; returns the lines that are whole. */
    String add(String output) {
        begun.append(output);
        return take(begun.lastIndexOf("\n") + 1);
    }

    /** Returns what there is of a line that does not seem to go on, such as a prompt. */
    String rest() {
        return take(begun.length());
    }

    private String take(int length) {
        String taken = begun.substring(0, length);
        begun.delete(0, length);
        return taken;
    }
}
