// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.ok;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.NewCapability;
import dev.hwmailbox.gunyah.hypervisor.HypervisorBed.Pipe;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Mode;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class VmHypercallsTest {
    @AutoClose
    private final HypervisorBed bed = new HypervisorBed();

    private final NewCapability made = new NewCapability();

    @Test
    void aManagerConnectsTwoVmsWithHypercallsOnly() {
        Pipe pipe = bed.pipe(2, 16);

        ok(bed.send(pipe.send(), "hello"));

        assertThat(bed.receive(pipe.receive())).isEqualTo("hello");
        assertThat(bed.receive(pipe.receive())).isEqualTo("MSGQUEUE_EMPTY");
    }

    @Test
    void aGuestHasOnlyTheRightsItWasGiven() {
        Pipe pipe = bed.pipe(2, 16);
        GunyahHypercalls sender = bed.a.hypercalls();
        GunyahHypercalls receiver = bed.b.hypercalls();
        byte[] buffer = new byte[16];
        int denied = GunyahError.CSPACE_INSUFFICIENT_RIGHTS;

        assertThat(GunyahHypercalls.status(sender.msgqReceive(pipe.send(), buffer, 0, 16)))
                .isEqualTo(denied);
        assertThat(GunyahHypercalls.status(receiver.msgqSend(pipe.receive(), buffer, 0, 16, false)))
                .isEqualTo(denied);
        assertThat(sender.msgqFlush(pipe.send())).isEqualTo(denied);
        assertThat(sender.msgqConfigureReceive(pipe.send(), 1, -1)).isEqualTo(denied);
        assertThat(receiver.msgqConfigureSend(pipe.receive(), 1, -1)).isEqualTo(denied);
        assertThat(sender.msgqUnbindSendVirq(pipe.send())).isEqualTo(denied);
        assertThat(receiver.msgqUnbindReceiveVirq(pipe.receive())).isEqualTo(denied);
        assertThat(sender.msgqConfigure(pipe.send(), 1, 1)).isEqualTo(denied);
        assertThat(sender.objectActivate(pipe.send())).isEqualTo(denied);
    }

    @Test
    void anOrdinaryVmCannotCreateAnything() {
        GunyahHypercalls guest = bed.a.hypercalls();

        assertThat(bed.a.partitionCapability()).isEqualTo(CapabilityId.INVALID);
        assertThat(bed.a.cspaceCapability()).isEqualTo(CapabilityId.INVALID);
        assertThat(bed.a.vicCapability()).isEqualTo(CapabilityId.INVALID);
        assertThat(guest.partitionCreateMsgq(
                        bed.rm.partitionCapability().value(),
                        bed.rm.cspaceCapability().value(),
                        made))
                .isEqualTo(GunyahError.ARGUMENT_INVALID);
        assertThat(made.value()).isEqualTo(-1);
    }

    @Test
    void creatingChecksThePartitionThenTheSpaceThenMemory() {
        long noCreate = bed.rm.grantPartition(2).value();
        long partition = bed.rm.partitionCapability().value();
        long noInsert =
                bed.a.grantCspaceTo(bed.rm, GunyahRights.CSPACE_CAP_DELETE).value();

        assertThat(bed.rmCalls.partitionCreateMsgq(bed.vicOfA, noInsert, made))
                .isEqualTo(GunyahError.CSPACE_WRONG_OBJECT_TYPE);
        assertThat(bed.rmCalls.partitionCreateMsgq(noCreate, noInsert, made))
                .isEqualTo(GunyahError.CSPACE_INSUFFICIENT_RIGHTS);
        assertThat(bed.rmCalls.partitionCreateMsgq(partition, noInsert, made))
                .isEqualTo(GunyahError.CSPACE_INSUFFICIENT_RIGHTS);
        assertThat(bed.rmCalls.partitionCreateMsgq(partition, bed.vicOfA, made))
                .isEqualTo(GunyahError.CSPACE_WRONG_OBJECT_TYPE);
        bed.hypervisor.objects().partition().availableBytes(MessageQueue.OBJECT_SIZE - 1);
        assertThat(bed.rmCalls.partitionCreateMsgq(partition, bed.cspaceOfA, made))
                .isEqualTo(GunyahError.NOMEM);
        assertThat(bed.hypervisor.census().messageQueues()).isZero();
    }

    @Test
    void memoryIsTakenAtActivationAndComesBackWithTheLastCapability() {
        long bytes = MessageQueue.OBJECT_SIZE + 4 * (10 + MessageQueue.SLOT_OVERHEAD);
        bed.hypervisor.objects().partition().availableBytes(bytes);

        long first = bed.activeQueue(4, 10);
        assertThat(bed.rmCalls.partitionCreateMsgq(
                        bed.rm.partitionCapability().value(),
                        bed.rm.cspaceCapability().value(),
                        made))
                .isEqualTo(GunyahError.NOMEM);
        ok(bed.rmCalls.cspaceDeleteCapability(bed.rm.cspaceCapability().value(), first));
        long second = bed.newQueue();
        ok(bed.rmCalls.msgqConfigure(second, 4, 11));

        assertThat(bed.rmCalls.objectActivate(second)).isEqualTo(GunyahError.NOMEM);
        assertThat(bed.rmCalls.objectActivate(second)).isEqualTo(GunyahError.OBJECT_STATE);
        ok(bed.rmCalls.cspaceDeleteCapability(bed.rm.cspaceCapability().value(), second));
        bed.activeQueue(4, 10);
    }

    @Test
    void aFullSpaceRefusesNewCapabilities() {
        try (var small = new HypervisorBed(SoftwareHypervisor.builder().capabilityLimit(8))) {
            long master = small.activeQueue(1, 1);
            int error = GunyahError.OK;
            while (error == GunyahError.OK) {
                error = small.rmCalls.cspaceCopyCapability(
                        small.rm.cspaceCapability().value(), master, small.cspaceOfA, 1, made);
            }

            assertThat(error).isEqualTo(GunyahError.CSPACE_FULL);
            assertThat(small.a.space().size()).isEqualTo(8);
            assertThat(small.rmCalls.partitionCreateMsgq(
                            small.rm.partitionCapability().value(), small.cspaceOfA, made))
                    .isEqualTo(GunyahError.CSPACE_FULL);
            assertThat(small.hypervisor.census().messageQueues()).isEqualTo(1);
        }
    }

    @Test
    void copyingKeepsOnlyMaskedRightsAndNeverMakesAMaster() {
        long master = bed.activeQueue(2, 8);
        long copy = bed.give(master, bed.cspaceOfA, -1);
        long own = bed.rm.cspaceCapability().value();

        assertThat(bed.a.space().find(copy).rights()).isEqualTo(0x8000000f);
        assertThat(bed.rmCalls.cspaceRevokeCapabilities(bed.cspaceOfA, copy))
                .isEqualTo(GunyahError.CSPACE_INSUFFICIENT_RIGHTS);
        assertThat(bed.rmCalls.cspaceCopyCapability(own, master, bed.cspaceOfA, 0x100, made))
                .isEqualTo(GunyahError.CSPACE_INSUFFICIENT_RIGHTS);
        assertThat(bed.rmCalls.cspaceCopyCapability(
                        own, bed.rm.partitionCapability().value(), bed.cspaceOfA, 2, made))
                .isEqualTo(GunyahError.CSPACE_INSUFFICIENT_RIGHTS);
    }

    @Test
    void copyingChecksTheSpacesBeforeTheCapability() {
        long own = bed.rm.cspaceCapability().value();
        long noCopy =
                bed.a.grantCspaceTo(bed.rm, GunyahRights.CSPACE_CAP_CREATE).value();
        long noCreate =
                bed.a.grantCspaceTo(bed.rm, GunyahRights.CSPACE_CAP_COPY).value();
        long undecodable = own ^ (1L << 50);

        assertThat(bed.rmCalls.cspaceCopyCapability(noCopy, undecodable, bed.vicOfA, 1, made))
                .isEqualTo(GunyahError.CSPACE_INSUFFICIENT_RIGHTS);
        assertThat(bed.rmCalls.cspaceCopyCapability(own, undecodable, bed.vicOfA, 1, made))
                .isEqualTo(GunyahError.CSPACE_WRONG_OBJECT_TYPE);
        assertThat(bed.rmCalls.cspaceCopyCapability(own, undecodable, noCreate, 1, made))
                .isEqualTo(GunyahError.CSPACE_INSUFFICIENT_RIGHTS);
        assertThat(bed.rmCalls.cspaceCopyCapability(own, undecodable, bed.cspaceOfA, 1, made))
                .isEqualTo(GunyahError.ARGUMENT_INVALID);
    }

    @Test
    void revokingAndDeletingNeedTheirRightsOnTheSpace() {
        long master = bed.activeQueue(2, 8);
        long readOnly =
                bed.rm.grantCspaceTo(bed.rm, GunyahRights.CSPACE_CAP_COPY).value();
        long own = bed.rm.cspaceCapability().value();

        assertThat(bed.rmCalls.cspaceRevokeCapabilities(readOnly, master))
                .isEqualTo(GunyahError.CSPACE_INSUFFICIENT_RIGHTS);
        assertThat(bed.rmCalls.cspaceDeleteCapability(readOnly, master))
                .isEqualTo(GunyahError.CSPACE_INSUFFICIENT_RIGHTS);
        assertThat(bed.rmCalls.cspaceRevokeCapabilities(own, own ^ (1L << 50))).isEqualTo(GunyahError.ARGUMENT_INVALID);
        assertThat(bed.rmCalls.cspaceDeleteCapability(own, own ^ (1L << 50))).isEqualTo(GunyahError.ARGUMENT_INVALID);
    }

    @Test
    void revocationReachesAllSpacesAndFreesNothingUntilDeleted() {
        Pipe pipe = bed.pipe(2, 8);
        int slots = bed.hypervisor.census().capabilities();

        ok(bed.rmCalls.cspaceRevokeCapabilities(bed.rm.cspaceCapability().value(), pipe.master()));

        assertThat(bed.send(pipe.send(), "x")).isEqualTo(GunyahError.CSPACE_CAP_REVOKED);
        assertThat(bed.receive(pipe.receive())).isEqualTo("CSPACE_CAP_REVOKED");
        assertThat(bed.hypervisor.census().capabilities()).isEqualTo(slots);
        ok(bed.rmCalls.cspaceDeleteCapability(bed.cspaceOfA, pipe.send()));
        assertThat(bed.send(pipe.send(), "x")).isEqualTo(GunyahError.CSPACE_CAP_NULL);
        assertThat(bed.rmCalls.cspaceDeleteCapability(bed.cspaceOfA, pipe.send()))
                .isEqualTo(GunyahError.CSPACE_CAP_NULL);
        assertThat(bed.queue(pipe.master()).isActive()).isTrue();
    }

    @Test
    void aQueueLivesUntilItsLastValidCapabilityGoes() {
        Pipe pipe = bed.pipe(2, 8);
        ok(bed.send(pipe.send(), "x"));

        ok(bed.rmCalls.cspaceDeleteCapability(bed.rm.cspaceCapability().value(), pipe.master()));
        ok(bed.rmCalls.cspaceDeleteCapability(bed.cspaceOfA, pipe.send()));
        assertThat(bed.receive(pipe.receive())).isEqualTo("x");
        assertThat(bed.hypervisor.census().boundVirqs()).isEqualTo(2);
        ok(bed.rmCalls.cspaceDeleteCapability(bed.cspaceOfB, pipe.receive()));

        assertThat(pipe.queue().state()).isEqualTo(MessageQueue.State.DESTROYED);
        assertThat(bed.hypervisor.census().messageQueues()).isZero();
        assertThat(bed.hypervisor.census().boundVirqs()).isZero();
    }

    @Test
    void bindingChecksQueueControllerEndNumberAndUseInThisOrder() {
        long master = bed.newQueue();
        long noBind = bed.a.grantVicTo(bed.rm, 2).value();
        assertThat(bed.rmCalls.msgqBindSendVirq(master, noBind, 0)).isEqualTo(GunyahError.OBJECT_STATE);
        ok(bed.rmCalls.msgqConfigure(master, 1, 1));
        ok(bed.rmCalls.objectActivate(master));

        assertThat(bed.rmCalls.msgqBindSendVirq(bed.vicOfA, noBind, 0)).isEqualTo(GunyahError.CSPACE_WRONG_OBJECT_TYPE);
        assertThat(bed.rmCalls.msgqBindSendVirq(master, noBind, 0)).isEqualTo(GunyahError.CSPACE_INSUFFICIENT_RIGHTS);
        for (int virq : new int[] {0, 31, 1020, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThat(bed.rmCalls.msgqBindSendVirq(master, bed.vicOfA, virq)).isEqualTo(GunyahError.ARGUMENT_INVALID);
        }
        ok(bed.rmCalls.msgqBindSendVirq(master, bed.vicOfA, 32));
        assertThat(bed.rmCalls.msgqBindSendVirq(master, bed.vicOfA, 0)).isEqualTo(GunyahError.VIRQ_BOUND);
        assertThat(bed.rmCalls.msgqBindReceiveVirq(master, bed.vicOfA, 32)).isEqualTo(GunyahError.BUSY);
        ok(bed.rmCalls.msgqBindReceiveVirq(master, bed.vicOfA, 1019));
        ok(bed.rmCalls.msgqUnbindSendVirq(master));
        ok(bed.rmCalls.msgqUnbindSendVirq(master));
        ok(bed.rmCalls.msgqBindSendVirq(master, bed.vicOfB, 1019));
    }

    @Test
    void configuringAndActivatingAcceptOnlyQueues() {
        long thread = bed.rm.createOpaqueObject(ObjectType.THREAD).value();

        assertThat(bed.rmCalls.msgqConfigure(thread, 1, 1)).isEqualTo(GunyahError.CSPACE_WRONG_OBJECT_TYPE);
        assertThat(bed.rmCalls.msgqConfigure(bed.vicOfA, 1, 1)).isEqualTo(GunyahError.CSPACE_INSUFFICIENT_RIGHTS);
        assertThat(bed.rmCalls.objectActivate(thread)).isEqualTo(GunyahError.OBJECT_STATE);
        assertThat(bed.rmCalls.msgqConfigure(bed.vicOfA, 1, 1)).isEqualTo(GunyahError.CSPACE_INSUFFICIENT_RIGHTS);
        assertThat(bed.rmCalls.objectActivate(bed.vicOfA ^ (1L << 50))).isEqualTo(GunyahError.ARGUMENT_INVALID);
    }

    @Test
    void idsOfOneVmMeanNothingInAnother() {
        Pipe pipe = bed.pipe(1, 8);

        assertThat(GunyahHypercalls.status(HypervisorBed.sendResult(bed.b, pipe.send(), "x")))
                .isEqualTo(GunyahError.ARGUMENT_INVALID);
    }

    @Test
    void answersBadBuffersWithAStatusInStrictMode() {
        Pipe pipe = bed.pipe(4, 16);
        GunyahHypercalls sender = bed.a.hypercalls();
        byte[] buffer = new byte[16];

        assertSend(sender, pipe, buffer, 1, 16, GunyahError.ADDR_INVALID);
        assertSend(sender, pipe, buffer, -1, 4, GunyahError.ADDR_INVALID);
        assertSend(sender, pipe, buffer, Integer.MAX_VALUE, 4, GunyahError.ADDR_INVALID);
        assertSend(sender, pipe, buffer, 0, -1, GunyahError.ARGUMENT_SIZE);
        assertSend(sender, pipe, buffer, 0, 17, GunyahError.ARGUMENT_SIZE);
        assertSend(sender, pipe, buffer, 0, 0, GunyahError.ARGUMENT_SIZE);
        assertSend(sender, pipe, nothing(), 0, 4, GunyahError.ADDR_INVALID);
        ok(bed.send(pipe.send(), "four"));
        assertReceive(pipe, buffer, 13, 4, GunyahError.ADDR_INVALID);
        assertReceive(pipe, buffer, -1, 4, GunyahError.ADDR_INVALID);
        assertReceive(pipe, buffer, 0, -1, GunyahError.ADDR_INVALID);
        assertReceive(pipe, buffer, 0, 3, GunyahError.ADDR_OVERFLOW);
        assertReceive(pipe, nothing(), 0, 4, GunyahError.ADDR_INVALID);
        assertThat(bed.receive(pipe.receive())).isEqualTo("four");
    }

    @Test
    void answersBadBuffersAsTheCCodeDoesInCompatMode() {
        try (var compat = new HypervisorBed(SoftwareHypervisor.builder().mode(Mode.COMPAT))) {
            Pipe pipe = compat.pipe(4, 16);

            long sent = compat.a.hypercalls().msgqSend(pipe.send(), new byte[4], 1, 4, true);
            assertThat(sent).isEqualTo(GunyahHypercalls.sendResult(GunyahError.OK, true));
            ok(compat.send(pipe.send(), "four"));
            long received = compat.b.hypercalls().msgqReceive(pipe.receive(), new byte[3], 0, 3);
            assertThat(received).isEqualTo(GunyahHypercalls.receiveResult(GunyahError.OK, 0, true));
            assertThat(compat.receive(pipe.receive())).isEqualTo("four");
        }
    }

    private static void assertSend(
            GunyahHypercalls sender, Pipe pipe, byte[] buffer, int offset, int length, int error) {
        long result = sender.msgqSend(pipe.send(), buffer, offset, length, true);
        assertThat(result).isEqualTo(GunyahHypercalls.sendResult(error, true));
        assertThat(pipe.queue().count()).isZero();
    }

    private void assertReceive(Pipe pipe, byte[] buffer, int offset, int length, int error) {
        long result = bed.b.hypercalls().msgqReceive(pipe.receive(), buffer, offset, length);
        assertThat(result).isEqualTo(GunyahHypercalls.receiveResult(error, 0, true));
        assertThat(pipe.queue().count()).isEqualTo(1);
    }

    @SuppressWarnings("NullAway") // what a careless embedder passes
    private static byte[] nothing() {
        return null;
    }

    @Test
    void transfersToAndFromTheMiddleOfABuffer() {
        Pipe pipe = bed.pipe(1, 16);
        byte[] buffer = {1, 2, 3, 4, 5, 6};

        ok(GunyahHypercalls.status(bed.a.hypercalls().msgqSend(pipe.send(), buffer, 2, 3, false)));
        long result = bed.b.hypercalls().msgqReceive(pipe.receive(), buffer, 1, 5);

        assertThat(GunyahHypercalls.size(result)).isEqualTo(3);
        assertThat(buffer).containsExactly(1, 3, 4, 5, 5, 6);
    }

    @Test
    void deletingASpacesOwnCapabilityEndsItsPower() {
        long own = bed.rm.cspaceCapability().value();

        ok(bed.rmCalls.cspaceDeleteCapability(own, own));

        assertThat(bed.rmCalls.cspaceDeleteCapability(own, own)).isEqualTo(GunyahError.CSPACE_CAP_NULL);
    }
}
