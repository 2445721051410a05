// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.Mailboxes;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.DeviceTreeException;
import dev.hwmailbox.devicetree.DeviceTreeOverlay;
import dev.hwmailbox.devicetree.DeviceTreeSource;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.SourcePosition;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All recorded devicetree data, replayed through the public faces: one verdict for each case, one line for all. What
 * goes further into one area (bytes as dtc writes them, codes of refusals, places of errors, facts of a node) is in the
 * tests of that area.
 */
class DevicetreeConformanceTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");

    private enum Area {
        TREES,
        SOURCES,
        OVERLAYS,
        BINDING,
        MAILBOX,
        MALFORMED,
        RM_OVERLAYS
    }

    private final Map<Area, Integer> cases = new EnumMap<>(Area.class);
    private final List<String> failures = new ArrayList<>();
    private int queries;

    @Test
    void givesTheRecordedAnswerInEveryArea() throws Exception {
        try (var recorded = RecordedTrees.open()) {
            replay(recorded.directory());
        }
        assertThat(cases)
                .isEqualTo(Map.of(
                        Area.TREES, 26,
                        Area.SOURCES, 61,
                        Area.OVERLAYS, 46,
                        Area.BINDING, 135,
                        Area.MAILBOX, 30,
                        Area.MALFORMED, 978,
                        Area.RM_OVERLAYS, 11));
        assertThat(queries).isEqualTo(73);
        RecordedTrees.extra().forEach(this::replay);

        TALLY.info(
                "conformance devicetree: trees {}, sources {}, overlays {}, binding {}, mailbox {}, malformed {},"
                        + " rm-overlays {}: {} failed",
                cases.get(Area.TREES),
                cases.get(Area.SOURCES),
                cases.get(Area.OVERLAYS),
                cases.get(Area.BINDING),
                cases.get(Area.MAILBOX),
                cases.get(Area.MALFORMED),
                cases.get(Area.RM_OVERLAYS),
                failures.size());
        assertThat(failures).isEmpty();
    }

    private void replay(Path data) {
        each(Area.TREES, data.resolve("blobs/cases.json"), DevicetreeConformanceTest::checkTree);
        each(Area.SOURCES, data.resolve("dts/cases.json"), DevicetreeConformanceTest::checkSource);
        each(Area.OVERLAYS, data.resolve("overlays/cases.json"), DevicetreeConformanceTest::checkOverlay);
        each(Area.BINDING, data.resolve("binding/cases.json"), DevicetreeConformanceTest::checkBinding);
        each(Area.MAILBOX, data.resolve("mailbox/cases.json"), this::checkReferences);
        each(Area.MALFORMED, data.resolve("malformed/cases.jsonl"), DevicetreeConformanceTest::checkMalformed);
        each(Area.RM_OVERLAYS, data.resolve("rm-dto/index.jsonl"), DevicetreeConformanceTest::checkMadeByManager);
    }

    private interface Check {
        void run(JsonNode recorded, Path directory) throws Exception;
    }

    private void each(Area area, Path list, Check check) {
        if (!Files.exists(list)) {
            return;
        }
        for (JsonNode recorded : RecordedTrees.cases(list)) {
            cases.merge(area, 1, Integer::sum);
            try {
                check.run(recorded, list.resolveSibling("."));
            } catch (Exception | AssertionError e) {
                failures.add(area + " "
                        + recorded.path("id").asText(recorded.path("file").asText()) + ": " + e);
            }
        }
    }

    private static void checkTree(JsonNode recorded, Path directory) {
        DeviceTree tree = RecordedTrees.tree(directory.resolve(text(recorded, "dtb")));

        assertThat(RecordedTrees.hash(tree, false)).isEqualTo(text(recorded, "canonical_sha256"));
        assertThat(RecordedTrees.hash(tree, true)).isEqualTo(text(recorded, "sorted_sha256"));
        assertThat(DeviceTreeBlob.read(ByteBuffer.wrap(DeviceTreeBlob.write(tree))))
                .isEqualTo(tree);
    }

    private static void checkSource(JsonNode recorded, Path directory) {
        String name = text(recorded, "dts");
        String source = source(directory.resolve(name));
        var reader = DeviceTreeSource.reader()
                .symbols(recorded.path("symbols").asBoolean())
                .includes((included, from) -> {
                    Path file = directory.resolve(included);
                    return Files.exists(file) ? source(file) : null;
                });
        if (text(recorded, "result").equals("ok")) {
            assertThat(RecordedTrees.hash(reader.read(name, source), false))
                    .isEqualTo(text(recorded, "canonical_sha256"));
            return;
        }
        int line = recorded.path("line").asInt();
        assertThatExceptionOfType(DeviceTreeException.class)
                .isThrownBy(() -> reader.read(name, source))
                .satisfies(refusal -> {
                    SourcePosition position = refusal.position().orElseThrow();
                    // Of an empty file and one that includes what is not there dtc tells no line.
                    assertThat(position.line()).isEqualTo(line > 0 ? line : position.line());
                });
    }

    private static String source(Path file) {
        return new String(RecordedTrees.bytes(file), StandardCharsets.UTF_8);
    }

    private static void checkOverlay(JsonNode recorded, Path directory) {
        DeviceTree base = RecordedTrees.tree(directory.resolve(text(recorded, "base")));
        byte[] before = DeviceTreeBlob.write(base);
        List<DeviceTree> overlays = new ArrayList<>();
        if (recorded.has("overlays")) {
            recorded.get("overlays")
                    .forEach(name -> overlays.add(RecordedTrees.tree(directory.resolve(name.asText()))));
        } else {
            overlays.add(RecordedTrees.tree(directory.resolve(text(recorded, "overlay"))));
        }
        if (text(recorded, "required").equals("ok")) {
            assertThat(RecordedTrees.hash(DeviceTreeOverlay.apply(base, overlays), true))
                    .isEqualTo(text(recorded, "merged_sorted_sha256"));
        } else {
            assertThatExceptionOfType(DeviceTreeException.class)
                    .isThrownBy(() -> DeviceTreeOverlay.apply(base, overlays));
        }
        assertThat(DeviceTreeBlob.write(base)).isEqualTo(before);
    }

    private static void checkBinding(JsonNode recorded, Path directory) {
        DeviceTree tree = RecordedTrees.tree(directory.resolve(text(recorded, "dtb")));

        checkLiteral(GunyahDeviceTree.check(tree, BindingProfile.SEED), recorded.get("strict_seed"));
        checkLiteral(GunyahDeviceTree.check(tree, BindingProfile.FINAL), recorded.get("strict_final"));
        BindingCheck lenient = GunyahDeviceTree.check(tree, BindingProfile.LENIENT);
        JsonNode expected = recorded.get("lenient");
        if (text(expected, "verdict").equals("ok")) {
            ResourceManagerNode node = lenient.resourceManager().orElseThrow();
            assertThat(node.nodePath()).isEqualTo(text(expected, "node"));
            assertThat(node.txCapability()).hasToString(text(expected, "tx_cap"));
            assertThat(node.rxCapability()).hasToString(text(expected, "rx_cap"));
            assertThat(node.txInterrupt().hwirq())
                    .isEqualTo(expected.at("/tx_irq/hwirq").asInt());
            assertThat(node.rxInterrupt().hwirq())
                    .isEqualTo(expected.at("/rx_irq/hwirq").asInt());
        } else {
            assertThat(codes(lenient)).containsExactly(text(expected, "code"));
        }
    }

    private static void checkLiteral(BindingCheck check, JsonNode expected) {
        String verdict = switch (check.verdict()) {
            case VALID -> "valid";
            case INVALID -> "invalid";
            case NOTHING_TO_VALIDATE -> "not-selected";
        };
        var codes = new TreeSet<String>();
        expected.path("codes").forEach(code -> codes.add(code.asText()));
        assertThat(verdict).isEqualTo(text(expected, "verdict"));
        assertThat(codes(check)).isEqualTo(codes);
    }

    private static Set<String> codes(BindingCheck check) {
        var codes = new TreeSet<String>();
        check.violations().forEach(violation -> codes.add(violation.code().name()));
        return codes;
    }

    private void checkReferences(JsonNode recorded, Path directory) {
        DeviceTree tree = RecordedTrees.tree(directory.resolve(text(recorded, "dtb")));
        for (JsonNode query : recorded.get("queries")) {
            queries++;
            JsonNode expect = query.get("expect");
            String expected = expect.has("ok")
                    ? text(expect.get("ok"), "controller") + "/" + expect.at("/ok/channel")
                    : text(expect, "error");
            assertThat(request(tree, recorded.get("registered"), query)).isEqualTo(expected);
        }
    }

    private static String request(DeviceTree tree, JsonNode registered, JsonNode query) {
        Node node = tree.find(text(query, "client")).orElseThrow();
        var client = new MailboxClient() {
            @Override
            public Node node() {
                return node;
            }
        };
        try (var scheduler = new VirtualScheduler();
                var mailboxes = new Mailboxes()) {
            for (JsonNode controller : registered) {
                String path = text(controller, "controller");
                mailboxes.register(MailboxController.builder((channel, message, txId) -> 0, scheduler)
                        .name(path)
                        .node(tree.find(path).orElseThrow())
                        .channelCount(controller.get("channels").asInt())
                        .build());
            }
            MailboxChannel channel = query.has("index")
                    ? mailboxes.requestChannel(client, query.get("index").asInt())
                    : mailboxes.requestChannelByName(client, text(query, "name"));
            return channel.toString();
        } catch (MailboxException e) {
            return Errno.name(e.errno());
        }
    }

    private static void checkMalformed(JsonNode recorded, Path directory) {
        byte[] blob = RecordedTrees.malformed(recorded, directory);
        if (text(recorded, "strict").equals("ok")) {
            assertThat(RecordedTrees.hash(DeviceTreeBlob.read(ByteBuffer.wrap(blob)), false))
                    .isEqualTo(text(recorded, "canonical_sha256"));
        } else {
            assertThatExceptionOfType(DeviceTreeException.class)
                    .isThrownBy(() -> DeviceTreeBlob.read(ByteBuffer.wrap(blob)));
        }
    }

    private static void checkMadeByManager(JsonNode recorded, Path directory) {
        DeviceTree overlay = RecordedTrees.tree(directory.resolve(text(recorded, "file")));
        BindingOptions options = BindingOptions.DEFAULT;
        DeviceTree tree;
        if (recorded.has("base")) {
            DeviceTree base = RecordedTrees.tree(directory.resolve(text(recorded, "base")));
            DeviceTree merged = RecordedTrees.tree(directory.resolve(text(recorded, "merged")));
            tree = DeviceTreeOverlay.apply(base, overlay);
            assertThat(RecordedTrees.hash(tree, true)).isEqualTo(RecordedTrees.hash(merged, true));
            assertThat(GunyahDeviceTree.check(merged, BindingProfile.SEED).violations())
                    .isNotEmpty();
            assertThat(GunyahDeviceTree.check(merged, BindingProfile.FINAL).violations())
                    .isNotEmpty();
        } else {
            tree = DeviceTreeOverlay.applyAlone(overlay);
            options = options.assumingThreeCells();
        }
        ResourceManagerNode node = GunyahDeviceTree.resourceManager(tree, options);
        for (JsonNode fact : recorded.get("nodes")) {
            if (text(fact, "path").equals(node.nodePath())) {
                assertThat(node.txCapability()).hasToString(fact.at("/reg/0").asText());
                assertThat(node.rxCapability()).hasToString(fact.at("/reg/1").asText());
                assertThat(node.txInterrupt().cells()).hasToString(cells(fact.at("/interrupts/0")));
                assertThat(node.rxInterrupt().cells()).hasToString(cells(fact.at("/interrupts/1")));
                return;
            }
        }
        throw new AssertionError("nothing is recorded of " + node.nodePath());
    }

    private static String cells(JsonNode array) {
        List<Integer> cells = new ArrayList<>();
        array.forEach(cell -> cells.add((int) cell.asLong()));
        return cells.toString();
    }

    private static String text(JsonNode node, String field) {
        return node.get(field).asText();
    }
}
