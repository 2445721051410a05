// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples;

import dev.hwmailbox.examples.boot.BootCommand;
import dev.hwmailbox.examples.console.ConsoleCommand;
import dev.hwmailbox.examples.dt.DtCommand;
import dev.hwmailbox.examples.gpio.GpioCommand;
import dev.hwmailbox.examples.loopback.LoopbackCommand;
import dev.hwmailbox.examples.membuf.MemBufCommand;
import dev.hwmailbox.examples.pcc.PccCommand;
import dev.hwmailbox.examples.proxy.ProxyCommand;
import dev.hwmailbox.examples.qrtr.QrtrCommand;
import dev.hwmailbox.examples.rm.RmCommand;
import dev.hwmailbox.examples.serial.SerialCommand;
import dev.hwmailbox.examples.soak.SoakCommand;
import dev.hwmailbox.examples.sockets.SocketsCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The runnable jar: one subcommand per example. */
@Command(
        name = "hwmailbox",
        description = "Examples of the mailbox framework for the JVM.",
        mixinStandardHelpOptions = true,
        version = "hwmailbox 0.1.0-SNAPSHOT",
        subcommands = {
            BootCommand.class,
            ConsoleCommand.class,
            DtCommand.class,
            GpioCommand.class,
            LoopbackCommand.class,
            MemBufCommand.class,
            PccCommand.class,
            ProxyCommand.class,
            QrtrCommand.class,
            RmCommand.class,
            SerialCommand.class,
            SoakCommand.class,
            SocketsCommand.class
        })
public final class Main implements Runnable {
    @SuppressWarnings("NullAway.Init") // picocli sets it
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    private Main() {}

    /**
     * Runs a subcommand and exits with its code.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main()).setCaseInsensitiveEnumValuesAllowed(true);
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "missing subcommand");
    }
}
