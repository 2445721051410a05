// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeOverlay;
import dev.hwmailbox.devicetree.NodeBuilder;
import dev.hwmailbox.devicetree.OverlayBuilder;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;

/**
 * Completes a guest's devicetree with what it cannot know: its VMID, its memory, its capabilities and its interrupts.
 * As in the real Resource Manager this is an overlay with a fragment for the hypervisor and one for each device.
 *
 * <p>Gunyah counterpart: src/vm_creation/dto_construct.c (gunyah-resource-manager). Differs: nothing is added to CPUs
 * that are started by hypercall, nor in the trees recorded from the original; the order of nodes and properties is
 * another, and carries no meaning.
 */
final class GuestDevicetree {
    private static final String HYPERVISOR = "hypervisor";
    private static final int CELLS_PER_NUMBER = 2;

    private final DeviceTree base;
    private final ManagedVm guest;
    private final long kaslrSeed;
    private final OverlayBuilder overlay = OverlayBuilder.create();

    private GuestDevicetree(DeviceTree base, ManagedVm guest, long kaslrSeed) {
        this.base = base;
        this.guest = guest;
        this.kaslrSeed = kaslrSeed;
    }

    static DeviceTree complete(DeviceTree base, ManagedVm guest, long kaslrSeed) {
        if (base.root().child(HYPERVISOR).isPresent()) {
            throw new RmRefusal(RmError.NORESOURCE, "the guest's tree has a /hypervisor already");
        }
        if (base.root().child("chosen").isEmpty()) {
            throw new RmRefusal(RmError.NORESOURCE, "the guest's tree has no /chosen");
        }
        return DeviceTreeOverlay.apply(base, new GuestDevicetree(base, guest, kaslrSeed).overlay());
    }

    private DeviceTree overlay() {
        overlay.fragment("/chosen", chosen -> chosen.u64s("kaslr-seed", kaslrSeed));
        memory();
        overlay.fragment("/", root -> root.child("vsoc", vsoc -> bus(vsoc).property("compatible", "simple-bus")));
        overlay.fragment("/", root -> root.child(HYPERVISOR, this::hypervisor));
        guest.devices().forEach(device -> DeviceNode.add(overlay, guest, device));
        DeviceTree built = overlay.build();
        // The labels have served their purpose; the original writes none.
        return built.withRoot(
                NodeBuilder.from(built.root()).removeChild("__symbols__").build());
    }

    /** {@code /memory}, and a buffer in {@code /reserved-memory} for each piece of it. */
    private void memory() {
        List<ManagedVm.Mapping> mappings = guest.mappings();
        overlay.fragment("/", root -> {
            root.child("reserved-memory", reserved -> {
                bus(reserved);
                for (int i = 0; i < mappings.size(); i++) {
                    buffer(reserved, mappings.get(i), i + 1);
                }
            });
            root.child("memory", node -> node.property("device_type", "memory").property("reg", memoryCells()));
        });
        mappings.forEach(mapping -> overlay.label(DeviceNode.label(mapping), "reserved-memory/" + bufferName(mapping)));
    }

    private static NodeBuilder bus(NodeBuilder node) {
        return node.property("#address-cells", CELLS_PER_NUMBER)
                .property("#size-cells", CELLS_PER_NUMBER)
                .flag("ranges");
    }

    private void buffer(NodeBuilder reserved, ManagedVm.Mapping mapping, int phandle) {
        MemoryParcel parcel = mapping.parcel();
        reserved.child(bufferName(mapping), node -> {
            node.u64s("reg", mapping.address(), parcel.size())
                    .flag("qcom,shared-memory")
                    .flag("no-map")
                    .property("peers", parcel.peers().toArray())
                    .property("qcom,rm-mem-handle", parcel.handle())
                    .property("phandle", phandle)
                    .property("qcom,label", parcel.label());
            DeviceNode.pushedCompatible(guest, mapping)
                    .ifPresent(compatible -> node.property("compatible", compatible.toArray(String[]::new)));
        });
    }

    private static String bufferName(ManagedVm.Mapping mapping) {
        return "buffer@" + Long.toHexString(mapping.address());
    }

    /** Addresses and sizes by ascending address, in as many cells as the root says. */
    private int[] memoryCells() {
        ConfigurationNode root = new ConfigurationNode(base.root());
        return guest.mappings().stream()
                .sorted(Comparator.comparingLong(ManagedVm.Mapping::address))
                .flatMapToInt(mapping -> IntStream.concat(
                        cells(mapping.address(), root.addressCells()),
                        cells(mapping.parcel().size(), root.sizeCells())))
                .toArray();
    }

    private static IntStream cells(long number, int count) {
        return count == 1 ? IntStream.of((int) number) : IntStream.of((int) (number >>> Integer.SIZE), (int) number);
    }

    private void hypervisor(NodeBuilder node) {
        node.property(
                        "compatible",
                        "gunyah-hypervisor",
                        "qcom,gunyah-hypervisor-1.0",
                        "qcom,gunyah-hypervisor",
                        "simple-bus")
                .property("#address-cells", 2)
                .property("#size-cells", 0)
                .child("qcom,gunyah-vm", this::identity);
    }

    private void identity(NodeBuilder node) {
        VmIdentity identity = guest.identity().orElseThrow();
        node.property("compatible", "qcom,gunyah-vm-id-1.0", "qcom,gunyah-vm-id")
                .property("qcom,vmid", guest.vmid())
                .property("qcom,owner-vmid", guest.owner())
                .property("qcom,vendor", "Qualcomm")
                .property("qcom,image-name", identity.name());
        identity.uri().ifPresent(uri -> node.property("qcom,vm-uri", uri));
        identity.guid().map(UUID::toString).ifPresent(guid -> node.property("qcom,vm-guid", guid));
        String[] peers = guest.devices().stream()
                .flatMap(device -> device.configuration().peer().stream())
                .map(PeerName::text)
                .distinct()
                .toArray(String[]::new);
        if (peers.length > 0) {
            node.property("qcom,peers", peers);
        }
    }
}
