// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.hwmailbox.Errno;
import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PhandleReferenceTest {
    private static final int NONE = 1;
    private static final int TWO = 2;
    private static final int TWENTY = 3;
    private static final int NO_CELLS = 4;

    private static Node consumer(Consumer<NodeBuilder> properties) {
        DeviceTree tree = DeviceTree.of(NodeBuilder.root()
                .child("none", node -> node.property("phandle", NONE).property("#mbox-cells", 0))
                .child(
                        "bus",
                        bus -> bus.child(
                                "two", node -> node.property("phandle", TWO).property("#mbox-cells", 2)))
                .child("twenty", node -> node.property("phandle", TWENTY).property("#mbox-cells", 20))
                .child("silent", node -> node.property("phandle", NO_CELLS).bytes("#mbox-cells", new byte[3]))
                .child("consumer", properties)
                .build());
        return tree.find("/consumer").orElseThrow();
    }

    private static Node listing(int... cells) {
        return consumer(node -> node.property("mboxes", cells));
    }

    private static PhandleReference find(Node consumer, int index) {
        return PhandleReference.find(consumer, "mboxes", "#mbox-cells", index);
    }

    private static void assertFails(Node consumer, int index, Code code, String message) {
        var failure = catchThrowableOfType(DeviceTreeException.class, () -> find(consumer, index));
        assertThat(failure).hasMessage(message);
        assertThat(failure.code()).isEqualTo(code);
        assertThat(failure.errno()).isEqualTo(code == Code.NO_SUCH_REFERENCE ? Errno.ENOENT : Errno.EINVAL);
        assertThat(failure.nodePath()).hasValue("/consumer");
        assertThat(failure.property()).hasValue("mboxes");
    }

    @Test
    void readsProvidersAndTheirCells() {
        Node consumer = listing(NONE, TWO, 0xffff_ffff, 5, 0, NONE);

        PhandleReference second = find(consumer, 1);

        assertThat(find(consumer, 0)).hasToString("<&/none>");
        assertThat(second).hasToString("<&/bus/two 0xffffffff 0x5>");
        assertThat(second.cellCount()).isEqualTo(2);
        assertThat(second.cell(0)).isEqualTo(0xffff_ffffL);
        assertThat(second.provider().path()).isEqualTo("/bus/two");
        assertThat(find(consumer, 3)).as("behind the empty entry").hasToString("<&/none>");
    }

    @Test
    void hasNoCellBeyondItsCount() {
        assertThatThrownBy(() -> find(listing(TWO, 1, 2), 0).cell(2)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void carriesSixteenCellsAndSkipsTheRest() {
        int[] cells = IntStream.concat(
                        IntStream.concat(IntStream.of(TWENTY), IntStream.range(0, 20)), IntStream.of(NONE))
                .toArray();

        assertThat(find(listing(cells), 0).cellCount()).isEqualTo(PhandleReference.MAX_CELLS);
        assertThat(find(listing(cells), 1)).hasToString("<&/none>");
    }

    @Test
    void aListThatIsNotThereOrEndsBeforeTheEntryHasNoSuchReference() {
        assertFails(consumer(node -> {}), 0, Code.NO_SUCH_REFERENCE, "ENOENT: /consumer: mboxes: no such property");
        assertFails(listing(NONE), 1, Code.NO_SUCH_REFERENCE, "ENOENT: /consumer: mboxes: no entry with index 1");
        assertFails(listing(NONE, 0), 1, Code.NO_SUCH_REFERENCE, "ENOENT: /consumer: mboxes[1] is empty");
    }

    @Test
    void ignoresARestShorterThanACell() {
        Node consumer = consumer(node -> node.bytes("mboxes", new byte[] {0, 0, 0, NONE, 0, 0, 0}));

        assertThat(find(consumer, 0)).hasToString("<&/none>");
        assertFails(consumer, 1, Code.NO_SUCH_REFERENCE, "ENOENT: /consumer: mboxes: no entry with index 1");
    }

    @Test
    void refusesANegativeIndex() {
        assertFails(listing(NONE), -1, Code.BAD_REFERENCE, "EINVAL: /consumer: mboxes: negative index -1");
    }

    @Test
    void aPhandleThatNobodyHasBreaksItsEntryAndLaterOnes() {
        Node consumer = listing(NONE, 0x7777, NONE);

        assertThat(find(consumer, 0)).hasToString("<&/none>");
        String message = "EINVAL: /consumer: mboxes[1]: no node has phandle 0x7777";
        assertFails(consumer, 1, Code.BAD_REFERENCE, message);
        assertFails(consumer, 2, Code.BAD_REFERENCE, message);
    }

    @Test
    void aProviderThatDoesNotSayHowManyCellsItWantsBreaksItsEntry() {
        assertFails(
                listing(NO_CELLS),
                0,
                Code.BAD_REFERENCE,
                "EINVAL: /consumer: mboxes[0]: /silent has no usable #mbox-cells");
    }

    @Test
    void anEntryThatIsCutShortBreaks() {
        assertFails(
                listing(TWO, 1),
                0,
                Code.BAD_REFERENCE,
                "EINVAL: /consumer: mboxes[0]: /bus/two wants 2 cells, 1 are left");
    }

    @Test
    void findsTheFirstOfEqualNames() {
        Node consumer = consumer(node -> node.property("mbox-names", "tx-done", "tx", "tx"));

        assertThat(PhandleReference.indexOf(consumer, "mbox-names", "tx")).isEqualTo(1);
    }

    @Test
    void refusesANameThatIsNotThere() {
        Node nameless = consumer(node -> {});
        Node unterminated = consumer(node -> node.bytes("mbox-names", new byte[] {'t', 'x'}));

        assertThatThrownBy(() -> PhandleReference.indexOf(nameless, "mbox-names", "tx"))
                .hasMessage("EINVAL: /consumer: mbox-names: no such property");
        assertThatThrownBy(() -> PhandleReference.indexOf(unterminated, "mbox-names", "tx"))
                .hasMessage("EINVAL: /consumer: mbox-names is not a list of NUL-terminated strings");
    }

    @Test
    void equalReferencesAreEqual() {
        Node consumer = listing(TWO, 1, 2, TWO, 1, 2, TWO, 1, 3);

        assertThat(find(consumer, 0)).isEqualTo(find(consumer, 1)).hasSameHashCodeAs(find(consumer, 1));
        assertThat(find(consumer, 0)).isNotEqualTo(find(consumer, 2));
    }

    @Test
    void readsWholeLists() {
        Node consumer = listing(NONE, 0, TWO, 1, 2, 0);

        assertThat(PhandleReference.all(consumer, "mboxes", "#mbox-cells"))
                .extracting(
                        reference -> reference.map(PhandleReference::toString).orElse("empty"))
                .containsExactly("<&/none>", "empty", "<&/bus/two 0x1 0x2>", "empty");
        assertThat(PhandleReference.all(consumer, "clocks", "#clock-cells")).isEmpty();
        assertThatThrownBy(() -> PhandleReference.all(listing(NONE, TWO, 1), "mboxes", "#mbox-cells"))
                .hasMessage("EINVAL: /consumer: mboxes[1]: /bus/two wants 2 cells, 1 are left");
    }

    @Test
    void saysThatAListOfNamesHasNothing() {
        Node consumer = consumer(node -> node.flag("mbox-names"));

        assertThatThrownBy(() -> PhandleReference.indexOf(consumer, "mbox-names", "tx"))
                .hasMessage("EINVAL: /consumer: mbox-names has no \"tx\" (has nothing)");
    }

    @Test
    void findsProvidersThatAreAddedToACopyOfTheTree() {
        Node consumer = listing(9, 7);
        DeviceTree changed =
                DeviceTree.of(NodeBuilder.from(consumer.tree().nodes().get(0))
                        .child("late", late -> late.property("phandle", 9).property("#mbox-cells", 1))
                        .build());

        assertFails(consumer, 0, Code.BAD_REFERENCE, "EINVAL: /consumer: mboxes[0]: no node has phandle 0x9");
        assertThat(find(changed.find("/consumer").orElseThrow(), 0)).hasToString("<&/late 0x7>");
    }
}
