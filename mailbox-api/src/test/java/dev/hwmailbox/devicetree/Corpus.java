// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The recorded devicetree data: the copy among the test resources, and the directories that the system property
 * {@code hwmailbox.conformance.devicetree} names (separated as in a class path).
 */
final class Corpus implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final FileSystem recorded;

    private Corpus(FileSystem recorded) {
        this.recorded = recorded;
    }

    static Corpus open() {
        try {
            var zip = Objects.requireNonNull(Corpus.class.getResource("/conformance/devicetree.zip"));
            return new Corpus(FileSystems.newFileSystem(Path.of(zip.toURI())));
        } catch (IOException | URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The recorded data. */
    Path recorded() {
        return recorded.getPath("/");
    }

    /** Directories with further data of the same format. */
    static List<Path> extra() {
        List<Path> extra = new ArrayList<>();
        String property = System.getProperty("hwmailbox.conformance.devicetree", "");
        for (String directory : property.split(System.getProperty("path.separator"), -1)) {
            if (!directory.isBlank()) {
                extra.add(Path.of(directory));
            }
        }
        return extra;
    }

    /** A JSON array, or the lines of a JSONL file. */
    static List<JsonNode> cases(Path file) {
        List<JsonNode> cases = new ArrayList<>();
        try {
            if (file.toString().endsWith(".jsonl")) {
                for (String line : Files.readAllLines(file)) {
                    cases.add(JSON.readTree(line));
                }
            } else {
                JSON.readTree(Files.readAllBytes(file)).forEach(cases::add);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return cases;
    }

    static JsonNode json(Path file) {
        try {
            return JSON.readTree(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static DeviceTree tree(Path file) {
        return DeviceTreeBlob.read(ByteBuffer.wrap(bytes(file)));
    }

    @Override
    public void close() throws IOException {
        recorded.close();
    }
}
