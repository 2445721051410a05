// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Overlays against what libfdt made of them, and those of the Resource Manager against its guests' trees. */
class DeviceTreeOverlayConformanceTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");

    @AutoClose
    private final Corpus corpus = Corpus.open();

    @Test
    void appliesOrRefusesEveryRecordedOverlay() {
        Map<String, Integer> verdicts = new TreeMap<>();
        check(corpus.recorded(), verdicts);

        assertThat(verdicts).isEqualTo(Map.of("ok", 18, "reject", 28));
        Corpus.extra().forEach(directory -> check(directory, verdicts));
        TALLY.info("conformance devicetree overlays: {}", verdicts);
    }

    private static void check(Path data, Map<String, Integer> verdicts) {
        Path directory = data.resolve("overlays");
        if (!Files.exists(directory)) {
            return;
        }
        for (JsonNode recorded : Corpus.cases(directory.resolve("cases.json"))) {
            String id = recorded.get("id").asText();
            DeviceTree base = tree(directory, recorded, "base");
            List<DeviceTree> overlays = overlays(directory, recorded);
            String before = CanonicalText.sha256(base);

            String required = recorded.get("required").asText();
            if (required.equals("ok")) {
                DeviceTree merged = DeviceTreeOverlay.apply(base, overlays);
                assertThat(CanonicalText.sortedSha256(merged))
                        .as(id)
                        .isEqualTo(recorded.get("merged_sorted_sha256").asText())
                        .isEqualTo(CanonicalText.sortedSha256(tree(directory, recorded, "merged")));
            } else {
                assertThat(required).as(id).isEqualTo("reject");
                var refusal = assertThrowsExactly(
                        DeviceTreeException.class, () -> DeviceTreeOverlay.apply(base, overlays), id);
                assertThat(refusal.reason()).as(id).startsWith("overlay ");
                assertThat(refusal.nodePath()).as(id).isPresent();
            }
            assertThat(CanonicalText.sha256(base)).as(id).isEqualTo(before);
            overlays.forEach(overlay ->
                    assertThat(DeviceTreeOverlay.isOverlay(overlay)).as(id).isTrue());
            verdicts.merge(required, 1, Integer::sum);
        }
    }

    private static List<DeviceTree> overlays(Path directory, JsonNode recorded) {
        List<DeviceTree> overlays = new ArrayList<>();
        if (recorded.has("overlay")) {
            overlays.add(tree(directory, recorded, "overlay"));
        } else {
            recorded.get("overlays").forEach(name -> overlays.add(Corpus.tree(directory.resolve(name.asText()))));
        }
        return overlays;
    }

    @Test
    void completesTheTreesOfTheResourceManagersGuests() {
        int guests = checkGuests(corpus.recorded());

        assertThat(guests).isEqualTo(10);
        Corpus.extra().forEach(DeviceTreeOverlayConformanceTest::checkGuests);
        TALLY.info("conformance devicetree rm-dto: {} guests completed", guests);
    }

    private static int checkGuests(Path data) {
        Path directory = data.resolve("rm-dto");
        int guests = 0;
        List<JsonNode> files = Files.exists(directory) ? Corpus.cases(directory.resolve("index.jsonl")) : List.of();
        for (JsonNode recorded : files) {
            if (!recorded.has("merged")) {
                continue;
            }
            String id = recorded.get("file").asText();
            DeviceTree base = tree(directory, recorded, "base");
            DeviceTree overlay = tree(directory, recorded, "file");

            DeviceTree merged = DeviceTreeOverlay.apply(base, overlay);

            assertThat(CanonicalText.sortedSha256(merged))
                    .as(id)
                    .isEqualTo(CanonicalText.sortedSha256(tree(directory, recorded, "merged")));
            findsTheNodes(recorded, merged);
            guests++;
        }
        return guests;
    }

    private static void findsTheNodes(JsonNode recorded, DeviceTree tree) {
        for (JsonNode node : recorded.get("nodes")) {
            String path = node.get("path").asText();
            List<String> compatible = new ArrayList<>();
            node.path("compatible").forEach(entry -> compatible.add(entry.asText()));
            assertThat(tree.find(path).map(Node::compatible)).as(path).contains(compatible);
        }
    }

    @Test
    void findsTheHypervisorInOverlaysOfTheResourceManagerWithoutABase() {
        Path directory = corpus.recorded().resolve("rm-dto");
        int overlays = 0;
        for (JsonNode recorded : Corpus.cases(directory.resolve("index.jsonl"))) {
            DeviceTree alone = DeviceTreeOverlay.applyAlone(tree(directory, recorded, "file"));

            findsTheNodes(recorded, alone);
            overlays++;
        }
        assertThat(overlays).isEqualTo(11);
    }

    private static DeviceTree tree(Path directory, JsonNode recorded, String file) {
        return Corpus.tree(directory.resolve(recorded.get(file).asText()));
    }
}
