// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Against the trees that the real Resource Manager completed. The server builds each recorded guest from the tree it
 * had before; the tree it gets must say what the recorded one says, and so must the resource lists of both sides.
 * Capability IDs are compared up to a renaming. Not compared is the value of {@code kaslr-seed}, which is random.
 */
final class GuestDevicetreeTest {
    private static final int RECORDED_FILES = 11;
    private static final int RESOURCE_LENGTH = 44;

    private final RmTestBed bed = new RmTestBed();

    @Test
    void dataHoldsElevenOverlays() {
        List<RecordedGuest> all = RecordedGuest.all();

        assertThat(all).hasSize(RECORDED_FILES);
        assertThat(all.stream().filter(recorded -> !recorded.isGuest())).hasSize(1);
    }

    static Stream<RecordedGuest> singleGuests() {
        return RecordedGuest.all().stream()
                .filter(RecordedGuest::isGuest)
                .filter(guest -> !guest.name().startsWith("guest-peers"));
    }

    @ParameterizedTest
    @MethodSource("singleGuests")
    void guestGetsTheRecordedTree(RecordedGuest recorded) {
        int vmid = recorded.configure(bed, 0);
        shareWhatDevicesNeed(recorded, vmid);
        bed.ok(RmTestBed.VM_INIT, vmid);
        bed.ok(RmTestBed.VM_START, vmid);

        compare(recorded, vmid, new HashMap<>());
    }

    private void shareWhatDevicesNeed(RecordedGuest recorded, int vmid) {
        recorded.base().nodes().stream()
                .filter(node -> node.hasProperty("allocate-base"))
                .forEach(node -> bed.give(
                        RmTestBed.MEM_SHARE,
                        node.property("label").orElseThrow().u32(),
                        RmTestBed.MEMORY + (8 << 20),
                        0x4000,
                        RmTestBed.HOST,
                        vmid));
    }

    @Test
    void twoGuestsThatNameEachOtherGetTheRecordedTrees() {
        List<RecordedGuest> pair = RecordedGuest.all().stream()
                .filter(guest -> guest.name().startsWith("guest-peers"))
                .toList();
        List<Integer> vmids = new ArrayList<>();
        for (RecordedGuest recorded : pair) {
            vmids.add(recorded.configure(bed, vmids.size()));
        }
        vmids.forEach(vmid -> bed.ok(RmTestBed.VM_INIT, vmid));
        vmids.forEach(vmid -> bed.ok(RmTestBed.VM_START, vmid));

        Map<Long, Long> hostNames = new HashMap<>();
        for (int i = 0; i < pair.size(); i++) {
            compare(pair.get(i), vmids.get(i), hostNames);
        }
        assertThat(pair).hasSize(2);
    }

    @Test
    void hostGetsTheRecordedOverlay() {
        DeviceTree recorded = RecordedGuest.all().stream()
                .filter(guest -> !guest.isGuest())
                .findFirst()
                .orElseThrow()
                .overlay();
        long capability = 0xa3c5e00300000010L;
        MsgqEndpoint endpoint =
                new MsgqEndpoint(CapabilityId.of(capability), 960, CapabilityId.of(capability + 1), 961, 240);

        TreeFacts ours = TreeFacts.of(ResourceManagerServer.hostOverlay(endpoint, 8));

        TreeFacts theirs = TreeFacts.of(recorded);
        // The original writes the tables of fix-ups also when they are empty.
        assertThat(theirs.nodes().remove("/__fixups__")).isEmpty();
        assertThat(theirs.nodes().remove("/__local_fixups__")).isEmpty();
        assertThat(ours).isEqualTo(theirs);
    }

    private void compare(RecordedGuest recorded, int vmid, Map<Long, Long> hostNames) {
        TreeFacts ours = TreeFacts.of(bed.tree(vmid), "kaslr-seed");
        Map<Long, Long> guestNames = ours.assertSameAs(TreeFacts.of(recorded.merged(), "kaslr-seed"));
        assertThat(bed.tree(vmid)
                        .find("/chosen")
                        .orElseThrow()
                        .property("kaslr-seed")
                        .orElseThrow()
                        .length())
                .isEqualTo(Long.BYTES);

        byte[] seenByGuest = bed.call(bed.guest(vmid), RmTestBed.VM_GET_RESOURCES, RmTestBed.words(RmTestBed.HOST))
                .data();
        byte[] recordedByGuest = HexFormat.of()
                .parseHex(
                        recorded.facts().get("resources_of_host_seen_by_guest").asText());
        assertThat(entries(seenByGuest)).isEqualTo(renamed(entries(recordedByGuest), guestNames));

        List<Entry> seenByHost =
                entries(bed.ok(RmTestBed.VM_GET_RESOURCES, vmid).data());
        List<Entry> recordedByHost = new ArrayList<>();
        recorded.facts().get("resources_of_guest_seen_by_host").forEach(entry -> recordedByHost.add(entry(entry)));
        for (int i = 0; i < recordedByHost.size(); i++) {
            hostNames.putIfAbsent(
                    recordedByHost.get(i).capability(), seenByHost.get(i).capability());
        }
        assertThat(hostNames.values()).doesNotHaveDuplicates();
        assertThat(seenByHost).isEqualTo(renamed(recordedByHost, hostNames));
    }

    /** A resource. */
    private record Entry(int type, int partner, int label, long capability, int virq, long base, long size) {}

    private static List<Entry> renamed(List<Entry> entries, Map<Long, Long> names) {
        return entries.stream()
                .map(entry -> new Entry(
                        entry.type,
                        entry.partner,
                        entry.label,
                        names.getOrDefault(entry.capability, 0L),
                        entry.virq,
                        entry.base,
                        entry.size))
                .toList();
    }

    private static List<Entry> entries(byte[] list) {
        ByteBuffer data = ByteBuffer.wrap(list).order(ByteOrder.LITTLE_ENDIAN);
        List<Entry> entries = new ArrayList<>();
        int count = data.getInt();
        assertThat(list).hasSize(Integer.BYTES + count * RESOURCE_LENGTH);
        for (int at = Integer.BYTES; at < list.length; at += RESOURCE_LENGTH) {
            entries.add(new Entry(
                    data.get(at),
                    data.getShort(at + 2),
                    data.getInt(at + 8),
                    data.getLong(at + 12),
                    data.getInt(at + 24),
                    data.getLong(at + 28),
                    data.getLong(at + 36)));
        }
        return entries;
    }

    private static Entry entry(JsonNode entry) {
        return new Entry(
                entry.get("type").asInt(),
                entry.get("partner_vmid").asInt(),
                entry.get("label").asInt(),
                number(entry, "cap"),
                entry.get("virq").asInt(),
                number(entry, "base"),
                number(entry, "size"));
    }

    private static long number(JsonNode entry, String name) {
        return Long.parseUnsignedLong(entry.get(name).asText().substring(2), 16);
    }
}
