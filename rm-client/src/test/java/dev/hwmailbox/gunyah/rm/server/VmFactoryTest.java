// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_INIT;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_RESET;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_STOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.NodeBuilder;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahException;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Census;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is made of a configuration: in which order, with which numbers, and what is left when it cannot be made. */
final class VmFactoryTest {
    private static final int NORESOURCE = 2;
    private static final int ARGUMENT_INVALID = 6;
    private static final int MEM_INVALID = 0xA;
    private static final int INIT_FAILED = 8;
    private static final int RESET = 11;
    private static final int FORCE = 1;
    private static final int GUEST = 128;

    private final RmTestBed bed = new RmTestBed();

    // ---- order and numbers ----

    @Test
    void devicesAreMadeByKindAndWithinAKindInTheOrderOfTheTree() {
        TestTree tree = TestTree.minimal().queuePair(1);
        queue(tree, 2, "is-sender");
        bell(tree, "doorbell-source", 3);
        tree.queuePair(4);
        queue(tree, 5, "is-receiver");
        bell(tree, "doorbell", 6);
        bed.boot(0, tree.blob());

        assertThat(bed.listed(bed.hostEnd, GUEST))
                .containsExactly(
                        "4 0 0x0 962",
                        "1 128 0x3 963",
                        "0 128 0x6 0",
                        "3 128 0x2 964",
                        "2 128 0x5 965",
                        "2 128 0x1 966",
                        "3 128 0x1 967",
                        "2 128 0x4 968",
                        "3 128 0x4 969");
        assertThat(bed.listed(bed.guest(GUEST), RmTestBed.HOST))
                .containsExactly(
                        "0 3 0x3 0",
                        "1 3 0x6 962",
                        "2 3 0x2 963",
                        "3 3 0x5 964",
                        "2 3 0x1 965",
                        "3 3 0x1 966",
                        "2 3 0x4 967",
                        "3 3 0x4 968");
    }

    @Test
    void hostIsToldOfTheResourceManagersVcpu() {
        assertThat(bed.listed(bed.hostEnd, 255)).containsExactly("4 0 0x0 0");
        bed.boot(0, TestTree.minimal().blob());
        assertThat(bed.listed(bed.guest(GUEST), 255)).isEmpty();
    }

    @Test
    void vcpusThatTheHypervisorRunsTakeNoInterrupt() {
        TestTree tree = TestTree.minimal()
                .queuePair(1)
                .config(config -> config.child(
                        "vcpus",
                        vcpus -> vcpus.property("affinity", "static")
                                .property("affinity-map", 0)
                                .property("sched-priority", -1)
                                .property("sched-timeslice", 5000)));
        bed.boot(0, tree.blob());
        assertThat(bed.listed(bed.hostEnd, GUEST)).containsExactly("4 0 0x0 -1", "2 128 0x1 962", "3 128 0x1 963");
    }

    @Test
    void chosenNumbersStepOverFixedOnesThatWereTakenBefore() {
        TestTree tree =
                TestTree.minimal().queuePair(1).device("to-rm", rm -> rm.property("interrupts", 0, 928, 1, 0, 930, 1));
        bed.boot(0, tree.blob());
        assertThat(bed.listed(bed.guest(GUEST), RmTestBed.HOST)).containsExactly("2 3 0x1 961", "3 3 0x1 963");
    }

    @Test
    void fixedNumberThatWasChosenBeforeFailsInit() {
        TestTree tree = TestTree.minimal()
                .queuePair(1)
                .device("queue-1", queue -> queue.property("interrupts", 0, 928, 1, 0, 100, 1));
        initFails(tree, NORESOURCE, "interrupt 960");
    }

    @ParameterizedTest
    @CsvSource({"1, 10, 26", "2, 5, 4101", "3, 5, 1061"})
    void interruptThatIsNotASharedOneFailsInit(int type, int number, int hwirq) {
        TestTree tree = TestTree.minimal()
                .queuePair(1)
                .device("queue-1", queue -> queue.property("interrupts", type, number, 1, 0, 100, 1));
        initFails(tree, NORESOURCE, "interrupt " + hwirq);
    }

    @Test
    void handlesCountDevicesOverAllVms() {
        TestTree tree = TestTree.minimal().queuePair(1).queuePair(2);
        bell(tree, "doorbell", 3);
        bed.boot(0, tree.blob());
        bed.boot(1, tree.blob());

        assertThat(handles(GUEST)).containsExactlyInAnyOrder(0, 1, 2);
        assertThat(handles(GUEST + 1)).containsExactlyInAnyOrder(0, 4, 5);
    }

    private List<Integer> handles(int vmid) {
        return tree(vmid).children().stream()
                .flatMap(node -> node.property("qcom,vdevice-handle").stream())
                .map(handle -> handle.u32())
                .toList();
    }

    @Test
    void freedNumbersAreUsedAgainLowestFirst() {
        TestTree tree = TestTree.minimal().queuePair(1);
        bed.boot(0, tree.blob());
        bed.boot(1, tree.blob());
        assertThat(bed.listed(bed.hostEnd, GUEST + 1)).containsExactly("4 0 0x0 965", "2 129 0x1 966", "3 129 0x1 967");

        bed.ok(VM_STOP, GUEST | FORCE << 16, 3);
        bed.ok(VM_RESET, GUEST);
        tree.queuePair(2);
        bed.prepare(GUEST, 2, tree.blob());
        bed.ok(VM_INIT, GUEST);
        assertThat(bed.listed(bed.hostEnd, GUEST))
                .containsExactly("4 0 0x0 962", "2 128 0x1 963", "3 128 0x1 964", "2 128 0x2 968", "3 128 0x2 969");
    }

    // ---- the host runs out of interrupts ----

    @Test
    void twentyEightQueuePairsFitAndTheTwentyNinthFailsInit() {
        TestTree tree = TestTree.minimal();
        IntStream.range(0, 28).forEach(tree::queuePair);
        bed.ok(VM_INIT, configured(tree, 0));
        bed.ok(VM_RESET, GUEST);

        initFailsAndLeavesNothing(tree.queuePair(28));
    }

    @ParameterizedTest
    @CsvSource({"doorbell-source, 57", "message-queue, 57"})
    void runningOutInTheMiddleLeavesNothingBehind(String type, int fitting) {
        TestTree tree = TestTree.minimal();
        IntStream.range(0, fitting).forEach(label -> device(tree, type, label).flag("is-receiver"));
        // The guest's own two for its channel, and one for each queue: fixed ones, so that the host is short first.
        if (type.equals("message-queue")) {
            IntStream.range(0, fitting + 1)
                    .forEach(label ->
                            device(tree, type, label).flag("is-receiver").property("interrupts", 0, label, 1));
        }
        device(tree, type, fitting).flag("is-receiver");
        initFailsAndLeavesNothing(tree);
    }

    private void initFailsAndLeavesNothing(TestTree tree) {
        int vmid = bed.allocate();
        Census before = bed.census();
        bed.prepare(vmid, 1, tree.blob());
        assertThat(bed.call(VM_INIT, vmid).error()).isEqualTo(NORESOURCE);
        assertThat(bed.lastReason()).contains("VM 3 has no interrupt number left");
        bed.ok(VM_RESET, vmid);
        assertThat(bed.census()).isEqualTo(before);
        bed.prepare(vmid, 2, TestTree.minimal().queuePair(1).blob());
        bed.ok(VM_INIT, vmid);
        assertThat(bed.listed(bed.hostEnd, vmid)).hasSize(3);
    }

    // ---- what an error leaves behind ----

    @ParameterizedTest
    @CsvSource({MEM_INVALID + ", image-name", ARGUMENT_INVALID + ", is-direct", NORESOURCE + ", gic-irq-ranges"})
    void refusalWhileReadingMakesNothing(int errorWord, String what) {
        TestTree tree = TestTree.minimal().queuePair(1).config(config -> {
            if (what.equals("image-name")) {
                config.removeProperty(what);
            } else if (what.equals("is-direct")) {
                config.child("memory", memory -> memory.flag(what));
            } else {
                config.property(what, 64, 64);
            }
        });
        Census before = bed.census();
        initFails(tree, errorWord, what);
        assertThat(bed.census()).isEqualTo(before);
        assertThat(bed.listed(bed.hostEnd, GUEST)).isEmpty();
    }

    @Test
    void devicesMadeBeforeTheFailureAreListedUntilTheReset() {
        TestTree tree = TestTree.minimal()
                .queuePair(1)
                .queuePair(2)
                .device("queue-2", queue -> queue.property("queue-depth", 256));
        bell(tree, "doorbell", 3);
        String before = objects();
        initFails(tree, NORESOURCE, "queue of 256 messages");
        assertThat(bed.listed(bed.hostEnd, GUEST))
                .containsExactly("4 0 0x0 962", "0 128 0x3 0", "2 128 0x1 963", "3 128 0x1 964");

        bed.ok(VM_RESET, GUEST);
        assertThat(bed.state(GUEST)).isEqualTo(RESET);
        assertThat(bed.call(RmTestBed.VM_GET_RESOURCES, GUEST).error()).isEqualTo(NORESOURCE);
        assertThat(objects()).isEqualTo(before);
    }

    /** What the hypervisor has, but for the state of interrupt lines. */
    private String objects() {
        return bed.hypervisor.dump().replaceAll("idle|pending", "");
    }

    @ParameterizedTest
    @CsvSource({"message-size, 0", "message-size, 1024", "queue-depth, 0", "queue-depth, 256", "message-size, 0x10000"})
    void geometryThatTheHypervisorRefusesFailsInit(String property, String value) {
        TestTree tree = TestTree.minimal()
                .queuePair(1)
                .device("queue-1", queue -> queue.property(property, Integer.decode(value)));
        initFails(tree, NORESOURCE, "queue of ");
    }

    private void initFails(TestTree tree, int errorWord, String reason) {
        int vmid = configured(tree, 0);
        bed.notifications();
        assertThat(bed.call(VM_INIT, vmid).error()).isEqualTo(errorWord);
        assertThat(bed.lastReason()).contains(reason);
        assertThat(bed.news()).containsExactly("STATUS " + vmid + " " + INIT_FAILED);
    }

    // ---- channels to the Resource Manager ----

    @Test
    void guestWithoutAChannelLivesButIsToldNothing() {
        TestTree tree = TestTree.minimal().queuePair(1).device("to-rm", rm -> rm.removeProperty("vdevice-type"));
        bed.boot(0, tree.blob());
        assertThat(bed.guests).doesNotContainKey(GUEST);
        assertThat(bed.listed(bed.hostEnd, GUEST)).hasSize(3);
        bed.ok(VM_STOP, GUEST, 0);
        bed.ok(VM_STOP, GUEST | FORCE << 16, 3);
        bed.ok(VM_RESET, GUEST);
    }

    @Test
    void everyChannelOfAGuestIsServed() {
        Census before = bed.census();
        TestTree tree = TestTree.minimal()
                .device("too", rm -> rm.property("vdevice-type", "rm-rpc").property("generate", "/hypervisor/too"));
        bed.boot(0, tree.blob());
        List<RawGuest> channels = new ArrayList<>();
        for (Node node : tree(GUEST).children()) {
            node.property("reg")
                    .map(reg ->
                            new MsgqEndpoint(CapabilityId.of(reg.u64(0)), 960, CapabilityId.of(reg.u64(1)), 961, 240))
                    .ifPresent(endpoint -> channels.add(new RawGuest(vm(GUEST).hypercalls(), endpoint)));
        }
        assertThat(channels).hasSize(2);
        for (RawGuest channel : channels) {
            assertThat(bed.call(channel, RmTestBed.VM_GET_VMID, new byte[0]).word())
                    .isEqualTo(GUEST);
        }

        bed.ok(VM_STOP, GUEST | FORCE << 16, 3);
        bed.ok(VM_RESET, GUEST);
        bed.notifications();
        assertThat(bed.census()).isEqualTo(before);
    }

    @Test
    void oneGuestCannotTakeTheChannelsOfTheOthers() {
        TestTree greedy = TestTree.minimal();
        IntStream.range(0, 100).forEach(i -> greedy.device("too" + i, rm -> channel(rm, i)));
        int vmid = bed.allocate();
        bed.prepare(vmid, 0, greedy.blob());
        assertThat(bed.call(RmTestBed.VM_INIT, vmid).error()).isEqualTo(NORESOURCE);

        bed.boot(1, TestTree.minimal().blob());
    }

    private static void channel(NodeBuilder rm, int index) {
        rm.property("vdevice-type", "rm-rpc")
                .property("generate", "/hypervisor/too")
                .property("interrupts", 0, 2 * index, 1, 0, 2 * index + 1, 1);
    }

    // ---- rights ----

    @Test
    void whoRingsCannotListenUnlessItMayClear() {
        TestTree tree = TestTree.minimal();
        bell(tree, "doorbell", 1).flag("source-can-clear");
        bell(tree, "doorbell-source", 2);
        bell(tree, "doorbell-source", 3).flag("source-can-clear");
        bed.boot(0, tree.blob());

        List<RmTestBed.Resource> ofGuest = bed.resources(bed.guest(GUEST), RmTestBed.HOST);
        List<RmTestBed.Resource> ofHost = bed.resources(bed.hostEnd, GUEST);
        assertThat(rights(vm(GUEST), ofGuest.get(0))).isEqualTo("listen");
        assertThat(rights(vm(GUEST), ofGuest.get(1))).isEqualTo("ring");
        assertThat(rights(vm(GUEST), ofGuest.get(2))).isEqualTo("ring listen");
        assertThat(rights(bed.host, ofHost.get(1))).isEqualTo("ring");
        assertThat(rights(bed.host, ofHost.get(2))).isEqualTo("listen");
        assertThat(rights(bed.host, ofHost.get(3))).isEqualTo("listen");
    }

    private String rights(VirtualMachine holder, RmTestBed.Resource bell) {
        List<String> rights = new ArrayList<>();
        if (leaves(holder, bell, GunyahRights.DOORBELL_SEND)) {
            rights.add("ring");
        }
        if (leaves(holder, bell, GunyahRights.DOORBELL_RECEIVE)) {
            rights.add("listen");
        }
        return String.join(" ", rights);
    }

    /** A capability copied with a mask that leaves it no right is refused. */
    private boolean leaves(VirtualMachine holder, RmTestBed.Resource bell, int right) {
        VirtualMachine target = bed.hypervisor.createVm(99);
        try {
            target.installCapability(CapabilityId.of(0x77), holder, CapabilityId.of(bell.capability()), right);
            return true;
        } catch (GunyahException e) {
            return false;
        } finally {
            target.destroy();
        }
    }

    @Test
    void serverNeedsACore() {
        assertThatThrownBy(() -> ResourceManagerServer.builder(bed.hypervisor).cores(0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    // ---- support ----

    private static void queue(TestTree tree, int label, String direction) {
        device(tree, "message-queue", label).flag(direction);
    }

    private static NodeBuilder bell(TestTree tree, String type, int label) {
        return device(tree, type, label);
    }

    private static NodeBuilder device(TestTree tree, String type, int label) {
        NodeBuilder[] made = new NodeBuilder[1];
        tree.device(
                "device-" + label,
                device -> made[0] = device.property("vdevice-type", type)
                        .flag("peer-default")
                        .property("label", label));
        return made[0];
    }

    private int configured(TestTree tree, int piece) {
        int vmid = bed.allocate();
        bed.prepare(vmid, piece, tree.blob());
        return vmid;
    }

    private Node tree(int vmid) {
        return bed.tree(vmid).find("/hypervisor").orElseThrow();
    }

    private VirtualMachine vm(int vmid) {
        return bed.hypervisor.vm(vmid).orElseThrow();
    }
}
