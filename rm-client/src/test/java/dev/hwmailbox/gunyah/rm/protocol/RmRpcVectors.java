// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** The recorded data of the area rm-rpc: the copy in the test resources, and a directory named on the command line. */
final class RmRpcVectors {
    private static final String ZIP = "/conformance/rm-rpc.zip";
    private static final String EXTRA_DIRECTORY = "hwmailbox.conformance.rm-rpc";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private RmRpcVectors() {}

    /** Every record of the bundled files. */
    static List<JsonNode> bundled() {
        var records = new ArrayList<JsonNode>();
        try (InputStream resource = Objects.requireNonNull(RmRpcVectors.class.getResourceAsStream(ZIP), ZIP);
                var zip = new ZipInputStream(resource)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (entry.getName().endsWith(".jsonl")) {
                    records.addAll(parse(new String(zip.readAllBytes(), StandardCharsets.UTF_8)));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return records;
    }

    /** Every record of the files in the directory the user named, if any. */
    static List<JsonNode> extra() {
        String directory = System.getProperty(EXTRA_DIRECTORY);
        return directory == null ? List.of() : in(directory);
    }

    /** Every record of the files in a directory. */
    static List<JsonNode> in(String directory) {
        var records = new ArrayList<JsonNode>();
        try (var files = Files.newDirectoryStream(Path.of(directory), "*.jsonl")) {
            for (Path file : files) {
                records.addAll(parse(Files.readString(file)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return records;
    }

    static byte[] hex(JsonNode text) {
        return HexFormat.of().parseHex(text.asText());
    }

    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    static List<String> texts(JsonNode array) {
        var texts = new ArrayList<String>();
        array.forEach(element -> texts.add(element.asText()));
        return texts;
    }

    static String id(JsonNode vector) {
        return vector.get("id").asText();
    }

    static int u32(JsonNode number) {
        return (int) number.asLong();
    }

    /** The bytes of a record that gives them in full or, when long, by length and digest. */
    static String describe(byte[] bytes, JsonNode likeThis) {
        return likeThis.has("payload") ? hex(bytes) : bytes.length + " bytes " + sha256(bytes);
    }

    static String described(JsonNode node) {
        return node.has("payload")
                ? node.get("payload").asText()
                : node.get("payload_len").asInt() + " bytes "
                        + node.get("payload_sha256").asText();
    }

    static String sha256(byte[] bytes) {
        try {
            return hex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static List<JsonNode> parse(String lines) throws IOException {
        var records = new ArrayList<JsonNode>();
        for (String line : lines.lines().toList()) {
            records.add(MAPPER.readTree(line));
        }
        return records;
    }
}
