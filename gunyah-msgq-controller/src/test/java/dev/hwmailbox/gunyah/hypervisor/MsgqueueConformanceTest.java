// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Mode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replays the recorded behaviour of Gunyah's message queues. The property {@code hwmailbox.conformance.msgqueue} names
 * a directory with further files of the same format.
 */
class MsgqueueConformanceTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void replaysAllRecordedQueueScenariosInBothModes() throws IOException {
        List<JsonNode> recorded = recordedScenarios();
        assertThat(recorded).hasSize(54 + 200);
        recorded.addAll(furtherScenarios());

        int compat = replay(recorded, Mode.COMPAT);
        int strict = replay(recorded, Mode.STRICT);

        TALLY.info("conformance msgqueue: queue {} exact compat, {} exact strict", compat, strict);
    }

    private static int replay(List<JsonNode> scenarios, Mode mode) {
        int exact = 0;
        for (JsonNode scenario : scenarios) {
            new QueueReplay(scenario, mode).run();
            exact++;
        }
        return exact;
    }

    private static List<JsonNode> recordedScenarios() throws IOException {
        List<JsonNode> scenarios = new ArrayList<>();
        InputStream resource = MsgqueueConformanceTest.class.getResourceAsStream("/conformance/msgqueue.zip");
        try (var zip = new ZipInputStream(Objects.requireNonNull(resource, "msgqueue.zip"))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (entry.getName().matches("queue-(named|random)\\.jsonl")) {
                    String lines = new String(zip.readAllBytes(), StandardCharsets.UTF_8);
                    addQueueScenarios(lines.lines(), scenarios);
                }
            }
        }
        return scenarios;
    }

    private static List<JsonNode> furtherScenarios() throws IOException {
        List<JsonNode> scenarios = new ArrayList<>();
        String directory = System.getProperty("hwmailbox.conformance.msgqueue", "");
        if (!directory.isEmpty()) {
            try (Stream<Path> files = Files.list(Path.of(directory))) {
                for (Path file : files.filter(path -> path.toString().endsWith(".jsonl"))
                        .sorted()
                        .toList()) {
                    addQueueScenarios(Files.readAllLines(file).stream(), scenarios);
                }
            }
        }
        return scenarios;
    }

    private static void addQueueScenarios(Stream<String> lines, List<JsonNode> scenarios) throws IOException {
        for (String line : lines.filter(text -> !text.isBlank()).toList()) {
            JsonNode scenario = JSON.readTree(line);
            if (scenario.get("kind").asText().equals("queue")) {
                scenarios.add(scenario);
            }
        }
    }
}
