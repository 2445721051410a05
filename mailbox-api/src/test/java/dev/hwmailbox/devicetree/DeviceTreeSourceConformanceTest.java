// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The source reader against what dtc made of the recorded sources, good and bad. */
class DeviceTreeSourceConformanceTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");

    /**
     * Written by dtc with its option {@code -H both}, which asks for {@code linux,phandle} too; with free space or
     * reservation slots, another version, a boot CPU, all of which have no place in a source; and, with {@code -f},
     * although two nodes have one phandle.
     */
    private static final List<String> COMPILED_OTHERWISE = List.of(
            "blobs/boot-cpu.dts has other bytes",
            "blobs/padded.dts has other bytes",
            "blobs/phandles-both.dts differs",
            "blobs/reserve-slots.dts has other bytes",
            "blobs/version16.dts has other bytes",
            "mailbox/duplicate-phandle.dts BAD_PHANDLE");

    @AutoClose
    private final Corpus corpus = Corpus.open();

    @Test
    void answersEveryRecordedSourceLikeDtc() {
        Map<String, Integer> results = checkSources(corpus.recorded().resolve("dts"));

        assertThat(results).isEqualTo(Map.of("ok", 23, "error", 38));
        Corpus.extra().forEach(directory -> checkSources(directory.resolve("dts")));
        TALLY.info("conformance devicetree sources: {} read, {} refused", results.get("ok"), results.get("error"));
    }

    private static Map<String, Integer> checkSources(Path directory) {
        Map<String, Integer> results = new TreeMap<>();
        if (!Files.exists(directory)) {
            return results;
        }
        for (JsonNode recorded : Corpus.cases(directory.resolve("cases.json"))) {
            Path source = directory.resolve(recorded.get("dts").asText());
            String result = recorded.get("result").asText();
            if (result.equals("ok")) {
                checkTree(recorded, source, directory);
            } else {
                checkRefusal(recorded, source);
            }
            results.merge(result, 1, Integer::sum);
        }
        return results;
    }

    private static void checkTree(JsonNode recorded, Path source, Path directory) {
        String id = recorded.get("id").asText();
        DeviceTree tree = read(source, recorded.get("symbols").asBoolean());

        assertThat(CanonicalText.sha256(tree))
                .as(id)
                .isEqualTo(recorded.get("canonical_sha256").asText());
        assertThat(DeviceTreeBlob.write(tree))
                .as(id)
                .isEqualTo(Corpus.bytes(directory.resolve(recorded.get("dtb").asText())));
    }

    private static void checkRefusal(JsonNode recorded, Path source) {
        String id = recorded.get("id").asText();
        var refusal = assertThrowsExactly(DeviceTreeException.class, () -> read(source, false), id);

        SourcePosition position = refusal.position().orElseThrow();
        assertThat(position.file()).as(id).isEqualTo(source.getFileName().toString());
        int line = recorded.get("line").asInt();
        if (line > 0) {
            assertThat(position.line()).as(id + ": " + refusal.getMessage()).isEqualTo(line);
        }
        assertThat(refusal.reason()).as(id).startsWith(position + ": ").endsWith("^");
    }

    /** All other sources that have a compiled blob. The boot CPU comes from dtc's command line. */
    @Test
    void compilesEveryOtherSourceOfTheCorpusLikeDtc() {
        Map<String, Integer> counts = new TreeMap<>();
        List<String> otherwise = new ArrayList<>();
        for (String directory : List.of("blobs", "binding", "mailbox", "overlays")) {
            for (Path source : sources(corpus.recorded().resolve(directory))) {
                counts.merge(directory, 1, Integer::sum);
                @Nullable String difference = difference(source);
                if (difference != null) {
                    otherwise.add(directory + "/" + source.getFileName() + " " + difference);
                }
            }
        }

        assertThat(counts).isEqualTo(Map.of("blobs", 22, "binding", 135, "mailbox", 30, "overlays", 28));
        assertThat(otherwise).isEqualTo(COMPILED_OTHERWISE);
        TALLY.info("conformance devicetree sources: {} more compiled", counts);
    }

    private static @Nullable String difference(Path source) {
        String name = source.getFileName().toString().replace(".dts", "");
        Path blob = source.resolveSibling(name + ".dtb");
        boolean isOverlay = !Files.exists(blob);
        blob = isOverlay ? source.resolveSibling(name + ".dtbo") : blob;
        DeviceTree recorded = Corpus.tree(blob);
        boolean withSymbols = isOverlay || recorded.find("/__symbols__").isPresent();
        try {
            DeviceTree tree = read(source, withSymbols);
            if (!CanonicalText.sha256(tree).equals(CanonicalText.sha256(recorded))) {
                return "differs";
            }
            return Arrays.equals(DeviceTreeBlob.write(tree), Corpus.bytes(blob)) ? null : "has other bytes";
        } catch (DeviceTreeException refusal) {
            return refusal.code().toString();
        }
    }

    static List<Path> sources(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".dts"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static DeviceTree read(Path source, boolean withSymbols) {
        return DeviceTreeSource.reader()
                .includes((name, includedFrom) -> {
                    Path included = source.resolveSibling(name);
                    return Files.exists(included) ? text(included) : null;
                })
                .symbols(withSymbols)
                .read(source.getFileName().toString(), text(source));
    }

    static String text(Path source) {
        return new String(Corpus.bytes(source), StandardCharsets.UTF_8);
    }
}
