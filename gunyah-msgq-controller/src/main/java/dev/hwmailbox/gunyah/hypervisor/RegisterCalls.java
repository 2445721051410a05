// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.gunyah.GuestMemory;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.NewCapability;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The hypercalls of one vCPU by register contents, so that an emulator can pass on what it finds when the guest
 * executes HVC or SMC.
 *
 * <table>
 * <caption>How a call is told</caption>
 * <tr><th>instruction</th><th>function</th><th>arguments</th><th>reserved arguments</th></tr>
 * <tr><td>{@code hvc #(0x6000 + n)}</td><td>n</td><td>from x0</td><td>checked</td></tr>
 * <tr><td>{@code hvc #0}, {@code smc #0} (SMCCC)</td><td>low half of x0: 0xC6008000 + n</td><td>from x1</td>
 * <td>ignored</td></tr>
 * <tr><td>{@code hvc #0}, {@code smc #0} (SMCCC)</td><td>low half of x0: 0x8600FF01, the hypervisor's UID</td>
 * <td>none</td><td></td></tr>
 * </table>
 *
 * <p>Every other instruction or function answers -1 in x0: also calls that other parts of an emulator may know, such as
 * PSCI, which it must try first.
 *
 * <p>x0 gets the Gunyah error number, sign-extended. A send answers in x1 whether there is room for more; a receive
 * answers in x1 the size and in x2 whether there is more; creating and copying answer in x1 the new capability. These
 * registers are written whatever the error is: 0 then, all bits set for a capability, or what the queue says of its
 * fill level. An unknown function and a refused reserved argument change x0 only. No call changes another register.
 *
 * <p>Capabilities, addresses and sizes are 64 bits wide. Of thresholds, delays, interrupt numbers, rights and queue
 * dimensions the low 32 bits count, of the flags of a send bit 0.
 *
 * <p>Memory is read before a send, and written by a receive before the message leaves the queue, so a fault loses
 * nothing. If receivers compete, the one that comes too late may have written a message it does not get. A
 * {@link GuestMemory} that throws a {@link RuntimeException} counts as ADDR_INVALID; the first time is logged.
 *
 * <p>Context: one thread at a time; one instance per vCPU, any number of them at once. Calls may come from inside
 * {@link GuestMemory} and from interrupt handlers; no lock is held there. Never blocks; sending and receiving allocate
 * nothing.
 *
 * <p>Gunyah counterpart: hyp/vm/smccc, hyp/core/api (gunyah-hypervisor). Differs: SMC is served like HVC.
 *
 * @since 0.1
 */
public final class RegisterCalls {
    private static final Logger LOG = LoggerFactory.getLogger(RegisterCalls.class);

    private static final int REGISTERS = 8;

    private static final int HVC_BASE = 0x6000;
    private static final int SMCCC_BASE = 0xC6008000;
    private static final int FUNCTION_MASK = 0x3fff;

    private static final int SMCCC_VENDOR_HYPERVISOR_UID = 0x8600FF01;

    /** c1d58fcd-a453-5fdb-9265-ce36673d5f14; SMCCC has the first byte in the lowest bits of the first word. */
    private static final int[] UID = {0xcd8fd5c1, 0xdb5f53a4, 0x36ce6592, 0x145f3d67};

    private static final long FLAG_MESSAGE_QUEUES = 1L << 2;
    private static final long FLAG_PUSH = 1;

    private static final int IDENTIFY = 0x00;
    private static final int CREATE_MSGQUEUE = 0x07;
    private static final int ACTIVATE = 0x0C;
    private static final int BIND_SEND = 0x17;
    private static final int BIND_RECEIVE = 0x18;
    private static final int UNBIND_SEND = 0x19;
    private static final int UNBIND_RECEIVE = 0x1A;
    private static final int SEND = 0x1B;
    private static final int RECEIVE = 0x1C;
    private static final int FLUSH = 0x1D;
    private static final int CONFIGURE_SEND = 0x1F;
    private static final int CONFIGURE_RECEIVE = 0x20;
    private static final int CONFIGURE = 0x21;
    private static final int DELETE_CAPABILITY = 0x22;
    private static final int COPY_CAPABILITY = 0x23;
    private static final int REVOKE_CAPABILITIES = 0x59;

    private final VirtualMachine vm;
    private final VmHypercalls calls;
    private final GuestMemory memory;
    private final NewCapability made = new NewCapability();
    private final long[] headSequence = new long[1];
    private boolean complained;

    /** Null while a call is under way that uses it. */
    private byte @Nullable [] bounce = new byte[MessageQueue.MAX_MESSAGE_SIZE];

    RegisterCalls(VirtualMachine vm, VmHypercalls calls, GuestMemory memory) {
        this.vm = vm;
        this.calls = calls;
        this.memory = Objects.requireNonNull(memory, "memory");
    }

    /** The instruction that leaves the guest. */
    public enum Conduit {
        /** Hypervisor call. */
        HVC,
        /** Secure monitor call. */
        SMC
    }

    /**
     * Carries out one call.
     *
     * @param conduit the instruction
     * @param immediate the number in the instruction; one that does not exist is an unknown call
     * @param x the registers x0 to x7, changed in place; further elements are not looked at
     * @throws IllegalArgumentException if there are fewer than eight registers
     */
    public void call(Conduit conduit, int immediate, long[] x) {
        Objects.requireNonNull(conduit, "conduit");
        if (x.length < REGISTERS) {
            throw new IllegalArgumentException("only " + x.length + " registers");
        }
        int hvcFunction = immediate - HVC_BASE;
        if (immediate == 0) {
            smccc((int) x[0], x);
        } else if (conduit == Conduit.HVC && (hvcFunction & ~FUNCTION_MASK) == 0) {
            x[0] = hasReservedArgumentsRight(hvcFunction, x)
                    ? carryOut(hvcFunction, x, 0)
                    : GunyahError.ARGUMENT_INVALID;
        } else {
            x[0] = GunyahError.UNIMPLEMENTED;
        }
    }

    private void smccc(int function, long[] x) {
        if (function == SMCCC_VENDOR_HYPERVISOR_UID) {
            for (int word = 0; word < UID.length; word++) {
                x[word] = Integer.toUnsignedLong(UID[word]);
            }
        } else {
            x[0] = (function & ~FUNCTION_MASK) == SMCCC_BASE
                    ? carryOut(function & FUNCTION_MASK, x, 1)
                    : GunyahError.UNIMPLEMENTED;
        }
    }

    private static boolean hasReservedArgumentsRight(int function, long[] x) {
        return switch (function) {
            case ACTIVATE, UNBIND_SEND, UNBIND_RECEIVE, FLUSH -> x[1] == 0;
            case CREATE_MSGQUEUE, CONFIGURE, DELETE_CAPABILITY, REVOKE_CAPABILITIES -> x[2] == 0;
            case BIND_SEND, BIND_RECEIVE, RECEIVE -> x[3] == 0;
            case CONFIGURE_SEND, CONFIGURE_RECEIVE -> x[3] == -1;
            case SEND, COPY_CAPABILITY -> x[4] == 0;
            default -> true;
        };
    }

    /**
     * Calls a function and stores its results from x1 on.
     *
     * @param a the register of the first argument
     * @return what x0 gets
     */
    private int carryOut(int function, long[] x, int a) {
        return switch (function) {
            case IDENTIFY -> identify(x);
            case CREATE_MSGQUEUE -> answerCapability(calls.partitionCreateMsgq(x[a], x[a + 1], made), x);
            case ACTIVATE -> calls.objectActivate(x[a]);
            case BIND_SEND -> calls.msgqBindSendVirq(x[a], x[a + 1], (int) x[a + 2]);
            case BIND_RECEIVE -> calls.msgqBindReceiveVirq(x[a], x[a + 1], (int) x[a + 2]);
            case UNBIND_SEND -> calls.msgqUnbindSendVirq(x[a]);
            case UNBIND_RECEIVE -> calls.msgqUnbindReceiveVirq(x[a]);
            case SEND -> answerSend(send(x[a], x[a + 1], x[a + 2], (x[a + 3] & FLAG_PUSH) != 0), x);
            case RECEIVE -> answerReceive(receive(x[a], x[a + 1], x[a + 2]), x);
            case FLUSH -> calls.msgqFlush(x[a]);
            case CONFIGURE_SEND -> calls.msgqConfigureSend(x[a], (int) x[a + 1], (int) x[a + 2]);
            case CONFIGURE_RECEIVE -> calls.msgqConfigureReceive(x[a], (int) x[a + 1], (int) x[a + 2]);
            case CONFIGURE -> calls.msgqConfigure(x[a], (int) x[a + 1] & 0xffff, (int) x[a + 1] >>> 16);
            case DELETE_CAPABILITY -> calls.cspaceDeleteCapability(x[a], x[a + 1]);
            case COPY_CAPABILITY ->
                answerCapability(calls.cspaceCopyCapability(x[a], x[a + 1], x[a + 2], (int) x[a + 3], made), x);
            case REVOKE_CAPABILITIES -> calls.cspaceRevokeCapabilities(x[a], x[a + 1]);
            default -> GunyahError.UNIMPLEMENTED;
        };
    }

    private static int identify(long[] x) {
        x[1] = FLAG_MESSAGE_QUEUES;
        return GunyahError.OK;
    }

    private int answerCapability(int error, long[] x) {
        x[1] = error == GunyahError.OK ? made.value() : -1;
        return error;
    }

    private static int answerSend(long result, long[] x) {
        x[1] = GunyahHypercalls.notFull(result) ? 1 : 0;
        return GunyahHypercalls.status(result);
    }

    private static int answerReceive(long result, long[] x) {
        x[1] = GunyahHypercalls.size(result);
        x[2] = GunyahHypercalls.notEmpty(result) ? 1 : 0;
        return GunyahHypercalls.status(result);
    }

    // ---- data path ----

    private long send(long capability, long size, long address, boolean push) {
        byte[] buffer = borrowBounce();
        try {
            // A size no queue allows is refused by the queue, in its order of checks, whatever the memory says.
            int length = clamp(size, MessageQueue.MAX_MESSAGE_SIZE + 1);
            boolean possible = length > 0 && length <= MessageQueue.MAX_MESSAGE_SIZE;
            int fault = possible ? read(address, buffer, length) : GunyahError.OK;
            return calls.msgqSend(capability, buffer, 0, length, push, fault);
        } finally {
            bounce = buffer;
        }
    }

    private long receive(long capability, long address, long bufferSize) {
        Capability found = calls.find(capability);
        int error = found.refusal(ObjectType.MSGQUEUE, GunyahRights.MSGQ_RECEIVE);
        if (error != GunyahError.OK) {
            return GunyahHypercalls.receiveResult(error, 0, false);
        }
        byte[] buffer = borrowBounce();
        try {
            return receive(found.queue(), address, clamp(bufferSize, MessageQueue.MAX_MESSAGE_SIZE), buffer);
        } finally {
            bounce = buffer;
        }
    }

    private long receive(MessageQueue queue, long address, int room, byte[] buffer) {
        long result;
        do {
            result = queue.peek(buffer, room, headSequence);
            int size = GunyahHypercalls.size(result);
            if (size == 0) {
                return result;
            }
            long head = headSequence[0];
            int fault = write(address, buffer, size);
            result = queue.takeIf(head, fault);
        } while (result == MessageQueue.OVERTAKEN);
        return result;
    }

    private static int clamp(long size, int most) {
        return Long.compareUnsigned(size, most) < 0 ? (int) size : most;
    }

    /** The embedder's memory may call back into this instance, which then needs a buffer of its own. */
    private byte[] borrowBounce() {
        byte[] free = bounce;
        bounce = null;
        return free == null ? new byte[MessageQueue.MAX_MESSAGE_SIZE] : free;
    }

    private int read(long address, byte[] buffer, int length) {
        try {
            return memory.read(address, buffer, 0, length);
        } catch (RuntimeException e) {
            return failed(e);
        }
    }

    private int write(long address, byte[] buffer, int length) {
        try {
            return memory.write(address, buffer, 0, length);
        } catch (RuntimeException e) {
            return failed(e);
        }
    }

    private int failed(RuntimeException e) {
        if (!complained) {
            complained = true;
            LOG.error("guest memory failed (vm {}), further failures are not logged", vm.vmid(), e);
        }
        return GunyahError.ADDR_INVALID;
    }

    @Override
    public String toString() {
        return "RegisterCalls[" + vm + "]";
    }
}
