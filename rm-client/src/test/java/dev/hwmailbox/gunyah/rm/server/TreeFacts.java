// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.Property;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * What a devicetree says, whatever the order of its nodes and properties and whatever its capability IDs are.
 *
 * @param nodes properties as hex, by path, of the nodes without capabilities
 * @param capabilityNodes the nodes whose unit address is a capability
 */
record TreeFacts(NavigableMap<String, NavigableMap<String, String>> nodes, List<CapabilityNode> capabilityNodes) {
    /**
     * A node that is known but for its capabilities.
     *
     * @param content path without unit address, and properties as hex without {@code reg}
     * @param unitAddress the unit address
     * @param capabilities those in {@code reg}
     */
    record CapabilityNode(String content, long unitAddress, List<Long> capabilities) {}

    static TreeFacts of(DeviceTree tree, String... ignoredProperties) {
        NavigableMap<String, NavigableMap<String, String>> nodes = new TreeMap<>();
        List<CapabilityNode> capabilityNodes = new ArrayList<>();
        for (Node node : tree.nodes()) {
            NavigableMap<String, String> properties = properties(node);
            List.of(ignoredProperties).forEach(properties::remove);
            if (hasCapabilities(node)) {
                properties.remove("reg");
                int at = node.path().indexOf('@');
                capabilityNodes.add(new CapabilityNode(
                        node.path().substring(0, at) + properties,
                        Long.parseUnsignedLong(node.path().substring(at + 1), 16),
                        capabilities(node)));
            } else {
                nodes.put(node.path(), properties);
            }
        }
        capabilityNodes.sort(Comparator.comparing(CapabilityNode::content));
        return new TreeFacts(nodes, capabilityNodes);
    }

    /** Asserts that both say the same; returns which capability of the other tree is which of this one. */
    Map<Long, Long> assertSameAs(TreeFacts recorded) {
        assertThat(nodes).isEqualTo(recorded.nodes);
        assertThat(capabilityNodes)
                .extracting(CapabilityNode::content)
                .containsExactlyElementsOf(recorded.capabilityNodes.stream()
                        .map(CapabilityNode::content)
                        .toList());
        Map<Long, Long> names = new HashMap<>();
        for (int i = 0; i < capabilityNodes.size(); i++) {
            List<Long> ours = capabilityNodes.get(i).capabilities();
            List<Long> theirs = recorded.capabilityNodes.get(i).capabilities();
            assertThat(ours).hasSameSizeAs(theirs);
            IntStream.range(0, ours.size()).forEach(side -> names.put(theirs.get(side), ours.get(side)));
            assertThat(capabilityNodes.get(i).unitAddress())
                    .isEqualTo(names.get(recorded.capabilityNodes.get(i).unitAddress()));
        }
        assertThat(names.values()).doesNotHaveDuplicates();
        assertThat(names)
                .hasSize(recorded.capabilityNodes.stream()
                        .mapToInt(node -> node.capabilities().size())
                        .sum());
        return names;
    }

    private static boolean hasCapabilities(Node node) {
        return node.path().startsWith("/hypervisor/")
                && (node.isCompatibleWith("qcom,gunyah-capability")
                        || node.isCompatibleWith("gunyah-resource-manager"));
    }

    private static List<Long> capabilities(Node node) {
        Property reg = node.property("reg").orElseThrow();
        return IntStream.range(0, reg.length() / Long.BYTES).mapToObj(reg::u64).toList();
    }

    private static NavigableMap<String, String> properties(Node node) {
        NavigableMap<String, String> properties = new TreeMap<>();
        for (Property property : node.properties()) {
            byte[] bytes = new byte[property.length()];
            property.bytes().get(bytes);
            properties.put(property.name(), HexFormat.of().formatHex(bytes));
        }
        return properties;
    }
}
