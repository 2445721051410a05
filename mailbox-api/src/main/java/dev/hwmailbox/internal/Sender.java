// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import dev.hwmailbox.MailboxScheduler;
import org.jspecify.annotations.Nullable;

/**
 * Whoever wants to know what became of one message, in the message's place: its own outcome, which is settled before it
 * is told. A sender that gives up while its message is being reported finds the outcome here.
 */
abstract class Sender {
    final @Nullable Object message;

    // Written under the channel's section.
    int slot;
    private boolean settled;
    private int status;

    Sender(@Nullable Object message) {
        this.message = message;
    }

    /** The message of a ring entry. */
    static @Nullable Object message(@Nullable Object entry) {
        return entry instanceof Sender sender ? sender.message : entry;
    }

    /** Settles the outcome of an entry, if anybody wants to know it and it is not settled; answers what it is. */
    static int settle(@Nullable Object entry, int outcome) {
        if (!(entry instanceof Sender sender)) {
            return outcome;
        }
        if (!sender.settled) {
            sender.settled = true;
            sender.status = outcome;
        }
        return sender.status;
    }

    final boolean isSettled() {
        return settled;
    }

    final int status() {
        return status;
    }

    /** Slot or negative errno: what a send answers. Once settled. */
    final int result() {
        return status < 0 ? status : slot;
    }

    /**
     * Tells the sender that it is settled. Called once at most, after the client's callback, with no lock held.
     *
     * @param scheduler where senders wait
     */
    abstract void finish(MailboxScheduler scheduler);
}
