// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** The recorded conversations with the real Resource Manager, by scenario, and the images they use. */
final class RecordedCalls {
    private RecordedCalls() {}

    static Map<String, List<JsonNode>> scenarios() {
        Map<String, List<JsonNode>> scenarios = new LinkedHashMap<>();
        ObjectMapper mapper = new ObjectMapper();
        try {
            String lines = new String(file("rm-rpc", "calls.jsonl"), StandardCharsets.UTF_8);
            for (String line : lines.split("\n", -1)) {
                if (!line.isBlank()) {
                    JsonNode step = mapper.readTree(line);
                    scenarios
                            .computeIfAbsent(step.get("scenario").asText(), name -> new ArrayList<>())
                            .add(step);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return scenarios;
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
