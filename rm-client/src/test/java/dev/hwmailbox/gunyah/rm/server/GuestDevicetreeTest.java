// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.NodeBuilder;
import dev.hwmailbox.devicetree.Property;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.server.VirtualDevice.End;
import dev.hwmailbox.gunyah.rm.server.VirtualDevice.Side;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against trees that the real Resource Manager completed. */
final class GuestDevicetreeTest {
    private static final long FIRST_CAPABILITY = 0xa3c5e00f00000010L;

    @ParameterizedTest
    @ValueSource(strings = {"guest-full", "guest-rm-only", "guest-rm-fixed-irq", "guest-level-irq", "guest-20-queues"})
    void completesTheTreeAsTheRecordedOne(String name) {
        DeviceTree base = tree(name + "-base.dtb");

        DeviceTree completed = GuestDevicetree.complete(base, guest(VmConfigurationReader.read(base)));

        assertThat(below("/hypervisor", completed)).isEqualTo(below("/hypervisor", tree(name + "-merged.dtb")));
        assertThat(contents(completed)).containsAllEntriesOf(contents(base));
    }

    @Test
    void refusesTreeThatHasAHypervisorAlready() {
        DeviceTree base = tree("guest-full-base.dtb");
        DeviceTree taken = base.withRoot(
                NodeBuilder.from(base.root()).child("hypervisor", node -> {}).build());

        assertThatThrownBy(() -> GuestDevicetree.complete(taken, guest(VmConfigurationReader.read(base))))
                .isInstanceOfSatisfying(
                        RmRefusal.class, e -> assertThat(e.errorWord()).isEqualTo(RmError.NORESOURCE))
                .hasMessageContaining("/hypervisor already");
    }

    @Test
    void refusesTreeWithoutChosen() {
        DeviceTree base = tree("guest-full-base.dtb");
        DeviceTree poor = base.withRoot(
                NodeBuilder.from(base.root()).removeChild("chosen").build());

        assertThatThrownBy(() -> GuestDevicetree.complete(poor, guest(VmConfigurationReader.read(base))))
                .isInstanceOf(RmRefusal.class)
                .hasMessageContaining("no /chosen");
    }

    /** A guest whose capabilities count upwards in the order of making, as in the recordings. */
    private static ManagedVm guest(VmConfiguration configuration) {
        ManagedVm guest = new ManagedVm(128, 3);
        guest.identity(configuration.identity());
        long[] capability = {FIRST_CAPABILITY};
        int[] handle = {0};
        configuration.devices().stream()
                .sorted(Comparator.comparingInt(device -> device.kind().rank()))
                .forEach(device -> guest.devices().add(device(guest, device, capability, handle)));
        return guest;
    }

    private static VirtualDevice device(
            ManagedVm guest, DeviceConfiguration configuration, long[] capability, int[] handle) {
        boolean sends = configuration.kind() == DeviceKind.DOORBELL_SOURCE
                || (configuration.kind() == DeviceKind.MESSAGE_QUEUE && configuration.guestSends());
        boolean duplex =
                configuration.kind() == DeviceKind.MESSAGE_QUEUE_PAIR || configuration.kind() == DeviceKind.RM_CHANNEL;
        IntSupplier next = new IntSupplier() {
            private int index;

            @Override
            public int getAsInt() {
                return configuration.interrupts().isEmpty()
                        ? guest.virqs().allocate()
                        : guest.virqs()
                                .take(configuration.interrupts().get(index++).number());
            }
        };
        boolean level = !configuration.interrupts().isEmpty()
                && configuration.interrupts().get(0).level();
        Optional<Side> send = Optional.empty();
        Optional<Side> receive = Optional.empty();
        if (duplex || sends) {
            int virq = configuration.kind() == DeviceKind.DOORBELL_SOURCE ? Side.NO_VIRQ : next.getAsInt();
            send = Optional.of(new Side(CapabilityId.of(capability[0]++), virq, level));
        }
        if (duplex || !sends) {
            receive = Optional.of(new Side(CapabilityId.of(capability[0]++), next.getAsInt(), level));
        }
        End end = new End(send, receive);
        int number = configuration.kind() == DeviceKind.RM_CHANNEL ? 0 : handle[0]++;
        return new VirtualDevice(configuration, number, end, end, new Teardown());
    }

    private static Map<String, String> below(String path, DeviceTree tree) {
        Map<String, String> contents = contents(tree);
        contents.keySet().removeIf(key -> !key.startsWith(path));
        return contents;
    }

    /** Every property of a tree as hex, whatever the order. */
    private static Map<String, String> contents(DeviceTree tree) {
        Map<String, String> contents = new TreeMap<>();
        for (Node node : tree.nodes()) {
            contents.put(node.path(), "");
            for (Property property : node.properties()) {
                byte[] bytes = new byte[property.length()];
                property.bytes().get(bytes);
                contents.put(node.path() + " " + property.name(), HexFormat.of().formatHex(bytes));
            }
        }
        return contents;
    }

    private static DeviceTree tree(String name) {
        return DeviceTreeBlob.read(ByteBuffer.wrap(RecordedCalls.file("devicetree", "rm-dto/" + name)));
    }
}
