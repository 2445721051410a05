// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.dt;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code dt}: prints, checks, converts and overlays devicetrees. */
@Command(
        name = "dt",
        mixinStandardHelpOptions = true,
        description = {
            "Prints, checks, converts and overlays devicetrees.",
            "A file may hold a blob (DTB, DTBO), source (DTS) or JSON; what it holds, it tells by itself. - is the"
                    + " standard input.",
            "Exits 0 if all is well, 1 if the answer is no (check found violations, an overlay does not fit, no such"
                    + " node), 2 if the input cannot be read or the output not written."
        },
        subcommands = {PrintCommand.class, CheckCommand.class, OverlayCommand.class, ConvertCommand.class})
public final class DtCommand implements Runnable {
    static final int EXIT_OK = 0;
    static final int EXIT_NO = 1;
    static final int EXIT_INPUT = 2;

    @SuppressWarnings("NullAway.Init") // picocli sets it
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "missing subcommand");
    }

    /** What the subcommands share: input, and failures that become exit codes. */
    abstract static class Subcommand implements Callable<Integer> {
        @Mixin
        final TreeInput input = new TreeInput();

        @SuppressWarnings("NullAway.Init") // picocli sets it
        @CommandLine.Spec
        CommandLine.Model.CommandSpec spec;

        abstract int run();

        @Override
        public final Integer call() {
            try {
                int exitCode = run();
                // Streams that people read do not throw; both keep in mind that something did not arrive.
                if (spec.commandLine().getOut().checkError() || System.out.checkError()) {
                    throw DtFailure.badInput("the standard output cannot be written");
                }
                return exitCode;
            } catch (DtFailure e) {
                spec.commandLine().getErr().println("dt: " + e.getMessage());
                spec.commandLine().getErr().flush();
                return e.exitCode();
            }
        }
    }
}
