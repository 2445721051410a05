// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

/**
 * What a {@link ResourceManagerServer} does with replies to a VM that does not read them. In both cases 256
 * notifications wait per VM, and the oldest is dropped for one more.
 *
 * @since 0.1
 */
public enum Realism {
    /** The default: 64 replies wait per VM, and the oldest is dropped for one more. */
    ROBUST(VmConnection.MAX_WAITING_REPLIES, Integer.MAX_VALUE),

    /**
     * As the published Resource Manager: a single reply waits per VM once its queue is full, and is dropped for the
     * next one. A client that keeps several calls outstanding and does not read meanwhile loses replies.
     */
    PUBLISHED(1, 1);

    private final int waitingReplies;
    private final int framesUnderway;

    Realism(int waitingReplies, int framesUnderway) {
        this.waitingReplies = waitingReplies;
        this.framesUnderway = framesUnderway;
    }

    int waitingReplies() {
        return waitingReplies;
    }

    /** Frames that may wait for room in the queue at a time; more than one is the mailbox's doing. */
    int framesUnderway() {
        return framesUnderway;
    }
}
