// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What happens to the traffic of VMs that do not read, or write too fast. */
final class VmConnectionTest {
    private static final int IN_FLIGHT = 8 + 20; // what queue and mailbox ring hold

    /** A VM that may report its status, and so make notifications for its owner. */
    private static final int SECONDARY = 4;

    private RmTestBed bed = new RmTestBed();

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
        assertThat(bed.server.lostMessages()).isEqualTo(total - received.size());
    }

    @ParameterizedTest
    @CsvSource({"PUBLISHED, 3", "ROBUST, 0"})
    void repliesBehindALongNotificationThatIsBlocked(Realism realism, int expectedLosses) {
        // 44 frames: more than queue and mailbox ring hold.
        byte[] chars = new byte[4 + 44 * 232 - 4];
        ByteBuffer.wrap(chars).order(ByteOrder.LITTLE_ENDIAN).putShort(2, (short) (chars.length - 4));
        List<RmMessage> lost = new ArrayList<>();
        RmTestBed busy = new RmTestBed(
                options -> options.interruptDelivery(vmid -> Runnable::run),
                server -> server.realism(realism).listener(new RmServerListener() {
                    @Override
                    public void lost(int vmid, RmMessage message) {
                        assertThat(vmid).isEqualTo(RmTestBed.HOST);
                        lost.add(message);
                    }
                }));
        int writer = busy.boot(0, TestTree.minimal().console().blob());
        busy.ok(RmTestBed.VM_CONSOLE_OPEN, writer);
        busy.okAs(writer, RmTestBed.VM_CONSOLE_OPEN, 0);
        busy.notifications();
        assertThat(busy.call(busy.guest(writer), RmTestBed.VM_CONSOLE_WRITE, chars)
                        .error())
                .isZero();

        List<Integer> sent = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            sent.add(busy.send(busy.hostEnd, RmTestBed.VM_GET_VMID, new byte[0]));
            busy.scheduler.runDue();
        }

        List<RawGuest.Message> received = busy.receiveAll(busy.hostEnd);
        assertThat(received.get(0).content()).hasSize(chars.length);
        assertThat(received.subList(1, received.size()))
                .extracting(RawGuest.Message::sequence)
                .containsExactlyElementsOf(sent.subList(expectedLosses, 4));
        assertThat(lost).extracting(RmMessage::sequence).containsExactlyElementsOf(sent.subList(0, expectedLosses));
        assertThat(busy.server.lostMessages()).isEqualTo(expectedLosses);
    }

    @Test
    void thePublishedOneLosesNoReplyWhileTheQueueHasRoom() {
        RmTestBed published = new RmTestBed(options -> options, server -> server.realism(Realism.PUBLISHED));
        List<Integer> sent = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            sent.add(published.send(published.hostEnd, RmTestBed.VM_GET_VMID, new byte[0]));
        }

        assertThat(published.receiveAll(published.hostEnd))
                .extracting(RawGuest.Message::sequence)
                .containsExactlyElementsOf(sent);
        assertThat(published.server.lostMessages()).isZero();
    }

    @Test
    void thePublishedOneKeepsOneReplyBehindAFullQueue() {
        RmTestBed published = new RmTestBed(options -> options, server -> server.realism(Realism.PUBLISHED));
        List<Integer> sent = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            sent.add(published.send(published.hostEnd, RmTestBed.VM_GET_VMID, new byte[0]));
            published.scheduler.runDue();
        }

        List<Integer> expected = new ArrayList<>(sent.subList(0, 8));
        expected.add(sent.get(19));
        assertThat(published.receiveAll(published.hostEnd))
                .extracting(RawGuest.Message::sequence)
                .isEqualTo(expected);
        assertThat(published.server.lostMessages()).isEqualTo(20 - 9);
    }

    @Test
    void thePublishedOneKeeps256NotificationsBehindAFullQueue() {
        bed = new RmTestBed(options -> options, server -> server.realism(Realism.PUBLISHED));
        RawGuest guest = bootSecondary();
        int total = 500;
        for (int i = 0; i < total; i++) {
            bed.call(guest, RmTestBed.VM_SET_STATUS, RmTestBed.words(i << 16));
        }
        assertThat(bed.server.lostMessages()).isEqualTo(total - 8 - VmConnection.MAX_WAITING_NOTIFICATIONS);

        List<Integer> states = appStates(bed.notifications());

        assertThat(states).isSorted().hasSize(8 + VmConnection.MAX_WAITING_NOTIFICATIONS);
        assertThat(states.subList(0, 8)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
        assertThat(states.get(8)).isEqualTo(total - VmConnection.MAX_WAITING_NOTIFICATIONS);
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
