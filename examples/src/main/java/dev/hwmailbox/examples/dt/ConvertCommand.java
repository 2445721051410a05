// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.dt;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code dt convert}: writes a tree in another format. */
@Command(name = "convert", mixinStandardHelpOptions = true, description = "Writes a tree in another format.")
final class ConvertCommand extends DtCommand.Subcommand {
    @SuppressWarnings("NullAway.Init") // picocli sets it
    @Parameters(paramLabel = "FILE", description = "The tree.")
    private String name;

    @Mixin
    private final TreeOutput output = new TreeOutput();

    @Override
    int run() {
        output.write(input.read(name));
        return DtCommand.EXIT_OK;
    }
}
