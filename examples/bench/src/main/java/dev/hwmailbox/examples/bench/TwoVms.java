// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.NewCapability;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import java.util.concurrent.Executor;

/** Two VMs of a software hypervisor, a mailbox controller in each, and channels between them. */
final class TwoVms implements AutoCloseable {
    /** Bytes of every message that is measured, and of every slot of a queue. */
    static final int MESSAGE_SIZE = 240;

    private static final int FIRST_VIRQ = 32;

    final VirtualMachine near;
    final VirtualMachine far;
    private final SoftwareHypervisor hypervisor;
    private final VirtualMachine manager;
    private final GunyahHypercalls calls;
    private final GunyahMsgqController nearController;
    private final GunyahMsgqController farController;
    private int nextVirq = FIRST_VIRQ;

    /** What runs the tasks of a VM, and what runs its interrupt handlers. */
    record Processor(MailboxScheduler tasks, Executor interrupts) {}

    /** The two ends of a channel. */
    record Link(MailboxChannel near, MailboxChannel far) {}

    /** The sender's and the receiver's capability of a queue from the near VM to the far one. */
    record Pipe(long send, long receive) {}

    TwoVms(Processor nearProcessor, Processor farProcessor, int slots) {
        hypervisor = SoftwareHypervisor.builder()
                .schedulers(vmid -> vmid == 3 ? farProcessor.tasks : nearProcessor.tasks)
                .interruptDelivery(vmid -> vmid == 3 ? farProcessor.interrupts : nearProcessor.interrupts)
                .build();
        manager = hypervisor.createManagerVm(1);
        near = hypervisor.createVm(2);
        far = hypervisor.createVm(3);
        calls = manager.hypercalls();
        nearController = controller(near, slots);
        farController = controller(far, slots);
    }

    private static GunyahMsgqController controller(VirtualMachine vm, int slots) {
        return GunyahMsgqController.builder(vm.hypercalls(), vm.interrupts(), vm.scheduler())
                .slots(slots)
                .build();
    }

    /** A queue in each direction, and a channel of each controller over them. */
    Link connect(int depth, MailboxClient nearClient, MailboxClient farClient) {
        long out = queue(depth);
        long in = queue(depth);
        int tx = nextVirq++;
        int rx = nextVirq++;
        ok(calls.msgqBindSendVirq(out, vic(near), tx));
        ok(calls.msgqBindReceiveVirq(in, vic(near), rx));
        ok(calls.msgqBindSendVirq(in, vic(far), tx));
        ok(calls.msgqBindReceiveVirq(out, vic(far), rx));
        MailboxChannel farChannel = farController.requestChannel(farClient, endpoint(far, in, tx, out, rx));
        MailboxChannel nearChannel = nearController.requestChannel(nearClient, endpoint(near, out, tx, in, rx));
        return new Link(nearChannel, farChannel);
    }

    /** A queue that nobody's interrupt is bound to. */
    Pipe pipe(int depth) {
        long queue = queue(depth);
        return new Pipe(
                give(near, queue, GunyahRights.MSGQ_SEND).value(),
                give(far, queue, GunyahRights.MSGQ_RECEIVE).value());
    }

    private MsgqEndpoint endpoint(VirtualMachine vm, long out, int tx, long in, int rx) {
        return new MsgqEndpoint(
                give(vm, out, GunyahRights.MSGQ_SEND), tx, give(vm, in, GunyahRights.MSGQ_RECEIVE), rx, MESSAGE_SIZE);
    }

    private long queue(int depth) {
        var queue = new NewCapability();
        ok(calls.partitionCreateMsgq(
                manager.partitionCapability().value(),
                manager.cspaceCapability().value(),
                queue));
        ok(calls.msgqConfigure(queue.value(), depth, MESSAGE_SIZE));
        ok(calls.objectActivate(queue.value()));
        return queue.value();
    }

    private CapabilityId give(VirtualMachine vm, long queue, int right) {
        var copy = new NewCapability();
        CapabilityId space = vm.grantCspaceTo(manager, GunyahRights.CSPACE_CAP_CREATE);
        ok(calls.cspaceCopyCapability(manager.cspaceCapability().value(), queue, space.value(), right, copy));
        return CapabilityId.of(copy.value());
    }

    private long vic(VirtualMachine vm) {
        return vm.grantVicTo(manager, GunyahRights.VIC_BIND_SOURCE).value();
    }

    static void ok(int status) {
        if (status != GunyahError.OK) {
            throw new IllegalStateException(GunyahError.name(status));
        }
    }

    @Override
    public void close() {
        nearController.close();
        farController.close();
        hypervisor.close();
    }
}
