// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** The recorded conversations with the real Resource Manager, and the images they use. */
final class RecordedCalls {
    private RecordedCalls() {}

    static List<JsonNode> records() {
        List<JsonNode> records = new ArrayList<>();
        ObjectMapper mapper = new ObjectMapper();
        try {
            String lines = new String(file("rm-rpc", "calls.jsonl"), StandardCharsets.UTF_8);
            for (String line : lines.lines().toList()) {
                records.add(mapper.readTree(line));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return records;
    }

    static byte[] file(String area, String name) {
        String archive = "/conformance/" + area + ".zip";
        try (InputStream in = Objects.requireNonNull(RecordedCalls.class.getResourceAsStream(archive), archive);
                ZipInputStream zip = new ZipInputStream(in)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (entry.getName().equals(name)) {
                    return zip.readAllBytes();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new IllegalArgumentException(archive + " has no " + name);
    }
}
