// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/**
 * One run of the command line, inside the test's JVM.
 *
 * @param exitCode its exit code
 * @param out what it printed
 * @param err what it complained about
 */
public record CommandLineRun(int exitCode, String out, String err) {
    /** Runs a command line. */
    public static CommandLineRun of(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine commandLine =
                Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        int exitCode = commandLine.execute(args);
        return new CommandLineRun(exitCode, out.toString(), err.toString());
    }

    /** Runs a command line that complains as it goes, and prints nothing. */
    public static int exitCode(PrintWriter err, String... args) {
        return Main.commandLine().setErr(err).execute(args);
    }

    /** The last line printed. */
    public String lastLine() {
        String[] lines = out.strip().split("\\R", -1);
        return lines[lines.length - 1];
    }
}
