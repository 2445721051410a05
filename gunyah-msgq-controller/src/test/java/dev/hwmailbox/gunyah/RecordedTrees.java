// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.Property;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/** The recorded devicetree data, and the text by whose hash it identifies trees. */
final class RecordedTrees implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final FileSystem files;

    private RecordedTrees(FileSystem files) {
        this.files = files;
    }

    static RecordedTrees open() {
        try {
            var zip = Objects.requireNonNull(RecordedTrees.class.getResource("/conformance/devicetree.zip"));
            return new RecordedTrees(FileSystems.newFileSystem(Path.of(zip.toURI())));
        } catch (IOException | URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    Path directory() {
        return files.getPath("/");
    }

    /** Directories with further data of the same format. */
    static List<Path> extra() {
        String property = System.getProperty("hwmailbox.conformance.devicetree", "");
        return Arrays.stream(property.split(File.pathSeparator, -1))
                .filter(directory -> !directory.isBlank())
                .map(Path::of)
                .toList();
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

    /** A base, overwritten here and there, and then cut or filled up. */
    static byte[] malformed(JsonNode recorded, Path directory) {
        JsonNode base = recorded.get("base");
        byte[] blob =
                base.isNull() ? new byte[0] : bytes(directory.resolve("bases").resolve(base.asText() + ".dtb"));
        for (JsonNode edit : recorded.get("edits")) {
            byte[] written = HexFormat.of().parseHex(edit.get(1).asText());
            int offset = edit.get(0).asInt();
            blob = Arrays.copyOf(blob, Math.max(blob.length, offset + written.length));
            System.arraycopy(written, 0, blob, offset, written.length);
        }
        JsonNode size = recorded.get("size");
        return size.isNull() ? blob : Arrays.copyOf(blob, size.asInt());
    }

    static String hash(DeviceTree tree, boolean sorted) {
        var text = new StringBuilder();
        tree.memoryReservations().forEach(r -> text.append("R %016x %016x\n".formatted(r.address(), r.size())));
        append(tree.root(), sorted, text);
        try {
            byte[] ascii = text.toString().getBytes(StandardCharsets.US_ASCII);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(ascii));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static void append(Node node, boolean sorted, StringBuilder text) {
        List<Property> properties = new ArrayList<>(node.properties());
        List<Node> children = new ArrayList<>(node.children());
        if (sorted) {
            properties.sort(Comparator.comparing(Property::name));
            children.sort(Comparator.comparing(Node::name));
        }
        text.append("N ").append(hex(node.name())).append('\n');
        for (Property property : properties) {
            var value = new byte[property.length()];
            property.bytes().get(value);
            String hex = HexFormat.of().formatHex(value);
            text.append("P ")
                    .append(hex(property.name()))
                    .append(' ')
                    .append(hex)
                    .append('\n');
        }
        children.forEach(child -> append(child, sorted, text));
        text.append("E\n");
    }

    private static String hex(String name) {
        return HexFormat.of().formatHex(name.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Override
    public void close() throws IOException {
        files.close();
    }
}
