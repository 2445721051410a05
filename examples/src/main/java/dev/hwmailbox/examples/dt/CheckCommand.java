// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.dt;

import dev.hwmailbox.devicetree.InterruptSpecifier;
import dev.hwmailbox.gunyah.BindingCheck;
import dev.hwmailbox.gunyah.BindingOptions;
import dev.hwmailbox.gunyah.BindingProfile;
import dev.hwmailbox.gunyah.BindingViolation;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahDeviceTree;
import dev.hwmailbox.gunyah.ResourceManagerNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code dt check}: holds trees against the Gunyah binding. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = {
            "Reads trees, by the strict rules of the reader, and holds them against the Gunyah binding.",
            "An overlay is read as if it were applied to an empty tree."
        })
final class CheckCommand extends DtCommand.Subcommand {
    @Parameters(arity = "1..*", paramLabel = "FILE", description = "The trees.")
    private List<String> names = new ArrayList<>();

    @Option(
            names = {"-p", "--profile"},
            paramLabel = "PROFILE",
            defaultValue = "LENIENT",
            description = "SEED: the binding of the patches v2 to v6, to the letter. FINAL: that of v7 to v17, to the"
                    + " letter. LENIENT: what a client needs (default).")
    private BindingProfile profile = BindingProfile.LENIENT;

    @Option(
            names = "--rm-node",
            paramLabel = "NODE",
            description = "The Resource Manager node to take, if there are several: its path or its unit address.")
    private @Nullable String nodePath;

    @Option(
            names = "--three-cells",
            description = "Read interrupts as three cells each, whatever their controller says.")
    private boolean threeCells;

    @Override
    int run() {
        boolean allGood = true;
        for (String name : names) {
            BindingCheck check =
                    GunyahDeviceTree.check(input.read(name), new BindingOptions(profile, nodePath, threeCells));
            print(name, check, spec.commandLine().getOut());
            allGood &= check.violations().isEmpty();
        }
        return allGood ? DtCommand.EXIT_OK : DtCommand.EXIT_NO;
    }

    private static void print(String name, BindingCheck check, PrintWriter out) {
        for (BindingViolation violation : check.violations()) {
            out.println(name + ": error: " + violation);
        }
        for (BindingViolation warning : check.warnings()) {
            out.println(name + ": warning: " + warning);
        }
        String verdict = switch (check.verdict()) {
            case VALID -> "valid";
            case INVALID -> "invalid, violations: " + check.violations().size();
            case NOTHING_TO_VALIDATE -> "nothing to validate";
        };
        out.println(name + ": " + check.profile() + ": " + verdict);
        check.resourceManager().ifPresent(node -> print(name, node, out));
        out.flush();
    }

    private static void print(String name, ResourceManagerNode node, PrintWriter out) {
        out.println("%s: Resource Manager at %s, %s form".formatted(name, node.nodePath(), node.variant()));
        out.println(
                queue(name, "tx", node.txCapability(), node.txInterrupt(), node.txMessageSize(), node.txQueueDepth()));
        out.println(
                queue(name, "rx", node.rxCapability(), node.rxInterrupt(), node.rxMessageSize(), node.rxQueueDepth()));
    }

    private static String queue(
            String name, String direction, CapabilityId capability, InterruptSpecifier interrupt, int size, int depth) {
        return "%s: %s capability %s, interrupt %d %s, %d x %d bytes"
                .formatted(name, direction, capability, interrupt.hwirq(), interrupt.trigger(), depth, size);
    }
}
