// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

/** What a {@code vdevice-type} asks for. */
enum DeviceKind {
    RM_CHANNEL(0, 2),
    DOORBELL(1, 1),
    DOORBELL_SOURCE(1, 0),
    MESSAGE_QUEUE(2, 1),
    MESSAGE_QUEUE_PAIR(3, 2);

    private final int rank;
    private final int guestInterrupts;

    DeviceKind(int rank, int guestInterrupts) {
        this.rank = rank;
        this.guestInterrupts = guestInterrupts;
    }

    /** Devices of a lower rank are made first, those of one rank in the order of the tree. */
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
}
