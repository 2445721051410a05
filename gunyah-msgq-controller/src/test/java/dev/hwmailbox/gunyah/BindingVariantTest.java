// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.NodeBuilder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which spellings make which variant; the recorded trees have most of them. */
class BindingVariantTest {
    @ParameterizedTest
    @CsvSource({
        "gunyah-hypervisor-1.0 gunyah-hypervisor, gunyah-resource-manager-1-0 gunyah-resource-manager, SEED",
        "gunyah-hypervisor, gunyah-resource-manager, FINAL",
        "gunyah-hypervisor gunyah-hypervisor-1.0, gunyah-resource-manager, OTHER",
        "gunyah-hypervisor simple-bus, gunyah-resource-manager, OTHER",
        "gunyah-hypervisor qcom+gunyah-hypervisor, gunyah-resource-manager qcom+resource-manager, GUEST",
        "gunyah-hypervisor-1.0 qcom+gunyah-hypervisor-1.0, gunyah-resource-manager-1-0 qcom+resource-manager-1-1, GUEST",
        "gunyah-hypervisor simple-bus, gunyah-resource-manager qcom+resource-manager, OTHER",
        "gunyah-hypervisor qcom+gunyah-hypervisor, gunyah-resource-manager, OTHER",
        "gunyah-hypervisor qcom+gunyah-hypervisor, qcom+resource-manager, OTHER",
        "qcom+gunyah-hypervisor, gunyah-resource-manager qcom+resource-manager-1-0, PRIMARY",
        "qcom+gunyah-hypervisor, gunyah-resource-manager, OTHER",
        "qcom+gunyah-hypervisor-1.0, qcom+resource-manager-1-0 qcom+gunyah-capability, LEGACY"
    })
    void isToldByTheSpellings(String hypervisor, String resourceManager, BindingVariant variant) {
        assertThat(BindingVariant.of(node(hypervisor), node(resourceManager))).isEqualTo(variant);
    }

    private static Node node(String compatible) {
        return NodeBuilder.named("n")
                .property("compatible", compatible.replace('+', ',').split(" ", -1))
                .build();
    }
}
