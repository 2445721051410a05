// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static dev.hwmailbox.gunyah.GunyahHypercalls.receiveResult;
import static dev.hwmailbox.gunyah.GunyahHypercalls.sendResult;

import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.NewCapability;

/** The hypercalls of one VM from one reset to the next: capability look-ups in its space, then the object. */
final class VmHypercalls implements GunyahHypercalls {
    private volatile CapabilitySpace space;
    private final ObjectManager objects;

    VmHypercalls(CapabilitySpace space, ObjectManager objects) {
        this.space = space;
        this.objects = objects;
    }

    /** From now on no call finds a capability. One that has found its own goes on. */
    void retire() {
        space = space.emptied();
    }

    @Override
    public long msgqSend(long capability, byte[] buffer, int offset, int length, boolean push) {
        return msgqSend(capability, buffer, offset, length, push, GunyahError.OK);
    }

    /** A send whose access to the caller's memory is known to give a fault. */
    long msgqSend(long capability, byte[] buffer, int offset, int length, boolean push, int fault) {
        Capability found = space.find(capability);
        int error = found.refusal(ObjectType.MSGQUEUE, GunyahRights.MSGQ_SEND);
        return error == GunyahError.OK
                ? found.queue().send(buffer, offset, length, push, fault)
                : sendResult(error, false);
    }

    @Override
    public long msgqReceive(long capability, byte[] buffer, int offset, int length) {
        return msgqReceive(capability, buffer, offset, length, GunyahError.OK);
    }

    /** A receive whose access to the caller's memory is known to give a fault. */
    long msgqReceive(long capability, byte[] buffer, int offset, int length, int fault) {
        Capability found = space.find(capability);
        int error = found.refusal(ObjectType.MSGQUEUE, GunyahRights.MSGQ_RECEIVE);
        return error == GunyahError.OK
                ? found.queue().receive(buffer, offset, length, fault)
                : receiveResult(error, 0, false);
    }

    /** What a capability names, for a receive in two halves. */
    Capability find(long capability) {
        return space.find(capability);
    }

    @Override
    public int msgqFlush(long capability) {
        Capability found = space.find(capability);
        int error = found.refusal(ObjectType.MSGQUEUE, GunyahRights.MSGQ_RECEIVE);
        return error == GunyahError.OK ? found.queue().flush() : error;
    }

    @Override
    public int msgqConfigureSend(long capability, int threshold, int delay) {
        return configureThreshold(capability, true, threshold, delay);
    }

    @Override
    public int msgqConfigureReceive(long capability, int threshold, int delay) {
        return configureThreshold(capability, false, threshold, delay);
    }

    private int configureThreshold(long capability, boolean sending, int threshold, int delay) {
        Capability found = space.find(capability);
        int right = sending ? GunyahRights.MSGQ_SEND : GunyahRights.MSGQ_RECEIVE;
        int error = found.refusal(ObjectType.MSGQUEUE, right);
        return error == GunyahError.OK ? found.queue().configureThreshold(sending, threshold, delay) : error;
    }

    @Override
    public int msgqBindSendVirq(long capability, long vicCapability, int virq) {
        return objects.bind(space, capability, true, vicCapability, virq);
    }

    @Override
    public int msgqBindReceiveVirq(long capability, long vicCapability, int virq) {
        return objects.bind(space, capability, false, vicCapability, virq);
    }

    @Override
    public int msgqUnbindSendVirq(long capability) {
        return objects.unbind(space, capability, true);
    }

    @Override
    public int msgqUnbindReceiveVirq(long capability) {
        return objects.unbind(space, capability, false);
    }

    @Override
    public int partitionCreateMsgq(long partitionCapability, long cspaceCapability, NewCapability result) {
        return objects.createQueue(space, partitionCapability, cspaceCapability, result);
    }

    @Override
    public int msgqConfigure(long capability, int depth, int maxMessageSize) {
        Capability found = space.find(capability);
        int error = found.activationRefusal();
        if (error != GunyahError.OK) {
            return error;
        }
        return found.object() instanceof MessageQueue queue
                ? queue.configure(depth, maxMessageSize)
                : GunyahError.CSPACE_WRONG_OBJECT_TYPE;
    }

    @Override
    public int objectActivate(long capability) {
        return objects.activate(space, capability);
    }

    @Override
    public int cspaceDeleteCapability(long cspaceCapability, long capability) {
        return objects.delete(space, cspaceCapability, capability);
    }

    @Override
    public int cspaceCopyCapability(
            long cspaceCapability,
            long capability,
            long destinationCspaceCapability,
            int rightsMask,
            NewCapability result) {
        return objects.copy(space, cspaceCapability, capability, destinationCspaceCapability, rightsMask, result);
    }

    @Override
    public int cspaceRevokeCapabilities(long cspaceCapability, long capability) {
        return objects.revokeChildren(space, cspaceCapability, capability);
    }

    @Override
    public String toString() {
        return "VmHypercalls[" + space + "]";
    }
}
