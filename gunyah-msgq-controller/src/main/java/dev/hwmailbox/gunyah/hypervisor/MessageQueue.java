// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static dev.hwmailbox.gunyah.GunyahHypercalls.receiveResult;
import static dev.hwmailbox.gunyah.GunyahHypercalls.sendResult;

import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.hypervisor.QueueProbe.Operation;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * One message queue: a ring of fixed slots in one byte array. What a call does and which line it must assert or clear
 * is decided under the lock; the line is touched after the lock is released.
 *
 * <pre>
 *          configure
 *            ┌──┐
 *            ▼  │  activate                last capability gone
 *           INIT ─┴────────────▶ ACTIVE ─────────────┐
 *            │  activate refused                     ▼
 *            └────────────────▶ FAILED ────────▶ DESTROYED
 * </pre>
 *
 * <p>Gunyah counterpart: hyp/ipc/msgqueue (gunyah-hypervisor).
 */
final class MessageQueue extends HypervisorObject {
    static final int MAX_DEPTH = 255;
    static final int MAX_MESSAGE_SIZE = 1023;

    /** Bytes each slot costs beside the message, which begin with its size. */
    static final int SLOT_OVERHEAD = 8;

    /** Bytes the object itself costs. */
    static final int OBJECT_SIZE = 256;

    /** Threshold argument: leave it. */
    static final int UNCHANGED = -1;

    /** The only delay there is: none. */
    static final int NO_DELAY = -1;

    /** Added to the size of a message whose sender has been reset since. */
    private static final int STALE_MARK = Short.MIN_VALUE;

    /** Receive threshold argument: as many as the queue holds. */
    static final int WHOLE_DEPTH = -2;

    /** No result of a receive: somebody else was faster. */
    static final long OVERTAKEN = -1;

    private static final VarHandle SIZE = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.nativeOrder());

    enum State {
        INIT,
        ACTIVE,
        FAILED,
        DESTROYED
    }

    private final int number;
    private final boolean strict;
    private final Partition partition;
    private final @Nullable QueueProbe probe;
    private final QueueEnd sendEnd;
    private final QueueEnd receiveEnd;

    // guards: its own fields and all below. A leaf: nothing else is locked or called under it, except the probe.
    private final Ring ring = new Ring();
    private State state = State.INIT;
    private int depth;
    private int maxMessageSize;
    private int stride;
    private byte[] slots = new byte[0];
    private int notFullThreshold;
    private int notEmptyThreshold;

    MessageQueue(int number, Partition partition, HypervisorOptions options) {
        super(ObjectType.MSGQUEUE);
        this.number = number;
        this.partition = partition;
        strict = options.strict();
        probe = options.probe();
        sendEnd = new QueueEnd(this, true, options.interruptSink(), options.observer());
        receiveEnd = new QueueEnd(this, false, options.interruptSink(), options.observer());
    }

    int number() {
        return number;
    }

    /** How many messages fit, for diagnostics; 0 unless configured. */
    int depth() {
        return depth;
    }

    QueueEnd end(boolean sending) {
        return sending ? sendEnd : receiveEnd;
    }

    int configure(int depth, int maxMessageSize) {
        ring.enter();
        try {
            if (state != State.INIT) {
                return GunyahError.OBJECT_STATE;
            }
            if (depth < 1 || depth > MAX_DEPTH || maxMessageSize < 1 || maxMessageSize > MAX_MESSAGE_SIZE) {
                return GunyahError.ARGUMENT_INVALID;
            }
            this.depth = depth;
            this.maxMessageSize = maxMessageSize;
            return GunyahError.OK;
        } finally {
            ring.leave();
        }
    }

    /** The caller holds the set-up lock. */
    @Override
    int activate() {
        ring.enter();
        try {
            if (state != State.INIT) {
                return GunyahError.OBJECT_STATE;
            }
            state = State.FAILED;
            if (depth == 0) {
                return GunyahError.OBJECT_CONFIG;
            }
            if (!partition.reserve(bufferBytes())) {
                return GunyahError.NOMEM;
            }
            // Messages begin at a multiple of eight, where they are copied fastest.
            stride = (SLOT_OVERHEAD + maxMessageSize + 7) & -8;
            slots = new byte[depth * stride];
            notFullThreshold = depth - 1;
            notEmptyThreshold = 1;
            state = State.ACTIVE;
            return GunyahError.OK;
        } finally {
            ring.leave();
        }
    }

    /**
     * Appends a message.
     *
     * @param fault what reaching the caller's memory is known to give, OK if it can be reached
     */
    long send(byte[] buffer, int offset, int length, boolean push, int fault) {
        if (probe != null) {
            probe.before(number, Operation.SEND);
        }
        long result;
        boolean crossed = false;
        ring.enter();
        try {
            if (probe != null) {
                probe.inside(number, Operation.SEND);
            }
            if (state != State.ACTIVE) {
                result = sendResult(GunyahError.OBJECT_STATE, false);
            } else if (ring.count == depth) {
                result = sendResult(GunyahError.MSGQUEUE_FULL, false);
            } else {
                int error = sendError(buffer, offset, length, fault);
                if (error == GunyahError.OK) {
                    append(buffer, offset, length);
                    crossed = push || ring.count == notEmptyThreshold;
                    result = sendResult(GunyahError.OK, ring.count < depth);
                } else {
                    result = sendResult(strict ? error : GunyahError.OK, true);
                }
            }
        } finally {
            ring.leave();
        }
        if (probe != null) {
            probe.after(number, Operation.SEND, result);
        }
        if (crossed) {
            receiveEnd.assertLine();
        }
        return result;
    }

    private int sendError(byte[] buffer, int offset, int length, int fault) {
        if (length == 0 || Integer.compareUnsigned(length, maxMessageSize) > 0) {
            return GunyahError.ARGUMENT_SIZE;
        }
        return fault != GunyahError.OK ? fault : reach(buffer, offset, length);
    }

    private void append(byte[] buffer, int offset, int length) {
        int slot = ring.tail;
        SIZE.set(slots, slot, (short) length);
        System.arraycopy(buffer, offset, slots, slot + SLOT_OVERHEAD, length);
        ring.tail = next(slot);
        ring.count++;
    }

    private int next(int slot) {
        int next = slot + stride;
        return next == slots.length ? 0 : next;
    }

    /**
     * Takes the oldest message.
     *
     * @param fault what reaching the caller's memory is known to give, OK if it can be reached
     */
    long receive(byte[] buffer, int offset, int length, int fault) {
        if (probe != null) {
            probe.before(number, Operation.RECEIVE);
        }
        long result;
        boolean crossed = false;
        ring.enter();
        try {
            if (probe != null) {
                probe.inside(number, Operation.RECEIVE);
            }
            if (state != State.ACTIVE) {
                result = receiveResult(GunyahError.OBJECT_STATE, 0, false);
            } else if (ring.count == 0) {
                result = receiveResult(GunyahError.MSGQUEUE_EMPTY, 0, false);
            } else {
                int error = receiveError(buffer, offset, length, fault);
                if (error == GunyahError.OK) {
                    long staleBit = isOldestStale() ? GunyahHypercalls.STALE : 0;
                    int size = take(buffer, offset);
                    crossed = ring.count == notFullThreshold;
                    result = receiveResult(GunyahError.OK, size, ring.count > 0) | staleBit;
                } else {
                    result = receiveResult(strict ? error : GunyahError.OK, 0, true);
                }
            }
        } finally {
            ring.leave();
        }
        if (probe != null) {
            probe.after(number, Operation.RECEIVE, result);
        }
        if (crossed) {
            sendEnd.assertLine();
        }
        return result;
    }

    private int receiveError(byte[] buffer, int offset, int length, int fault) {
        if (Integer.compareUnsigned(length, oldestSize()) < 0) {
            return GunyahError.ADDR_OVERFLOW;
        }
        return fault != GunyahError.OK ? fault : reach(buffer, offset, length);
    }

    private int oldestSize() {
        return (short) SIZE.get(slots, ring.head) & ~STALE_MARK;
    }

    private boolean isOldestStale() {
        return (short) SIZE.get(slots, ring.head) < 0;
    }

    /** Marks what waits: the VM that may have sent it has been reset. */
    void markStale() {
        ring.enter();
        try {
            int slot = ring.head;
            for (int i = 0; i < ring.count; i++) {
                SIZE.set(slots, slot, (short) ((short) SIZE.get(slots, slot) | STALE_MARK));
                slot = next(slot);
            }
        } finally {
            ring.leave();
        }
    }

    private int take(byte[] buffer, int offset) {
        int slot = ring.head;
        int size = oldestSize();
        System.arraycopy(slots, slot + SLOT_OVERHEAD, buffer, offset, size);
        dropOldest();
        return size;
    }

    private void dropOldest() {
        ring.head = next(ring.head);
        ring.count--;
        ring.removals++;
    }

    /** Whether a range lies in a buffer. The caller's word for non-null is not trusted: it may be a guest's. */
    private static int reach(byte @Nullable [] buffer, int offset, int length) {
        boolean inside = buffer != null && (offset | length) >= 0 && length <= buffer.length - offset;
        return inside ? GunyahError.OK : GunyahError.ADDR_INVALID;
    }

    int flush() {
        if (probe != null) {
            probe.before(number, Operation.FLUSH);
        }
        int error = GunyahError.OK;
        boolean dropped = false;
        ring.enter();
        try {
            if (probe != null) {
                probe.inside(number, Operation.FLUSH);
            }
            if (state != State.ACTIVE) {
                error = GunyahError.OBJECT_STATE;
            } else {
                dropped = ring.count > 0;
                forgetMessages();
            }
        } finally {
            ring.leave();
        }
        if (probe != null) {
            probe.after(number, Operation.FLUSH, sendResult(error, false));
        }
        if (dropped) {
            sendEnd.assertLine();
            receiveEnd.clearLine();
        }
        return error;
    }

    /** Sets the threshold of one end, and brings the end's line in accord with it. */
    int configureThreshold(boolean sending, int threshold, int delay) {
        Operation operation = sending ? Operation.CONFIGURE_SEND : Operation.CONFIGURE_RECEIVE;
        if (probe != null) {
            probe.before(number, operation);
        }
        int error;
        boolean evaluate = false;
        boolean met = false;
        ring.enter();
        try {
            if (probe != null) {
                probe.inside(number, operation);
            }
            error = thresholdError(sending, threshold, delay);
            if (error == GunyahError.OK && threshold != UNCHANGED) {
                setThreshold(sending, threshold);
                evaluate = sending || threshold != WHOLE_DEPTH;
                met = isMet(sending);
            }
        } finally {
            ring.leave();
        }
        if (probe != null) {
            probe.after(number, operation, sendResult(error, false));
        }
        if (evaluate && met) {
            end(sending).assertLine();
        } else if (evaluate) {
            end(sending).clearLine();
        }
        return error;
    }

    private int thresholdError(boolean sending, int threshold, int delay) {
        if (state != State.ACTIVE) {
            return GunyahError.OBJECT_STATE;
        }
        if (delay != NO_DELAY) {
            return GunyahError.UNIMPLEMENTED;
        }
        boolean allowed = sending
                ? threshold == UNCHANGED || Integer.compareUnsigned(threshold, depth) < 0
                : threshold == UNCHANGED || threshold == WHOLE_DEPTH || (threshold >= 1 && threshold <= depth);
        return allowed ? GunyahError.OK : GunyahError.ARGUMENT_INVALID;
    }

    private void setThreshold(boolean sending, int threshold) {
        if (sending) {
            notFullThreshold = threshold;
        } else {
            notEmptyThreshold = threshold == WHOLE_DEPTH ? depth : threshold;
        }
    }

    /** Whether the condition of an end's level line holds now. */
    boolean isConditionMet(boolean sending) {
        ring.enter();
        try {
            return state == State.ACTIVE && isMet(sending);
        } finally {
            ring.leave();
        }
    }

    private boolean isMet(boolean sending) {
        return sending ? ring.count <= notFullThreshold : ring.count >= notEmptyThreshold;
    }

    boolean isActive() {
        return state() == State.ACTIVE;
    }

    State state() {
        ring.enter();
        try {
            return state;
        } finally {
            ring.leave();
        }
    }

    /** How many messages wait. */
    int count() {
        ring.enter();
        try {
            return ring.count;
        } finally {
            ring.leave();
        }
    }

    /** Threshold of one end; meaningless unless active. */
    int threshold(boolean sending) {
        ring.enter();
        try {
            return sending ? notFullThreshold : notEmptyThreshold;
        } finally {
            ring.leave();
        }
    }

    /** Ends the queue: calls still on their way find it inactive. The caller holds the set-up lock. */
    State destroy() {
        ring.enter();
        try {
            State was = state;
            partition.release(OBJECT_SIZE + (was == State.ACTIVE ? bufferBytes() : 0));
            state = State.DESTROYED;
            slots = new byte[0];
            forgetMessages();
            return was;
        } finally {
            ring.leave();
        }
    }

    private void forgetMessages() {
        ring.count = 0;
        ring.removals++;
        ring.head = 0;
        ring.tail = 0;
    }

    private long bufferBytes() {
        return (long) depth * (maxMessageSize + SLOT_OVERHEAD);
    }

    /**
     * The first half of a receive whose target is reached only through the embedder's code, which is not called under
     * the lock: copies the oldest message and leaves it.
     *
     * @param buffer has room for the largest message there is
     * @param room what the receiver can take
     * @param headSequence gets at index 0 what {@link #takeIf} wants to know
     * @return as {@link #receive}
     */
    long peek(byte[] buffer, int room, long[] headSequence) {
        ring.enter();
        try {
            if (state != State.ACTIVE) {
                return receiveResult(GunyahError.OBJECT_STATE, 0, false);
            }
            if (ring.count == 0) {
                return receiveResult(GunyahError.MSGQUEUE_EMPTY, 0, false);
            }
            int size = oldestSize();
            if (Integer.compareUnsigned(room, size) < 0) {
                return receiveResult(strict ? GunyahError.ADDR_OVERFLOW : GunyahError.OK, 0, true);
            }
            System.arraycopy(slots, ring.head + SLOT_OVERHEAD, buffer, 0, size);
            headSequence[0] = ring.removals;
            return receiveResult(GunyahError.OK, size, true);
        } finally {
            ring.leave();
        }
    }

    /**
     * The second half: removes the message that {@link #peek} saw, unless storing it gave a fault.
     *
     * @return as {@link #receive}; {@link #OVERTAKEN} if another message, or none, is the oldest by now
     */
    long takeIf(long headSequence, int fault) {
        if (probe != null) {
            probe.before(number, Operation.RECEIVE);
        }
        long result;
        boolean crossed = false;
        ring.enter();
        try {
            if (probe != null) {
                probe.inside(number, Operation.RECEIVE);
            }
            if (state != State.ACTIVE) {
                result = receiveResult(GunyahError.OBJECT_STATE, 0, false);
            } else if (ring.removals != headSequence) {
                result = OVERTAKEN;
            } else if (fault != GunyahError.OK) {
                result = receiveResult(strict ? fault : GunyahError.OK, 0, true);
            } else {
                int size = oldestSize();
                dropOldest();
                crossed = ring.count == notFullThreshold;
                result = receiveResult(GunyahError.OK, size, ring.count > 0);
            }
        } finally {
            ring.leave();
        }
        if (probe != null && result != OVERTAKEN) {
            probe.after(number, Operation.RECEIVE, result);
        }
        if (crossed) {
            sendEnd.assertLine();
        }
        return result;
    }

    @Override
    public String toString() {
        return "msgq " + number;
    }

    /** What changes with each message, and the lock. Apart from the rest, which senders and receivers only read. */
    private static final class Ring extends ShortLock {
        /** Index of the oldest message's slot. */
        private int head;

        /** Index of the slot for the next message. */
        private int tail;

        private int count;

        /** How often the oldest message was removed: names the oldest of the moment. */
        private long removals;
    }
}
