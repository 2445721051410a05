// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Puts frames together into messages: one per channel, in one of two roles, because a Resource Manager and a client
 * answer malformed input differently. Any bytes at all get an answer, never an exception, and at most one message is
 * being put together, so memory is bounded by {@link RmFraming#MAX_MESSAGE_LENGTH}.
 *
 * <pre>
 *              first of several           last continuation
 *      idle ─────────────────▶ assembling ─────────────────▶ idle, message complete
 *                               │   ▲
 *      another first frame:     └───┘  the old message is lost
 *      foreign continuation:    Resource Manager: dropped, keeps assembling · client: idle, message lost
 * </pre>
 *
 * <p>Context: one thread at a time; never blocks.
 *
 * <p>Gunyah counterpart: src/rpc (gunyah-resource-manager) for the Resource Manager's role;
 * drivers/virt/gunyah/rsc_mgr.c (Linux, Gunyah series of 2023) for the client's.
 *
 * @since 0.1
 */
public abstract sealed class RmReassembler permits ClientReassembler, ResourceManagerReassembler {
    private @Nullable Assembly assembly;

    RmReassembler() {}

    /**
     * A reassembler for the Resource Manager's end. It takes messages of all types; a foreign continuation is dropped
     * and does no harm.
     *
     * @return a new reassembler
     */
    public static RmReassembler forResourceManager() {
        return new ResourceManagerReassembler();
    }

    /**
     * A reassembler for a client's end that also compares the sequence of continuations.
     *
     * @param calls tells which calls wait for a reply; asked from within {@code accept}
     * @return a new reassembler
     */
    public static RmReassembler forClient(OutstandingCalls calls) {
        return forClient(calls, true);
    }

    /**
     * A reassembler for a client's end.
     *
     * @param calls tells which calls wait for a reply; asked from within {@code accept}
     * @param compareSequence false to take a continuation with another sequence, as Linux does
     * @return a new reassembler
     */
    public static RmReassembler forClient(OutstandingCalls calls, boolean compareSequence) {
        return new ClientReassembler(Objects.requireNonNull(calls, "calls"), compareSequence);
    }

    /**
     * Takes the next frame of the channel.
     *
     * @param frame the frame
     * @return what it did
     */
    public abstract RmArrival accept(RmFrame frame);

    /**
     * Takes the next message of the queue, which may be too short or too long to be a frame.
     *
     * @param bytes everything between position and limit; copied, the position stays
     * @return what it did
     */
    public final RmArrival accept(ByteBuffer bytes) {
        if (bytes.remaining() < RmFrame.HEADER_LENGTH) {
            return RmArrival.dropped(RmArrival.Verdict.TOO_SHORT);
        }
        if (bytes.remaining() > RmFrame.MAX_LENGTH) {
            return acceptOverlong(bytes);
        }
        return accept(RmFrame.of(bytes, false));
    }

    /**
     * Whether a message is being put together.
     *
     * @return true if its first frame has arrived and its last has not
     */
    public final boolean isReassembling() {
        return assembly != null;
    }

    /**
     * How many continuations the message being put together lacks.
     *
     * @return 0..62; 0 if there is none
     */
    public final int remainingFragments() {
        return assembly == null ? 0 : assembly.remaining();
    }

    /**
     * How much of the message being put together has arrived.
     *
     * @return payload bytes, below {@link RmFraming#MAX_MESSAGE_LENGTH}; 0 if there is none
     */
    public final int bytesGathered() {
        return assembly == null ? 0 : assembly.length();
    }

    abstract RmArrival acceptOverlong(ByteBuffer bytes);

    abstract RmArrival deliver(RmMessage message, RmArrival.@Nullable Loss loss);

    final @Nullable Assembly assembly() {
        return assembly;
    }

    final @Nullable Assembly dropAssembly() {
        Assembly dropped = assembly;
        assembly = null;
        return dropped;
    }

    final RmArrival begin(RmMessageType type, RmFrame first, RmArrival.@Nullable Loss loss) {
        return keepOrDeliver(new Assembly(type, first), loss);
    }

    final RmArrival resume(Assembly current, RmFrame continuation) {
        current.add(continuation);
        return keepOrDeliver(current, null);
    }

    private RmArrival keepOrDeliver(Assembly current, RmArrival.@Nullable Loss loss) {
        if (current.remaining() > 0) {
            assembly = current;
            return new RmArrival(RmArrival.Verdict.INCOMPLETE, null, loss);
        }
        assembly = null;
        return deliver(current.toMessage(), loss);
    }

    /**
     * Which calls of a client wait for a reply. A call that an arrival reported as ended must be gone by the next
     * frame.
     *
     * <p>Context: callback; must not block, must not throw.
     */
    @FunctionalInterface
    public interface OutstandingCalls {
        /** No call: the reserved message id. */
        int NONE = RmMessageId.NONE;

        /**
         * The call that uses a sequence number.
         *
         * @param sequence 0..65535
         * @return its message id, or {@link #NONE} if no outstanding call uses that number
         */
        int messageIdOf(int sequence);
    }
}
