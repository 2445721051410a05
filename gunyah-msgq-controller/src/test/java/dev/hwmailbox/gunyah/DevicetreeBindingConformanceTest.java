// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.InterruptSpecifier;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Discovery of the Resource Manager node against the recorded trees, and against those that a Resource Manager made.
 */
class DevicetreeBindingConformanceTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");
    private static final ObjectMapper JSON = new ObjectMapper();

    @AutoClose
    private final FileSystem recorded = open();

    @Test
    void givesTheRecordedAnswerForEveryTree() throws IOException {
        int cases = checkBinding(recorded.getPath("/binding"));

        assertThat(cases).isEqualTo(135);
        for (String directory : System.getProperty("hwmailbox.conformance.devicetree", "")
                .split(System.getProperty("path.separator"), -1)) {
            if (!directory.isBlank()) {
                checkBinding(Path.of(directory, "binding"));
            }
        }
        TALLY.info("conformance devicetree binding (lenient): {} of {}", cases, cases);
    }

    private static int checkBinding(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return 0;
        }
        JsonNode cases = JSON.readTree(Files.readAllBytes(directory.resolve("cases.json")));
        for (JsonNode binding : cases) {
            String id = binding.get("id").asText();
            DeviceTree tree = tree(directory.resolve(binding.get("dtb").asText()));
            JsonNode expected = binding.get("lenient");
            if (expected.get("verdict").asText().equals("ok")) {
                checkFound(id, GunyahDeviceTree.resourceManager(tree), expected);
            } else {
                var refusal =
                        assertThrowsExactly(BindingException.class, () -> GunyahDeviceTree.resourceManager(tree), id);
                assertThat(refusal.violations())
                        .as(id)
                        .extracting(violation -> violation.code().name())
                        .containsOnly(expected.get("code").asText());
            }
        }
        return cases.size();
    }

    private static void checkFound(String id, ResourceManagerNode found, JsonNode expected) {
        assertThat(found.nodePath()).as(id).isEqualTo(expected.get("node").asText());
        assertThat(found.txCapability())
                .as(id)
                .hasToString(expected.get("tx_cap").asText());
        assertThat(found.rxCapability())
                .as(id)
                .hasToString(expected.get("rx_cap").asText());
        checkInterrupt(id, found.txInterrupt(), expected.get("tx_irq"));
        checkInterrupt(id, found.rxInterrupt(), expected.get("rx_irq"));
        List<String> warnings = new ArrayList<>();
        expected.get("warnings").forEach(code -> warnings.add(code.asText()));
        // The recording has each code once, whether one interrupt is odd or both are.
        assertThat(found.warnings().stream().map(w -> w.code().name()).distinct())
                .as(id)
                .containsExactlyElementsOf(warnings);
    }

    private static void checkInterrupt(String id, InterruptSpecifier found, JsonNode expected) {
        List<Integer> cells = new ArrayList<>();
        expected.get("specifier").forEach(cell -> cells.add((int) cell.asLong()));
        assertThat(found.controllerPath())
                .as(id)
                .isEqualTo(expected.get("controller").asText());
        assertThat(found.cells()).as(id).isEqualTo(cells);
        assertThat(found.kind().name()).as(id).isEqualTo(expected.get("kind").asText());
        assertThat(found.hwirq()).as(id).isEqualTo(expected.get("hwirq").asInt());
        assertThat(found.trigger().name())
                .as(id)
                .isEqualTo(expected.get("trigger").asText());
    }

    @Test
    void findsTheNodeInEveryTreeThatAResourceManagerMade() throws IOException {
        int trees = 0;
        for (String line : Files.readAllLines(recorded.getPath("/rm-dto/index.jsonl"))) {
            JsonNode made = JSON.readTree(line);
            if (made.has("merged")) {
                checkMade(made);
                trees++;
            }
        }
        assertThat(trees).isEqualTo(10);
        TALLY.info("conformance devicetree rm-dto (lenient): {} of {} merged trees", trees, trees);
    }

    private void checkMade(JsonNode made) throws IOException {
        String file = made.get("merged").asText();
        ResourceManagerNode found = GunyahDeviceTree.resourceManager(tree(recorded.getPath("/rm-dto", file)));

        JsonNode expected = null;
        for (JsonNode node : made.get("nodes")) {
            if (node.get("path").asText().equals(found.nodePath())) {
                expected = node;
            }
        }
        assertThat(expected).as(file).isNotNull();
        assertThat(Objects.requireNonNull(expected).get("compatible").toString())
                .as(file)
                .contains("\"gunyah-resource-manager\"");
        assertThat(found.txCapability())
                .as(file)
                .hasToString(expected.at("/reg/0").asText());
        assertThat(found.rxCapability())
                .as(file)
                .hasToString(expected.at("/reg/1").asText());
        assertThat(found.txInterrupt().cells().get(1))
                .as(file)
                .isEqualTo(expected.at("/interrupts/0/1").asInt());
        assertThat(found.rxInterrupt().cells().get(1))
                .as(file)
                .isEqualTo(expected.at("/interrupts/1/1").asInt());
        assertThat(found.txMessageSize())
                .as(file)
                .isEqualTo(expected.get("qcom,tx-message-size").asInt());
        assertThat(found.rxQueueDepth())
                .as(file)
                .isEqualTo(expected.get("qcom,rx-queue-depth").asInt());
        assertThat(found.warnings()).as(file).isEmpty();
    }

    private static DeviceTree tree(Path file) throws IOException {
        return DeviceTreeBlob.read(ByteBuffer.wrap(Files.readAllBytes(file)));
    }

    private static FileSystem open() {
        try {
            var zip = Objects.requireNonNull(
                    DevicetreeBindingConformanceTest.class.getResource("/conformance/devicetree.zip"));
            return FileSystems.newFileSystem(Path.of(zip.toURI()));
        } catch (IOException | URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
