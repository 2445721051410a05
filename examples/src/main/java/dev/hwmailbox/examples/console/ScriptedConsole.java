// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.console;

import dev.hwmailbox.examples.console.ConsoleScript.Step;
import dev.hwmailbox.examples.machine.VirtualPlatform;
import java.io.PrintWriter;
import java.time.Duration;

/**
 * Plays a script in virtual time: what the VM prints is printed as it comes, steps after {@code -->}.
 *
 * <p>Context: one thread, which drives the time.
 */
final class ScriptedConsole {
    /** How long an expectation may take, in virtual time. */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(1);

    private final VirtualPlatform platform;
    private final Attached attached;
    private final PrintWriter out;

    /** What has come since the last step that took from it. */
    private final StringBuilder pending = new StringBuilder();

    ScriptedConsole(VirtualPlatform platform, Attached attached, PrintWriter out) {
        this.platform = platform;
        this.attached = attached;
        this.out = out;
    }

    void play(ConsoleScript script) {
        out.println("--> attached to VM " + attached.vmid());
        attached.type("\n"); // what it said before we were attached is lost: ask for a prompt
        try {
            for (Step step : script.steps()) {
                play(step);
            }
        } finally {
            look();
            out.println();
            out.println("--> " + attached.summary());
        }
    }

    private void play(Step step) {
        switch (step.action()) {
            case SEND -> {
                look();
                tell("send " + step.text());
                attached.type(step.text() + "\n");
            }
            case EXPECT -> expect(step);
            case RESTART -> {
                attached.stop();
                look();
                pending.setLength(0); // of the life before
                tell("restart");
                attached.start();
            }
            case AWAIT_EXIT -> {
                attached.awaitExit();
                look();
                tell("VM " + attached.vmid() + " has exited");
            }
        }
    }

    private void expect(Step step) {
        long end = platform.time().nanoTime() + PATIENCE.toNanos();
        look();
        int at = pending.indexOf(step.text());
        while (at < 0 && platform.time().nanoTime() - end < 0) {
            platform.time().advance(LOOK_AGAIN);
            look();
            at = pending.indexOf(step.text());
        }
        if (at < 0) {
            throw ScriptFailure.unmet(
                    step.line(), "expected \"%s\", but the VM said \"%s\"".formatted(step.text(), pending));
        }
        pending.delete(0, at + step.text().length());
    }

    private void tell(String what) {
        out.println();
        out.println("--> " + what);
    }

    private void look() {
        String output = attached.output();
        pending.append(output);
        out.print(output);
    }
}
