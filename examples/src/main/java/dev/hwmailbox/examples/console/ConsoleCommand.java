// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.console;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.examples.machine.MachineFailure;
import dev.hwmailbox.examples.machine.Platform;
import dev.hwmailbox.examples.machine.ThreadedPlatform;
import dev.hwmailbox.examples.machine.VirtualPlatform;
import dev.hwmailbox.gunyah.rm.VmConsole;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code console}: attaches the terminal, or a script, to the console of a VM. */
@Command(
        name = "console",
        mixinStandardHelpOptions = true,
        description = {
            "Makes a VM with a shell, and attaches the terminal to its console: " + InteractiveConsole.HELP + ".",
            "Exits 0 if all went well, 1 if an expectation was not met, 2 if a script cannot be read."
        })
public final class ConsoleCommand implements Callable<Integer> {
    static final int EXIT_OK = 0;
    static final int EXIT_MISMATCH = 1;
    static final int EXIT_INPUT = 2;

    @Option(
            names = "--script",
            paramLabel = "FILE",
            description = "Play a script in virtual time instead, - for the standard input: lines of send TEXT, "
                    + "expect TEXT (within 5 s), restart, await-exit.")
    private @Nullable Path script;

    @SuppressWarnings("NullAway.Init") // picocli sets it
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    /** Made by picocli. */
    public ConsoleCommand() {}

    @Override
    public Integer call() {
        PrintWriter err = spec.commandLine().getErr();
        try {
            if (script == null) {
                attach();
            } else {
                play(ConsoleScript.parse(read(script)));
            }
            return EXIT_OK;
        } catch (ScriptFailure e) {
            err.println(script + ": " + e.getMessage());
            return e.isUnreadable() ? EXIT_INPUT : EXIT_MISMATCH;
        } catch (IOException e) {
            err.println((script == null ? "terminal" : script) + ": cannot be read: " + e);
            return EXIT_INPUT;
        } catch (MachineFailure | MailboxException e) {
            err.println("console failed: " + e.getMessage());
            return EXIT_MISMATCH;
        }
    }

    private static List<String> read(Path file) throws IOException {
        if (!file.toString().equals("-")) {
            return Files.readAllLines(file);
        }
        return new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
                .lines()
                .toList();
    }

    private void play(ConsoleScript steps) {
        PrintWriter out = spec.commandLine().getOut();
        try (VirtualPlatform platform = new VirtualPlatform();
                Attached attached = new Attached(platform, VmConsole.DEFAULT_CAPACITY)) {
            new ScriptedConsole(platform, attached, out).play(steps);
        } finally {
            out.flush();
        }
    }

    private void attach() throws IOException {
        try (Terminal terminal = TerminalBuilder.builder().dumb(true).build();
                Platform platform = new ThreadedPlatform();
                Attached attached = new Attached(platform, InteractiveConsole.CAPACITY)) {
            new InteractiveConsole(attached, terminal).run();
            terminal.writer().println(attached.summary());
            terminal.flush();
        }
    }
}
