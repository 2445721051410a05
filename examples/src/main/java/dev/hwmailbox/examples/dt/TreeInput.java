// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.dt;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.DeviceTreeException;
import dev.hwmailbox.devicetree.DeviceTreeSource;
import dev.hwmailbox.devicetree.SourceResolver;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Reads trees of any format; the options that have to do with it. */
final class TreeInput {
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
            description = "Keep the labels of a source in the node /__symbols__, where overlays look for them.")
    private boolean symbols;

    private boolean standardInputIsRead;

    /** The tree in a file; errors name the file. */
    DeviceTree read(String name) {
        byte[] content = content(name);
        try {
            return switch (TreeFormat.of(content)) {
                case DTB -> DeviceTreeBlob.read(ByteBuffer.wrap(content));
                case JSON -> readJson(name, text(name, content));
                case DTS -> readSource(name, text(name, content));
            };
        } catch (DeviceTreeException e) {
            String place = e.position().isPresent() ? "" : name + ": ";
            throw DtFailure.badInput(place + e.reason());
        }
    }

    private static DeviceTree readJson(String name, String content) {
        try {
            return JsonTree.read(content);
        } catch (DtFailure e) {
            throw DtFailure.badInput(name + ": " + e.getMessage());
        }
    }

    private DeviceTree readSource(String name, String content) {
        return DeviceTreeSource.reader()
                .symbols(symbols)
                .includes(new Includes())
                .read(name, content);
    }

    /** Included files go by their paths: one name may stand for several of them. */
    private final class Includes implements SourceResolver {
        @Override
        public @Nullable CharSequence resolve(String name, String includedFrom) {
            Path file = find(name, includedFrom);
            return file == null ? null : text(file.toString(), content(file));
        }

        @Override
        public String nameOf(String name, String includedFrom) {
            return String.valueOf(find(name, includedFrom));
        }

        /** Looks beside the including file first, then in the directories that were given. */
        private @Nullable Path find(String name, String includedFrom) {
            try {
                List<Path> candidates = new ArrayList<>();
                candidates.add(Path.of(includedFrom).resolveSibling(name));
                includeDirectories.forEach(directory -> candidates.add(directory.resolve(name)));
                return candidates.stream()
                        .filter(Files::isRegularFile)
                        .findFirst()
                        .orElse(null);
            } catch (InvalidPathException e) {
                return null; // no file can have such a name
            }
        }
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

    private byte[] content(String name) {
        try {
            if (!name.equals(STANDARD)) {
                return content(Path.of(name));
            }
            if (standardInputIsRead) {
                throw DtFailure.badInput("the standard input, -, can be read once only");
            }
            standardInputIsRead = true;
            return content(name, System.in);
        } catch (IOException | InvalidPathException e) {
            throw DtFailure.badInput(name + ": cannot be read: " + e);
        }
    }

    private static byte[] content(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return content(file.toString(), in);
        } catch (NoSuchFileException e) {
            throw DtFailure.badInput(file + ": no such file");
        } catch (IOException e) {
            throw DtFailure.badInput(file + ": cannot be read: " + e);
        }
    }

    private static byte[] content(String name, InputStream in) throws IOException {
        byte[] content = in.readNBytes(MAX_SIZE + 1);
        if (content.length > MAX_SIZE) {
            throw DtFailure.badInput(name + " has more than " + MAX_SIZE + " bytes");
        }
        return content;
    }
}
