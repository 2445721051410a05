// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.dt;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.DeviceTreeException;
import dev.hwmailbox.devicetree.DeviceTreeSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** Writes a tree; the options that say where to, and in which format. */
final class TreeOutput {
    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            defaultValue = TreeInput.STANDARD,
            description = "Where to write to (default: standard output). Not written if there is no result.")
    private String target = TreeInput.STANDARD;

    @Option(
            names = {"-O", "--format"},
            paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES}; default: by the ending of the output's name, or DTS.")
    private @Nullable TreeFormat format;

    @SuppressWarnings("NullAway.Init") // picocli sets it
    @CommandLine.Spec(CommandLine.Spec.Target.MIXEE)
    private CommandLine.Model.CommandSpec spec;

    void write(DeviceTree tree) {
        TreeFormat as = format == null ? TreeFormat.ofName(target) : format;
        byte[] content = switch (as) {
            case DTB -> DeviceTreeBlob.write(tree);
            case DTS -> source(tree).getBytes(StandardCharsets.UTF_8);
            case JSON -> JsonTree.write(tree).getBytes(StandardCharsets.UTF_8);
        };
        try {
            if (!target.equals(TreeInput.STANDARD)) {
                Files.write(Path.of(target), content);
            } else if (as == TreeFormat.DTB) {
                System.out.write(content);
                System.out.flush();
            } else {
                spec.commandLine().getOut().print(new String(content, StandardCharsets.UTF_8));
            }
        } catch (IOException | InvalidPathException e) {
            throw DtFailure.badInput(target + ": cannot be written: " + e);
        }
    }

    private String source(DeviceTree tree) {
        if (tree.bootCpuId() != 0) {
            String bootCpu = Integer.toUnsignedString(tree.bootCpuId());
            spec.commandLine().getErr().println("dt: source has no word for the boot CPU, " + bootCpu + ": left out");
        }
        try {
            return DeviceTreeSource.print(tree);
        } catch (DeviceTreeException e) {
            throw DtFailure.refused("cannot be said in source: " + e.reason());
        }
    }
}
