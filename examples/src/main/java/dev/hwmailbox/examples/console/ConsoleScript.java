// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.console;

import java.util.ArrayList;
import java.util.List;

/**
 * What to type and what to wait for: a step a line, of {@code send TEXT}, {@code expect TEXT}, {@code restart} and
 * {@code await-exit}; empty lines and those that begin with # say nothing.
 *
 * @param steps in order
 */
record ConsoleScript(List<Step> steps) {
    enum Action {
        SEND,
        EXPECT,
        RESTART,
        AWAIT_EXIT
    }

    /** One line. */
    record Step(int line, Action action, String text) {}

    ConsoleScript {
        steps = List.copyOf(steps);
    }

    static ConsoleScript parse(List<String> lines) {
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                steps.add(step(i + 1, line));
            }
        }
        return new ConsoleScript(steps);
    }

    private static Step step(int number, String line) {
        String[] words = line.split(" ", 2);
        String text = words.length > 1 ? words[1] : "";
        Action action = switch (words[0]) {
            case "send" -> Action.SEND;
            case "expect" -> Action.EXPECT;
            case "restart" -> Action.RESTART;
            case "await-exit" -> Action.AWAIT_EXIT;
            default -> throw ScriptFailure.unreadable(number, "no such step: " + words[0]);
        };
        if (action == Action.EXPECT && text.isEmpty()) {
            throw ScriptFailure.unreadable(number, "expect what?");
        }
        if ((action == Action.RESTART || action == Action.AWAIT_EXIT) && !text.isEmpty()) {
            throw ScriptFailure.unreadable(number, words[0] + " takes no text: " + text);
        }
        return new Step(number, action, text);
    }
}
