// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import static dev.hwmailbox.gunyah.GunyahHypercalls.receiveResult;
import static dev.hwmailbox.gunyah.GunyahHypercalls.sendResult;

import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.NewCapability;
import java.util.Objects;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Hypercalls that fail on demand, over any others. Without faults every call passes through, and the two calls of the
 * data path allocate nothing.
 *
 * <pre>{@code
 * FaultyHypercalls faulty = FaultyHypercalls.over(vm.hypercalls());
 * faulty.inject(Hypercall.SEND, Occurrence.nth(3), HypercallFault.status(GunyahError.MSGQUEUE_FULL));
 * }</pre>
 *
 * <p>A fault counts the calls of its kind since it was injected. If several are meant, the one injected first counts.
 * Everything belongs to this instance, so tests can run in parallel.
 *
 * <p>Context: any thread; no lock is held while the others are called.
 *
 * @since 0.1
 */
public final class FaultyHypercalls implements GunyahHypercalls {
    private final GunyahHypercalls real;
    private final FaultRules<Hypercall, HypercallFault> rules = new FaultRules<>();

    private FaultyHypercalls(GunyahHypercalls real) {
        this.real = Objects.requireNonNull(real, "real");
    }

    /**
     * Makes a decorator without faults.
     *
     * @param real the calls that are made
     * @return the decorator
     */
    public static FaultyHypercalls over(GunyahHypercalls real) {
        return new FaultyHypercalls(real);
    }

    /**
     * Injects a fault from now on.
     *
     * @param call the kind of call
     * @param when which of them
     * @param fault what goes wrong
     * @return this
     * @throws IllegalArgumentException if the fault is about messages, and the call is not
     */
    public FaultyHypercalls inject(Hypercall call, Occurrence when, HypercallFault fault) {
        if (!call.movesMessage() && !fault.isForAnyCall()) {
            throw new IllegalArgumentException(call + " moves no message that could be " + fault);
        }
        rules.add(call, when, fault);
        return this;
    }

    /** Ends all faults. What they have done stays counted. */
    public void stop() {
        rules.stop();
    }

    /**
     * How many calls have gone wrong.
     *
     * @return calls with an injected fault
     */
    public long injected() {
        return rules.used(call -> true);
    }

    /**
     * How many calls of a kind have gone wrong.
     *
     * @param call the kind of call
     * @return calls with an injected fault
     */
    public long injected(Hypercall call) {
        Objects.requireNonNull(call, "call");
        return rules.used(call::equals);
    }

    @Override
    public long msgqSend(long capability, byte[] buffer, int offset, int length, boolean push) {
        HypercallFault fault = rules.areOn() ? faultFor(Hypercall.SEND, capability) : null;
        return fault == null
                ? real.msgqSend(capability, buffer, offset, length, push)
                : faultySend(fault, capability, buffer, offset, length, push);
    }

    private long faultySend(
            HypercallFault fault, long capability, byte[] buffer, int offset, int length, boolean push) {
        int number = fault.number();
        return switch (fault.kind()) {
            case REFUSED, LOST -> sendResult(number, fault.kind() == HypercallFault.Kind.LOST);
            case STATUS_AFTERWARDS ->
                sendResult(number, GunyahHypercalls.notFull(real.msgqSend(capability, buffer, offset, length, push)));
            case CUT -> real.msgqSend(capability, buffer, offset, Math.min(length, number), push);
            case CORRUPTED -> {
                byte[] copy = buffer.clone();
                corrupt(copy, offset, length, number);
                yield real.msgqSend(capability, copy, offset, length, push);
            }
            case FLAG -> {
                long result = real.msgqSend(capability, buffer, offset, length, push);
                yield isOk(result) ? sendResult(GunyahError.OK, number != 0) : result;
            }
        };
    }

    @Override
    public long msgqReceive(long capability, byte[] buffer, int offset, int length) {
        HypercallFault fault = rules.areOn() ? faultFor(Hypercall.RECEIVE, capability) : null;
        return fault == null
                ? real.msgqReceive(capability, buffer, offset, length)
                : faultyReceive(fault, capability, buffer, offset, length);
    }

    private long faultyReceive(HypercallFault fault, long capability, byte[] buffer, int offset, int length) {
        int number = fault.number();
        if (fault.kind() == HypercallFault.Kind.REFUSED || fault.kind() == HypercallFault.Kind.LOST) {
            return receiveResult(number, 0, false);
        }
        long result = real.msgqReceive(capability, buffer, offset, length);
        if (fault.kind() == HypercallFault.Kind.STATUS_AFTERWARDS) {
            return receiveResult(number, 0, GunyahHypercalls.notEmpty(result));
        }
        if (!isOk(result)) {
            return result;
        }
        int size = GunyahHypercalls.size(result);
        boolean more = GunyahHypercalls.notEmpty(result);
        return switch (fault.kind()) {
            case CUT -> receiveResult(GunyahError.OK, Math.min(size, number), more);
            case FLAG -> receiveResult(GunyahError.OK, size, number != 0);
            default -> {
                corrupt(buffer, offset, size, number);
                yield result;
            }
        };
    }

    private static boolean isOk(long result) {
        return GunyahHypercalls.status(result) == GunyahError.OK;
    }

    /** Leaves a range that is not inside the buffer to the call, which refuses it. */
    private static void corrupt(byte[] buffer, int offset, int length, int mask) {
        for (int i = Math.max(offset, 0); i < buffer.length && i - offset < length; i++) {
            buffer[i] ^= (byte) mask;
        }
    }

    @Override
    public int msgqFlush(long capability) {
        return call(Hypercall.FLUSH, capability, () -> real.msgqFlush(capability));
    }

    @Override
    public int msgqConfigureSend(long capability, int threshold, int delay) {
        return call(Hypercall.CONFIGURE_SEND, capability, () -> real.msgqConfigureSend(capability, threshold, delay));
    }

    @Override
    public int msgqConfigureReceive(long capability, int threshold, int delay) {
        return call(
                Hypercall.CONFIGURE_RECEIVE, capability, () -> real.msgqConfigureReceive(capability, threshold, delay));
    }

    @Override
    public int msgqBindSendVirq(long capability, long vicCapability, int virq) {
        return call(Hypercall.BIND_SEND, capability, () -> real.msgqBindSendVirq(capability, vicCapability, virq));
    }

    @Override
    public int msgqBindReceiveVirq(long capability, long vicCapability, int virq) {
        return call(
                Hypercall.BIND_RECEIVE, capability, () -> real.msgqBindReceiveVirq(capability, vicCapability, virq));
    }

    @Override
    public int msgqUnbindSendVirq(long capability) {
        return call(Hypercall.UNBIND_SEND, capability, () -> real.msgqUnbindSendVirq(capability));
    }

    @Override
    public int msgqUnbindReceiveVirq(long capability) {
        return call(Hypercall.UNBIND_RECEIVE, capability, () -> real.msgqUnbindReceiveVirq(capability));
    }

    @Override
    public int partitionCreateMsgq(long partitionCapability, long cspaceCapability, NewCapability result) {
        return call(
                Hypercall.CREATE,
                partitionCapability,
                () -> real.partitionCreateMsgq(partitionCapability, cspaceCapability, result));
    }

    @Override
    public int msgqConfigure(long capability, int depth, int maxMessageSize) {
        return call(Hypercall.CONFIGURE, capability, () -> real.msgqConfigure(capability, depth, maxMessageSize));
    }

    @Override
    public int objectActivate(long capability) {
        return call(Hypercall.ACTIVATE, capability, () -> real.objectActivate(capability));
    }

    @Override
    public int cspaceDeleteCapability(long cspaceCapability, long capability) {
        return call(Hypercall.DELETE, capability, () -> real.cspaceDeleteCapability(cspaceCapability, capability));
    }

    @Override
    public int cspaceCopyCapability(
            long cspaceCapability,
            long capability,
            long destinationCspaceCapability,
            int rightsMask,
            NewCapability result) {
        return call(
                Hypercall.COPY,
                capability,
                () -> real.cspaceCopyCapability(
                        cspaceCapability, capability, destinationCspaceCapability, rightsMask, result));
    }

    @Override
    public int cspaceRevokeCapabilities(long cspaceCapability, long capability) {
        return call(Hypercall.REVOKE, capability, () -> real.cspaceRevokeCapabilities(cspaceCapability, capability));
    }

    private int call(Hypercall kind, long subject, IntSupplier realCall) {
        HypercallFault fault = rules.areOn() ? faultFor(kind, subject) : null;
        boolean made = fault == null || fault.kind() == HypercallFault.Kind.STATUS_AFTERWARDS;
        int status = made ? realCall.getAsInt() : GunyahError.OK;
        return fault == null ? status : fault.number();
    }

    private @Nullable HypercallFault faultFor(Hypercall call, long subject) {
        return rules.choose(call::equals, subject);
    }

    /**
     * Lists the faults, for a failed test.
     *
     * @return each with how often it was used
     */
    @Override
    public String toString() {
        return "FaultyHypercalls" + rules;
    }
}
