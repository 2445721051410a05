// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What happens to the traffic of VMs that do not read, or write too fast. */
final class VmConnectionTest {
    private static final int IN_FLIGHT = 8 + 20; // what queue and mailbox ring hold

    /** A VM that may report its status, and so make notifications for its owner. */
    private static final int SECONDARY = 4;

    private final RmTestBed bed = new RmTestBed();

    @Test
    void repliesWaitInOrderForAVmThatReadsLate() {
        List<Integer> expected = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            expected.add(bed.send(bed.hostEnd, RmTestBed.VM_GET_VMID, new byte[0]));
            bed.scheduler.runDue();
        }

        assertThat(bed.receiveAll(bed.hostEnd))
                .extracting(RawGuest.Message::sequence)
                .containsExactlyElementsOf(expected);
    }

    @Test
    void oldestOfTooManyRepliesAreDropped() {
        List<Integer> sent = new ArrayList<>();
        int total = 300;
        for (int i = 0; i < total; i++) {
            sent.add(bed.send(bed.hostEnd, RmTestBed.VM_GET_VMID, new byte[0]));
            bed.scheduler.runDue();
        }

        List<Integer> received = bed.receiveAll(bed.hostEnd).stream()
                .map(RawGuest.Message::sequence)
                .toList();

        assertThat(received).isSorted();
        assertThat(received).hasSizeBetween(VmConnection.MAX_WAITING_REPLIES, VmConnection.MAX_WAITING_REPLIES + 30);
        int recent = VmConnection.MAX_WAITING_REPLIES;
        assertThat(received.subList(received.size() - recent, received.size()))
                .as("the latest")
                .isEqualTo(sent.subList(total - recent, total));
    }

    @Test
    void oldestOfTooManyNotificationsAreDroppedAndTheOrderStays() {
        RawGuest guest = bootSecondary();
        int total = 500;
        for (int i = 0; i < total; i++) {
            bed.call(guest, RmTestBed.VM_SET_STATUS, RmTestBed.words(i << 16));
        }

        List<Integer> states = appStates(bed.notifications());

        assertThat(states).isSorted().doesNotHaveDuplicates();
        assertThat(states)
                .hasSizeBetween(
                        VmConnection.MAX_WAITING_NOTIFICATIONS, VmConnection.MAX_WAITING_NOTIFICATIONS + IN_FLIGHT + 1);
        assertThat(states.get(states.size() - 1)).isEqualTo(total - 1);
    }

    @Test
    void vmThatDoesNotReadDoesNotKeepOthersFromBeingServed() {
        RawGuest guest = bootSecondary();
        for (int i = 0; i < 100; i++) {
            bed.send(bed.hostEnd, RmTestBed.VM_GET_VMID, new byte[0]);
            bed.scheduler.runDue();
        }

        assertThat(bed.call(guest, RmTestBed.VM_GET_VMID, new byte[0]).word()).isEqualTo(SECONDARY);
    }

    @Test
    void repliesAreNotDroppedForNotifications() {
        RawGuest guest = bootSecondary();
        for (int i = 0; i < 400; i++) {
            bed.call(guest, RmTestBed.VM_SET_STATUS, RmTestBed.words(i << 16));
        }
        int sequence = bed.send(bed.hostEnd, RmTestBed.VM_GET_VMID, new byte[0]);

        assertThat(bed.receiveAll(bed.hostEnd))
                .filteredOn(message -> message.type() == 2)
                .extracting(RawGuest.Message::sequence)
                .containsExactly(sequence);
    }

    @Test
    void requestsBeyondTheBoundAreDroppedHoweverTheyArrive() {
        int[] requests = {0};
        RmTestBed eager = new RmTestBed(
                new RmServerListener() {
                    @Override
                    public void request(int vmid, RmMessage request) {
                        requests[0]++;
                    }
                },
                options -> options.interruptDelivery(vmid -> Runnable::run));

        for (int i = 0; i < 10_000; i++) {
            eager.send(eager.hostEnd, RmTestBed.VM_GET_VMID, new byte[0]);
        }
        assertThat(eager.scheduler.pending()).hasSizeLessThan(VmConnection.MAX_UNSERVED_REQUESTS + 10);
        eager.scheduler.runDue();

        assertThat(requests[0]).isEqualTo(VmConnection.MAX_UNSERVED_REQUESTS);
        eager.hostEnd.receive().clear();
        eager.scheduler.runDue();
    }

    private RawGuest bootSecondary() {
        bed.ok(RmTestBed.VM_ALLOC, SECONDARY);
        bed.prepare(SECONDARY, 0, TestTree.minimal().blob());
        bed.ok(RmTestBed.VM_INIT, SECONDARY);
        bed.ok(RmTestBed.VM_START, SECONDARY);
        bed.notifications();
        return bed.guest(SECONDARY);
    }

    private static List<Integer> appStates(List<RawGuest.Message> notifications) {
        return notifications.stream()
                .map(message -> Short.toUnsignedInt(ByteBuffer.wrap(message.content())
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getShort(6)))
                .toList();
    }
}
