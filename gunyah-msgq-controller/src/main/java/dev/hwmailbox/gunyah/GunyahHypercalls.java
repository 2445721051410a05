// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

/**
 * The hypercalls as one VM sees them: raw status, no exceptions for hypervisor errors, nothing allocated.
 *
 * <p>The two data-path calls answer with a {@code long}: the low 32 bits are the raw Gunyah error number, see
 * {@link #status}; flags and size lie above, see {@link #notFull}, {@link #notEmpty} and {@link #size}. All other calls
 * answer with the raw error number. A capability is passed as its raw 64-bit ID; errors common to all calls that take
 * one ("capability errors") are ARGUMENT_INVALID (ID cannot be decoded), CSPACE_CAP_NULL, CSPACE_CAP_REVOKED,
 * CSPACE_WRONG_OBJECT_TYPE, CSPACE_INSUFFICIENT_RIGHTS and, where the object must be active, OBJECT_STATE, found in
 * this order.
 *
 * <p>Context: any thread, concurrently; never blocks for another VM. Calls on different queues run in parallel, calls
 * on one queue are atomic. An implementation may deliver interrupts on the calling thread before it returns, holding no
 * lock.
 *
 * <p>Gunyah counterpart: docs/api/gunyah_api.md (gunyah-hypervisor); arch/arm64/gunyah/gunyah_hypercall.c (Linux patch
 * series).
 *
 * @since 0.1
 */
public interface GunyahHypercalls {
    /** Result bit of a send: the queue has room for at least one more message. */
    long NOT_FULL = 1L << 32;

    /** Result bit of a receive: at least one more message waits. */
    long NOT_EMPTY = 1L << 32;

    /** Position of the message size in the result of a receive, 15 bits wide. */
    int SIZE_SHIFT = 33;

    /**
     * Result bit of a receive: the VM that sent the message has been reset since. Not in Gunyah; only a hypervisor that
     * was asked to mark such messages sets it.
     */
    long STALE = 1L << 48;

    /**
     * Appends one message to a queue.
     *
     * @param capability a message-queue capability with {@link GunyahRights#MSGQ_SEND}
     * @param buffer holds the message
     * @param offset index of its first byte
     * @param length its size in bytes, 1..1023 and at most the queue's largest message
     * @param push true to interrupt the receiver whatever the fill level
     * @return status and {@link #NOT_FULL}; errors MSGQUEUE_FULL, ARGUMENT_SIZE (length), ADDR_INVALID (range outside
     *     the buffer), capability errors
     */
    long msgqSend(long capability, byte[] buffer, int offset, int length, boolean push);

    /**
     * Takes the oldest message out of a queue.
     *
     * @param capability a message-queue capability with {@link GunyahRights#MSGQ_RECEIVE}
     * @param buffer receives the message
     * @param offset index of the first byte to write
     * @param length room in bytes
     * @return status, size, {@link #NOT_EMPTY} and {@link #STALE}; errors MSGQUEUE_EMPTY, ADDR_OVERFLOW (room too
     *     small; the message stays), ADDR_INVALID (range outside the buffer), capability errors
     */
    long msgqReceive(long capability, byte[] buffer, int offset, int length);

    /**
     * Drops all messages of a queue; tells the sender that there is room and takes back the receiver's interrupt.
     *
     * @param capability a message-queue capability with {@link GunyahRights#MSGQ_RECEIVE}
     * @return OK or a capability error
     */
    int msgqFlush(long capability);

    /**
     * Sets the fill level at which the sender is interrupted, and interrupts it at once if the level is at or below it.
     *
     * @param capability a message-queue capability with {@link GunyahRights#MSGQ_SEND}
     * @param threshold 0..depth-1, or -1 to change nothing
     * @param delay must be -1
     * @return OK; UNIMPLEMENTED (delay), ARGUMENT_INVALID (threshold), or a capability error
     */
    int msgqConfigureSend(long capability, int threshold, int delay);

    /**
     * Sets the fill level at which the receiver is interrupted, and interrupts it at once if the level is at or above
     * it.
     *
     * @param capability a message-queue capability with {@link GunyahRights#MSGQ_RECEIVE}
     * @param threshold 1..depth, -1 to change nothing, -2 for the depth
     * @param delay must be -1
     * @return OK; UNIMPLEMENTED (delay), ARGUMENT_INVALID (threshold), or a capability error
     */
    int msgqConfigureReceive(long capability, int threshold, int delay);

    /**
     * Binds the interrupt "room again" of a queue's sending end. Binding asserts nothing.
     *
     * @param capability a message-queue capability with {@link GunyahRights#MSGQ_BIND_SEND}
     * @param vicCapability an interrupt-controller capability with {@link GunyahRights#VIC_BIND_SOURCE}
     * @param virq interrupt number of that controller, 32..1019
     * @return OK; VIRQ_BOUND (this end has one), ARGUMENT_INVALID (number), BUSY (number taken), or a capability error
     */
    int msgqBindSendVirq(long capability, long vicCapability, int virq);

    /**
     * Binds the interrupt "something to read" of a queue's receiving end. Binding asserts nothing.
     *
     * @param capability a message-queue capability with {@link GunyahRights#MSGQ_BIND_RECEIVE}
     * @param vicCapability an interrupt-controller capability with {@link GunyahRights#VIC_BIND_SOURCE}
     * @param virq interrupt number of that controller, 32..1019
     * @return as {@link #msgqBindSendVirq}
     */
    int msgqBindReceiveVirq(long capability, long vicCapability, int virq);

    /**
     * Unbinds the sending end's interrupt. An edge already pending may still arrive.
     *
     * @param capability a message-queue capability with {@link GunyahRights#MSGQ_BIND_SEND}
     * @return OK, also if none was bound, or a capability error
     */
    int msgqUnbindSendVirq(long capability);

    /**
     * Unbinds the receiving end's interrupt. An edge already pending may still arrive.
     *
     * @param capability a message-queue capability with {@link GunyahRights#MSGQ_BIND_RECEIVE}
     * @return OK, also if none was bound, or a capability error
     */
    int msgqUnbindReceiveVirq(long capability);

    /**
     * Makes a message queue that is neither configured nor active, and a master capability to it.
     *
     * @param partitionCapability a partition capability with {@link GunyahRights#PARTITION_OBJECT_CREATE}
     * @param cspaceCapability the capability space that gets the master capability, with
     *     {@link GunyahRights#CSPACE_CAP_CREATE}
     * @param result gets the master capability
     * @return OK; NOMEM, CSPACE_FULL, or a capability error
     */
    int partitionCreateMsgq(long partitionCapability, long cspaceCapability, NewCapability result);

    /**
     * Configures a queue that is not active yet. The last successful call wins. Here the right is looked at before the
     * type of the object.
     *
     * @param capability a message-queue capability with {@link GunyahRights#OBJECT_ACTIVATE}
     * @param depth messages it holds, 1..255
     * @param maxMessageSize largest message in bytes, 1..1023
     * @return OK; ARGUMENT_INVALID (a limit; the old values stay), OBJECT_STATE (not in its initial state), or a
     *     capability error
     */
    int msgqConfigure(long capability, int depth, int maxMessageSize);

    /**
     * Activates an object. Failing leaves it failed for good.
     *
     * @param capability a capability with {@link GunyahRights#OBJECT_ACTIVATE}
     * @return OK; OBJECT_CONFIG (never configured), NOMEM, OBJECT_STATE (not in its initial state), or a capability
     *     error
     */
    int objectActivate(long capability);

    /**
     * Empties a capability slot. An object dies with its last valid capability.
     *
     * @param cspaceCapability the capability space, with {@link GunyahRights#CSPACE_CAP_DELETE}
     * @param capability the slot in that space
     * @return OK or a capability error
     */
    int cspaceDeleteCapability(long cspaceCapability, long capability);

    /**
     * Copies a capability, dropping rights.
     *
     * @param cspaceCapability the source space, with {@link GunyahRights#CSPACE_CAP_COPY}
     * @param capability the capability in that space
     * @param destinationCspaceCapability the destination space, with {@link GunyahRights#CSPACE_CAP_CREATE}
     * @param rightsMask rights to keep; a copy is never a master capability
     * @param result gets the new capability, an ID of the destination space
     * @return OK; CSPACE_INSUFFICIENT_RIGHTS (no right would be left), CSPACE_FULL, or a capability error
     */
    int cspaceCopyCapability(
            long cspaceCapability,
            long capability,
            long destinationCspaceCapability,
            int rightsMask,
            NewCapability result);

    /**
     * Revokes every other capability, in all spaces, to the object of a master capability. Raises no interrupt.
     *
     * @param cspaceCapability the capability space of the master, with {@link GunyahRights#CSPACE_CAP_REVOKE}
     * @param capability the master capability in that space
     * @return OK; CSPACE_INSUFFICIENT_RIGHTS (not a master), or a capability error
     */
    int cspaceRevokeCapabilities(long cspaceCapability, long capability);

    /**
     * The status of a data-path result.
     *
     * @param result what {@link #msgqSend} or {@link #msgqReceive} answered
     * @return the raw Gunyah error number
     */
    static int status(long result) {
        return (int) result;
    }

    /**
     * Whether a send left room for another message.
     *
     * @param result what {@link #msgqSend} answered
     * @return true if there is room
     */
    static boolean notFull(long result) {
        return (result & NOT_FULL) != 0;
    }

    /**
     * Whether a receive left another message.
     *
     * @param result what {@link #msgqReceive} answered
     * @return true if another message waits
     */
    static boolean notEmpty(long result) {
        return (result & NOT_EMPTY) != 0;
    }

    /**
     * Whether the sender of the received message has been reset since.
     *
     * @param result what {@link #msgqReceive} answered
     * @return true if the sending VM has been reset since it sent this, and the hypervisor marks such messages
     */
    static boolean stale(long result) {
        return (result & STALE) != 0;
    }

    /**
     * The size of the received message.
     *
     * @param result what {@link #msgqReceive} answered
     * @return bytes, 0..1023
     */
    static int size(long result) {
        return (int) (result >>> SIZE_SHIFT) & 0x7fff;
    }

    /**
     * Composes the result of a send; for implementations.
     *
     * @param status raw Gunyah error number
     * @param notFull whether there is room for another message
     * @return the result
     */
    static long sendResult(int status, boolean notFull) {
        return (status & 0xffffffffL) | (notFull ? NOT_FULL : 0);
    }

    /**
     * Composes the result of a receive; for implementations.
     *
     * @param status raw Gunyah error number
     * @param size bytes received, 0..1023
     * @param notEmpty whether another message waits
     * @return the result
     */
    static long receiveResult(int status, int size, boolean notEmpty) {
        return (status & 0xffffffffL) | (notEmpty ? NOT_EMPTY : 0) | ((long) size << SIZE_SHIFT);
    }
}
