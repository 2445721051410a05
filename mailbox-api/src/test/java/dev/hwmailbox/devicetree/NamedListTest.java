// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists of nodes and properties, as their readers see them: short ones, and those with an index. */
class NamedListTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4, 5, 8, 9, 10, 1000})
    void keepsOrderAndFindsEveryName(int size) {
        Node node = node(size);

        assertThat(node.children()).hasSize(size);
        assertThat(node.properties()).hasSize(size);
        for (int i = 0; i < size; i++) {
            assertThat(node.children().get(i).name()).isEqualTo("n" + i);
            assertThat(node.child("n" + i)).containsSame(node.children().get(i));
            assertThat(node.property("p" + i).orElseThrow().u32()).isEqualTo(i);
        }
        assertThat(node.child("n" + size)).isEmpty();
        assertThat(node.property("p" + size)).isEmpty();
        assertThatThrownBy(() -> node.children().get(size)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 1000})
    void refusesTheSameNameTwice(int size) {
        var list = new NamedList<Node>();
        for (int i = 0; i < size; i++) {
            assertThat(list.append(new Node(null, "n" + i))).isTrue();
        }

        assertThat(list.append(new Node(null, "n0"))).isFalse();
        assertThat(list.append(new Node(null, "n" + (size - 1)))).isFalse();
        assertThat(list).hasSize(size);
    }

    @Test
    void isUnmodifiableForReaders() {
        Node node = node(3);

        assertThatThrownBy(() -> node.children().clear()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> node.properties().remove(0)).isInstanceOf(UnsupportedOperationException.class);
        Node other = node(0);
        assertThatThrownBy(() -> other.children().add(node)).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    @Timeout(value = 5, unit = TimeUnit.SECONDS)
    void staysFastWhenAllNamesHaveTheSameHash() {
        List<String> names = new ArrayList<>(List.of(""));
        for (int pairs = 0; pairs < 15; pairs++) {
            List<String> longer = new ArrayList<>();
            names.forEach(name -> {
                longer.add(name + "Aa");
                longer.add(name + "BB");
            });
            names = longer;
        }
        assertThat(names.stream().mapToInt(String::hashCode).distinct()).hasSize(1);

        var list = new NamedList<Node>();
        names.forEach(name -> assertThat(list.append(new Node(null, name))).isTrue());

        assertThat(list).hasSize(1 << 15);
    }

    private static Node node(int size) {
        NodeBuilder builder = NodeBuilder.root();
        for (int i = 0; i < size; i++) {
            builder.property("p" + i, i).child("n" + i, child -> {});
        }
        return builder.build();
    }
}
