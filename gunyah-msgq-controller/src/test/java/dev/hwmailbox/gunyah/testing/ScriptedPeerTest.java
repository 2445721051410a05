// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ScriptedPeerTest {
    private static final Duration MILLI = Duration.ofMillis(1);
    private static final int DEPTH = 4;

    private final VirtualScheduler scheduler = new VirtualScheduler();

    /** What a peer can be the other side of. */
    enum Ground {
        FAKE,
        EDGE,
        LEVEL
    }

    /** A pair of queues: the test has one side, the peer the other. */
    private record Line(
            GunyahHypercalls calls,
            MsgqEndpoint own,
            GunyahHypercalls peerCalls,
            InterruptController peerInterrupts,
            MsgqEndpoint peer) {
        int send(int... bytes) {
            byte[] message = bytes(bytes);
            return GunyahHypercalls.status(
                    calls.msgqSend(own.txCapability().value(), message, 0, message.length, false));
        }

        List<Integer> firstBytesReceived() {
            List<Integer> received = new ArrayList<>();
            byte[] buffer = new byte[MsgqEndpoint.MAX_MESSAGE_SIZE];
            while (GunyahHypercalls.status(calls.msgqReceive(own.rxCapability().value(), buffer, 0, buffer.length))
                    == GunyahError.OK) {
                received.add((int) buffer[0]);
            }
            return received;
        }
    }

    private Line line(Ground ground) {
        if (ground == Ground.FAKE) {
            FakeGunyah gunyah = FakeGunyah.create(scheduler);
            FakeQueue out = gunyah.queue("out", 1, 2).depth(DEPTH);
            FakeQueue in = gunyah.queue("in", 3, 4).depth(DEPTH);
            return new Line(
                    gunyah.hypercalls(),
                    gunyah.endpoint(out, in),
                    gunyah.hypercalls(),
                    gunyah.interrupts(),
                    gunyah.endpoint(in, out));
        }
        SoftwareHypervisor hypervisor =
                SoftwareHypervisor.builder().schedulers(vmid -> scheduler).build();
        VirtualMachine near = hypervisor.createVm(1);
        VirtualMachine far = hypervisor.createVm(2);
        QueuePairs.Pair pair = new QueuePairs(hypervisor.createManagerVm(3))
                .make(near, far, DEPTH, 240, Trigger.valueOf(ground.name()));
        return new Line(near.hypercalls(), pair.near(), far.hypercalls(), far.interrupts(), pair.far());
    }

    private ScriptedPeer peer(Line line) {
        return ScriptedPeer.create(line.peerCalls, line.peerInterrupts, scheduler, line.peer);
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    @ParameterizedTest
    @EnumSource
    void readsWhatWaitsAndWhatComes(Ground ground) {
        Line line = line(ground);
        line.send(1);
        ScriptedPeer peer = peer(line);

        line.send(2, 3);
        scheduler.runDue();

        peer.assertReceived(bytes(1), bytes(2, 3));
        assertThatThrownBy(() -> peer.assertReceived(bytes(1)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("> bytes[2] 02 03");
    }

    @ParameterizedTest
    @EnumSource
    void stallsAndResumes(Ground ground) {
        Line line = line(ground);
        ScriptedPeer peer = peer(line).stalls();
        line.send(1);
        line.send(2);
        scheduler.runDue();
        peer.assertReceived();
        assertThat(peer.toString()).contains("0 read, stalled");

        peer.resumes();
        line.send(3);
        scheduler.runDue();

        peer.assertReceived(bytes(1), bytes(2), bytes(3));
    }

    @ParameterizedTest
    @EnumSource
    void readsANumberOfMessagesNowAndLater(Ground ground) {
        Line line = line(ground);
        ScriptedPeer peer = peer(line).stalls();
        for (int i = 1; i <= DEPTH; i++) {
            line.send(i);
        }

        peer.reads(1).readsAfter(MILLI, 2);
        scheduler.runDue();
        peer.assertReceived(bytes(1));
        scheduler.advance(MILLI);

        peer.assertReceived(bytes(1), bytes(2), bytes(3));
        peer.reads(2);
        line.send(5);
        line.send(6);
        scheduler.runDue();
        peer.assertReceived(bytes(1), bytes(2), bytes(3), bytes(4), bytes(5));
    }

    @Test
    void readsNothingBeforeItsTimeEvenIfItReadAllBefore() {
        Line line = line(Ground.EDGE);
        ScriptedPeer peer = peer(line).readsAfter(MILLI, 1);

        line.send(1);
        scheduler.runDue();
        peer.assertReceived();
        scheduler.runUntilIdle();

        peer.assertReceived(bytes(1));
    }

    @ParameterizedTest
    @EnumSource
    void echoesAlteredUntilItIsSilent(Ground ground) {
        Line line = line(ground);
        ScriptedPeer peer = peer(line).echoes();

        line.send(1);
        scheduler.runDue();
        peer.isSilent();
        line.send(2);
        scheduler.runDue();

        assertThat(line.firstBytesReceived()).containsExactly(1 ^ ScriptedPeer.ECHO_MASK);
        assertThat(ScriptedPeer.altered(bytes(1, 2))).containsExactly(1 ^ 0x5a, 2 ^ 0x5a);
    }

    @ParameterizedTest
    @EnumSource
    void sendsNowLaterAndWhenThereIsRoom(Ground ground) {
        Line line = line(ground);
        ScriptedPeer peer = peer(line).sendsAfter(MILLI, bytes(9));
        for (int i = 1; i <= DEPTH + 2; i++) {
            peer.sends(bytes(i));
        }
        assertThat(peer.unsent()).isEqualTo(2);

        List<Integer> received = new ArrayList<>(line.firstBytesReceived());
        scheduler.runDue();
        assertThat(peer.unsent()).isZero();
        scheduler.advance(MILLI);
        received.addAll(line.firstBytesReceived());

        assertThat(received).containsExactly(1, 2, 3, 4, 5, 6, 9);
        assertThat(peer.unsent()).isZero();
    }

    @Test
    void remembersWhatTheHypervisorRefuses() {
        FakeGunyah gunyah = FakeGunyah.create(scheduler);
        FakeQueue out = gunyah.queue("out", 1, 2).onEverySend(CallAnswer.error(77));
        FakeQueue in = gunyah.queue("in", 3, 4);
        ScriptedPeer peer =
                ScriptedPeer.create(gunyah.hypercalls(), gunyah.interrupts(), scheduler, gunyah.endpoint(out, in));
        in.revoke();

        peer.sends(bytes(1));

        assertThat(peer.failures()).containsExactly("receive CSPACE_CAP_REVOKED", "send error 77");
        assertThat(peer.unsent()).isZero();
        assertThat(peer.toString()).contains("send error 77");
    }

    @Test
    void oneDirectionMayBeMissing() {
        FakeGunyah gunyah = FakeGunyah.create(scheduler);
        FakeQueue queue = gunyah.queue("queue", 1, 2);
        MsgqEndpoint receiving = MsgqEndpoint.receiveOnly(CapabilityId.of(2), queue.receiveVirq(), 240);
        MsgqEndpoint sending = MsgqEndpoint.sendOnly(CapabilityId.of(1), queue.sendVirq(), 240);
        ScriptedPeer reader = ScriptedPeer.create(gunyah.hypercalls(), gunyah.interrupts(), scheduler, receiving)
                .echoes();
        ScriptedPeer writer = ScriptedPeer.create(gunyah.hypercalls(), gunyah.interrupts(), scheduler, sending);

        writer.sends(bytes(5));
        scheduler.runDue();

        reader.assertReceived(bytes(5));
        assertThatIllegalStateException().isThrownBy(() -> reader.sends(bytes(1)));
        assertThatIllegalStateException().isThrownBy(() -> reader.sendsAfter(MILLI, bytes(1)));
        assertThatIllegalArgumentException().isThrownBy(() -> reader.reads(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> reader.readsAfter(MILLI, -1));
        assertThatIllegalArgumentException().isThrownBy(() -> reader.readsAfter(MILLI.negated(), 1));
    }

    @Test
    void closedPeerDoesNothingAndFreesItsInterrupts() {
        Line line = line(Ground.EDGE);
        ScriptedPeer peer = peer(line).sendsAfter(MILLI, bytes(1));

        peer.close();
        peer.close();
        assertThat(scheduler.pending()).noneMatch(task -> task.name().equals("scripted peer"));
        line.send(1);
        scheduler.runUntilIdle();

        peer.assertReceived();
        assertThat(line.firstBytesReceived()).isEmpty();
        assertThat(scheduler.pending()).isEmpty();
        line.peerInterrupts.attach(line.peer.txVirq(), () -> {});
        line.peerInterrupts.attach(line.peer.rxVirq(), () -> {});
    }

    @Test
    void refusedAttachLeavesNoHandlerBehind() {
        Line line = line(Ground.EDGE);
        line.peerInterrupts.attach(line.peer.rxVirq(), () -> {});

        assertThatThrownBy(() -> peer(line)).isInstanceOf(MailboxException.class);

        line.peerInterrupts.attach(line.peer.txVirq(), () -> {});
    }

    @Test
    void errorOfTheOtherSideInsideTheCallCostsNothingElse() {
        FakeGunyah gunyah = FakeGunyah.deliveringInsideCalls(scheduler);
        FakeQueue out = gunyah.queue("out", 1, 2).depth(DEPTH);
        FakeQueue in = gunyah.queue("in", 3, 4).depth(DEPTH);
        Line line = new Line(
                gunyah.hypercalls(),
                gunyah.endpoint(out, in),
                gunyah.hypercalls(),
                gunyah.interrupts(),
                gunyah.endpoint(in, out));
        ScriptedPeer peer = ScriptedPeer.create(line.peerCalls(), line.peerInterrupts(), scheduler, line.peer());
        gunyah.interrupts().attach(line.own().rxVirq(), () -> {
            gunyah.interrupts().detach(line.own().rxVirq());
            throw new AssertionError("on purpose");
        });

        assertThatThrownBy(() -> peer.sends((byte) 1)).hasMessage("on purpose");
        peer.sends((byte) 2);

        assertThat(line.firstBytesReceived()).containsExactly(1, 2);
        assertThat(peer.unsent()).isZero();
    }
}
