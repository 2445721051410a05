// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class DeviceTreeTest {
    private static final DeviceTree TREE = DeviceTree.of(NodeBuilder.root()
            .child(
                    "aliases",
                    aliases -> aliases.property("serial0", "/soc/serial@9000000")
                            .property("bus", "/soc")
                            .property("relative", "bus")
                            .property("dangling", "/nowhere")
                            .flag("empty")
                            .bytes("unterminated", new byte[] {'/'}))
            .child(
                    "soc",
                    soc -> soc.child("serial@9000000", s -> s.property("phandle", 1))
                            .child("serial@9010000", s -> s.property("phandle", 2))
                            .child("intc", intc -> intc.property("phandle", 1)))
            .build());

    @Test
    void findsByPath() {
        assertThat(TREE.find("/")).contains(TREE.root());
        assertThat(path("/soc/serial@9010000")).contains("/soc/serial@9010000");
        assertThat(path("/soc/serial")).contains("/soc/serial@9000000");
        assertThat(path("/soc/nothing")).isEmpty();
        assertThat(path("/soc/")).isEmpty();
        assertThat(path("//soc")).isEmpty();
    }

    @Test
    void findsByAlias() {
        assertThat(path("serial0")).contains("/soc/serial@9000000");
        assertThat(path("bus/intc")).contains("/soc/intc");
        assertThat(path("bus/nothing")).isEmpty();
        assertThat(path("relative")).isEmpty();
        assertThat(path("dangling")).isEmpty();
        assertThat(path("empty")).isEmpty();
        assertThat(path("unterminated")).isEmpty();
        assertThat(path("")).isEmpty();
        assertThat(DeviceTree.of(NodeBuilder.root().build()).find("serial0")).isEmpty();
    }

    @Test
    void findsTheFirstNodeWithAPhandle() {
        assertThat(TREE.findByPhandle(1).map(Node::path)).contains("/soc/serial@9000000");
        assertThat(TREE.findByPhandle(2).map(Node::path)).contains("/soc/serial@9010000");
        assertThat(TREE.findByPhandle(3)).isEmpty();
        assertThat(TREE.findByPhandle(0)).isEmpty();
    }

    @Test
    void listsNodesInDocumentOrder() {
        assertThat(TREE.nodes())
                .extracting(Node::path)
                .containsExactly("/", "/aliases", "/soc", "/soc/serial@9000000", "/soc/serial@9010000", "/soc/intc");
    }

    @Test
    void takesOnlyRoots() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DeviceTree.of(NodeBuilder.named("n").build()))
                .withMessage("n is not a root");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TREE.withRoot(TREE.find("/soc").orElseThrow()))
                .withMessage("/soc is not a root");
    }

    @Test
    void keepsReservationsAndBootCpuWithANewRoot() {
        DeviceTree tree = DeviceTree.of(TREE.root(), List.of(new MemoryReservation(1, 2)), 3);

        DeviceTree changed = tree.withRoot(NodeBuilder.root().build());

        assertThat(changed.memoryReservations()).containsExactly(new MemoryReservation(1, 2));
        assertThat(changed.bootCpuId()).isEqualTo(3);
        assertThat(TREE.memoryReservations()).isEmpty();
        assertThat(TREE.bootCpuId()).isZero();
    }

    @Test
    void isEqualWhenEverythingInItIs() {
        DeviceTree copy = DeviceTree.of(NodeBuilder.from(TREE.root()).build());

        assertThat(copy).isEqualTo(TREE).hasSameHashCodeAs(TREE);
        assertThat(DeviceTree.of(TREE.root(), List.of(), 1)).isNotEqualTo(TREE);
        assertThat(DeviceTree.of(TREE.root(), List.of(new MemoryReservation(1, 2)), 0))
                .isNotEqualTo(TREE);
        assertThat(changed(root -> root.flag("extra"))).isNotEqualTo(TREE);
        assertThat(changed(root -> root.child("extra", extra -> {}))).isNotEqualTo(TREE);
        assertThat(changed(root -> root.removeChild("aliases").child("aliases", aliases -> {})))
                .isNotEqualTo(TREE);
        assertThat(changed(root -> root.child("soc", soc -> soc.child("intc", intc -> intc.property("phandle", 7)))))
                .isNotEqualTo(TREE);
    }

    @Test
    void refusesAnEmptyMemoryReservation() {
        assertThatThrownBy(() -> new MemoryReservation(1, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void printsAsSource() {
        DeviceTree tree = DeviceTree.of(
                NodeBuilder.root()
                        .property("text", "a \"b\"\\\t", "c")
                        .bytes("gaps", new byte[] {'a', 0, 0, 0})
                        .bytes("open", new byte[] {'a', 'b', 'c'})
                        .child("n@1", n -> n.flag("flag"))
                        .build(),
                List.of(new MemoryReservation(0x1000, -1)),
                0);

        assertThat(tree).hasToString("""
                /dts-v1/;
                /memreserve/ 0x0000000000001000 0xffffffffffffffff;

                / {
                \ttext = "a \\"b\\"\\\\\\t", "c";
                \tgaps = <0x61000000>;
                \topen = [61 62 63];
                \tn@1 {
                \t\tflag;
                \t};
                };
                """);
    }

    @Test
    void findsNodesByLabelWhereLabelsWereKept() {
        DeviceTree tree = changed(root -> root.child("uart@1", uart -> {})
                .child(
                        "__symbols__",
                        symbols -> symbols.property("uart1", "/uart@1")
                                .property("gone", "/never")
                                .property("relative", "uart@1")
                                .flag("empty")
                                .bytes("open", new byte[] {'/'})));

        assertThat(tree.findByLabel("uart1").orElseThrow()).hasToString("/uart@1");
        assertThat(List.of("gone", "relative", "empty", "open", "unknown"))
                .allSatisfy(label -> assertThat(tree.findByLabel(label)).isEmpty());
        assertThat(TREE.findByLabel("uart1")).isEmpty();
    }

    private static Optional<String> path(String path) {
        return TREE.find(path).map(Node::path);
    }

    private static DeviceTree changed(UnaryOperator<NodeBuilder> change) {
        return TREE.withRoot(change.apply(NodeBuilder.from(TREE.root())).build());
    }
}
