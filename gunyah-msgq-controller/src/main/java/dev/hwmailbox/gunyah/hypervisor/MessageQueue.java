// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static dev.hwmailbox.gunyah.GunyahHypercalls.receiveResult;
import static dev.hwmailbox.gunyah.GunyahHypercalls.sendResult;

import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.hypervisor.QueueProbe.Operation;
import java.util.concurrent.locks.ReentrantLock;
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

    /** Bytes each slot costs beside the message. */
    static final int SLOT_OVERHEAD = 8;

    /** Bytes the object itself costs. */
    static final int OBJECT_SIZE = 256;

    /** Threshold argument: leave it. */
    static final int UNCHANGED = -1;

    /** The only delay there is: none. */
    static final int NO_DELAY = -1;

    /** Receive threshold argument: as many as the queue holds. */
    static final int WHOLE_DEPTH = -2;

    /** No result of a receive: somebody else was faster. */
    static final long OVERTAKEN = -1;

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

    // guards: all fields below. A leaf: nothing else is locked or called under it, except the probe.
    private final ReentrantLock lock = new ReentrantLock();
    private State state = State.INIT;
    private int depth;
    private int maxMessageSize;
    private byte[] slots = new byte[0];
    private short[] sizes = new short[0];
    private int head;
    private int count;
    private int notFullThreshold;
    private int notEmptyThreshold;

    /** How often the head was removed: names the head of the moment. */
    private long removals;

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

    QueueEnd end(boolean sending) {
        return sending ? sendEnd : receiveEnd;
    }

    int configure(int depth, int maxMessageSize) {
        lock.lock();
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
            lock.unlock();
        }
    }

    /** The caller holds the set-up lock. */
    @Override
    int activate() {
        lock.lock();
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
            slots = new byte[depth * maxMessageSize];
            sizes = new short[depth];
            notFullThreshold = depth - 1;
            notEmptyThreshold = 1;
            state = State.ACTIVE;
            return GunyahError.OK;
        } finally {
            lock.unlock();
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
        lock.lock();
        try {
            if (probe != null) {
                probe.inside(number, Operation.SEND);
            }
            if (state != State.ACTIVE) {
                result = sendResult(GunyahError.OBJECT_STATE, false);
            } else if (count == depth) {
                result = sendResult(GunyahError.MSGQUEUE_FULL, false);
            } else {
                int error = sendError(buffer, offset, length, fault);
                if (error == GunyahError.OK) {
                    append(buffer, offset, length);
                    crossed = push || count == notEmptyThreshold;
                    result = sendResult(GunyahError.OK, count < depth);
                } else {
                    result = sendResult(strict ? error : GunyahError.OK, true);
                }
            }
        } finally {
            lock.unlock();
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
        int tail = head + count;
        if (tail >= depth) {
            tail -= depth;
        }
        System.arraycopy(buffer, offset, slots, tail * maxMessageSize, length);
        sizes[tail] = (short) length;
        count++;
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
        lock.lock();
        try {
            if (probe != null) {
                probe.inside(number, Operation.RECEIVE);
            }
            if (state != State.ACTIVE) {
                result = receiveResult(GunyahError.OBJECT_STATE, 0, false);
            } else if (count == 0) {
                result = receiveResult(GunyahError.MSGQUEUE_EMPTY, 0, false);
            } else {
                int error = receiveError(buffer, offset, length, fault);
                if (error == GunyahError.OK) {
                    int size = take(buffer, offset);
                    crossed = count == notFullThreshold;
                    result = receiveResult(GunyahError.OK, size, count > 0);
                } else {
                    result = receiveResult(strict ? error : GunyahError.OK, 0, true);
                }
            }
        } finally {
            lock.unlock();
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
        if (Integer.compareUnsigned(length, sizes[head]) < 0) {
            return GunyahError.ADDR_OVERFLOW;
        }
        return fault != GunyahError.OK ? fault : reach(buffer, offset, length);
    }

    private int take(byte[] buffer, int offset) {
        int size = sizes[head];
        System.arraycopy(slots, head * maxMessageSize, buffer, offset, size);
        head = head + 1 == depth ? 0 : head + 1;
        count--;
        removals++;
        return size;
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
        lock.lock();
        try {
            if (probe != null) {
                probe.inside(number, Operation.FLUSH);
            }
            if (state != State.ACTIVE) {
                error = GunyahError.OBJECT_STATE;
            } else {
                dropped = count > 0;
                count = 0;
                head = 0;
                removals++;
            }
        } finally {
            lock.unlock();
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
        lock.lock();
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
            lock.unlock();
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
        lock.lock();
        try {
            return state == State.ACTIVE && isMet(sending);
        } finally {
            lock.unlock();
        }
    }

    private boolean isMet(boolean sending) {
        return sending ? count <= notFullThreshold : count >= notEmptyThreshold;
    }

    boolean isActive() {
        return state() == State.ACTIVE;
    }

    State state() {
        lock.lock();
        try {
            return state;
        } finally {
            lock.unlock();
        }
    }

    /** How many messages wait. */
    int count() {
        lock.lock();
        try {
            return count;
        } finally {
            lock.unlock();
        }
    }

    /** Threshold of one end; meaningless unless active. */
    int threshold(boolean sending) {
        lock.lock();
        try {
            return sending ? notFullThreshold : notEmptyThreshold;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the queue: calls still on their way find it inactive. The caller holds the set-up lock. */
    State destroy() {
        lock.lock();
        try {
            State was = state;
            partition.release(OBJECT_SIZE + (was == State.ACTIVE ? bufferBytes() : 0));
            state = State.DESTROYED;
            slots = new byte[0];
            sizes = new short[0];
            count = 0;
            return was;
        } finally {
            lock.unlock();
        }
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
        lock.lock();
        try {
            if (state != State.ACTIVE) {
                return receiveResult(GunyahError.OBJECT_STATE, 0, false);
            }
            if (count == 0) {
                return receiveResult(GunyahError.MSGQUEUE_EMPTY, 0, false);
            }
            int size = sizes[head];
            if (Integer.compareUnsigned(room, size) < 0) {
                return receiveResult(strict ? GunyahError.ADDR_OVERFLOW : GunyahError.OK, 0, true);
            }
            System.arraycopy(slots, head * maxMessageSize, buffer, 0, size);
            headSequence[0] = removals;
            return receiveResult(GunyahError.OK, size, true);
        } finally {
            lock.unlock();
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
        lock.lock();
        try {
            if (probe != null) {
                probe.inside(number, Operation.RECEIVE);
            }
            if (state != State.ACTIVE) {
                result = receiveResult(GunyahError.OBJECT_STATE, 0, false);
            } else if (removals != headSequence) {
                result = OVERTAKEN;
            } else if (fault != GunyahError.OK) {
                result = receiveResult(strict ? fault : GunyahError.OK, 0, true);
            } else {
                int size = sizes[head];
                head = head + 1 == depth ? 0 : head + 1;
                count--;
                removals++;
                crossed = count == notFullThreshold;
                result = receiveResult(GunyahError.OK, size, count > 0);
            }
        } finally {
            lock.unlock();
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
}
