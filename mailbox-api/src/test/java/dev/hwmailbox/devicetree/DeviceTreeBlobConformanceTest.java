// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import com.fasterxml.jackson.databind.JsonNode;
import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reader and writer against the recorded blobs, good and bad. */
class DeviceTreeBlobConformanceTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");

    /**
     * What dtc wrote without options that change the layout, apart from the boot CPU, which the tree keeps. Not among
     * them: blobs with free space or free reservation slots, of another version, or edited by hand.
     */
    private static final List<String> PLAIN_LAYOUT = List.of(
            "minimal",
            "value-types",
            "memreserve",
            "boot-cpu",
            "names",
            "phandles-both",
            "symbols",
            "plugin-dtbo",
            "suffix-strings",
            "deep50",
            "wide",
            "bigprop",
            "random0",
            "random1",
            "random2",
            "random3",
            "random4",
            "random5",
            "guest");

    @AutoClose
    private final Corpus corpus = Corpus.open();

    @Test
    void readsEveryGoodBlob() {
        int cases = checkBlobs(corpus.recorded().resolve("blobs"));

        assertThat(cases).isEqualTo(26);
        Corpus.extra().forEach(directory -> checkBlobs(directory.resolve("blobs")));
        TALLY.info("conformance devicetree blobs: {} read", cases);
    }

    private static int checkBlobs(Path directory) {
        if (!Files.exists(directory)) {
            return 0;
        }
        List<JsonNode> cases = Corpus.cases(directory.resolve("cases.json"));
        for (JsonNode blob : cases) {
            String id = blob.get("id").asText();
            DeviceTree tree = Corpus.tree(directory.resolve(blob.get("dtb").asText()));

            assertThat(CanonicalText.sha256(tree)).as(id).isEqualTo(text(blob, "canonical_sha256"));
            assertThat(CanonicalText.sortedSha256(tree)).as(id).isEqualTo(text(blob, "sorted_sha256"));
            assertThat(tree.nodes()).as(id).hasSize(blob.get("nodes").asInt());
            checkDump(id, tree, Corpus.json(directory.resolve(text(blob, "dump"))));
        }
        return cases.size();
    }

    private static void checkDump(String id, DeviceTree tree, JsonNode dump) {
        assertThat(tree.bootCpuId())
                .as(id)
                .isEqualTo(dump.get("boot_cpuid_phys").asInt());
        assertThat(tree.memoryReservations())
                .as(id)
                .hasSize(dump.get("memreserve").size());
        JsonNode nodes = dump.get("nodes");
        for (int i = 0; i < nodes.size(); i++) {
            Node node = tree.nodes().get(i);
            String path = text(nodes.get(i), "path");
            assertThat(node.path()).as(id).isEqualTo(path);
            assertThat(tree.find(path)).as(id + " " + path).contains(node);
            List<String> properties = new ArrayList<>();
            node.properties().forEach(p -> properties.add(p.name() + " " + CanonicalText.hex(p.bytes())));
            List<String> expected = new ArrayList<>();
            nodes.get(i)
                    .get("props")
                    .forEach(
                            p -> expected.add(p.get(0).asText() + " " + p.get(1).asText()));
            assertThat(properties).as(id + " " + path).isEqualTo(expected);
        }
    }

    @Test
    void writesWhatItReadsAndLikeDtcWhereTheLayoutIsPlain() {
        Path directory = corpus.recorded().resolve("blobs");
        List<String> identical = new ArrayList<>();
        for (JsonNode blob : Corpus.cases(directory.resolve("cases.json"))) {
            byte[] original = Corpus.bytes(directory.resolve(text(blob, "dtb")));
            DeviceTree tree = DeviceTreeBlob.read(ByteBuffer.wrap(original));

            byte[] written = DeviceTreeBlob.write(tree);

            DeviceTree again = DeviceTreeBlob.read(ByteBuffer.wrap(written));
            assertThat(CanonicalText.sha256(again)).as(text(blob, "id")).isEqualTo(text(blob, "canonical_sha256"));
            assertThat(again).isEqualTo(tree).hasSameHashCodeAs(tree);
            if (Arrays.equals(written, original)) {
                identical.add(text(blob, "id"));
            }
        }
        assertThat(identical).isEqualTo(PLAIN_LAYOUT);
        TALLY.info("conformance devicetree blobs: {} written byte for byte like dtc", identical.size());
    }

    @Test
    @Timeout(60)
    void answersEveryMalformedBlobByTheFourPassRules() {
        Set<String> otherCodes = new TreeSet<>();
        int cases = checkMalformed(corpus.recorded().resolve("malformed"), otherCodes);

        assertThat(cases).isEqualTo(978);
        // A property that passes the end of its block: the specification has TRUNCATED, the recording libfdt's word.
        assertThat(otherCodes).containsExactly("BAD_STRUCTURE recorded, TRUNCATED reported");
        Corpus.extra().forEach(directory -> checkMalformed(directory.resolve("malformed"), otherCodes));
        TALLY.info("conformance devicetree malformed: {} of {} answered by the rules", cases, cases);
    }

    private static int checkMalformed(Path directory, Set<String> otherCodes) {
        if (!Files.exists(directory)) {
            return 0;
        }
        List<JsonNode> cases = Corpus.cases(directory.resolve("cases.jsonl"));
        for (JsonNode malformed : cases) {
            byte[] blob = build(directory, malformed);
            String id = text(malformed, "id");
            assertThat(blob).as(id).hasSize(malformed.get("length").asInt());
            assertThat(CanonicalText.sha256(blob)).as(id).isEqualTo(text(malformed, "sha256"));

            String strict = text(malformed, "strict");
            if (strict.equals("ok")) {
                DeviceTree tree = DeviceTreeBlob.read(ByteBuffer.wrap(blob));
                assertThat(CanonicalText.sha256(tree)).as(id).isEqualTo(text(malformed, "canonical_sha256"));
            } else {
                // Rules 2 and 4: this reader has none of the gaps in which accepting would be allowed.
                var refusal = assertThrowsExactly(
                        DeviceTreeException.class, () -> DeviceTreeBlob.read(ByteBuffer.wrap(blob)), id);
                if (refusal.code() != Code.valueOf(strict)) {
                    otherCodes.add(strict + " recorded, " + refusal.code() + " reported");
                }
            }
        }
        return cases.size();
    }

    private static byte[] build(Path directory, JsonNode malformed) {
        JsonNode base = malformed.get("base");
        byte[] blob = base.isNull()
                ? new byte[0]
                : Corpus.bytes(directory.resolve("bases").resolve(base.asText() + ".dtb"));
        for (JsonNode edit : malformed.get("edits")) {
            int offset = edit.get(0).asInt();
            byte[] bytes = HexFormat.of().parseHex(edit.get(1).asText());
            blob = Arrays.copyOf(blob, Math.max(blob.length, offset + bytes.length));
            System.arraycopy(bytes, 0, blob, offset, bytes.length);
        }
        JsonNode size = malformed.get("size");
        return size.isNull() ? blob : Arrays.copyOf(blob, size.asInt());
    }

    @Test
    @Timeout(10)
    void refusesTwentyThousandLevelsWithoutExhaustingTheStack() {
        JsonNode deep = stress("deep.dtb.gz");

        assertThatExceptionOfType(DeviceTreeException.class)
                .isThrownBy(() -> DeviceTreeBlob.read(unzip(deep)))
                .satisfies(e -> assertThat(e.code()).isEqualTo(Code.TOO_DEEP));
    }

    @Test
    @Timeout(10)
    void readsTwentyThousandChildrenInLinearTime() {
        JsonNode many = stress("many.dtb.gz");

        DeviceTree tree = DeviceTreeBlob.read(unzip(many));

        assertThat(CanonicalText.sha256(tree)).isEqualTo(text(many, "canonical_sha256"));
    }

    private JsonNode stress(String file) {
        return Corpus.cases(corpus.recorded().resolve("malformed/stress.json")).stream()
                .filter(entry -> text(entry, "file").equals(file))
                .findFirst()
                .orElseThrow();
    }

    private ByteBuffer unzip(JsonNode entry) {
        byte[] packed = Corpus.bytes(corpus.recorded().resolve("malformed").resolve(text(entry, "file")));
        try (var gzip = new GZIPInputStream(new ByteArrayInputStream(packed))) {
            byte[] blob = gzip.readAllBytes();
            assertThat(blob).hasSize(entry.get("bytes").asInt());
            return ByteBuffer.wrap(blob);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static String text(JsonNode node, String field) {
        return node.get(field).asText();
    }
}
