// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hwmailbox.examples.CommandLineRun;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Boots every blob of the binding's conformance data. */
final class BootBindingBlobsTest {
    /** Valid for the binding, but no system can run them. */
    private static final Map<String, String> CANNOT_RUN = Map.of(
            "cap-equal", "txCapability and rxCapability are the same",
            "cap-zero-both", "txCapability and rxCapability are the same",
            "irq-same", "txVirq and rxVirq are the same",
            "irq-ppi", "txVirq 19 is outside the shared range",
            "irq-espi", "txVirq 4096 is outside the shared range",
            "irq-eppi", "txVirq 1056 is outside the shared range",
            "irq-extended-two-controllers", "txVirq belongs to ",
            "irq-extended-two-controllers-f", "txVirq belongs to ");

    @Test
    void everyBlobBootsOrIsRefusedForTheReasonOfTheData(@TempDir Path directory) throws IOException {
        Map<String, byte[]> files = bindingFiles();
        JsonNode cases = new ObjectMapper().readTree(files.get("cases.json"));
        Map<String, Integer> outcomes = new TreeMap<>();
        for (JsonNode blob : cases) {
            String id = blob.get("id").asText();
            Path file = Files.write(
                    directory.resolve(id + ".dtb"), files.get(blob.get("dtb").asText()));
            CommandLineRun run = CommandLineRun.of("boot", "--dtb", file.toString());
            outcomes.merge(check(id, blob.get("lenient"), file, run), 1, Integer::sum);
        }

        assertThat(outcomes)
                .isEqualTo(Map.of("boots, exit 0", 71, "cannot be run, exit 2", 8, "violates the binding, exit 2", 56));
    }

    private static String check(String id, JsonNode lenient, Path file, CommandLineRun run) {
        if (lenient.get("verdict").asText().equals("error")) {
            assertThat(run.exitCode()).as(id).isEqualTo(2);
            assertThat(run.out()).as(id).isEmpty();
            assertThat(run.err().strip().lines()).as(id).hasSize(1);
            assertThat(run.err()).as(id).startsWith(file.toString());
            return "violates the binding, exit 2";
        }
        assertThat(run.out())
                .as(id)
                .contains(
                        "tx capability " + lenient.get("tx_cap").asText() + ",",
                        "rx capability " + lenient.get("rx_cap").asText() + ",",
                        lenient.at("/tx_irq/hwirq").asText(),
                        lenient.at("/rx_irq/hwirq").asText());
        if (CANNOT_RUN.containsKey(id)) {
            assertThat(run.exitCode()).as(id).isEqualTo(2);
            assertThat(run.err()).as(id).contains(CANNOT_RUN.get(id));
            return "cannot be run, exit 2";
        }
        assertThat(run.err()).as(id).isEmpty();
        assertThat(run.exitCode()).as(id).isZero();
        return "boots, exit 0";
    }

    private static Map<String, byte[]> bindingFiles() throws IOException {
        String archive = "/conformance/devicetree.zip";
        Map<String, byte[]> files = new HashMap<>();
        try (InputStream in = Objects.requireNonNull(BootBindingBlobsTest.class.getResourceAsStream(archive), archive);
                ZipInputStream zip = new ZipInputStream(in)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (entry.getName().startsWith("binding/")) {
                    files.put(entry.getName().substring("binding/".length()), zip.readAllBytes());
                }
            }
        }
        return files;
    }
}
