// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.dt;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeException;
import dev.hwmailbox.devicetree.DeviceTreeOverlay;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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

    @Mixin
    private final TreeOutput output = new TreeOutput();

    @Override
    int run() {
        DeviceTree tree = input.read(base);
        for (String name : overlays) {
            DeviceTree overlay = input.read(name);
            try {
                tree = DeviceTreeOverlay.apply(tree, overlay);
            } catch (DeviceTreeException e) {
                throw DtFailure.refused(name + ": " + e.reason());
            }
        }
        output.write(tree);
        return DtCommand.EXIT_OK;
    }
}
