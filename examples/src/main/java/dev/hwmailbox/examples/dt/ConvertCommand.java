// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.dt;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code dt convert}: writes a tree in another format. */
@Command(name = "convert", mixinStandardHelpOptions = true, description = "Writes a tree in another format.")
final class ConvertCommand extends DtCommand.Subcommand {
    @SuppressWarnings("NullAway.Init") // picocli sets it
    @Parameters(paramLabel = "FILE", description = "The tree.")
    private String name;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "Where to write to (default: standard output).")
    private @Nullable String output;

    @Option(
            names = {"-O", "--format"},
            paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES}; default: by the ending of the output's name, or DTS.")
    private @Nullable TreeFormat format;

    @Override
    int run() {
        files.write(files.read(name), output, format);
        return DtCommand.EXIT_OK;
    }
}
