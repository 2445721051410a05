// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.console;

import java.util.Locale;

/** Commands of a small shell, and what they print. Context: one thread. */
final class Shell {
    /** Most lines that one command prints. */
    static final int MAX_LINES = 10_000;

    private final int vmid;
    private boolean over;

    Shell(int vmid) {
        this.vmid = vmid;
    }

    String greeting() {
        return "hello from VM " + vmid + ", help says what there is\n" + prompt();
    }

    String prompt() {
        return "vm" + vmid + "$ ";
    }

    /** Whether the VM is to exit. */
    boolean isOver() {
        return over;
    }

    /** Runs a command; returns what it prints, with the next prompt unless it was the last. */
    String run(String line) {
        String[] words = line.strip().split("\\s+", 2);
        String rest = words.length > 1 ? words[1] : "";
        String output = switch (words[0].toLowerCase(Locale.ROOT)) {
            case "" -> "";
            case "help" -> "echo TEXT, uname, vmid, count N, exit\n";
            case "echo" -> rest + "\n";
            case "uname" -> "hwmailbox-guest 0.1\n";
            case "vmid" -> vmid + "\n";
            case "count" -> count(rest);
            case "exit" -> {
                over = true;
                yield "bye\n";
            }
            default -> words[0] + ": no such command\n";
        };
        return over ? output : output + prompt();
    }

    private static String count(String number) {
        if (!number.matches("\\d{1,5}") || Integer.parseInt(number) > MAX_LINES) {
            return "count: a number up to " + MAX_LINES + " is wanted\n";
        }
        StringBuilder lines = new StringBuilder();
        for (int i = 1; i <= Integer.parseInt(number); i++) {
            lines.append(i).append('\n');
        }
        return lines.toString();
    }
}
