// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.dt;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeException;
import dev.hwmailbox.devicetree.DeviceTreeOverlay;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code dt overlay}: applies overlays to a tree. */
@Command(
        name = "overlay",
        mixinStandardHelpOptions = true,
        description = "Applies overlays to a tree, one after another, and writes the result.")
final class OverlayCommand extends DtCommand.Subcommand {
    @SuppressWarnings("NullAway.Init") // picocli sets it
    @Parameters(index = "0", paramLabel = "BASE", description = "The tree.")
    private String base;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "OVERLAY", description = "The overlays, in order.")
    private List<String> overlays = new ArrayList<>();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "Where to write to (default: standard output). Not written if an overlay does not fit.")
    private @Nullable String output;

    @Option(
            names = {"-O", "--format"},
            paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES}; default: by the ending of the output's name, or DTS.")
    private @Nullable TreeFormat format;

    @Override
    int run() {
        DeviceTree tree = files.read(base);
        for (String name : overlays) {
            DeviceTree overlay = files.read(name);
            try {
                tree = DeviceTreeOverlay.apply(tree, overlay);
            } catch (DeviceTreeException e) {
                throw DtFailure.refused(name + ": " + e.reason());
            }
        }
        files.write(tree, output, format);
        return DtCommand.EXIT_OK;
    }
}
