// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.DeviceTreeSource;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.Property;
import dev.hwmailbox.gunyah.rm.server.RmTestBed.Resource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The worked example of the specification: what a guest with one device of each kind gets, number by number. */
final class CompleteExampleTest {
    private static final int GUEST = 128;

    private final RmTestBed bed = new RmTestBed();

    @BeforeEach
    void bootsTheExample() throws IOException {
        try (InputStream in = Objects.requireNonNull(
                CompleteExampleTest.class.getResourceAsStream("sensor-hub.dts"), "sensor-hub.dts")) {
            DeviceTree tree =
                    DeviceTreeSource.read("sensor-hub.dts", new String(in.readAllBytes(), StandardCharsets.UTF_8));
            assertThat(bed.boot(0, DeviceTreeBlob.write(tree))).isEqualTo(GUEST);
        }
    }

    @Test
    void hostSeesVcpusThenDevicesByKind() {
        assertThat(bed.listed(bed.hostEnd, GUEST))
                .containsExactly(
                        "4 0 0x0 962",
                        "4 0 0x1 963",
                        "0 128 0x13 0",
                        "3 128 0x12 964",
                        "2 128 0x10 965",
                        "3 128 0x10 966",
                        "2 128 0x11 967",
                        "3 128 0x11 968");
        assertThat(bed.resources(bed.hostEnd, GUEST))
                .extracting(Resource::capability)
                .doesNotHaveDuplicates();
    }

    @Test
    void guestSeesTheMirrorImage() {
        assertThat(bed.listed(bed.guest(GUEST), RmTestBed.HOST))
                .containsExactly(
                        "1 3 0x13 962", "2 3 0x12 963", "2 3 0x10 132", "3 3 0x10 133", "2 3 0x11 964", "3 3 0x11 965");
        assertThat(bed.listed(bed.guest(GUEST), GUEST)).isEmpty();
    }

    @Test
    void treeNamesEachDeviceByTheCapabilityItIsReceivedAt() {
        List<Resource> resources = bed.resources(bed.guest(GUEST), RmTestBed.HOST);

        Node bell = node("qcom,doorbell", resources.get(0));
        assertThat(bell.compatible()).containsExactly("qcom,gunyah-doorbell", "qcom,gunyah-capability");
        Node log = node("qcom,message-queue", resources.get(1));
        assertThat(log.hasProperty("is-sender")).isTrue();
        assertThat(cells(log, "interrupts")).containsExactly(0, 931, 1);
        Node control = node("qcom,message-queue-pair", resources.get(3));
        assertThat(control.compatible())
                .containsExactly("acme,control", "qcom,gunyah-message-queue", "qcom,gunyah-capability");
        assertThat(cells(control, "interrupts")).containsExactly(0, 100, 1, 0, 101, 1);
        assertThat(cells(control, "qcom,vdevice-handle")).containsExactly(2);
        Node bulk = node("bulk", resources.get(5));
        assertThat(cells(bulk, "qcom,tx-message-size")).containsExactly(64);
        assertThat(cells(bulk, "qcom,rx-message-size")).containsExactly(64);
        assertThat(cells(bulk, "qcom,tx-queue-depth")).containsExactly(16);
        assertThat(cells(bulk, "qcom,rx-queue-depth")).containsExactly(16);
        assertThat(cells(bulk, "qcom,vdevice-handle")).containsExactly(3);
    }

    @Test
    void treeHasTheChannelToTheResourceManagerAndTheNamesOfTheVm() {
        Node channel = hypervisor().children().stream()
                .filter(node -> node.name().startsWith("resource-mgr@"))
                .findFirst()
                .orElseThrow();
        assertThat(cells(channel, "interrupts")).containsExactly(0, 928, 1, 0, 929, 1);
        assertThat(Long.toHexString(channel.property("reg").orElseThrow().u64(1)))
                .isEqualTo(channel.name().substring("resource-mgr@".length()));
        Node vm = hypervisor().child("qcom,gunyah-vm").orElseThrow();
        assertThat(vm.property("qcom,image-name").map(Property::string)).contains("sensor-hub");
        assertThat(vm.property("qcom,vm-uri").map(Property::string)).contains("vmuid/sensor-hub");
        assertThat(vm.property("qcom,vm-guid").map(Property::string)).contains("6f1c0f52-93f4-4f0e-8d5c-2a7be1c40d11");
        assertThat(hypervisor().children()).hasSize(6);
    }

    private Node hypervisor() {
        return bed.tree(GUEST).find("/hypervisor").orElseThrow();
    }

    private Node node(String stem, Resource resource) {
        Node node = hypervisor()
                .child(stem + "@" + Long.toHexString(resource.capability()))
                .orElseThrow();
        assertThat(cells(node, "qcom,label")).containsExactly(resource.label());
        assertThat(cells(node, "label")).containsExactly(resource.label());
        return node;
    }

    private static List<Integer> cells(Node node, String property) {
        return Arrays.stream(node.property(property).orElseThrow().cells())
                .boxed()
                .toList();
    }
}
