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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replays the recorded behaviour of Gunyah's message queues, and of the Linux driver and mailbox framework over them.
 * The property {@code hwmailbox.conformance.msgqueue} names a directory with further files of the same format.
 */
class MsgqueueConformanceTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PUBLISHED_LOG = "dev.hwmailbox.gunyah.msgq.PublishedBinding";

    /** Where the scenarios part that rest on defects of the original: step, event, and which defect. */
    private static final Map<String, String> DOCUMENTED = Map.of(
            "S-blocking-timeout", "4/2 SENT_AFTER_TIMEOUT",
            "S-random-021", "27/36 SENT_AFTER_TIMEOUT",
            "S-random-061", "30/8 SENT_AFTER_TIMEOUT",
            "S-remove-ring-nonempty", "5/3 CRASH_ON_REMOVAL",
            "S-size-240-241", "5/10 ENDLESS_LOOP");

    @Test
    void replaysAllRecordedScenarios() throws IOException {
        List<JsonNode> recorded = recordedScenarios();
        List<JsonNode> further = furtherScenarios();

        int compat = replayQueues(recorded, Mode.COMPAT);
        int strict = replayQueues(recorded, Mode.STRICT);
        StackTally stack = replayStacks(recorded);

        assertThat(List.of(compat, strict)).containsOnly(54 + 200);
        assertThat(stack.failures).isEmpty();
        assertThat(stack.exact).isEqualTo(130);
        assertThat(stack.documented).isEqualTo(DOCUMENTED);

        compat += replayQueues(further, Mode.COMPAT);
        strict += replayQueues(further, Mode.STRICT);
        StackTally furtherStack = replayStacks(further);
        TALLY.info(
                "conformance msgqueue: queue {} exact compat, {} exact strict; stack {} exact, {} documented, {} failed",
                compat,
                strict,
                stack.exact + furtherStack.exact,
                stack.documented.size() + furtherStack.documented.size(),
                furtherStack.failures.size());
        assertThat(furtherStack.failures).isEmpty();
    }

    @Test
    void departsFromTheRecordedStackInNamedWaysOnlyInTheDefaultMode() throws IOException {
        var departures = new StackDepartures();

        for (JsonNode scenario : ofKind("stack", recordedScenarios())) {
            departures.compare(scenario, replayPublished(scenario).ledger, replayDefault(scenario).ledger);
        }

        assertThat(departures.counts()).containsOnlyKeys(StackDepartures.Kind.values());
    }

    private static int replayQueues(List<JsonNode> scenarios, Mode mode) {
        int exact = 0;
        for (JsonNode scenario : ofKind("queue", scenarios)) {
            new QueueReplay(scenario, mode).run();
            exact++;
        }
        return exact;
    }

    private static final class StackTally {
        private int exact;
        private final Map<String, String> documented = new HashMap<>();
        private final List<String> failures = new ArrayList<>();
    }

    private static StackTally replayStacks(List<JsonNode> scenarios) {
        var tally = new StackTally();
        for (JsonNode scenario : ofKind("stack", scenarios)) {
            String id = scenario.get("id").asText();
            StackReplay.Departure departure = replayPublished(scenario).departure();
            if (departure == null) {
                tally.exact++;
            } else if (departure.kind() != null) {
                tally.documented.put(id, "%d/%d %s".formatted(departure.step(), departure.event(), departure.kind()));
            } else {
                tally.failures.add(id + ": " + departure);
            }
        }
        return tally;
    }

    private static StackReplay replayPublished(JsonNode scenario) {
        var replay = new StackReplay(scenario, true);
        try (var log = LogCapture.following(PUBLISHED_LOG, replay::logged)) {
            replay.run();
        }
        return replay;
    }

    private static StackReplay replayDefault(JsonNode scenario) {
        var replay = new StackReplay(scenario, false);
        replay.run();
        return replay;
    }

    private static List<JsonNode> ofKind(String kind, List<JsonNode> scenarios) {
        return scenarios.stream()
                .filter(scenario -> scenario.get("kind").asText().equals(kind))
                .toList();
    }

    private static List<JsonNode> recordedScenarios() throws IOException {
        List<JsonNode> scenarios = new ArrayList<>();
        InputStream resource = MsgqueueConformanceTest.class.getResourceAsStream("/conformance/msgqueue.zip");
        try (var zip = new ZipInputStream(Objects.requireNonNull(resource, "msgqueue.zip"))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (entry.getName().endsWith(".jsonl")) {
                    addScenarios(new String(zip.readAllBytes(), StandardCharsets.UTF_8).lines(), scenarios);
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
                    addScenarios(Files.readAllLines(file).stream(), scenarios);
                }
            }
        }
        return scenarios;
    }

    private static void addScenarios(Stream<String> lines, List<JsonNode> scenarios) throws IOException {
        for (String line : lines.filter(text -> !text.isBlank()).toList()) {
            scenarios.add(JSON.readTree(line));
        }
    }
}
