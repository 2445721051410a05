// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.NewCapability;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** A hypervisor with a manager VM and two ordinary ones; queues are made the way a Resource Manager makes them. */
final class HypervisorBed implements AutoCloseable {
    static final int RM = 255;
    static final int A = 3;
    static final int B = 4;
    static final int TX_VIRQ = 33;
    static final int RX_VIRQ = 34;
    static final int CSPACE_RIGHTS = GunyahRights.CSPACE_CAP_CREATE
            | GunyahRights.CSPACE_CAP_DELETE
            | GunyahRights.CSPACE_CAP_COPY
            | GunyahRights.CSPACE_CAP_REVOKE;

    final TaskQueue tasks = new TaskQueue();
    final SoftwareHypervisor hypervisor;
    final VirtualMachine rm;
    final VirtualMachine a;
    final VirtualMachine b;
    final GunyahHypercalls rmCalls;
    final long cspaceOfA;
    final long cspaceOfB;
    final long vicOfA;
    final long vicOfB;

    HypervisorBed() {
        this(SoftwareHypervisor.builder());
    }

    HypervisorBed(SoftwareHypervisor.Builder builder) {
        this(builder, null);
    }

    private HypervisorBed(SoftwareHypervisor.Builder builder, @Nullable MailboxScheduler scheduler) {
        hypervisor = builder.schedulers(vmid -> scheduler == null ? tasks : scheduler)
                .build();
        rm = hypervisor.createManagerVm(RM);
        a = hypervisor.createVm(A);
        b = hypervisor.createVm(B);
        rmCalls = rm.hypercalls();
        cspaceOfA = a.grantCspaceTo(rm, CSPACE_RIGHTS).value();
        cspaceOfB = b.grantCspaceTo(rm, CSPACE_RIGHTS).value();
        vicOfA = a.grantVicTo(rm, GunyahRights.VIC_BIND_SOURCE).value();
        vicOfB = b.grantVicTo(rm, GunyahRights.VIC_BIND_SOURCE).value();
    }

    /** One that delivers interrupts on the asserting thread. */
    static HypervisorBed inline() {
        return delivering(SoftwareHypervisor.INLINE);
    }

    /**
     * The same for a test with threads. A line that storms goes on as a task of its VM's scheduler, so somebody has to
     * run the tasks.
     */
    static HypervisorBed inline(MailboxScheduler scheduler) {
        return new HypervisorBed(
                SoftwareHypervisor.builder().interruptDelivery(vmid -> SoftwareHypervisor.INLINE), scheduler);
    }

    static HypervisorBed delivering(Executor executor) {
        return new HypervisorBed(SoftwareHypervisor.builder().interruptDelivery(vmid -> executor));
    }

    /** A one-way channel from a to b, both ends bound. */
    record Pipe(long master, long send, long receive, MessageQueue queue) {}

    Pipe pipe(int depth, int maxMessageSize) {
        return pipe(depth, maxMessageSize, RX_VIRQ);
    }

    Pipe pipe(int depth, int maxMessageSize, int rxVirq) {
        long master = activeQueue(depth, maxMessageSize);
        ok(rmCalls.msgqBindSendVirq(master, vicOfA, rxVirq - 1));
        ok(rmCalls.msgqBindReceiveVirq(master, vicOfB, rxVirq));
        return new Pipe(
                master,
                give(master, cspaceOfA, GunyahRights.MSGQ_SEND),
                give(master, cspaceOfB, GunyahRights.MSGQ_RECEIVE),
                queue(master));
    }

    /** A master capability in the manager's space. */
    long newQueue() {
        var made = new NewCapability();
        ok(rmCalls.partitionCreateMsgq(
                rm.partitionCapability().value(), rm.cspaceCapability().value(), made));
        return made.value();
    }

    long activeQueue(int depth, int maxMessageSize) {
        long master = newQueue();
        ok(rmCalls.msgqConfigure(master, depth, maxMessageSize));
        ok(rmCalls.objectActivate(master));
        return master;
    }

    long give(long capability, long cspace, int rights) {
        var made = new NewCapability();
        ok(rmCalls.cspaceCopyCapability(rm.cspaceCapability().value(), capability, cspace, rights, made));
        return made.value();
    }

    MessageQueue queue(long master) {
        return rm.space().find(master).queue();
    }

    int send(long capability, String message) {
        return GunyahHypercalls.status(sendResult(a, capability, message));
    }

    static long sendResult(VirtualMachine vm, long capability, String message) {
        byte[] bytes = message.getBytes(US_ASCII);
        return vm.hypercalls().msgqSend(capability, bytes, 0, bytes.length, false);
    }

    /** The oldest message, or the name of the error. */
    String receive(long capability) {
        byte[] buffer = new byte[1024];
        long result = b.hypercalls().msgqReceive(capability, buffer, 0, buffer.length);
        int status = GunyahHypercalls.status(result);
        return status == 0 ? new String(buffer, 0, GunyahHypercalls.size(result), US_ASCII) : GunyahError.name(status);
    }

    static void ok(int error) {
        assertThat(error).as("hypervisor error").isZero();
    }

    @Override
    public void close() {
        hypervisor.close();
    }
}
