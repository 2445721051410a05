// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.devicetree.NodeBuilder;
import dev.hwmailbox.gunyah.rm.server.DeviceConfiguration.Flag;
import dev.hwmailbox.gunyah.rm.server.DeviceConfiguration.SharedMemory;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of the configuration node, one by one. */
final class VmConfigurationReaderTest {
    private static final int INVALID = 0xA;
    private static final int NORESOURCE = 2;
    private static final int ARGUMENT_INVALID = 6;
    private static final int CORES = 2;

    private final TestTree tree = TestTree.minimal();

    // ---- the VM itself ----

    @Test
    void readsTheNamesOfTheVm() {
        tree.config(config -> config.property("image-name", "sensor-hub")
                .property("vm-uri", "vmuid/sensor-hub")
                .property("vm-guid", "6F1C0f52-93f4-4f0e-8d5c-2a7be1c40d11"));

        VmIdentity identity = read().identity();

        assertThat(identity.name()).isEqualTo("sensor-hub");
        assertThat(identity.uri()).contains("vmuid/sensor-hub");
        assertThat(identity.guid()).contains(UUID.fromString("6f1c0f52-93f4-4f0e-8d5c-2a7be1c40d11"));
    }

    @Test
    void takesTheOlderNameOfTheConfigurationNode() {
        NodeBuilder[] copy = {null};
        tree.root(root -> root.child("gunyah-vm-config", config -> copy[0] = config));
        tree.root(root -> root.child("qcom,vm-config", config -> config.merge(copy[0].build()))
                .removeChild("gunyah-vm-config"));

        assertThat(read().identity().name()).isEqualTo("guest");
    }

    @Test
    void refusesATreeWithoutConfiguration() {
        tree.root(root -> root.removeChild("gunyah-vm-config"));
        refused(INVALID, "no /gunyah-vm-config");
    }

    @Test
    void refusesAMissingOrLongImageName() {
        tree.config(config -> config.property("image-name", "x".repeat(79)));
        assertThat(read().identity().name()).hasSize(79);
        tree.config(config -> config.property("image-name", "x".repeat(80)));
        refused(INVALID, "image-name");
        tree.config(config -> config.removeProperty("image-name"));
        refused(INVALID, "image-name");
    }

    @Test
    void imageNameIsMeasuredInBytes() {
        tree.config(config -> config.property("image-name", "ä".repeat(40)));
        refused(INVALID, "image-name");
    }

    @Test
    void refusesAStringThatDoesNotEnd() {
        tree.config(config -> config.bytes("image-name", new byte[] {'a', 'b'}));
        assertThatThrownBy(this::read).isInstanceOf(RuntimeException.class);
    }

    @Test
    void ignoresALongUri() {
        tree.config(config -> config.property("vm-uri", "x".repeat(80)));
        assertThat(read().identity().uri()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "6f1c0f52", "6f1c0f5293f44f0e8d5c2a7be1c40d11", "6f1c0f52-93f4-4f0e-8d5c-2a7be1c40d1g"})
    void refusesAMalformedGuid(String guid) {
        tree.config(config -> config.property("vm-guid", guid));
        refused(INVALID, "vm-guid");
    }

    @Test
    void refusesNodesDeeperThan16Levels() {
        tree.root(root -> nest(root, 15));
        read();
        tree.root(root -> nest(root, 16));
        refused(INVALID, "deeper than 16");
    }

    private static void nest(NodeBuilder node, int levels) {
        if (levels > 0) {
            node.child("deep", child -> nest(child, levels - 1));
        }
    }

    @Test
    void refusesMoreThan4ChannelsAndMoreThan1024Devices() {
        IntStream.range(1, 4).forEach(i -> tree.device("rm" + i, VmConfigurationReaderTest::channel));
        IntStream.range(4, 1024).forEach(i -> tree.queuePair(i));
        assertThat(read().devices()).hasSize(1024);
        tree.queuePair(0);
        refused(NORESOURCE, "1025 devices");
        tree.device("queue-0", device -> device.removeProperty("vdevice-type"));
        tree.device("queue-4", VmConfigurationReaderTest::channel);
        refused(NORESOURCE, "5 of them channels");
    }

    private static void channel(NodeBuilder node) {
        node.property("vdevice-type", "rm-rpc").property("generate", "/hypervisor/rm");
    }

    @Test
    void refusesAMemoryNodeBesidesMemoryItself() {
        tree.root(root -> root.child("memory", node -> node.property("device_type", "memory")));
        read();
        tree.root(root -> root.child("memory@80000000", node -> node.property("device_type", "memory")));
        refused(INVALID, "device_type memory");
    }

    @Test
    void interruptControllerIsTheConfiguredOneOrThatOfTheRoot() {
        tree.config(config -> config.child("interrupts", node -> node.property("config", "/gic2")));
        refused(INVALID, "/gic2");
        tree.root(root -> root.child("gic2", VmConfigurationReaderTest::interruptController));
        read();
        tree.root(root -> root.removeProperty("interrupt-parent"));
        read();
        tree.config(config -> config.child("interrupts", node -> node.removeProperty("config")));
        refused(INVALID, "is not there");
        tree.root(root -> root.property("interrupt-parent", 77));
        refused(INVALID, "is not there");
    }

    @ParameterizedTest
    @ValueSource(strings = {"compatible", "interrupt-controller", "#interrupt-cells"})
    void refusesAnInterruptControllerOfAnotherType(String missing) {
        tree.root(root -> root.child("gic", gic -> gic.removeProperty(missing)));
        refused(INVALID, "arm,gic-v3");
    }

    private static void interruptController(NodeBuilder gic) {
        gic.property("compatible", "arm,gic-v3").flag("interrupt-controller").property("#interrupt-cells", 3);
    }

    // ---- what only trusted VMs may say ----

    @Test
    void crashFatalIsForTrustedVms() {
        tree.config(config -> config.property("vm-attrs", "no-reset", "context-dump", "whatever"));
        read();
        tree.config(config -> config.property("vm-attrs", "no-reset", "crash-fatal"));
        refused(ARGUMENT_INVALID, "crash-fatal");
    }

    @Test
    void interruptRangesAreForTrustedVms() {
        tree.config(config -> config.property("gic-irq-ranges", 64, 64));
        refused(NORESOURCE, "gic-irq-ranges");
    }

    @Test
    void directMemoryIsForTrustedVms() {
        memory(memory -> memory.flag("is-direct"));
        refused(ARGUMENT_INVALID, "is-direct");
    }

    @Test
    void refusesIoMemoryOfTheWrongShape() {
        ioMemory(0, 0x1000, 0, 0x2000, 0, 0x3000, 6);
        read();
        ioMemory(0, 0x1000, 0, 0x2000, 0, 0x3000);
        refused(INVALID, "not a multiple of 7");
        ioMemory(0, 0x1000, 0, 0x2000, 0, 0x3000, 6, 0, 0x1000, 0, 0x2800, 0, 0x3000, 6);
        refused(INVALID, "range 1");
        ioMemory(0, 0x1800, 0, 0x2000, 0, 0x3000, 6);
        refused(INVALID, "range 0");
        ioMemory(0, 0x1000, 0, 0x2000, 0, 0x3800, 6);
        refused(INVALID, "range 0");
        ioMemory(0, 0x1000, 0, 0x2000, 0, 0x3000, 3);
        refused(INVALID, "range 0");
        ioMemory(0, 0x1000, 0, 0x2000, 0, 0x3000, 8);
        refused(INVALID, "range 0");
    }

    private void ioMemory(int... cells) {
        tree.config(config -> config.property("iomemory-ranges", cells));
    }

    // ---- memory ----

    @Test
    void baseAddressHasADefault() {
        tree.config(config -> config.removeChild("memory"));
        assertThat(read().baseAddress()).isEqualTo(0x28800000L);
    }

    @Test
    void baseAddressHasAsManyCellsAsTheTreeSaysAndElseCountsAsAbsent() {
        memory(memory -> memory.u64s("base-address", 0x1_8000_0000L));
        assertThat(read().baseAddress()).isEqualTo(0x1_8000_0000L);
        memory(memory -> memory.property("base-address", 0x90000000));
        assertThat(read().baseAddress()).isEqualTo(0x28800000L);
        memory(memory -> memory.property("#address-cells", 1));
        assertThat(read().baseAddress()).isEqualTo(0x90000000L);
        memory(memory -> memory.removeProperty("#address-cells"));
        tree.config(config -> config.property("#address-cells", 1));
        assertThat(read().baseAddress()).isEqualTo(0x90000000L);
        memory(memory -> memory.property("base-address", 1, 2, 3));
        assertThat(read().baseAddress()).isEqualTo(0x28800000L);
    }

    @Test
    void baseAddressIsRoundedUpTo2MiB() {
        memory(memory -> memory.u64s("base-address", 0x80001000L));
        assertThat(read().baseAddress()).isEqualTo(0x80200000L);
        memory(memory -> memory.u64s("base-address", 0x80200000L));
        assertThat(read().baseAddress()).isEqualTo(0x80200000L);
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 48, (1L << 48) - 0x1000, -0x1000, Long.MIN_VALUE})
    void refusesABaseAddressBeyondTheAddressSpace(long address) {
        memory(memory -> memory.u64s("base-address", address));
        refused(ARGUMENT_INVALID, "beyond the address space");
    }

    @Test
    void refusesMoreMemoryThanItAllows() {
        memory(memory -> memory.property("size-min", 0x2000).property("size-max", 0x2000));
        read();
        memory(memory -> memory.property("size-max", 0x1000));
        refused(ARGUMENT_INVALID, "size-min 0x2000");
        memory(memory -> memory.u64s("size-min", 0x2000));
        read();
    }

    @Test
    void refusesABaseAddressThatIsNotPageAligned() {
        memory(memory -> memory.u64s("base-address", 0x80000800L));
        refused(INVALID, "page aligned");
    }

    private void memory(Consumer<NodeBuilder> change) {
        tree.config(config -> config.child("memory", change));
    }

    // ---- vCPUs ----

    @Test
    void thereIsOneVcpuPerCpuNode() {
        tree.root(root -> root.child("cpus", cpus -> cpu(cpus, 1).child("cpu-map", map -> {})));
        assertThat(read().vcpus()).isEqualTo(2);
    }

    @Test
    void vcpusMayLieElsewhere() {
        vcpus(vcpus -> vcpus.property("config", "/processors"));
        refused(INVALID, "/processors");
        tree.root(root ->
                root.child("processors", cpus -> cpus.child("cpu@0", cpu -> cpu.property("device_type", "cpu"))));
        assertThat(read().vcpus()).isEqualTo(1);
    }

    @Test
    void refusesMoreVcpusThanThereAreCores() {
        tree.root(root -> root.child("cpus", cpus -> cpu(cpu(cpus, 1), 2)));
        refused(NORESOURCE, "3 vCPUs for 2 cores");
    }

    private static NodeBuilder cpu(NodeBuilder cpus, int index) {
        return cpus.child(
                "cpu@" + index, cpu -> cpu.property("device_type", "cpu").property("enable-method", "psci"));
    }

    @Test
    void cpuThatDoesNotBootMustBeStartedSomehow() {
        tree.root(root -> root.child("cpus", cpus -> cpu(cpus, 1)));
        read();
        cpu(1, cpu -> cpu.property("enable-method", "qcom,gunyah-hvc"));
        read();
        cpu(1, cpu -> cpu.property("enable-method", "spin-table"));
        refused(INVALID, "no boot CPU");
        cpu(1, cpu -> cpu.property("status", "okay"));
        read();
        cpu(0, cpu -> cpu.property("status", "disabled"));
        refused(INVALID, "cpu@0: is no boot CPU");
    }

    private void cpu(int index, Consumer<NodeBuilder> change) {
        tree.root(root -> root.child("cpus", cpus -> cpus.child("cpu@" + index, change)));
    }

    @Test
    void vcpusThatTheHypervisorRunsNeedCores() {
        vcpus(vcpus -> scheduled(vcpus).removeProperty("affinity-map"));
        refused(INVALID, "affinity-map");
        vcpus(vcpus -> vcpus.property("affinity-map", 0, 1));
        refused(INVALID, "affinity-map names 2 cores for 1 vCPUs");
        vcpus(vcpus -> vcpus.property("affinity", "proxy"));
        read();
    }

    @Test
    void vcpusThatTheHypervisorRunsComeAfterTheOwner() {
        vcpus(vcpus -> scheduled(vcpus).removeProperty("sched-priority"));
        refused(NORESOURCE, "sched-priority 0");
        vcpus(vcpus -> vcpus.property("sched-priority", 1));
        refused(NORESOURCE, "sched-priority 1");
    }

    @Test
    void vcpusThatTheHypervisorRunsNeedATimeslice() {
        vcpus(vcpus -> scheduled(vcpus).removeProperty("sched-timeslice"));
        refused(NORESOURCE, "sched-timeslice 0 us");
        vcpus(vcpus -> vcpus.property("sched-timeslice", 100_001));
        refused(NORESOURCE, "sched-timeslice 100001 us");
        vcpus(vcpus -> vcpus.property("sched-timeslice", -1));
        refused(NORESOURCE, "sched-timeslice -1 us");
        vcpus(vcpus -> vcpus.property("sched-timeslice", 100_000));
        read();
    }

    private static NodeBuilder scheduled(NodeBuilder vcpus) {
        return vcpus.property("affinity", "static")
                .property("affinity-map", 0)
                .property("sched-priority", -1)
                .property("sched-timeslice", 5000);
    }

    @Test
    void refusesAVmWithoutVcpus() {
        tree.root(root -> root.child("cpus", cpus -> cpus.removeChild("cpu@0")));
        refused(NORESOURCE, "0 vCPUs");
        tree.config(config -> config.removeChild("vcpus"));
        refused(NORESOURCE, "no vcpus node");
    }

    @ParameterizedTest
    @CsvSource({"proxy, true", "static, false", "sticky, false", "pinned, false", "nonsense, false"})
    void onlyProxyAffinityLetsTheOwnerRunTheVcpus(String affinity, boolean proxy) {
        vcpus(vcpus -> scheduled(vcpus).property("affinity", affinity));
        assertThat(read().proxyScheduled()).isEqualTo(proxy);
    }

    private void vcpus(Consumer<NodeBuilder> change) {
        tree.config(config -> config.child("vcpus", change));
    }

    // ---- devices ----

    @Test
    void devicesAreFoundAnywhereByTheirTypeAlone() {
        tree.root(root -> root.child(
                "somewhere",
                node -> node.property("vdevice-type", "message-queue-pair").flag("peer-default")));
        assertThat(read().devices())
                .extracting(DeviceConfiguration::path)
                .containsExactly("/gunyah-vm-config/vdevices/to-rm", "/somewhere");
    }

    @Test
    void nodeWithTwoTypesGetsTheEarlierOne() {
        device(device -> device.property("vdevice-type", "message-queue-pair", "doorbell"));
        assertThat(read(1).kind()).isEqualTo(DeviceKind.DOORBELL);
    }

    @Test
    void unknownTypeIsIgnored() {
        device(device -> device.property("vdevice-type", "teapot"));
        assertThat(read().devices()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"iomem", "vsmmu-v2", "vrtc-pl031"})
    void deviceThatIsOnlyPassedThroughAsksForNothing(String type) {
        device(device -> device.property("vdevice-type", type).removeProperty("peer-default"));
        assertThat(read().devices()).hasSize(1);
    }

    @Test
    void typesAreTriedInAFixedOrder() {
        List<String> order = List.of(
                "rm-rpc",
                "shm-doorbell",
                "shm",
                "doorbell-source",
                "doorbell",
                "message-queue",
                "message-queue-pair",
                "virtio-mmio",
                "iomem");
        device(device -> device.property("generate", "/hypervisor/z").flag("is-sender"));
        withMemory("shm", memory -> {});
        for (int i = 0; i + 1 < order.size(); i++) {
            String[] types = {order.get(i + 1), order.get(i)};
            device(device -> device.property("vdevice-type", types));
            DeviceKind kind = read(1).kind();
            device(device -> device.property("vdevice-type", types[1]));
            assertThat(read(1).kind()).as(types[1]).isEqualTo(kind);
        }
    }

    @Test
    void configurationNodesThemselvesAreNoDevices() {
        tree.config(config -> asQueue(config)
                .child("memory", VmConfigurationReaderTest::asQueue)
                .child("vcpus", VmConfigurationReaderTest::asQueue)
                .child("interrupts", VmConfigurationReaderTest::asQueue));
        tree.root(root -> root.child("memory", memory -> asQueue(memory).property("device_type", "memory")));
        assertThat(read().devices())
                .extracting(DeviceConfiguration::path)
                .containsExactlyInAnyOrder("/gunyah-vm-config/vdevices/to-rm", "/gunyah-vm-config/interrupts");
    }

    private static NodeBuilder asQueue(NodeBuilder node) {
        return node.property("vdevice-type", "message-queue-pair").flag("peer-default");
    }

    @Test
    void severalManagerChannelsAreTakenButOnlyOneConsole() {
        tree.device("to-rm", rm -> rm.flag("console-dev"));
        tree.device(
                "to-rm-too",
                rm -> rm.property("vdevice-type", "rm-rpc").property("generate", "/hypervisor/resource-mgr"));
        assertThat(read().devices())
                .extracting(device -> device.has(Flag.CONSOLE))
                .containsExactly(true, false);
        tree.device("to-rm-too", rm -> rm.flag("console-dev"));
        refused(INVALID, "both console-dev");
    }

    // ---- shared memory ----

    @ParameterizedTest
    @ValueSource(strings = {"shm-doorbell", "shm", "virtio-mmio"})
    void sharedMemoryIsDescribedByAChildNode(String type) {
        device(device -> device.property("vdevice-type", type));
        refused(INVALID, "has no memory node");
        withMemory(type, memory -> {});
        assertThat(read(1).memory()).contains(new SharedMemory(Optional.empty(), false, Optional.empty()));
        withMemory(type, memory -> memory.u64s("base", 0x40000000L));
        refused(INVALID, "exactly one of base and allocate-base");
        withMemory(type, memory -> memory.removeProperty("allocate-base").flag("optional"));
        device(device -> device.u64s("dma_base", 0x4000));
        assertThat(read(1).memory()).contains(new SharedMemory(Optional.of(0x40000000L), true, Optional.of(0x4000L)));
        withMemory(type, memory -> memory.removeProperty("base").removeProperty("allocate-base"));
        refused(INVALID, "exactly one of base and allocate-base");
    }

    @Test
    void sharedMemoryHasTheLabelOfTheMemoryUnlessItHasItsOwn() {
        withMemory("shm", memory -> memory.property("label", 5));
        assertThat(read(1).label()).isEqualTo(5);
        device(device -> device.property("label", 6));
        assertThat(read(1).label()).isEqualTo(6);
        withMemory("shm", memory -> memory.removeProperty("label"));
        refused(INVALID, "memory: label is missing");
    }

    @Test
    void sharedMemoryIsForTheOwnerOnly() {
        withMemory("shm", memory -> {});
        device(device -> device.removeProperty("peer-default").property("peer", "vm-name:other"));
        refused(INVALID, "peer-default is missing");
    }

    private void withMemory(String type, Consumer<NodeBuilder> change) {
        device(device -> device.property("vdevice-type", type).child("memory", memory -> {
            if (!hasMemory) {
                memory.property("label", 1).flag("allocate-base");
                hasMemory = true;
            }
            change.accept(memory);
        }));
    }

    private boolean hasMemory;

    @Test
    void labelDefaultsToZeroAndTheQualifiedOneWins() {
        device(device -> {});
        assertThat(read(1).label()).isZero();
        device(device -> device.property("label", 7));
        assertThat(read(1).label()).isEqualTo(7);
        device(device -> device.property("qcom,label", 0xFFFFFFFF));
        assertThat(read(1).label()).isEqualTo(0xFFFFFFFF);
    }

    @Test
    void numberOfTheWrongLengthCountsAsAbsent() {
        device(device -> device.u64s("qcom,label", 9)
                .property("label", 7)
                .bytes("message-size", new byte[3])
                .flag("queue-depth"));
        assertThat(read(1).label()).isEqualTo(7);
        assertThat(read(1).messageSize()).isEqualTo(240);
        assertThat(read(1).queueDepth()).isEqualTo(8);
    }

    @Test
    void onlySixteenBitsOfSizeAndDepthAreKept() {
        device(device -> device.property("message-size", 0x10010).property("queue-depth", 0x20003));
        assertThat(read(1).messageSize()).isEqualTo(16);
        assertThat(read(1).queueDepth()).isEqualTo(3);
    }

    @Test
    void deviceNeedsAPeer() {
        device(device -> device.removeProperty("peer-default"));
        refused(INVALID, "peer-default is missing");
        device(device -> device.property("peer", "vm-name:other"));
        assertThat(read(1).peer()).contains(new PeerName("vm-name:other"));
        device(device -> device.property("peer", "vm-name:HLOS"));
        assertThat(read(1).peer()).isEmpty();
        device(device -> device.property("peer", "vm-name:other").flag("peer-default"));
        assertThat(read(1).peer()).isEmpty();
    }

    @Test
    void oneWayQueueNeedsTheDefaultPeerAndExactlyOneDirection() {
        device(device -> device.property("vdevice-type", "message-queue"));
        refused(INVALID, "exactly one");
        device(device -> device.flag("is-sender"));
        assertThat(read(1).has(Flag.GUEST_SENDS)).isTrue();
        device(device -> device.flag("is-receiver"));
        refused(INVALID, "exactly one");
        device(device -> device.removeProperty("is-sender"));
        assertThat(read(1).has(Flag.GUEST_SENDS)).isFalse();
        device(device -> device.removeProperty("peer-default").property("peer", "vm-name:HLOS"));
        refused(INVALID, "peer-default is missing");
    }

    @Test
    void managerChannelNeedsAPathToGenerate() {
        tree.device("to-rm", rm -> rm.removeProperty("generate"));
        refused(INVALID, "generate is missing");
    }

    @ParameterizedTest
    @ValueSource(strings = {"relative", "/", "//", "/a/", "/a//b", "a/b"})
    void pathToGenerateMustBeAbsolute(String path) {
        device(device -> device.property("generate", path));
        refused(INVALID, "not an absolute path");
    }

    @Test
    void pathToGenerateMustNotBeDeep() {
        device(device -> device.property("generate", "/a".repeat(15)));
        assertThat(read(1).generate()).contains("/a".repeat(15));
        device(device -> device.property("generate", "/a".repeat(16)));
        refused(INVALID, "at most 16 levels");
        device(device -> device.property("generate", "/a".repeat(100_000)));
        refused(INVALID, "at most 16 levels");
    }

    @Test
    void compatibleStringsInFrontAreLimited() {
        device(device -> device.property("push-compatible", strings(6)));
        assertThat(read(1).pushCompatible()).hasSize(6);
        device(device -> device.property("push-compatible", strings(7)));
        refused(INVALID, "at most 6");
        device(device -> device.property("push-compatible", strings(1)));
        tree.device("to-rm", rm -> rm.property("push-compatible", strings(3)));
        assertThat(read(0).pushCompatible()).hasSize(3);
        tree.device("to-rm", rm -> rm.property("push-compatible", strings(4)));
        refused(INVALID, "at most 3");
    }

    private static String[] strings(int count) {
        return Collections.nCopies(count, "acme,x").toArray(String[]::new);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 100, 1, 132, false",
        "0, 100, 4, 132, true",
        "1, 10, 1, 26, false",
        "2, 5, 1, 4101, false",
        "3, 5, 1, 1061, false"
    })
    void interruptIsClassNumberAndTrigger(int type, int number, int flags, int expected, boolean level) {
        device(device -> device.property("interrupts", type, number, flags, 0, 101, 1));
        assertThat(read(1).interrupts())
                .containsExactly(
                        new DeviceConfiguration.Interrupt(expected, level),
                        new DeviceConfiguration.Interrupt(133, false));
    }

    @ParameterizedTest
    @CsvSource({"4, 100, 1", "0, 988, 1", "1, 16, 1", "2, 1024, 1", "3, 64, 1", "0, -1, 1", "0, 100, 2", "0, 100, 0"})
    void interruptsWithOneThatMakesNoSenseCountAsAbsent(int type, int number, int flags) {
        device(device -> device.property("interrupts", 0, 101, 1, type, number, flags));
        assertThat(read(1).interrupts()).isEmpty();
    }

    @Test
    void interruptsOfTheWrongCountCountAsAbsent() {
        device(device -> device.property("interrupts", 0, 100, 1));
        assertThat(read(1).interrupts()).isEmpty();
        device(device -> device.property("vdevice-type", "doorbell"));
        assertThat(read(1).interrupts()).hasSize(1);
        device(device -> device.property("vdevice-type", "doorbell-source"));
        assertThat(read(1).interrupts()).isEmpty();
    }

    /** Changes a queue pair that is sound but for what the test does to it. */
    private void device(Consumer<NodeBuilder> change) {
        tree.device("z", device -> {
            if (!isMade) {
                device.property("vdevice-type", "message-queue-pair").flag("peer-default");
                isMade = true;
            }
            change.accept(device);
        });
    }

    private boolean isMade;

    private VmConfiguration read() {
        return VmConfigurationReader.read(tree.tree(), CORES);
    }

    private DeviceConfiguration read(int device) {
        return read().devices().get(device);
    }

    private void refused(int errorWord, String reason) {
        assertThatThrownBy(this::read).isInstanceOfSatisfying(RmRefusal.class, refusal -> {
            assertThat(refusal.errorWord()).isEqualTo(errorWord);
            assertThat(refusal).hasMessageContaining(reason);
        });
    }
}
