// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static dev.hwmailbox.gunyah.rm.server.RmTestBed.MEM_LEND;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.MEM_RECLAIM;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.MEM_SHARE;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_INIT;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_RESET;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_START;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_STOP;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.NodeBuilder;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.hypervisor.GuestAddressSpace;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Census;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Devices that come with memory: shared memory with and without doorbells, and virtio. */
final class SharedMemoryDevicesTest {
    private static final int NORESOURCE = 2;
    private static final int MEM_INUSE = 0xB;
    private static final int INIT_FAILED = 8;
    private static final int FORCE = 1;
    private static final int GUEST = 128;
    private static final int LABEL = 0x55;
    private static final int SIZE = 0x4000;
    private static final long SHARED = RmTestBed.MEMORY + (8 << 20);
    private static final long FIRST_ADDRESS = 0x2000_1000L;

    private final RmTestBed bed = new RmTestBed();
    private final TestTree tree = TestTree.minimal();

    // ---- shared memory ----

    @ParameterizedTest
    @ValueSource(strings = {"shm", "shm-doorbell", "virtio-mmio"})
    void deviceWithoutItsMemoryFailsStart(String type) {
        device(type);
        initialise();
        assertThat(bed.call(VM_START, GUEST).error()).isEqualTo(NORESOURCE);
        assertThat(bed.lastReason()).contains("no memory with label 0x55");
        assertThat(bed.state(GUEST)).isEqualTo(INIT_FAILED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"shm", "shm-doorbell"})
    void sharedMemoryMayBeOptional(String type) {
        device(type);
        memory(memory -> memory.flag("optional"));
        initialise();
        bed.ok(VM_START, GUEST);
        Node node = node("shm-55");
        assertThat(node.hasProperty("memory-region")).isFalse();
        assertThat(node.hasProperty("qcom,label")).isTrue();
    }

    @Test
    void memoryOfAVirtioDeviceIsNeverOptional() {
        device("virtio-mmio");
        memory(memory -> memory.flag("optional"));
        initialise();
        assertThat(bed.call(VM_START, GUEST).error()).isEqualTo(NORESOURCE);
    }

    @Test
    void memoryMustBeSharedNotLent() {
        device("shm");
        initialise();
        bed.give(MEM_LEND, LABEL, SHARED, SIZE, GUEST);
        assertThat(bed.call(VM_START, GUEST).error()).isEqualTo(NORESOURCE);
    }

    @Test
    void memoryMustHaveTheLabelOfTheDevice() {
        device("shm");
        tree.device("memory-device", device -> device.property("label", LABEL + 1));
        initialise();
        share(LABEL);
        assertThat(bed.call(VM_START, GUEST).error()).isEqualTo(NORESOURCE);
    }

    @Test
    void imageIsNotTakenForTheMemoryOfADeviceWithItsLabel() {
        device("shm");
        memory(memory -> memory.property("label", 0));
        initialise();
        share(0);
        bed.ok(VM_START, GUEST);
        assertThat(region(node("shm-0")).path()).isEqualTo("/reserved-memory/buffer@20001000");
    }

    @Test
    void guestAndHostSeeTheSameMemory() {
        device("shm");
        initialise();
        share(LABEL);
        bed.ok(VM_START, GUEST);

        write(bed.host.memory(), SHARED + 0x3ff0, 0x1234_5678);
        assertThat(read(guestMemory(), FIRST_ADDRESS + 0x3ff0)).isEqualTo(0x1234_5678);
        Node region = region(node("shm-55"));
        assertThat(region.path()).isEqualTo("/reserved-memory/buffer@20001000");
        assertThat(region.property("reg").orElseThrow().u64(1)).isEqualTo(SIZE);
    }

    @Test
    void memoryGoesWhereTheConfigurationSays() {
        device("shm");
        memory(memory -> memory.removeProperty("allocate-base").u64s("base", 0x7000_0000L));
        initialise();
        share(LABEL);
        bed.ok(VM_START, GUEST);
        write(guestMemory(), 0x7000_0000L, 99);
        assertThat(read(bed.host.memory(), SHARED)).isEqualTo(99);
        assertThat(region(node("shm-55")).path()).isEqualTo("/reserved-memory/buffer@70000000");
    }

    @ParameterizedTest
    @ValueSource(longs = {0x8000_0000L, 0x7000_0800L, -0x1000L})
    void placeThatIsTakenOrNoneFailsStart(long base) {
        device("shm");
        memory(memory -> memory.removeProperty("allocate-base").u64s("base", base));
        Census before = initialise();
        int handle = share(LABEL);
        assertThat(bed.call(VM_START, GUEST).error()).isNotZero();
        assertThat(bed.state(GUEST)).isEqualTo(INIT_FAILED);
        bed.ok(VM_RESET, GUEST);
        bed.ok(MEM_RECLAIM, handle, 0);
        bed.notifications();
        assertThat(bed.census()).isEqualTo(before);
    }

    @Test
    void twoDevicesCanUseTheSameMemory() {
        device("shm");
        tree.device("other", other -> shaped(other, "shm"));
        tree.device("memory-device", device -> device.property("generate", "/hypervisor/one"));
        tree.device("other", device -> device.property("generate", "/hypervisor/two"));
        initialise();
        share(LABEL);
        bed.ok(VM_START, GUEST);
        assertThat(region(node("one"))).isEqualTo(region(node("two")));
    }

    @Test
    void memoryCannotBeTakenBackBeforeTheGuestIsReset() {
        device("shm");
        Census before = initialise();
        int handle = share(LABEL);
        bed.ok(VM_START, GUEST);
        assertThat(bed.call(MEM_RECLAIM, handle, 0).error()).isEqualTo(MEM_INUSE);

        bed.ok(VM_STOP, GUEST | FORCE << 16, 3);
        bed.notifications();
        bed.ok(VM_RESET, GUEST);
        assertThat(bed.news())
                .containsExactly(
                        "STATUS 128 10", "RELEASED 0 by 128", "RELEASED " + handle + " by 128", "STATUS 128 11");
        bed.ok(MEM_RECLAIM, handle, 0);
        assertThat(bed.census()).isEqualTo(before);
    }

    @Test
    void nextLifeFindsTheSharedMemoryAgain() {
        device("shm");
        initialise();
        share(LABEL);
        bed.ok(VM_START, GUEST);
        bed.ok(VM_STOP, GUEST | FORCE << 16, 3);
        bed.ok(VM_RESET, GUEST);
        bed.prepare(GUEST, 1, tree.blob());
        bed.ok(VM_INIT, GUEST);
        bed.ok(VM_START, GUEST);
        assertThat(region(node("shm-55")).path()).isEqualTo("/reserved-memory/buffer@20001000");
    }

    // ---- doorbells ----

    @Test
    void doorbellsComeAfterAllQueuesInBothDirections() {
        device("shm-doorbell");
        tree.queuePair(1);
        initialise();
        share(LABEL);
        bed.ok(VM_START, GUEST);
        assertThat(bed.listed(bed.hostEnd, GUEST))
                .containsExactly("4 0 0x0 962", "2 128 0x1 963", "3 128 0x1 964", "0 128 0x55 0", "1 128 0x55 965");
        assertThat(bed.listed(bed.guest(GUEST), RmTestBed.HOST))
                .containsExactly("2 3 0x1 962", "3 3 0x1 963", "1 3 0x55 964", "0 3 0x55 0");
    }

    @Test
    void doorbellOfTheGuestMayHaveAFixedInterrupt() {
        device("shm-doorbell");
        tree.device("memory-device", device -> device.property("interrupts", 0, 100, 4));
        initialise();
        share(LABEL);
        bed.ok(VM_START, GUEST);
        assertThat(bed.listed(bed.guest(GUEST), RmTestBed.HOST)).containsExactly("1 3 0x55 132", "0 3 0x55 0");
    }

    // ---- virtio ----

    @Test
    void backEndIsListedWithItsRegistersAndFrontEndIsInTheTree() {
        device("virtio-mmio");
        initialise();
        byte[] listed = bed.ok(RmTestBed.VM_GET_RESOURCES, GUEST).data();
        ByteBuffer backEnd = ByteBuffer.wrap(listed)
                .order(ByteOrder.LITTLE_ENDIAN)
                .position(4 + 44)
                .slice()
                .order(ByteOrder.LITTLE_ENDIAN);
        assertThat(listed).hasSize(4 + 2 * 44);
        assertThat(backEnd.get(0)).as("type").isEqualTo((byte) 6);
        assertThat(backEnd.getShort(2)).isEqualTo((short) GUEST);
        assertThat(backEnd.getInt(8)).isEqualTo(LABEL);
        assertThat(backEnd.getInt(24)).as("interrupt").isEqualTo(963);
        assertThat(backEnd.getLong(28)).as("base").isEqualTo(0x3000_1000L);
        assertThat(backEnd.getLong(36)).as("size").isEqualTo(0x1000);

        share(LABEL);
        bed.ok(VM_START, GUEST);
        assertThat(bed.listed(bed.guest(GUEST), RmTestBed.HOST)).isEmpty();
        Node front = node("virtio_mmio@20001000");
        assertThat(front.compatible()).containsExactly("virtio,mmio");
        assertThat(front.property("dma_base").orElseThrow().u64(0)).isZero();
        assertThat(front.hasProperty("dma-coherent")).isFalse();
        write(guestMemory(), FIRST_ADDRESS + 8, 7);
        assertThat(read(bed.host.memory(), 0x3000_1008L))
                .as("the same registers")
                .isEqualTo(7);
    }

    @Test
    void registersOfSeveralDevicesLieBehindEachOtherAndAreFreedWithTheirVm() {
        device("virtio-mmio");
        tree.device("other", other -> shaped(other, "virtio-mmio"));
        Census before = initialise();
        share(LABEL);
        bed.ok(VM_START, GUEST);
        assertThat(node("virtio_mmio@20001000").hasProperty("reg")).isTrue();
        assertThat(region(node("virtio_mmio@20002000")).path()).isEqualTo("/reserved-memory/buffer@20003000");
        write(bed.host.memory(), 0x3000_2000L, 1);

        bed.ok(VM_STOP, GUEST | FORCE << 16, 3);
        bed.ok(VM_RESET, GUEST);
        bed.notifications();
        assertThat(bed.census()).isEqualTo(before);
        assertThat(bed.host.memory().read(0x3000_1000L, new byte[4], 0, 4)).isEqualTo(GunyahError.ADDR_INVALID);
        assertThat(bed.host.memory().read(0x3000_2000L, new byte[4], 0, 4)).isEqualTo(GunyahError.ADDR_INVALID);

        bed.prepare(GUEST, 1, tree.blob());
        bed.ok(VM_INIT, GUEST);
        assertThat(read(bed.host.memory(), 0x3000_1000L)).as("new registers").isZero();
    }

    @Test
    void registersGoWhereTheHostHasNoMemory() {
        device("virtio-mmio");
        bed.host.memory().map(0x3000_0000L, MemoryExtent.allocate(0x4000));
        initialise();
        write(bed.host.memory(), 0x3000_4000L, 7);
        assertThat(read(bed.host.memory(), 0x3000_4000L)).isEqualTo(7);
    }

    @Test
    void registersAndMemoryOfDevicesGoWhereTheGuestHasNoImage() {
        device("virtio-mmio");
        tree.config(config -> config.child("memory", memory -> memory.u64s("base-address", 0x2000_0000L)));
        initialise();
        share(LABEL);
        bed.ok(VM_START, GUEST);
        assertThat(node("virtio_mmio@20010000").hasProperty("reg")).isTrue();
    }

    @Test
    void memoryOfADeviceIsTheOwnersAndNotThatOfAnotherGuest() {
        device("shm");
        int stranger = bed.boot(5, TestTree.minimal().blob());
        int vmid = bed.allocate();
        bed.prepare(vmid, 0, tree.blob());
        bed.okAs(stranger, RmTestBed.MEM_SHARE, 0, LABEL, 1, vmid | 6 << 16, 1, 0x80008000, 0, 0x1000, 0, 0);
        bed.ok(VM_INIT, vmid);
        assertThat(bed.call(VM_START, vmid).error()).isEqualTo(NORESOURCE);
    }

    @Test
    void startRefusesDeviceMemoryThatHasBeenAcceptedInPieces() {
        device("shm");
        initialise();
        int handle = bed.give(RmTestBed.MEM_SHARE, LABEL, RmTestBed.address(3), 0x2000, GUEST);
        int mapOther = 8 | 0x80;
        int ranges = GUEST << 16 | 2;
        int page = 0x1000;
        int[] words = {
            handle, 2 << 8 | mapOther << 16, 0, 0, ranges, 0x5000_0000, 0, page, 0, 0x6000_0000, 0, page, 0, 0
        };
        bed.ok(RmMessageId.MEM_ACCEPT, words);
        assertThat(bed.call(VM_START, GUEST).error()).isEqualTo(NORESOURCE);
    }

    @Test
    void startRefusesMemoryAtAnAddressThatCannotBe() {
        device("shm");
        memory(memory -> memory.removeProperty("allocate-base").u64s("base", 0x2000_0010L));
        initialise();
        share(LABEL);
        assertThat(bed.call(VM_START, GUEST).error()).isEqualTo(NORESOURCE);
    }

    @Test
    void registersCannotBePassedOnByTheHost() {
        device("virtio-mmio");
        initialise();
        int[] words = {0, 0, 1, GUEST | 6 << 16, 1, 0x3000_1000, 0, 0x1000, 0, 0};
        assertThat(bed.call(MEM_LEND, words).error()).isEqualTo(MEM_INUSE);
    }

    // ---- support ----

    private void device(String type) {
        tree.device("memory-device", device -> shaped(device, type));
    }

    private static void shaped(NodeBuilder device, String type) {
        device.property("vdevice-type", type)
                .flag("peer-default")
                .child("memory", memory -> memory.property("label", LABEL).flag("allocate-base"));
    }

    private void memory(Consumer<NodeBuilder> change) {
        tree.device("memory-device", device -> device.child("memory", change));
    }

    /** Brings the guest to READY; returns what there was before. */
    private Census initialise() {
        Census before = bed.census();
        bed.prepare(bed.allocate(), 0, tree.blob());
        bed.ok(VM_INIT, GUEST);
        return before;
    }

    private int share(int label) {
        return bed.give(MEM_SHARE, label, SHARED, SIZE, RmTestBed.HOST, GUEST);
    }

    private GuestAddressSpace guestMemory() {
        return bed.hypervisor.vm(GUEST).orElseThrow().memory();
    }

    private DeviceTree guestTree() {
        return bed.tree(GUEST);
    }

    private Node node(String name) {
        return guestTree().find("/hypervisor/" + name).orElseThrow();
    }

    private Node region(Node node) {
        int phandle = node.property("memory-region").orElseThrow().u32();
        assertThat(node.property("buffer").orElseThrow().u32()).isEqualTo(phandle);
        return guestTree().findByPhandle(phandle).orElseThrow();
    }

    private static void write(GuestAddressSpace memory, long address, int value) {
        byte[] bytes = RmTestBed.words(value);
        assertThat(memory.write(address, bytes, 0, bytes.length)).isEqualTo(GunyahError.OK);
    }

    private static int read(GuestAddressSpace memory, long address) {
        byte[] bytes = new byte[Integer.BYTES];
        assertThat(memory.read(address, bytes, 0, bytes.length)).isEqualTo(GunyahError.OK);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt();
    }
}
