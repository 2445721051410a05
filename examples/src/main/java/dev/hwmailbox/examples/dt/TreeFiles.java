// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.dt;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.DeviceTreeException;
import dev.hwmailbox.devicetree.DeviceTreeSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** Reads and writes trees of any format; the options that have to do with it. */
final class TreeFiles {
    static final String STANDARD = "-";

    /** Largest file, in bytes. */
    private static final int MAX_SIZE = 64 << 20;

    @Option(
            names = {"-i", "--include"},
            paramLabel = "DIR",
            description = "Where to look for files that a source includes, after its own directory. May be repeated.")
    private List<Path> includeDirectories = new ArrayList<>();

    @Option(
            names = {"-@", "--symbols"},
            description = "Keep the labels of a source in the node /__symbols__.")
    private boolean symbols;

    @SuppressWarnings("NullAway.Init") // picocli sets it
    @CommandLine.Spec(CommandLine.Spec.Target.MIXEE)
    private CommandLine.Model.CommandSpec spec;

    /** The tree in a file; errors name the file. */
    DeviceTree read(String name) {
        byte[] content = content(name);
        try {
            return switch (TreeFormat.of(content)) {
                case DTB -> DeviceTreeBlob.read(ByteBuffer.wrap(content));
                case JSON -> readJson(name, content);
                case DTS -> readSource(name, content);
            };
        } catch (DeviceTreeException e) {
            String place = e.position().isPresent() ? "" : name + ": ";
            throw DtFailure.badInput(place + e.reason());
        }
    }

    private static DeviceTree readJson(String name, byte[] content) {
        try {
            return JsonTree.read(content);
        } catch (DtFailure e) {
            throw DtFailure.badInput(name + ": " + e.getMessage());
        }
    }

    private DeviceTree readSource(String name, byte[] content) {
        Map<String, Path> places = new HashMap<>();
        if (!name.equals(STANDARD)) {
            places.put(name, Path.of(name));
        }
        return DeviceTreeSource.reader()
                .symbols(symbols)
                .includes((included, from) -> include(included, places.get(from), places))
                .read(name, text(name, content));
    }

    /** Looks beside the including file first, then in the directories that were given. */
    private @Nullable CharSequence include(String name, @Nullable Path includedFrom, Map<String, Path> places) {
        List<Path> candidates = new ArrayList<>();
        if (includedFrom != null) {
            candidates.add(includedFrom.resolveSibling(name));
        }
        includeDirectories.forEach(directory -> candidates.add(directory.resolve(name)));
        for (Path candidate : candidates) {
            if (Files.isRegularFile(candidate)) {
                places.put(name, candidate);
                return text(candidate.toString(), content(candidate.toString()));
            }
        }
        return null;
    }

    private static String text(String name, byte[] content) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(content))
                    .toString();
        } catch (CharacterCodingException e) {
            throw DtFailure.badInput(name + " is neither a blob nor text in UTF-8");
        }
    }

    private static byte[] content(String name) {
        try (InputStream in = name.equals(STANDARD) ? System.in : Files.newInputStream(Path.of(name))) {
            byte[] content = in.readNBytes(MAX_SIZE + 1);
            if (content.length > MAX_SIZE) {
                throw DtFailure.badInput(name + " has more than " + MAX_SIZE + " bytes");
            }
            return content;
        } catch (NoSuchFileException e) {
            throw DtFailure.badInput(name + ": no such file");
        } catch (IOException | InvalidPathException e) {
            throw DtFailure.badInput(name + ": cannot be read: " + e);
        }
    }

    /** Writes a tree to a file, or to the standard output where there is none. */
    void write(DeviceTree tree, @Nullable String name, @Nullable TreeFormat format) {
        String target = name == null ? STANDARD : name;
        TreeFormat as = format == null ? TreeFormat.ofName(target) : format;
        byte[] content = switch (as) {
            case DTB -> DeviceTreeBlob.write(tree);
            case DTS -> source(tree).getBytes(StandardCharsets.UTF_8);
            case JSON -> JsonTree.write(tree).getBytes(StandardCharsets.UTF_8);
        };
        try {
            if (target.equals(STANDARD)) {
                writeToStandardOutput(content, as);
            } else {
                Files.write(Path.of(target), content);
            }
        } catch (IOException | InvalidPathException e) {
            throw DtFailure.badInput(target + ": cannot be written: " + e);
        }
    }

    private String source(DeviceTree tree) {
        if (tree.bootCpuId() != 0) {
            spec.commandLine()
                    .getErr()
                    .println("dt: source has no word for the boot CPU, " + Integer.toUnsignedString(tree.bootCpuId())
                            + ": left out");
        }
        try {
            return DeviceTreeSource.print(tree);
        } catch (DeviceTreeException e) {
            throw DtFailure.refused("cannot be said in source: " + e.reason());
        }
    }

    private void writeToStandardOutput(byte[] content, TreeFormat format) throws IOException {
        if (format == TreeFormat.DTB) {
            System.out.write(content);
            System.out.flush();
            return;
        }
        print(new String(content, StandardCharsets.UTF_8));
    }

    void print(String text) {
        PrintWriter out = spec.commandLine().getOut();
        out.print(text);
        out.flush();
    }
}
