// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeOverlay;
import dev.hwmailbox.devicetree.InterruptSpecifier;
import dev.hwmailbox.gunyah.BindingCheck.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The three profiles of the binding against the recorded trees, and against those that a Resource Manager made.
 */
class DevicetreeBindingConformanceTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final Map<String, Verdict> VERDICTS =
            Map.of("valid", Verdict.VALID, "invalid", Verdict.INVALID, "not-selected", Verdict.NOTHING_TO_VALIDATE);

    @AutoClose
    private final RecordedTrees recorded = RecordedTrees.open();

    @Test
    void givesTheRecordedAnswerForEveryTreeInEveryProfile() throws IOException {
        int cases = checkBinding(recorded.directory().resolve("binding"));

        assertThat(cases).isEqualTo(135);
        for (Path directory : RecordedTrees.extra()) {
            checkBinding(directory.resolve("binding"));
        }
        TALLY.info("conformance devicetree binding: {} of {} in seed, final and lenient", cases, cases);
    }

    private static int checkBinding(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return 0;
        }
        List<JsonNode> cases = RecordedTrees.cases(directory.resolve("cases.json"));
        for (JsonNode binding : cases) {
            String id = binding.get("id").asText();
            DeviceTree tree =
                    RecordedTrees.tree(directory.resolve(binding.get("dtb").asText()));
            JsonNode lenient = binding.get("lenient");
            checkLenient(id, tree, lenient);
            checkLiteral(id, tree, BindingProfile.SEED, binding.get("strict_seed"), lenient);
            checkLiteral(id, tree, BindingProfile.FINAL, binding.get("strict_final"), lenient);
        }
        return cases.size();
    }

    private static void checkLenient(String id, DeviceTree tree, JsonNode expected) {
        BindingCheck check = GunyahDeviceTree.check(tree, BindingProfile.LENIENT);
        if (expected.get("verdict").asText().equals("ok")) {
            ResourceManagerNode found = GunyahDeviceTree.resourceManager(tree);
            checkFound(id, found, expected);
            assertThat(check.verdict()).as(id).isEqualTo(Verdict.VALID);
            assertThat(check.violations()).as(id).isEmpty();
            assertThat(check.resourceManager()).as(id).contains(found);
            return;
        }
        var refusal = assertThrowsExactly(BindingException.class, () -> GunyahDeviceTree.resourceManager(tree), id);
        assertThat(codes(refusal.violations()))
                .as(id)
                .containsExactly(expected.get("code").asText());
        assertThat(check.verdict()).as(id).isEqualTo(Verdict.INVALID);
        assertThat(check.violations()).as(id).isEqualTo(refusal.violations());
        assertThat(check.resourceManager()).as(id).isEmpty();
    }

    private static void checkLiteral(
            String id, DeviceTree tree, BindingProfile profile, JsonNode expected, JsonNode lenient) {
        String label = id + ", " + profile;
        BindingCheck check = GunyahDeviceTree.check(tree, profile);

        assertThat(check.verdict())
                .as(label)
                .isEqualTo(VERDICTS.get(expected.get("verdict").asText()));
        Set<String> expectedCodes = new TreeSet<>();
        expected.path("codes").forEach(code -> expectedCodes.add(code.asText()));
        assertThat(codes(check.violations())).as(label).isEqualTo(expectedCodes);
        checkUse(label, tree, check, lenient);
    }

    /** A client can use what is valid by the letter and good enough in the lenient profile. */
    private static void checkUse(String label, DeviceTree tree, BindingCheck check, JsonNode lenient) {
        if (check.verdict() == Verdict.VALID && lenient.get("verdict").asText().equals("ok")) {
            ResourceManagerNode found = GunyahDeviceTree.resourceManager(tree, check.profile());
            checkFound(label, found, lenient);
            assertThat(check.resourceManager()).as(label).contains(found);
            return;
        }
        assertThat(check.resourceManager()).as(label).isEmpty();
        var refusal = assertThrowsExactly(
                BindingException.class, () -> GunyahDeviceTree.resourceManager(tree, check.profile()), label);
        if (check.verdict() == Verdict.INVALID) {
            assertThat(refusal.violations()).as(label).isEqualTo(check.violations());
            return;
        }
        assertThat(check.warnings()).as(label).containsAll(refusal.violations());
        if (check.verdict() == Verdict.VALID) {
            assertThat(codes(refusal.violations()))
                    .as(label)
                    .containsExactly(lenient.get("code").asText());
        } else {
            assertThat(codes(refusal.violations()))
                    .as(label)
                    .hasSize(1)
                    .isSubsetOf("NO_HYPERVISOR_NODE", "HYPERVISOR_COMPATIBLE");
        }
    }

    private static Set<String> codes(List<BindingViolation> violations) {
        return violations.stream()
                .map(violation -> violation.code().name())
                .collect(Collectors.toCollection(TreeSet::new));
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

    @ParameterizedTest
    @CsvSource({
        "seed-example, SEED", "final-example, FINAL", "real-secondary, GUEST", "real-with-queues, GUEST",
        "real-primary, PRIMARY", "real-legacy, LEGACY", "real-v1-patch, LEGACY", "mixed-old-hyp-new-rm, OTHER",
        "rm-version-other, OTHER", "rm-compat-order-swapped, OTHER", "rm-extra-prop, SEED"
    })
    void tellsWhoseTreeItIs(String id, BindingVariant variant) throws IOException {
        DeviceTree tree =
                RecordedTrees.tree(recorded.directory().resolve("binding").resolve(id + ".dtb"));

        assertThat(GunyahDeviceTree.resourceManager(tree).variant()).isEqualTo(variant);
    }

    @Test
    void findsTheNodeInEveryTreeThatAResourceManagerMade() throws IOException {
        int trees = checkMade(recorded.directory().resolve("rm-dto"));

        assertThat(trees).isEqualTo(11);
        for (Path directory : RecordedTrees.extra()) {
            checkMade(directory.resolve("rm-dto"));
        }
        TALLY.info("conformance devicetree rm-overlays: {} of {}", trees, trees);
    }

    private static int checkMade(Path directory) throws IOException {
        int trees = 0;
        if (Files.exists(directory)) {
            for (String line : Files.readAllLines(directory.resolve("index.jsonl"))) {
                JsonNode made = JSON.readTree(line);
                if (made.has("merged")) {
                    checkMerged(
                            made,
                            RecordedTrees.tree(
                                    directory.resolve(made.get("merged").asText())));
                } else {
                    checkAlone(
                            made,
                            RecordedTrees.tree(
                                    directory.resolve(made.get("file").asText())));
                }
                trees++;
            }
        }
        return trees;
    }

    private static void checkMerged(JsonNode made, DeviceTree tree) {
        String file = made.get("merged").asText();
        ResourceManagerNode found = GunyahDeviceTree.resourceManager(tree);

        checkFacts(file, tree, found, made);
        assertThat(found.variant()).as(file).isEqualTo(BindingVariant.GUEST);
        assertThat(found.txInterrupt().controllerPath()).as(file).isNotNull();
        VmIdentity vm = found.extras().vm().orElseThrow();
        assertThat(vm.vmid()).as(file).hasValue(made.get("vmid").asInt());
        for (BindingProfile profile : List.of(BindingProfile.SEED, BindingProfile.FINAL)) {
            BindingCheck check = GunyahDeviceTree.check(tree, profile);
            assertThat(check.verdict()).as(file).isEqualTo(Verdict.INVALID);
            assertThat(codes(check.violations())).as(file).containsExactly("HYP_COMPATIBLE", "HYP_EXTRA_CHILD");
        }
    }

    /** The host's overlay, without a base: its interrupt controller is not in sight. */
    private static void checkAlone(JsonNode made, DeviceTree overlay) {
        String file = made.get("file").asText();
        ResourceManagerNode found = GunyahDeviceTree.resourceManager(overlay);

        checkFacts(file, DeviceTreeOverlay.applyAlone(overlay), found, made);
        assertThat(found.variant()).as(file).isEqualTo(BindingVariant.PRIMARY);
        assertThat(found.txInterrupt().controllerPath()).as(file).isNull();
        assertThat(found.rxInterrupt().controllerPath()).as(file).isNull();
        assertThat(GunyahDeviceTree.check(overlay, BindingProfile.SEED).verdict())
                .as(file)
                .isEqualTo(Verdict.NOTHING_TO_VALIDATE);
        assertThat(GunyahDeviceTree.check(overlay, BindingProfile.FINAL).verdict())
                .as(file)
                .isEqualTo(Verdict.NOTHING_TO_VALIDATE);
    }

    private static void checkFacts(String file, DeviceTree tree, ResourceManagerNode found, JsonNode made) {
        List<String> said = new ArrayList<>();
        String hypervisor = found.nodePath().substring(0, found.nodePath().lastIndexOf('/'));
        for (JsonNode node : made.get("nodes")) {
            String path = node.get("path").asText();
            if (path.equals(found.nodePath())) {
                node.fieldNames().forEachRemaining(name -> checkFact(file, tree, found, name, node.get(name)));
                said.add("rm");
            } else if (path.equals(hypervisor + "/qcom,gunyah-vm")) {
                VmIdentity vm = found.extras().vm().orElseThrow();
                node.fieldNames().forEachRemaining(name -> checkFact(file, vm, name, node.get(name)));
                checkAbsent(file, vm, node);
                said.add("vm");
            }
        }
        assertThat(said).as(file).containsExactlyInAnyOrder("rm", "vm");
        assertThat(found.warnings()).as(file).isEmpty();
    }

    private static void checkFact(
            String file, DeviceTree tree, ResourceManagerNode found, String name, JsonNode expected) {
        ResourceManagerExtras extras = found.extras();
        Object actual = switch (name) {
            case "path" -> found.nodePath();
            case "compatible" -> tree.find(found.nodePath()).orElseThrow().compatible();
            case "reg" ->
                List.of(found.txCapability().toString(), found.rxCapability().toString());
            case "interrupts" ->
                List.of(found.txInterrupt().cells(), found.rxInterrupt().cells());
            case "qcom,tx-message-size" -> found.txMessageSize();
            case "qcom,rx-message-size" -> found.rxMessageSize();
            case "qcom,tx-queue-depth" -> found.txQueueDepth();
            case "qcom,rx-queue-depth" -> found.rxQueueDepth();
            case "qcom,free-irq-start" -> extras.freeIrqStart().orElseThrow();
            case "qcom,vdevice-handle" -> extras.vdeviceHandle().orElseThrow();
            case "qcom,is-full-duplex" -> extras.fullDuplex();
            default -> throw new AssertionError(file + ": unknown fact " + name);
        };
        assertThat(JSON.<JsonNode>valueToTree(actual)).as(file + ": " + name).isEqualTo(expected);
    }

    private static void checkFact(String file, VmIdentity vm, String name, JsonNode expected) {
        Object actual = switch (name) {
            case "path", "compatible" -> expected;
            case "qcom,vmid" -> vm.vmid().orElseThrow();
            case "qcom,owner-vmid" -> vm.ownerVmid().orElseThrow();
            case "qcom,vendor" -> List.of(vm.vendor().orElseThrow());
            case "qcom,image-name" -> List.of(vm.imageName().orElseThrow());
            case "qcom,vm-uri" -> List.of(vm.uri().orElseThrow());
            case "qcom,vm-guid" -> List.of(vm.guid().orElseThrow());
            case "qcom,peers" -> vm.peers();
            default -> throw new AssertionError(file + ": unknown fact " + name);
        };
        assertThat(JSON.<JsonNode>valueToTree(actual)).as(file + ": " + name).isEqualTo(expected);
    }

    private static void checkAbsent(String file, VmIdentity vm, JsonNode expected) {
        assertThat(vm.ownerVmid().isPresent()).as(file).isEqualTo(expected.has("qcom,owner-vmid"));
        assertThat(vm.imageName().isPresent()).as(file).isEqualTo(expected.has("qcom,image-name"));
        assertThat(vm.uri().isPresent()).as(file).isEqualTo(expected.has("qcom,vm-uri"));
        assertThat(vm.guid().isPresent()).as(file).isEqualTo(expected.has("qcom,vm-guid"));
        assertThat(vm.peers().isEmpty()).as(file).isNotEqualTo(expected.has("qcom,peers"));
    }
}
