// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_DEALLOC;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_GET_RESOURCES;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_INIT;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_RESET;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_START;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_STOP;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.NodeBuilder;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Census;
import dev.hwmailbox.gunyah.rm.server.RmTestBed.Resource;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Queues and doorbells between two guests that name each other. */
final class PeerDevicesTest {
    private static final int VM_GET_PEERS = 0x56000025;
    private static final int NORESOURCE = 2;
    private static final int INIT_FAILED = 8;
    private static final int FORCE = 1;
    private static final int LABEL = 0x40;
    private static final int FIRST = 128;
    private static final int SECOND = 129;

    private final RmTestBed bed = new RmTestBed();
    private final TestTree first = TestTree.minimal().named("vm-a").queuePair(LABEL, "vm-name:vm-b");
    private final TestTree second = TestTree.minimal().named("vm-b").queuePair(LABEL, "vm-name:vm-a");

    // ---- joining ----

    @Test
    void eachGuestSeesTheOtherAndTheHostSeesOnlyVcpus() {
        bootBoth();

        assertThat(bed.listed(bed.guest(FIRST), SECOND)).containsExactly("2 129 0x40 962", "3 129 0x40 963");
        assertThat(bed.listed(bed.guest(SECOND), FIRST)).containsExactly("2 128 0x40 962", "3 128 0x40 963");
        assertThat(bed.listed(bed.hostEnd, FIRST)).containsExactly("4 0 0x0 962");
        assertThat(bed.listed(bed.hostEnd, SECOND)).containsExactly("4 0 0x0 963");
        assertThat(bed.listed(bed.guest(FIRST), RmTestBed.HOST)).isEmpty();
    }

    @Test
    void queueIsSeenByNobodyBeforeTheSecondGuestIsInitialised() {
        bed.boot(0, first.blob());
        assertThat(bed.call(bed.guest(FIRST), VM_GET_RESOURCES, RmTestBed.words(bed.allocate()))
                        .error())
                .isEqualTo(NORESOURCE);
        bed.prepare(SECOND, 1, second.blob());

        assertThat(bed.listed(bed.guest(FIRST), SECOND)).isEmpty();
        assertThat(bed.listed(bed.hostEnd, FIRST)).containsExactly("4 0 0x0 962");

        bed.ok(VM_INIT, SECOND);
        assertThat(bed.listed(bed.guest(FIRST), SECOND)).hasSize(2);
    }

    @Test
    void whatOneSendsTheOtherReceives() {
        bootBoth();

        send(FIRST, SECOND, "from a");
        send(SECOND, FIRST, "from b");

        assertThat(receive(SECOND, FIRST)).isEqualTo("from a");
        assertThat(receive(FIRST, SECOND)).isEqualTo("from b");
        assertThat(receive(FIRST, SECOND)).isEqualTo("nothing");
    }

    @ParameterizedTest
    @ValueSource(strings = {"vm-name:vm-b", "vm-uri:vmuid/b", "vm-guid:6F1C0f52-93f4-4f0e-8d5c-2a7be1c40d11"})
    void guestIsNamedByAnyOfItsNames(String peer) {
        second.config(config ->
                config.property("vm-uri", "vmuid/b").property("vm-guid", "6f1c0f52-93f4-4f0e-8d5c-2a7be1c40d11"));
        ofFirst(queue -> queue.property("peer", peer));
        bootBoth();
        assertThat(bed.listed(bed.guest(FIRST), SECOND)).hasSize(2);
    }

    @Test
    void treesNameThePeerAndItsNumberOnceItIsThere() {
        bed.boot(0, first.blob());
        bed.boot(1, second.blob());

        Node ofFirst = queueNode(FIRST);
        Node ofSecond = queueNode(SECOND);
        assertThat(text(ofFirst, "peer")).isEqualTo("vm-name:vm-b");
        assertThat(ofFirst.hasProperty("qcom,peer-vmid"))
                .as("started before the peer was there")
                .isFalse();
        assertThat(text(ofSecond, "peer")).isEqualTo("vm-name:vm-a");
        assertThat(ofSecond.property("qcom,peer-vmid").orElseThrow().u32()).isEqualTo(FIRST);
        assertThat(ofSecond.property("qcom,vdevice-handle")).isEqualTo(ofFirst.property("qcom,vdevice-handle"));
        assertThat(text(identity(FIRST), "qcom,peers")).isEqualTo("vm-name:vm-b");
        assertThat(text(identity(SECOND), "qcom,peers")).isEqualTo("vm-name:vm-a");
    }

    @Test
    void peersAreListedOnceEach() {
        first.queuePair(1, "vm-name:vm-b").queuePair(2, "vm-name:vm-c").queuePair(3);
        bed.boot(0, first.blob());
        assertThat(identity(FIRST).property("qcom,peers").orElseThrow().strings())
                .containsExactlyInAnyOrder("vm-name:vm-b", "vm-name:vm-c");
    }

    @Test
    void queuesOfEqualLabelsArePairedInTheOrderOfMaking() {
        for (TestTree tree : List.of(first, second)) {
            tree.device(
                    "queue-again",
                    queue -> queue.property("vdevice-type", "message-queue-pair")
                            .property("peer", tree == first ? "vm-name:vm-b" : "vm-name:vm-a")
                            .property("label", LABEL));
        }
        bootBoth();
        List<Resource> ofFirst = bed.resources(bed.guest(FIRST), SECOND);
        List<Resource> ofSecond = bed.resources(bed.guest(SECOND), FIRST);
        assertThat(ofFirst).hasSize(4);
        for (int queue = 0; queue < 2; queue++) {
            send(FIRST, ofFirst.get(2 * queue), "queue " + queue);
            assertThat(receive(SECOND, ofSecond.get(2 * queue + 1))).isEqualTo("queue " + queue);
        }
    }

    @Test
    void bellIsRungFromOneGuestToTheOther() {
        bell(first, "doorbell", "vm-name:vm-b");
        bell(second, "doorbell-source", "vm-name:vm-a");
        bootBoth();
        assertThat(bed.listed(bed.guest(FIRST), SECOND))
                .containsExactly("1 129 0x7 962", "2 129 0x40 963", "3 129 0x40 964");
        assertThat(bed.listed(bed.guest(SECOND), FIRST))
                .containsExactly("0 128 0x7 0", "2 128 0x40 962", "3 128 0x40 963");
    }

    @Test
    void bellsOfTheSameKindDoNotJoin() {
        bell(first, "doorbell", "vm-name:vm-b");
        bell(second, "doorbell", "vm-name:vm-a");
        secondIsRefused("no such device");
    }

    private static void bell(TestTree tree, String type, String peer) {
        tree.device(
                "bell",
                bell -> bell.property("vdevice-type", type)
                        .property("peer", peer)
                        .property("label", 7));
    }

    // ---- what does not fit ----

    @ParameterizedTest
    @CsvSource({"label, 65", "message-size, 64", "queue-depth, 9"})
    void secondGuestMustAskForTheSame(String property, int value) {
        ofSecond(queue -> queue.property(property, value));
        secondIsRefused("no such device");
        ofFirst(queue -> queue.property(property, value));
        bootAgain();
        assertThat(bed.listed(bed.guest(FIRST), SECOND)).hasSize(2);
    }

    @Test
    void firstGuestMustNameTheSecond() {
        ofFirst(queue -> queue.property("peer", "vm-name:vm-c"));
        secondIsRefused("no such device");
    }

    @Test
    void queueToAGuestThatAsksForNoneStaysDead() {
        second.device("queue-64", queue -> queue.removeProperty("vdevice-type"));
        bootBoth();
        assertThat(bed.listed(bed.guest(FIRST), SECOND)).isEmpty();
        assertThat(bed.listed(bed.guest(SECOND), FIRST)).isEmpty();
        assertThat(queueNode(FIRST).hasProperty("qcom,peer-vmid")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"vm-name:vm-z", "vm-b", "", "name:vm-b", "vm-uri:", "vm-guid:vm-b"})
    void peerThatNobodyIsWaitsForEver(String peer) {
        ofFirst(queue -> queue.bytes("peer", (peer + "\0").getBytes(StandardCharsets.US_ASCII)));
        second.device("queue-64", queue -> queue.removeProperty("vdevice-type"));
        bootBoth();
        assertThat(bed.listed(bed.guest(FIRST), SECOND)).isEmpty();
    }

    @Test
    void guestCannotNameItself() {
        ofFirst(queue -> queue.property("peer", "vm-name:vm-a"));
        int vmid = bed.allocate();
        bed.prepare(vmid, 0, first.blob());
        assertThat(bed.call(VM_INIT, vmid).error()).isEqualTo(NORESOURCE);
    }

    @Test
    void hostByNameIsTheDefaultPeer() {
        ofFirst(queue -> queue.property("peer", "vm-name:HLOS"));
        bed.boot(0, first.blob());
        assertThat(bed.listed(bed.hostEnd, FIRST)).containsExactly("4 0 0x0 962", "2 128 0x40 963", "3 128 0x40 964");
        assertThat(queueNode(FIRST).hasProperty("peer")).isFalse();
        assertThat(identity(FIRST).hasProperty("qcom,peers")).isFalse();
    }

    @Test
    void guestWhoseInitialisationFailedCannotBeJoined() {
        // Doorbells come before queues: there is none yet when it fails.
        first.device(
                "z",
                z -> z.property("vdevice-type", "doorbell").flag("peer-default").property("interrupts", 1, 10, 1));
        bed.prepare(bed.allocate(), 0, first.blob());
        assertThat(bed.call(VM_INIT, FIRST).error()).isEqualTo(NORESOURCE);
        bed.prepare(bed.allocate(), 1, second.blob());
        bed.ok(VM_INIT, SECOND);

        first.device("z", z -> z.removeProperty("vdevice-type"));
        bed.ok(VM_RESET, FIRST);
        bed.prepare(FIRST, 2, first.blob());
        bed.ok(VM_INIT, FIRST);
        bed.ok(VM_START, FIRST);
        assertThat(bed.listed(bed.guest(FIRST), SECOND)).hasSize(2);
    }

    // ---- lives and deaths ----

    @Test
    void queueOutlivesTheResetOfOneGuestWithItsMessages() {
        bootBoth();
        send(SECOND, FIRST, "last words");
        send(FIRST, SECOND, "unread");

        reset(SECOND);
        assertThat(bed.call(bed.guest(FIRST), VM_GET_RESOURCES, RmTestBed.words(SECOND))
                        .error())
                .isEqualTo(NORESOURCE);
        bed.prepare(SECOND, 2, second.blob());
        assertThat(bed.listed(bed.guest(FIRST), SECOND)).isEmpty();
        bed.ok(VM_INIT, SECOND);
        bed.ok(VM_START, SECOND);

        assertThat(bed.listed(bed.guest(SECOND), FIRST)).containsExactly("2 128 0x40 962", "3 128 0x40 963");
        assertThat(receive(FIRST, SECOND)).isEqualTo("last words");
        assertThat(receive(SECOND, FIRST)).isEqualTo("unread");
        send(SECOND, FIRST, "again");
        assertThat(receive(FIRST, SECOND)).isEqualTo("again");
    }

    @Test
    void anotherVmOfTheSameNameFindsNoMessagesOfTheOneBefore() {
        bootBoth();
        send(SECOND, FIRST, "last words");
        send(FIRST, SECOND, "unread");
        reset(SECOND);
        bed.ok(VM_DEALLOC, SECOND);

        assertThat(bed.boot(2, second.blob()))
                .as("the number of the one before")
                .isEqualTo(SECOND);

        assertThat(receive(SECOND, FIRST)).isEqualTo("nothing");
        assertThat(receive(FIRST, SECOND)).isEqualTo("nothing");
        send(FIRST, SECOND, "welcome");
        assertThat(receive(SECOND, FIRST)).isEqualTo("welcome");
    }

    @Test
    void firstGuestJoinsTheQueueThatTheSecondHasKept() {
        bootBoth();
        reset(FIRST);
        bed.prepare(FIRST, 2, first.blob());
        bed.ok(VM_INIT, FIRST);
        bed.ok(VM_START, FIRST);
        send(FIRST, SECOND, "back");
        assertThat(receive(SECOND, FIRST)).isEqualTo("back");
        send(SECOND, FIRST, "seen");
        assertThat(receive(FIRST, SECOND)).isEqualTo("seen");
    }

    @Test
    void survivorCanStillSendUntilTheQueueIsFull() {
        bootBoth();
        Resource sending = bed.resources(bed.guest(FIRST), SECOND).get(0);
        reset(SECOND);
        for (int i = 0; i < 8; i++) {
            assertThat(trySend(FIRST, sending, "x")).isEqualTo(GunyahError.OK);
        }
        assertThat(trySend(FIRST, sending, "x")).isEqualTo(GunyahError.MSGQUEUE_FULL);
    }

    @Test
    void nothingIsLeftWhenBothHaveBeenReset() {
        bell(first, "doorbell", "vm-name:vm-b");
        bell(second, "doorbell-source", "vm-name:vm-a");
        Census before = bed.census();
        for (int life = 0; life < 3; life++) {
            int piece = 2 * life;
            for (int vmid : new int[] {FIRST, SECOND}) {
                if (life == 0) {
                    bed.allocate();
                }
                bed.prepare(vmid, piece++, vmid == FIRST ? first.blob() : second.blob());
                bed.ok(VM_INIT, vmid);
                bed.ok(VM_START, vmid);
            }
            send(FIRST, SECOND, "unread");
            reset(life == 1 ? SECOND : FIRST);
            reset(life == 1 ? FIRST : SECOND);
            bed.notifications();
            assertThat(bed.census()).as("life %d", life).isEqualTo(before);
        }
    }

    @Test
    void failedJoinLeavesTheFirstGuestsQueueFree() {
        second.device(
                "z",
                z -> z.property("vdevice-type", "message-queue-pair")
                        .flag("peer-default")
                        .property("message-size", 0));
        secondIsRefused("queue of 8 messages of 0 bytes");
        second.device("z", z -> z.removeProperty("vdevice-type"));
        bed.ok(VM_RESET, SECOND);
        bed.prepare(SECOND, 2, second.blob());
        bed.ok(VM_INIT, SECOND);
        bed.ok(VM_START, SECOND);
        send(SECOND, FIRST, "made it");
        assertThat(receive(FIRST, SECOND)).isEqualTo("made it");
    }

    @Test
    void guestIsToldOfTheLifeOfTheGuestItSharesADeviceWith() {
        bed.boot(0, first.blob());
        bed.allocate();
        bed.prepare(SECOND, 1, second.blob());
        bed.receiveAll(bed.guest(FIRST));

        bed.ok(VM_INIT, SECOND);
        bed.ok(VM_START, SECOND);
        bed.ok(VM_STOP, SECOND | FORCE << 16, 3);
        bed.ok(VM_RESET, SECOND);

        assertThat(bed.receiveAll(bed.guest(FIRST)))
                .extracting(message ->
                        "%x %d %d".formatted(message.id(), message.content()[0] & 0xff, message.content()[4]))
                .containsExactly(
                        "56100008 129 2", "56100008 129 3", "56100008 129 9", "56100008 129 10", "56100008 129 11");
    }

    @Test
    void guestThatDoesNotRunYetIsToldNothing() {
        bed.prepare(bed.allocate(), 0, first.blob());
        bed.ok(VM_INIT, FIRST);
        bed.prepare(bed.allocate(), 1, second.blob());
        bed.ok(VM_INIT, SECOND);
        bed.ok(VM_START, FIRST);
        assertThat(bed.receiveAll(bed.guest(FIRST))).isEmpty();
        bed.ok(VM_START, SECOND);
        assertThat(bed.receiveAll(bed.guest(FIRST))).hasSize(1);
    }

    @Test
    void guestsThatShareADeviceKnowEachOther() {
        bootBoth();
        byte[] peers = bed.call(bed.guest(FIRST), VM_GET_PEERS, new byte[0]).data();
        assertThat(peers).isEqualTo(RmTestBed.words(2, RmTestBed.HOST, SECOND));
        assertThat(bed.call(bed.guest(FIRST), RmTestBed.VM_GET_STATE, RmTestBed.words(SECOND))
                        .error())
                .isZero();
    }

    @Test
    void guestsThatShareNothingAreToldNothingOfEachOther() {
        second.device("queue-64", queue -> queue.removeProperty("vdevice-type"));
        bootBoth();
        bed.receiveAll(bed.guest(FIRST));
        reset(SECOND);
        assertThat(bed.receiveAll(bed.guest(FIRST))).isEmpty();
    }

    // ---- support ----

    private void ofFirst(Consumer<NodeBuilder> change) {
        first.device("queue-64", change);
    }

    private void ofSecond(Consumer<NodeBuilder> change) {
        second.device("queue-64", change);
    }

    private void bootBoth() {
        assertThat(bed.boot(0, first.blob())).isEqualTo(FIRST);
        assertThat(bed.boot(1, second.blob())).isEqualTo(SECOND);
    }

    private void bootAgain() {
        reset(FIRST);
        bed.ok(VM_RESET, SECOND);
        bed.prepare(FIRST, 2, first.blob());
        bed.prepare(SECOND, 3, second.blob());
        for (int vmid : new int[] {FIRST, SECOND}) {
            bed.ok(VM_INIT, vmid);
            bed.ok(VM_START, vmid);
        }
    }

    /** The first guest is initialised, the second is not, and that does the first no harm. */
    private void secondIsRefused(String reason) {
        assertThat(bed.boot(0, first.blob())).isEqualTo(FIRST);
        bed.prepare(bed.allocate(), 1, second.blob());
        assertThat(bed.call(VM_INIT, SECOND).error()).as(reason).isEqualTo(NORESOURCE);
        assertThat(bed.lastReason()).contains(reason);
        assertThat(bed.state(SECOND)).isEqualTo(INIT_FAILED);
        assertThat(bed.listed(bed.guest(FIRST), RmTestBed.HOST)).isEmpty();
    }

    private void reset(int vmid) {
        bed.ok(VM_STOP, vmid | FORCE << 16, 3);
        bed.ok(VM_RESET, vmid);
    }

    private Node queueNode(int vmid) {
        return bed.tree(vmid).find("/hypervisor").orElseThrow().children().stream()
                .filter(node -> node.name().startsWith("qcom,message-queue-pair"))
                .findFirst()
                .orElseThrow();
    }

    private Node identity(int vmid) {
        return bed.tree(vmid).find("/hypervisor/qcom,gunyah-vm").orElseThrow();
    }

    private static String text(Node node, String property) {
        return node.property(property).orElseThrow().string();
    }

    private void send(int from, int to, String text) {
        send(from, queue(from, to, 2), text);
    }

    private void send(int from, Resource side, String text) {
        assertThat(trySend(from, side, text)).isEqualTo(GunyahError.OK);
    }

    private int trySend(int from, Resource side, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        return GunyahHypercalls.status(hypercalls(from).msgqSend(side.capability(), bytes, 0, bytes.length, true));
    }

    private String receive(int by, int from) {
        return receive(by, queue(by, from, 3));
    }

    private String receive(int by, Resource side) {
        byte[] buffer = new byte[240];
        long result = hypercalls(by).msgqReceive(side.capability(), buffer, 0, buffer.length);
        return GunyahHypercalls.status(result) == GunyahError.MSGQUEUE_EMPTY
                ? "nothing"
                : new String(buffer, 0, GunyahHypercalls.size(result), StandardCharsets.US_ASCII);
    }

    private Resource queue(int of, int to, int type) {
        return bed.resources(bed.guest(of), to).stream()
                .filter(resource -> resource.type() == type)
                .findFirst()
                .orElseThrow();
    }

    private GunyahHypercalls hypercalls(int vmid) {
        return bed.hypervisor.vm(vmid).orElseThrow().hypercalls();
    }
}
