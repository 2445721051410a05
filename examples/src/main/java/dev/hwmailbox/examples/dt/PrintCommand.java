// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.dt;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.NodeBuilder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code dt print}: prints trees as source. */
@Command(name = "print", mixinStandardHelpOptions = true, description = "Prints trees as source.")
final class PrintCommand extends DtCommand.Subcommand {
    @Parameters(arity = "1..*", paramLabel = "FILE", description = "The trees.")
    private List<String> names = new ArrayList<>();

    @Option(
            names = {"-n", "--node"},
            paramLabel = "PATH",
            description = "Prints only what is at and below this path or alias, as the root of a tree.")
    private @Nullable String path;

    @Override
    int run() {
        for (String name : names) {
            DeviceTree tree = input.read(name);
            // Also what no source can say: odd names, numbers that two nodes have.
            spec.commandLine().getOut().print(path == null ? tree : below(tree, path, name));
        }
        return DtCommand.EXIT_OK;
    }

    private static DeviceTree below(DeviceTree tree, String path, String name) {
        Node node = tree.find(path).orElseThrow(() -> DtFailure.refused(name + " has no node " + path));
        return DeviceTree.of(NodeBuilder.root().merge(node).build());
    }
}
