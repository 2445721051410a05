// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import dev.hwmailbox.Errno;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.NodeBuilder;
import dev.hwmailbox.gunyah.BindingCheck.Verdict;
import dev.hwmailbox.gunyah.BindingViolation.Code;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every message of the two published forms, and what the recorded trees leave out. */
class LiteralBindingTest {
    private static final String RM = "gunyah-resource-mgr@0";
    private static final String RM_PATH = "/hypervisor/gunyah-resource-mgr@0";

    @ParameterizedTest
    @EnumSource(
            value = BindingProfile.class,
            names = {"SEED", "FINAL"})
    void acceptsItsOwnForm(BindingProfile profile) {
        BindingCheck check = GunyahDeviceTree.check(valid(profile), profile);

        assertThat(check.verdict()).isEqualTo(Verdict.VALID);
        assertThat(check.profile()).isEqualTo(profile);
        assertThat(check.violations()).isEmpty();
        assertThat(check.warnings()).isEmpty();
        ResourceManagerNode found = GunyahDeviceTree.resourceManager(valid(profile), profile);
        assertThat(check.resourceManager()).contains(found);
        assertThat(found.variant().name()).isEqualTo(profile.name());
        assertThat(found.rxCapability()).isEqualTo(CapabilityId.of(1));
    }

    @Test
    void saysWhatCompatibleMustBe() {
        BindingCheck check = GunyahDeviceTree.check(valid(BindingProfile.FINAL), BindingProfile.SEED);

        assertThat(check.violations())
                .containsExactly(
                        new BindingViolation(
                                Code.HYP_COMPATIBLE,
                                "/hypervisor",
                                "compatible",
                                "/hypervisor: compatible is \"gunyah-hypervisor\", the binding wants exactly "
                                        + "\"gunyah-hypervisor-1.0\", \"gunyah-hypervisor\""),
                        new BindingViolation(
                                Code.RM_COMPATIBLE,
                                RM_PATH,
                                "compatible",
                                RM_PATH + ": compatible is \"gunyah-resource-manager\", expected "
                                        + "\"gunyah-resource-manager-1-0\", \"gunyah-resource-manager\""));
        violates(
                rm(n -> n.removeProperty("compatible")),
                Code.RM_COMPATIBLE,
                "compatible",
                RM_PATH + ": compatible is nothing, expected \"gunyah-resource-manager\"");
    }

    @Test
    void saysWhatTheHypervisorNodeMustNotHave() {
        violates(
                hypervisor(h -> h.flag("ranges")),
                Code.HYP_EXTRA_PROPERTY,
                "ranges",
                "/hypervisor: unexpected property ranges");
        violates(
                hypervisor(h -> h.child("qcom,gunyah-vm", vm -> {})),
                Code.HYP_EXTRA_CHILD,
                null,
                "/hypervisor: unexpected child node qcom,gunyah-vm");
        violates(
                hypervisor(h -> h.removeProperty("#size-cells")),
                Code.MISSING_CELLS,
                "#size-cells",
                "/hypervisor: #size-cells is missing (must be 0)");
        violates(
                hypervisor(h -> h.property("#address-cells", 1)),
                Code.WRONG_CELLS,
                "#address-cells",
                "/hypervisor: #address-cells is 1, must be 2");
    }

    @Test
    void saysWhatTheResourceManagerNodeMustNotHave() {
        violates(
                rm(n -> n.property("interrupt-names", "tx", "rx")),
                Code.RM_EXTRA_PROPERTY,
                "interrupt-names",
                RM_PATH + ": unexpected property interrupt-names");
        violates(
                rm(n -> n.child("port", port -> {})),
                Code.RM_EXTRA_CHILD,
                null,
                RM_PATH + ": unexpected child node port");
    }

    @Test
    void allowsWhatEveryNodeMayHave() {
        Consumer<NodeBuilder> general = n -> n.property("phandle", 7)
                .property("status", "okay")
                .property("secure-status", "okay")
                .property("pinctrl-names", "default")
                .property("pinctrl-0", 1)
                .property("pinctrl-12", 1);
        DeviceTree tree = hypervisor(h -> {
            general.accept(h);
            h.child(RM, n -> general.accept(n.property("interrupt-parent", 1)));
        });

        assertThat(GunyahDeviceTree.check(tree, BindingProfile.FINAL).violations())
                .isEmpty();
        violates(
                rm(n -> n.property("pinctrl-x", 1)),
                Code.RM_EXTRA_PROPERTY,
                "pinctrl-x",
                RM_PATH + ": unexpected property pinctrl-x");
        violates(
                hypervisor(h -> h.property("reg", 1)),
                Code.HYP_EXTRA_PROPERTY,
                "reg",
                "/hypervisor: unexpected property reg");
    }

    @Test
    void saysWhatIsWrongWithReg() {
        violates(rm(n -> n.removeProperty("reg")), Code.MISSING_REG, "reg", RM_PATH + ": reg is missing");
        violates(
                rm(n -> n.property("reg", 0, 0, 1)),
                Code.REG_SIZE,
                "reg",
                RM_PATH + ": reg has 12 bytes, not a whole number of 8-byte capability IDs");
        violates(
                rm(n -> n.u64s("reg", 1)),
                Code.REG_TOO_SHORT,
                "reg",
                RM_PATH + ": reg has 1 capability IDs, needs TX and RX");
        violates(
                rm(n -> n.u64s("reg", 1, 2, 3)),
                Code.REG_EXTRA,
                "reg",
                RM_PATH + ": reg has 3 capability IDs, expected 2");
    }

    @Test
    void saysWhatIsWrongWithInterrupts() {
        violates(
                rm(n -> n.removeProperty("interrupts")),
                Code.NO_INTERRUPTS,
                "interrupts",
                RM_PATH + ": neither interrupts nor interrupts-extended");
        violates(
                rm(n -> n.property("interrupts-extended", 1, 0, 3, 1)),
                Code.INTERRUPTS_TWICE,
                "interrupts-extended",
                RM_PATH + ": interrupts and interrupts-extended are both there");
        violates(
                rm(n -> n.property("interrupt-parent", 9)),
                Code.NO_INTERRUPT_PARENT,
                "interrupts",
                RM_PATH + ": no interrupt parent found");
        violates(
                rm(n -> n.property("interrupts", 0, 3, 1, 0)),
                Code.TOO_FEW_INTERRUPTS,
                "interrupts",
                RM_PATH + ": 1 interrupts, needs TX and RX; "
                        + "controller /gic wants 3 cells per interrupt; the list looks like 4 cells each");
        violates(
                rm(n -> n.property("interrupts", 0, 3, 1, 0, 4, 1, 0, 5, 1)),
                Code.INTERRUPTS_EXTRA,
                "interrupts",
                RM_PATH + ": 3 interrupts, expected 2");
        violates(
                rm(n -> n.property("interrupts", 0, 3, 1, 0, 4, 1, 0)),
                Code.INTERRUPTS_EXTRA,
                "interrupts",
                RM_PATH + ": 2 interrupts and a rest; controller /gic wants 3 cells per interrupt; the list has 7");
    }

    @Test
    void saysWhatIsWrongWithExtendedInterrupts() {
        violates(
                extended(1, 0, 3, 1, 0x999, 0, 4, 1),
                Code.BAD_INTERRUPT_REFERENCE,
                "interrupts-extended",
                RM_PATH + ": interrupts-extended refers to phandle 0x999, which no node has");
        violates(
                extended(1, 0, 3, 1),
                Code.TOO_FEW_INTERRUPTS,
                "interrupts-extended",
                RM_PATH + ": 1 interrupts, needs TX and RX");
        violates(
                extended(1, 0, 3, 1, 2, 0, 4, 1),
                Code.NOT_AN_INTERRUPT_CONTROLLER,
                "interrupts-extended",
                RM_PATH + ": interrupts-extended refers to /no-controller, which has no usable #interrupt-cells");
        violates(
                extended(1, 0, 3, 1, 1, 0, 4, 1, 1, 0, 5, 1),
                Code.INTERRUPTS_EXTRA,
                "interrupts-extended",
                RM_PATH + ": 3 interrupts, expected 2");
        violates(
                extended(1, 0, 3, 1, 1, 0, 4, 1, 1, 0),
                Code.INTERRUPTS_EXTRA,
                "interrupts-extended",
                RM_PATH + ": 2 interrupts and a rest; interrupts-extended ends with 1 cells of the 3 that /gic wants");
    }

    @Test
    void excusesDisabledNodesFromBeingComplete() {
        Consumer<NodeBuilder> empty =
                n -> n.removeProperty("compatible").removeProperty("reg").removeProperty("interrupts");
        DeviceTree node = rm(n -> empty.accept(n.property("status", "disabled")));
        DeviceTree above = hypervisor(h -> h.property("status", "disabled")
                .removeProperty("#address-cells")
                .removeProperty("#size-cells")
                .child(RM, empty));
        DeviceTree root = valid(BindingProfile.FINAL)
                .withRoot(NodeBuilder.from(above.root())
                        .property("status", "disabled")
                        .child("hypervisor", h -> h.removeProperty("status"))
                        .build());

        for (DeviceTree tree : List.of(node, above, root)) {
            assertThat(GunyahDeviceTree.check(tree, BindingProfile.FINAL).violations())
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"okay", "reserved", "fail", "disabled "})
    void excusesNoOtherStatus(String status) {
        DeviceTree tree = rm(n -> n.property("status", status).removeProperty("reg"));

        violates(tree, Code.MISSING_REG, "reg", RM_PATH + ": reg is missing");
    }

    @Test
    void blamesDisabledNodesForWhatIsWrong() {
        DeviceTree tree = rm(n -> n.property("status", "disabled")
                .property("compatible", "x")
                .u64s("reg", 1)
                .property("interrupts", 0, 3, 1)
                .flag("dma-coherent"));

        assertThat(GunyahDeviceTree.check(tree, BindingProfile.FINAL).violations())
                .extracting(BindingViolation::code)
                .containsExactly(
                        Code.RM_COMPATIBLE, Code.REG_TOO_SHORT, Code.TOO_FEW_INTERRUPTS, Code.RM_EXTRA_PROPERTY);
    }

    @Test
    void checksEveryNodeThatTheBindingSpeaksAbout() {
        DeviceTree tree = valid(BindingProfile.FINAL)
                .withRoot(NodeBuilder.from(valid(BindingProfile.FINAL).root())
                        .child(
                                "soc",
                                soc -> soc.child(
                                        "vm",
                                        vm -> vm.property("compatible", "gunyah-hypervisor-1.0")
                                                .property("#address-cells", 2)
                                                .property("#size-cells", 0)))
                        .build());

        violates(
                tree,
                Code.HYP_COMPATIBLE,
                "compatible",
                "/soc/vm: compatible is \"gunyah-hypervisor-1.0\", the binding wants exactly \"gunyah-hypervisor\"");
    }

    @Test
    void isValidWithoutAResourceManagerAndSaysThatNobodyCanUseIt() {
        DeviceTree tree = hypervisor(h -> h.removeChild(RM));
        BindingCheck check = GunyahDeviceTree.check(tree, BindingProfile.FINAL);

        assertThat(check.verdict()).isEqualTo(Verdict.VALID);
        assertThat(check.violations()).isEmpty();
        assertThat(check.resourceManager()).isEmpty();
        assertThat(check.warnings())
                .containsExactly(new BindingViolation(
                        Code.NO_RM_NODE, "/hypervisor", null, "/hypervisor has no Resource Manager node"));
        var refusal = assertThrowsExactly(
                BindingException.class, () -> GunyahDeviceTree.resourceManager(tree, BindingProfile.FINAL));
        assertThat(refusal).hasMessage("ENODEV: /hypervisor has no Resource Manager node");
        assertThat(refusal.errno()).isEqualTo(Errno.ENODEV);
    }

    @Test
    void doesNotCareWhatTheValuesMean() {
        DeviceTree tree = rm(n -> n.u64s("reg", 5, -1).property("interrupts", 9, 3, 1, 0, 4, 1));
        BindingCheck check = GunyahDeviceTree.check(tree, BindingProfile.FINAL);

        assertThat(check.verdict()).isEqualTo(Verdict.VALID);
        assertThat(check.resourceManager()).isEmpty();
        assertThat(check.warnings())
                .extracting(BindingViolation::code)
                .containsExactly(Code.INVALID_CAPABILITY, Code.UNSUPPORTED_INTERRUPT_SPECIFIER);
        assertThat(check).hasToString("FINAL: VALID, 0 violations, 2 warnings");
    }

    @Test
    void passesOverNodesThatTheBindingDoesNotSpeakAbout() {
        DeviceTree tree = hypervisor(h -> h.property("compatible", "qcom,gunyah-hypervisor"));

        assertThat(GunyahDeviceTree.check(tree, BindingProfile.LENIENT).verdict())
                .isEqualTo(Verdict.VALID);
        BindingCheck check = GunyahDeviceTree.check(tree, BindingProfile.FINAL);
        assertThat(check.verdict()).isEqualTo(Verdict.NOTHING_TO_VALIDATE);
        assertThat(check.violations()).isEmpty();
        assertThat(check.resourceManager()).isEmpty();
        String reason = "/hypervisor is compatible with \"qcom,gunyah-hypervisor\", "
                + "none of which the binding speaks about";
        assertThat(check.warnings())
                .containsExactly(new BindingViolation(Code.HYPERVISOR_COMPATIBLE, "/hypervisor", "compatible", reason));
        assertThat(assertThrowsExactly(
                        BindingException.class, () -> GunyahDeviceTree.resourceManager(tree, BindingProfile.FINAL)))
                .hasMessage("ENODEV: " + reason);
    }

    @Test
    void findsTheNodeThatWasHeldAgainstTheBinding() {
        DeviceTree valid = valid(BindingProfile.FINAL);
        DeviceTree tree = valid.withRoot(NodeBuilder.from(valid.root())
                .child("hypervisor", h -> h.property("compatible", "qcom,gunyah-hypervisor"))
                .child("vm", vm -> vm.merge(valid.find("/hypervisor").orElseThrow()))
                .build());

        assertThat(GunyahDeviceTree.resourceManager(tree, BindingProfile.FINAL).nodePath())
                .isEqualTo("/vm/" + RM);
        assertThat(GunyahDeviceTree.resourceManager(tree).nodePath()).isEqualTo(RM_PATH);
    }

    @Test
    void leavesTheChoiceAmongSeveralToTheCaller() {
        DeviceTree tree = hypervisor(h -> h.child(
                "gunyah-resource-mgr@2",
                other -> other.merge(valid(BindingProfile.FINAL).find(RM_PATH).orElseThrow())
                        .u64s("reg", 2, 3)));
        BindingOptions options = BindingOptions.of(BindingProfile.FINAL).choosing("/hypervisor/gunyah-resource-mgr@2");

        BindingCheck undecided = GunyahDeviceTree.check(tree, BindingProfile.FINAL);
        assertThat(undecided.verdict()).isEqualTo(Verdict.VALID);
        assertThat(undecided.warnings()).extracting(BindingViolation::code).containsExactly(Code.SEVERAL_RM_NODES);
        assertThat(GunyahDeviceTree.resourceManager(tree, options).txCapability())
                .isEqualTo(CapabilityId.of(2));
        assertThat(GunyahDeviceTree.check(tree, options).resourceManager()).isPresent();
    }

    @Test
    void keepsEachOptionWhenAnotherIsAdded() {
        BindingOptions options = new BindingOptions(BindingProfile.FINAL, "/rm", true);

        assertThat(BindingOptions.of(BindingProfile.FINAL).choosing("/rm").assumingThreeCells())
                .isEqualTo(options);
        assertThat(BindingOptions.of(BindingProfile.FINAL).assumingThreeCells().choosing("/rm"))
                .isEqualTo(options);
        assertThat(BindingOptions.DEFAULT).isEqualTo(new BindingOptions(BindingProfile.LENIENT, null, false));
    }

    private static void violates(DeviceTree tree, Code code, @Nullable String property, String message) {
        BindingCheck check = GunyahDeviceTree.check(tree, BindingProfile.FINAL);
        assertThat(check.verdict()).isEqualTo(Verdict.INVALID);
        assertThat(check.resourceManager()).isEmpty();
        String nodePath = message.substring(0, message.indexOf(':'));
        assertThat(check.violations()).containsExactly(new BindingViolation(code, nodePath, property, message));
        assertThat(assertThrowsExactly(
                        BindingException.class, () -> GunyahDeviceTree.resourceManager(tree, BindingProfile.FINAL)))
                .hasMessage("EINVAL: " + message);
    }

    private static DeviceTree extended(int... cells) {
        return rm(n -> n.removeProperty("interrupts").property("interrupts-extended", cells));
    }

    private static DeviceTree rm(Consumer<NodeBuilder> change) {
        return hypervisor(h -> h.child(RM, change));
    }

    private static DeviceTree hypervisor(Consumer<NodeBuilder> change) {
        DeviceTree valid = valid(BindingProfile.FINAL);
        return valid.withRoot(
                NodeBuilder.from(valid.root()).child("hypervisor", change).build());
    }

    private static DeviceTree valid(BindingProfile profile) {
        return DeviceTree.of(NodeBuilder.root()
                .property("interrupt-parent", 1)
                .child(
                        "gic",
                        gic -> gic.property("phandle", 1)
                                .property("#interrupt-cells", 3)
                                .flag("interrupt-controller"))
                .child("no-controller", n -> n.property("phandle", 2))
                .child(
                        "hypervisor",
                        h -> h.property(
                                        "compatible",
                                        profile.hypervisorCompatible().toArray(String[]::new))
                                .property("#address-cells", 2)
                                .property("#size-cells", 0)
                                .child(
                                        RM,
                                        n -> n.property(
                                                        "compatible",
                                                        profile.resourceManagerCompatible()
                                                                .toArray(String[]::new))
                                                .u64s("reg", 0, 1)
                                                .property("interrupts", 0, 3, 1, 0, 4, 1)))
                .build());
    }
}
