// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.dt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeException;
import dev.hwmailbox.devicetree.MemoryReservation;
import dev.hwmailbox.devicetree.NodeBuilder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonTreeTest {
    private static DeviceTree read(String json) {
        return JsonTree.read(json);
    }

    @Test
    void writesWhatAPersonWouldAndReadsItBack() {
        DeviceTree tree = DeviceTree.of(
                NodeBuilder.root()
                        .property("compatible", "a,b", "c")
                        .property("reg", 0, 0xffff_ffff)
                        .bytes("mac", new byte[] {1, 2, 3})
                        .flag("ranges")
                        .bytes("gap", new byte[] {'a', 0, 0, 0})
                        .property("umlaut", "\u00fc\u00fc\u00fc")
                        .child("n@1", n -> n.flag("f"))
                        .build(),
                List.of(new MemoryReservation(0x1000, -1)),
                7);

        String json = JsonTree.write(tree);

        assertThat(read(json)).isEqualTo(tree);
        assertThat(json.replaceAll("\\s", ""))
                .contains("\"bootCpuId\":7", "{\"address\":\"0x1000\",\"size\":\"0xffffffffffffffff\"}")
                .contains("\"compatible\":{\"strings\":[\"a,b\",\"c\"]}", "\"reg\":{\"cells\":[0,4294967295]}")
                .contains("\"mac\":{\"bytes\":\"010203\"}", "\"ranges\":{}", "\"gap\":{\"cells\":[1627389952]}")
                .contains("\"umlaut\":{\"bytes\":\"c3bcc3bcc3bc00\"}")
                .contains("\"children\":{\"n@1\":{\"properties\":{\"f\":{}},\"children\":{}}}");
    }

    @Test
    void takesAnyOfTheThreeFormsAndLeavesOutWhatIsEmpty() {
        DeviceTree tree = read("{\"root\": {\"properties\": {\"a\": {\"bytes\": \"6100\"}, \"b\": {\"strings\": []},"
                + " \"c\": {\"cells\": []}}}}");

        assertThat(tree.root().property("a").orElseThrow().string()).isEqualTo("a");
        assertThat(tree.root().properties())
                .extracting(property -> property.length())
                .containsExactly(2, 0, 0);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[]|the tree is no object",
                "{}|the tree has no root",
                "{\"root\": 1}|/ is no object",
                "{\"roots\": {}}|the tree has roots, only bootCpuId, memoryReservations, root may be",
                "{\"root\": {\"property\": {}}}|/ has property, only properties, children may be",
                "{\"root\": {\"properties\": []}}|/: properties is no object",
                "{\"root\": {\"properties\": {\"a\": 1}}}|/: a is no object",
                "{\"root\": {\"children\": {\"n\": 1}}}|/n is no object",
                "{\"root\": {\"children\": {\"n\": {\"children\": {\"m\": 1}}}}}|/n/m is no object",
                "{\"root\": {\"properties\": {\"a\": {\"cells\": 1}}}}|/: a.cells is no array",
                "{\"root\": {\"properties\": {\"a\": {\"cells\": [0, -1]}}}}|/: a.cells[1] is -1, not a whole number of 0"
                        + " to 4294967295",
                "{\"root\": {\"properties\": {\"a\": {\"cells\": [4294967296]}}}}|/: a.cells[0] is 4294967296, not a"
                        + " whole number of 0 to 4294967295",
                "{\"root\": {\"properties\": {\"a\": {\"cells\": [1.5]}}}}|/: a.cells[0] is 1.5, not a whole number of 0"
                        + " to 4294967295",
                "{\"root\": {\"properties\": {\"a\": {\"strings\": [\"x\\u0000y\"]}}}}|/: a.strings[0] is no string"
                        + " without NUL",
                "{\"root\": {\"properties\": {\"a\": {\"bytes\": \"abc\"}}}}|/: a.bytes is \"abc\", not pairs of"
                        + " hexadecimal digits",
                "{\"root\": {\"properties\": {\"a\": {\"bytes\": \"\", \"cells\": []}}}}|/: a has more than one of"
                        + " strings, cells and bytes",
                "{\"root\": {\"properties\": {\"a\": {\"cells\": [18446744073709551617]}}}}|/: a.cells[0] is"
                        + " 18446744073709551617, not a whole number of 0 to 4294967295",
                "{\"root\": {\"properties\": {\"a\": {\"cells\": [1e400]}}}}|/: a.cells[0] is \"Infinity\", not a whole"
                        + " number of 0 to 4294967295",
                "{\"root\": {\"properties\": {\"a\": {\"bytes\": 12}}}}|/: a.bytes is 12, not pairs of hexadecimal"
                        + " digits",
                "{\"root\": {\"properties\": {\"a\": {\"bytes\": []}}}}|/: a.bytes is [], not pairs of hexadecimal"
                        + " digits",
                "{\"root\": {\"properties\": {\"a\": {\"strings\": [\"\\ud800\"]}}}}|/: a.strings[0] has half a"
                        + " surrogate pair",
                "{\"root\": {}, \"memoryReservations\": {}}|memoryReservations is no array",
                "{\"root\": {}, \"memoryReservations\": [5]}|memoryReservations[0] is no object",
                "{\"root\": {}, \"memoryReservations\": [{\"start\": 1}]}|memoryReservations[0] has start, only"
                        + " address, size may be",
                "{\"root\": {}, \"memoryReservations\": [{\"address\": \"0x1\", \"size\": \"0x+1\"}]}|"
                        + "memoryReservations[0].size is \"0x+1\", not a string such as \"0x1000\" of at most 64 bits",
                "{\"root\": {}, \"bootCpuId\": \"x\"}|bootCpuId is \"x\", not a whole number of 0 to 4294967295",
                "{\"root\": {}, \"memoryReservations\": [{\"address\": 1, \"size\": \"0x1\"}]}|"
                        + "memoryReservations[0].address is 1, not a string such as \"0x1000\" of at most 64 bits",
                "{\"root\": {}, \"memoryReservations\": [{\"address\": \"0x1\", \"size\": \"0x0\"}]}|"
                        + "memoryReservations[0].size is 0, a reservation has at least one byte"
            })
    void saysWhatIsWrongAndWhere(String json, String reason) {
        assertThatThrownBy(() -> read(json)).isInstanceOf(DtFailure.class).hasMessage(reason);
    }

    @Test
    void saysWhereTheTextIsNoJson() {
        assertThatThrownBy(() -> read("{\"root\":\n  oops}")).hasMessageStartingWith("line 2, column ");
        assertThatThrownBy(() -> read("{\"root\": {}, \"root\": {}}")).hasMessageContaining("Duplicate field 'root'");
        assertThatThrownBy(() -> read("{\"root\": " + "[".repeat(2000))).isInstanceOf(DtFailure.class);
        assertThatThrownBy(() -> read("{\"root\": " + "9".repeat(2000) + "}")).isInstanceOf(DtFailure.class);
        assertThatThrownBy(() -> read("{\"root\": {}} {}")).hasMessageContaining("railing token");
    }

    @Test
    void readsValuesOfAnySize() {
        String digits = "ab".repeat(11_000_000);

        DeviceTree tree = read("{\"root\": {\"properties\": {\"a\": {\"bytes\": \"" + digits + "\"}}}}");

        assertThat(tree.root().property("a").orElseThrow().length()).isEqualTo(11_000_000);
    }

    @Test
    void refusesNamesAndDepthsThatNoTreeMayHave() {
        assertThatThrownBy(() -> read("{\"root\": {\"properties\": {\"a b\": {}}}}"))
                .isInstanceOf(DeviceTreeException.class);
        String deep = "{\"root\": " + "{\"children\": {\"n\": ".repeat(70) + "{}" + "}}".repeat(70) + "}";
        assertThatThrownBy(() -> read(deep))
                .isInstanceOf(DeviceTreeException.class)
                .hasMessageContaining("more than 64 levels");
    }
}
