// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

/** What a {@code vdevice-type} asks for, in the order of making; those of one rank in the order of the tree. */
enum DeviceKind {
    RM_CHANNEL(0, 2),
    DOORBELL(1, 1),
    DOORBELL_SOURCE(1, 0),
    MESSAGE_QUEUE(2, 1),
    MESSAGE_QUEUE_PAIR(3, 2),
    SHARED_MEMORY_WITH_DOORBELLS(4, 1),
    SHARED_MEMORY(4, 0),
    VIRTIO(5, 1);

    private final int rank;
    private final int guestInterrupts;

    DeviceKind(int rank, int guestInterrupts) {
        this.rank = rank;
        this.guestInterrupts = guestInterrupts;
    }

    int rank() {
        return rank;
    }

    /** Interrupts that the guest's end takes. */
    int guestInterrupts() {
        return guestInterrupts;
    }

    boolean isDoorbell() {
        return this == DOORBELL || this == DOORBELL_SOURCE;
    }

    boolean isSharedMemory() {
        return this == SHARED_MEMORY_WITH_DOORBELLS || this == SHARED_MEMORY;
    }

    /** Whether it comes with memory that must have been shared with the guest when it is started. */
    boolean hasMemory() {
        return isSharedMemory() || this == VIRTIO;
    }

    /** Whether the other end can be another guest. */
    boolean canHavePeer() {
        return this == MESSAGE_QUEUE_PAIR || isDoorbell();
    }

    /** What a guest at the other end must ask for. */
    DeviceKind counterpart() {
        return switch (this) {
            case DOORBELL -> DOORBELL_SOURCE;
            case DOORBELL_SOURCE -> DOORBELL;
            default -> this;
        };
    }
}
