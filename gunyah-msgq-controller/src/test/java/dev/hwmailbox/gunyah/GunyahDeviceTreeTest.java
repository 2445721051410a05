// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import dev.hwmailbox.Errno;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.InterruptSpecifier;
import dev.hwmailbox.devicetree.InterruptSpecifier.Kind;
import dev.hwmailbox.devicetree.InterruptSpecifier.Trigger;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.NodeBuilder;
import dev.hwmailbox.gunyah.BindingViolation.Code;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every message of discovery, and what the recorded trees leave out. */
class GunyahDeviceTreeTest {
    private static final String RM = "gunyah-resource-mgr@0";
    private static final String RM_PATH = "/hypervisor/gunyah-resource-mgr@0";

    @Test
    void takesSizesAndDepthsFromTheTree() {
        ResourceManagerNode found = find(rm(n -> n.property("qcom,tx-message-size", 64)
                .property("qcom,rx-message-size", 1023)
                .property("qcom,tx-queue-depth", 1)
                .property("qcom,rx-queue-depth", 255)));

        assertThat(found.txMessageSize()).isEqualTo(64);
        assertThat(found.rxMessageSize()).isEqualTo(1023);
        assertThat(found.txQueueDepth()).isEqualTo(1);
        assertThat(found.rxQueueDepth()).isEqualTo(255);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1024, -1})
    void hasDefaultsForSizesAndDepthsThatNoQueueCanHave(int hint) {
        ResourceManagerNode found = find(rm(n -> n.property("qcom,tx-message-size", hint)
                .property("qcom,rx-message-size", 64, 0)
                .property("qcom,tx-queue-depth", hint)
                .flag("qcom,rx-queue-depth")));

        assertThat(found.txMessageSize()).isEqualTo(ResourceManagerNode.DEFAULT_MESSAGE_SIZE);
        assertThat(found.rxMessageSize()).isEqualTo(ResourceManagerNode.DEFAULT_MESSAGE_SIZE);
        assertThat(found.txQueueDepth()).isEqualTo(ResourceManagerNode.DEFAULT_QUEUE_DEPTH);
        assertThat(found.rxQueueDepth()).isEqualTo(ResourceManagerNode.DEFAULT_QUEUE_DEPTH);
        String number = Integer.toUnsignedString(hint);
        assertThat(found.warnings())
                .extracting(BindingViolation::toString)
                .containsExactly(
                        "BAD_HINT " + RM_PATH + ": qcom,tx-message-size is " + number
                                + ", not one number in 1..1023; 240 is assumed",
                        "BAD_HINT " + RM_PATH + ": qcom,rx-message-size is <0x00000040 0x00000000>, "
                                + "not one number in 1..1023; 240 is assumed",
                        "BAD_HINT " + RM_PATH + ": qcom,tx-queue-depth is " + number
                                + ", not one number in 1..255; 8 is assumed",
                        "BAD_HINT " + RM_PATH + ": qcom,rx-queue-depth is nothing, "
                                + "not one number in 1..255; 8 is assumed");
        assertThat(found.warnings()).extracting(BindingViolation::property).contains("qcom,rx-queue-depth");
    }

    @Test
    void takesWhatElseTheResourceManagerWrites() {
        ResourceManagerNode found = find(hypervisor(h -> h.child(
                        RM,
                        n -> n.property("qcom,free-irq-start", 960)
                                .flag("qcom,is-full-duplex")
                                .property("qcom,vdevice-handle", -1)
                                .property("qcom,peer-vmid", 45)
                                .flag("qcom,console-dev"))
                .child(
                        "qcom,gunyah-vm",
                        vm -> vm.property("qcom,vmid", 128)
                                .property("qcom,owner-vmid", 3)
                                .property("qcom,vendor", "Qualcomm")
                                .property("qcom,image-name", "vm-a")
                                .property("qcom,vm-uri", "vmuid/test1")
                                .property("qcom,vm-guid", "01234567-89ab-cdef-0123-456789abcdef")
                                .property("qcom,peers", "vm-name:b", "vm-name:c"))));

        assertThat(found.extras())
                .isEqualTo(new ResourceManagerExtras(
                        OptionalInt.of(960),
                        true,
                        OptionalInt.of(-1),
                        OptionalInt.of(45),
                        true,
                        Optional.of(new VmIdentity(
                                OptionalInt.of(128),
                                OptionalInt.of(3),
                                Optional.of("Qualcomm"),
                                Optional.of("vm-a"),
                                Optional.of("vmuid/test1"),
                                Optional.of("01234567-89ab-cdef-0123-456789abcdef"),
                                List.of("vm-name:b", "vm-name:c")))));
        assertThat(found.warnings()).isEmpty();
        assertThat(find(valid()).extras()).isEqualTo(ResourceManagerExtras.NONE);
    }

    @Test
    void leavesOutExtrasThatMakeNoSense() {
        ResourceManagerNode found = find(hypervisor(h -> h.child(
                        RM,
                        n -> n.flag("qcom,free-irq-start")
                                .property("qcom,vdevice-handle", 1, 2)
                                .bytes("qcom,peer-vmid", new byte[] {1, 2, 3}))
                .child(
                        "qcom,gunyah-vm",
                        vm -> vm.property("qcom,vmid", "twelve")
                                .property("qcom,vendor", "a", "b")
                                .bytes("qcom,image-name", new byte[] {1, 2})
                                .flag("qcom,vm-uri")
                                .bytes("qcom,peers", new byte[] {'x'}))));

        assertThat(found.extras().freeIrqStart()).isEmpty();
        assertThat(found.extras().vdeviceHandle()).isEmpty();
        assertThat(found.extras().peerVmid()).isEmpty();
        VmIdentity vm = found.extras().vm().orElseThrow();
        assertThat(vm)
                .isEqualTo(new VmIdentity(
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        List.of()));
        String path = "BAD_HINT /hypervisor/qcom,gunyah-vm: ";
        assertThat(found.warnings())
                .extracting(BindingViolation::toString)
                .containsExactly(
                        "BAD_HINT " + RM_PATH + ": qcom,free-irq-start is nothing, not one number; it is ignored",
                        "BAD_HINT " + RM_PATH
                                + ": qcom,vdevice-handle is <0x00000001 0x00000002>, not one number; it is ignored",
                        "BAD_HINT " + RM_PATH + ": qcom,peer-vmid is [01 02 03], not one number; it is ignored",
                        path + "qcom,vmid is \"twelve\", not one number; it is ignored",
                        path + "qcom,vendor is \"a\", \"b\", not one text; it is ignored",
                        path + "qcom,image-name is [01 02], not one text; it is ignored",
                        path + "qcom,vm-uri is nothing, not one text; it is ignored",
                        path + "qcom,peers is [78], not a list of texts; it is ignored");
    }

    @Test
    void readsThreeCellsOnTheCallersWord() {
        DeviceTree fourCells = valid().withRoot(NodeBuilder.from(valid().root())
                .child("gic", gic -> gic.property("#interrupt-cells", 4))
                .build());
        DeviceTree noController = valid().withRoot(
                        NodeBuilder.from(valid().root()).removeChild("gic").build());

        for (BindingProfile profile : List.of(BindingProfile.LENIENT, BindingProfile.FINAL)) {
            BindingOptions options = BindingOptions.of(profile).assumingThreeCells();
            ResourceManagerNode found = GunyahDeviceTree.resourceManager(fourCells, options);
            assertThat(found.txInterrupt().hwirq()).isEqualTo(35);
            assertThat(found.txInterrupt().controllerPath()).isEqualTo("/gic");
            found = GunyahDeviceTree.resourceManager(noController, options);
            assertThat(found.rxInterrupt().hwirq()).isEqualTo(36);
            assertThat(found.rxInterrupt().controllerPath()).isNull();
        }
        refuses(noController, Code.NO_INTERRUPT_PARENT, RM_PATH, "interrupts", RM_PATH + ": no interrupt parent found");
    }

    @Test
    void warnsOfAListThatDoesNotEndWithTheSecondInterrupt() {
        Node fourCells = valid().find("/gic").orElseThrow();
        DeviceTree tree = rm(n -> n.property("interrupts", 0, 3, 1, 0, 1, 1, 1, 5, 1));
        DeviceTree misread = tree.withRoot(NodeBuilder.from(tree.root())
                .child("gic", gic -> gic.merge(fourCells).property("#interrupt-cells", 4))
                .build());

        assertThat(find(misread).warnings())
                .containsExactly(new BindingViolation(
                        Code.INTERRUPTS_EXTRA,
                        RM_PATH,
                        "interrupts",
                        RM_PATH + ": 2 interrupts and a rest; controller /gic wants 4 cells per interrupt; "
                                + "the list looks like 3 cells each"));
        assertThat(find(rm(n -> n.property("interrupts", 0, 3).property("interrupts-extended", 1, 0, 3, 1, 1, 0, 4, 1)))
                        .warnings())
                .isEmpty();
    }

    @Test
    void warnsOfTheSameInterruptOfAnUnknownControllerToo() {
        DeviceTree tree = rm(n -> n.property("interrupt-parent", 0x999).property("interrupts", 0, 3, 1, 0, 3, 1));

        assertThat(GunyahDeviceTree.resourceManager(tree, BindingOptions.DEFAULT.assumingThreeCells())
                        .warnings())
                .extracting(BindingViolation::code)
                .containsExactly(Code.SAME_INTERRUPT);
    }

    @Test
    void takesAnOverlayAloneWhoseNodesAreSpreadOverFragments() {
        DeviceTree overlay = DeviceTree.of(NodeBuilder.root()
                .child(
                        "fragment@0",
                        fragment -> fragment.property("target", -1)
                                .child("__overlay__", content -> content.property("status", "okay")))
                .child(
                        "fragment@1",
                        fragment(
                                "/",
                                content -> content.child(
                                        "hypervisor",
                                        h -> h.child(
                                                RM,
                                                n -> n.merge(
                                                        valid().find(RM_PATH).orElseThrow())))))
                .child(
                        "fragment@2",
                        fragment(
                                "/",
                                content -> content.child(
                                        "hypervisor",
                                        h -> h.merge(valid().find("/hypervisor").orElseThrow())
                                                .removeChild(RM))))
                .build());

        for (BindingProfile profile : List.of(BindingProfile.FINAL, BindingProfile.LENIENT)) {
            ResourceManagerNode found = GunyahDeviceTree.resourceManager(overlay, profile);
            assertThat(found.nodePath()).isEqualTo(RM_PATH);
            assertThat(found.txInterrupt())
                    .isEqualTo(new InterruptSpecifier(null, List.of(0, 3, 1), Kind.SPI, 35, Trigger.EDGE_RISING));
            assertThat(GunyahDeviceTree.check(overlay, profile).resourceManager())
                    .contains(found);
        }
        assertThat(GunyahDeviceTree.check(overlay, BindingProfile.SEED).verdict())
                .isEqualTo(BindingCheck.Verdict.INVALID);
    }

    @Test
    void refusesOverlaysThatAreNone() {
        DeviceTree overlay = DeviceTree.of(NodeBuilder.root()
                .child("fragment@0", fragment -> fragment.child("__overlay__", content -> {}))
                .build());

        var refusal = refuses(
                overlay,
                Code.BAD_OVERLAY,
                "/fragment@0",
                null,
                "overlay fragment@0: has neither target nor target-path");
        assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
        for (BindingProfile profile : BindingProfile.values()) {
            BindingCheck check = GunyahDeviceTree.check(overlay, profile);
            assertThat(check.verdict()).isEqualTo(BindingCheck.Verdict.INVALID);
            assertThat(check.violations()).isEqualTo(refusal.violations());
            assertThat(check.resourceManager()).isEmpty();
        }
    }

    private static Consumer<NodeBuilder> fragment(String targetPath, Consumer<NodeBuilder> content) {
        return fragment -> fragment.property("target-path", targetPath).child("__overlay__", content);
    }

    @Test
    void prefersTheUsualPathToDocumentOrder() {
        DeviceTree tree = DeviceTree.of(NodeBuilder.root()
                .child(
                        "firmware",
                        firmware -> firmware.child("hypervisor", h -> h.property("compatible", "gunyah-hypervisor")))
                .child("hypervisor", h -> h.merge(valid().find("/hypervisor").orElseThrow()))
                .child("gic", gic -> gic.merge(valid().find("/gic").orElseThrow()))
                .property("interrupt-parent", 1)
                .build());

        assertThat(find(tree).nodePath()).isEqualTo(RM_PATH);
    }

    @Test
    void saysThatThereIsNoHypervisor() {
        var refusal = refuses(
                DeviceTree.of(NodeBuilder.root().build()),
                Code.NO_HYPERVISOR_NODE,
                "/",
                null,
                "the tree has no hypervisor node: no /hypervisor, and no node compatible with \"gunyah-hypervisor\"");

        assertThat(refusal.errno()).isEqualTo(Errno.ENODEV);
        assertThat(refusal).hasMessageStartingWith("ENODEV: the tree has no hypervisor node");
    }

    @Test
    void saysWhoseHypervisorItIs() {
        refuses(
                hypervisor(h -> h.property("compatible", "xen,xen-4.11", "xen,xen")),
                Code.HYPERVISOR_COMPATIBLE,
                "/hypervisor",
                "compatible",
                "/hypervisor is compatible with \"xen,xen-4.11\", \"xen,xen\", not with Gunyah");
        refuses(
                hypervisor(h -> h.removeProperty("compatible")),
                Code.HYPERVISOR_COMPATIBLE,
                "/hypervisor",
                "compatible",
                "/hypervisor is compatible with nothing, not with Gunyah");
        refuses(
                hypervisor(h -> h.property("compatible", "two\nlines")),
                Code.HYPERVISOR_COMPATIBLE,
                "/hypervisor",
                "compatible",
                "/hypervisor is compatible with \"two\\nlines\", not with Gunyah");
    }

    @Test
    void namesTheNodeWhoseStatusDisablesTheHypervisor() {
        refuses(
                hypervisor(h -> h.property("status", "disabled")),
                Code.HYPERVISOR_DISABLED,
                "/hypervisor",
                "status",
                "/hypervisor has status \"disabled\"");
        refuses(
                hypervisor(h -> h.flag("status")),
                Code.HYPERVISOR_DISABLED,
                "/hypervisor",
                "status",
                "/hypervisor has status nothing");
        DeviceTree nested = DeviceTree.of(NodeBuilder.root()
                .child(
                        "firmware",
                        firmware -> firmware.property("status", "fail")
                                .child(
                                        "hypervisor",
                                        h -> h.merge(valid().find("/hypervisor").orElseThrow())))
                .build());
        refuses(nested, Code.HYPERVISOR_DISABLED, "/firmware", "status", "/firmware has status \"fail\"");
    }

    @Test
    void saysWhatTheCellCountsMustBe() {
        refuses(
                hypervisor(h -> h.removeProperty("#address-cells")),
                Code.MISSING_CELLS,
                "/hypervisor",
                "#address-cells",
                "/hypervisor: #address-cells is missing (must be 2)");
        refuses(
                hypervisor(h -> h.property("#size-cells", -1)),
                Code.WRONG_CELLS,
                "/hypervisor",
                "#size-cells",
                "/hypervisor: #size-cells is 4294967295, must be 0");
        refuses(
                hypervisor(h -> h.property("#address-cells", 0, 2)),
                Code.WRONG_CELLS,
                "/hypervisor",
                "#address-cells",
                "/hypervisor: #address-cells is <0x00000000 0x00000002>, must be 2");
        refuses(
                hypervisor(h -> h.property("#address-cells", 2, 0)),
                Code.WRONG_CELLS,
                "/hypervisor",
                "#address-cells",
                "/hypervisor: #address-cells is <0x00000002 0x00000000>, must be 2");
        refuses(
                hypervisor(h -> h.property("#address-cells", "2")),
                Code.WRONG_CELLS,
                "/hypervisor",
                "#address-cells",
                "/hypervisor: #address-cells is \"2\", must be 2");
    }

    @Test
    void saysThatThereIsNoResourceManager() {
        refuses(
                hypervisor(h -> h.removeChild(RM)),
                Code.NO_RM_NODE,
                "/hypervisor",
                null,
                "/hypervisor has no Resource Manager node");
        refuses(
                rm(n -> n.property("compatible", "gunyah-resource-Manager")),
                Code.RM_COMPATIBLE,
                RM_PATH,
                "compatible",
                RM_PATH + ": compatible is \"gunyah-resource-Manager\", expected one of \"gunyah-resource-manager\", "
                        + "\"gunyah-resource-manager-1-0\", \"qcom,resource-manager\", \"qcom,resource-manager-...\"");
        refuses(
                rm(n -> n.property("status", "reserved")),
                Code.RM_DISABLED,
                RM_PATH,
                "status",
                RM_PATH + " has status \"reserved\"");
    }

    @Test
    void namesTheFirstFewOfManyToChooseFrom() {
        DeviceTree tree = hypervisor(h -> h.removeChild(RM)
                .child("a", a -> a.property("compatible", "gunyah-resource-manager"))
                .merge(manyResourceManagers(8)));

        refuses(
                tree,
                Code.SEVERAL_RM_NODES,
                "/hypervisor",
                null,
                "/hypervisor has 9 available Resource Manager nodes: /hypervisor/a, /hypervisor/rm@0, /hypervisor/rm@1, "
                        + "/hypervisor/rm@2, /hypervisor/rm@3, /hypervisor/rm@4, /hypervisor/rm@5, /hypervisor/rm@6, "
                        + "...; choose one");
    }

    private static Node manyResourceManagers(int count) {
        NodeBuilder hypervisor = NodeBuilder.named("hypervisor");
        for (int i = 0; i < count; i++) {
            hypervisor.child("rm@" + i, rm -> rm.property("compatible", "gunyah-resource-manager"));
        }
        return hypervisor.build();
    }

    @ParameterizedTest
    @EnumSource(BindingProfile.class)
    void saysNoMoreThanIsBearableOfHostileTrees(BindingProfile profile) {
        Node hypervisor = NodeBuilder.named("h".repeat(300_000))
                .merge(manyResourceManagers(6000))
                .property("compatible", "gunyah-hypervisor")
                .property("#address-cells", 2)
                .property("#size-cells", 0)
                .build();
        DeviceTree tree = DeviceTree.of(NodeBuilder.root()
                .child(hypervisor.name(), h -> h.merge(hypervisor))
                .build());

        BindingCheck check = GunyahDeviceTree.check(tree, profile);

        assertThat(check.verdict()).isEqualTo(BindingCheck.Verdict.INVALID);
        assertThat(check.violations()).isNotEmpty();
        assertThat(check.violations().stream()
                        .mapToLong(violation -> violation.message().length())
                        .sum())
                .isLessThan(10_000_000);
    }

    @Test
    void saysWhatStopsAClientHoweverMuchHasBeenSaid() {
        Node hypervisor = rm(n -> n.u64s("reg", 0, 1, 2).removeProperty("interrupts"))
                .find("/hypervisor")
                .orElseThrow();
        DeviceTree tree = DeviceTree.of(NodeBuilder.root()
                .child("h".repeat(3_000_000), h -> h.merge(hypervisor))
                .build());

        BindingCheck check = GunyahDeviceTree.check(tree, BindingProfile.LENIENT);

        assertThat(check.warnings()).extracting(BindingViolation::code).containsExactly(Code.REG_EXTRA);
        assertThat(check.violations()).extracting(BindingViolation::code).containsExactly(Code.NO_INTERRUPTS);
    }

    @Test
    void asksTheCallerToChooseAmongSeveral() {
        DeviceTree tree = hypervisor(h -> h.child(
                "rm@2",
                other -> other.merge(valid().find(RM_PATH).orElseThrow()).u64s("reg", 2, 3)));

        var refusal = refuses(
                tree,
                Code.SEVERAL_RM_NODES,
                "/hypervisor",
                null,
                "/hypervisor has 2 available Resource Manager nodes: " + RM_PATH + ", /hypervisor/rm@2; choose one");

        assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
        assertThat(GunyahDeviceTree.resourceManager(tree, "/hypervisor/rm@2").rxCapability())
                .isEqualTo(CapabilityId.of(3));
        assertThat(GunyahDeviceTree.resourceManager(tree, "2").nodePath()).isEqualTo("/hypervisor/rm@2");
        var noSuch = assertThrowsExactly(
                BindingException.class, () -> GunyahDeviceTree.resourceManager(tree, "/hypervisor/rm@3"));
        assertThat(noSuch).hasMessage("ENODEV: /hypervisor has no Resource Manager node /hypervisor/rm@3");
    }

    @Test
    void saysWhatIsWrongWithReg() {
        refuses(rm(n -> n.removeProperty("reg")), Code.MISSING_REG, RM_PATH, "reg", RM_PATH + ": reg is missing");
        refuses(
                rm(n -> n.property("reg", 0, 0, 1)),
                Code.REG_SIZE,
                RM_PATH,
                "reg",
                RM_PATH + ": reg has 12 bytes, not a whole number of 8-byte capability IDs");
        refuses(
                rm(n -> n.u64s("reg", 1)),
                Code.REG_TOO_SHORT,
                RM_PATH,
                "reg",
                RM_PATH + ": reg has 1 capability IDs, needs TX and RX");
        refuses(
                rm(n -> n.u64s("reg", 1, -1)),
                Code.INVALID_CAPABILITY,
                RM_PATH,
                "reg",
                RM_PATH + ": RX capability ID is the invalid value");
    }

    @Test
    void saysWhatIsWrongWithInterrupts() {
        refuses(
                rm(n -> n.removeProperty("interrupts")),
                Code.NO_INTERRUPTS,
                RM_PATH,
                "interrupts",
                RM_PATH + ": neither interrupts nor interrupts-extended");
        refuses(
                rm(n -> n.property("interrupt-parent", 9)),
                Code.NO_INTERRUPT_PARENT,
                RM_PATH,
                "interrupts",
                RM_PATH + ": no interrupt parent found");
        refuses(
                rm(n -> n.property("interrupts", 0, 3, 1)),
                Code.TOO_FEW_INTERRUPTS,
                RM_PATH,
                "interrupts",
                RM_PATH + ": 1 interrupts, needs TX and RX");
        refuses(
                rm(n -> n.property("interrupts-extended", 1, 0, 3, 1, 0x999, 0, 4, 1)
                        .removeProperty("interrupts")),
                Code.BAD_INTERRUPT_REFERENCE,
                RM_PATH,
                "interrupts-extended",
                RM_PATH + ": interrupts-extended refers to phandle 0x999, which no node has");
        refuses(
                rm(n -> n.property("interrupts", 0, 3, 1, 7, 4, 1)),
                Code.UNSUPPORTED_INTERRUPT_SPECIFIER,
                RM_PATH,
                "interrupts",
                RM_PATH + ": interrupt 1 <7 4 1>: type 7 is none of 0 SPI, 1 PPI, 2 ESPI, 3 EPPI");
        refuses(
                rm(n -> n.property("interrupts", 0, 988, 1, 0, 4, 1)),
                Code.INTERRUPT_OUT_OF_RANGE,
                RM_PATH,
                "interrupts",
                RM_PATH + ": interrupt 0 <0 988 1>: SPI numbers end at 987");
    }

    @Test
    void saysSoWhenTheListWasMeantForAnotherController() {
        DeviceTree tree = valid().withRoot(NodeBuilder.from(valid().root())
                .child("gic", gic -> gic.property("#interrupt-cells", 4))
                .build());

        refuses(
                tree,
                Code.TOO_FEW_INTERRUPTS,
                RM_PATH,
                "interrupts",
                RM_PATH + ": 1 interrupts, needs TX and RX; "
                        + "controller /gic wants 4 cells per interrupt; the list looks like 3 cells each");
    }

    @Test
    void saysThatTheParentIsNoController() {
        DeviceTree tree = valid().withRoot(NodeBuilder.from(valid().root())
                .child("gic", gic -> gic.removeProperty("interrupt-controller"))
                .build());

        refuses(
                tree,
                Code.NOT_AN_INTERRUPT_CONTROLLER,
                RM_PATH,
                "interrupts",
                RM_PATH + ": interrupt 0 <0 3 1>: /gic is no interrupt controller");
    }

    @Test
    void warnsOfWhatIsOdd() {
        ResourceManagerNode found =
                find(rm(n -> n.u64s("reg", 5, 5, 6).property("interrupts", 0, 3, 0, 0, 3, 1, 0, 4, 1)));

        assertThat(found.warnings())
                .extracting(BindingViolation::toString)
                .containsExactly(
                        "REG_EXTRA " + RM_PATH + ": reg has 3 capability IDs, expected 2",
                        "SAME_CAPABILITY " + RM_PATH + ": TX and RX capability are the same, 0x0000000000000005",
                        "INTERRUPTS_EXTRA " + RM_PATH + ": 3 interrupts, expected 2",
                        "SAME_INTERRUPT " + RM_PATH + ": TX and RX interrupt are the same",
                        "TRIGGER " + RM_PATH + ": interrupt 0 has no valid trigger type");
        assertThat(found.warnings()).extracting(BindingViolation::nodePath).containsOnly(RM_PATH);
    }

    @Test
    void collectsAllThatIsWrongInOneStep() {
        DeviceTree tree = rm(n -> n.u64s("reg", -1, -1).flag("interrupts"));

        assertThat(codes(tree))
                .containsExactly(Code.INVALID_CAPABILITY, Code.INVALID_CAPABILITY, Code.TOO_FEW_INTERRUPTS);
        assertThat(assertThrowsExactly(BindingException.class, () -> find(tree)))
                .hasMessage("EINVAL: " + RM_PATH + ": TX capability ID is the invalid value (and 2 more)");
    }

    @Test
    void doesNotJudgeTheNodeUnderWrongCellCounts() {
        DeviceTree tree = hypervisor(h ->
                h.property("#address-cells", 1).removeProperty("#size-cells").child(RM, n -> n.property("reg", 0, 1)));

        assertThat(codes(tree)).containsExactly(Code.WRONG_CELLS, Code.MISSING_CELLS);
    }

    private static List<Code> codes(DeviceTree tree) {
        return assertThrowsExactly(BindingException.class, () -> find(tree)).violations().stream()
                .map(BindingViolation::code)
                .toList();
    }

    private static ResourceManagerNode find(DeviceTree tree) {
        return GunyahDeviceTree.resourceManager(tree);
    }

    private static BindingException refuses(
            DeviceTree tree, Code code, String nodePath, @Nullable String property, String message) {
        var refusal = assertThrowsExactly(BindingException.class, () -> find(tree));
        assertThat(refusal.violations()).containsExactly(new BindingViolation(code, nodePath, property, message));
        assertThat(refusal).hasMessageEndingWith(": " + message);
        return refusal;
    }

    private static DeviceTree rm(Consumer<NodeBuilder> change) {
        return hypervisor(h -> h.child(RM, change));
    }

    private static DeviceTree hypervisor(Consumer<NodeBuilder> change) {
        return valid().withRoot(NodeBuilder.from(valid().root())
                .child("hypervisor", change)
                .build());
    }

    private static DeviceTree valid() {
        return DeviceTree.of(NodeBuilder.root()
                .property("interrupt-parent", 1)
                .child(
                        "gic",
                        gic -> gic.property("phandle", 1)
                                .property("#interrupt-cells", 3)
                                .flag("interrupt-controller"))
                .child(
                        "hypervisor",
                        h -> h.property("compatible", "gunyah-hypervisor")
                                .property("#address-cells", 2)
                                .property("#size-cells", 0)
                                .child(
                                        RM,
                                        n -> n.property("compatible", "gunyah-resource-manager")
                                                .u64s("reg", 0, 1)
                                                .property("interrupts", 0, 3, 1, 0, 4, 1)))
                .build());
    }
}
