// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import dev.hwmailbox.controller.ControllerChannel;
import org.jspecify.annotations.Nullable;

/** One channel of the controller, and whose it is. */
final class Slot {
    private final SlotTable table;
    private final ControllerChannel channel;

    // Taken under the table's lock; given back by whichever thread leaves last.
    private volatile @Nullable SlotOwner owner;
    private volatile long releasedAs; // 0: never used

    Slot(SlotTable table, ControllerChannel channel) {
        this.table = table;
        this.channel = channel;
    }

    ControllerChannel channel() {
        return channel;
    }

    @Nullable
    SlotOwner owner() {
        return owner;
    }

    void owner(SlotOwner owner) {
        this.owner = owner;
    }

    /** Free is a slot when neither its owner nor the framework has a call under way for the last client. */
    boolean isFree() {
        return owner == null && !channel.isBound();
    }

    /** The how manieth release this slot's last one was. */
    long releasedAs() {
        return releasedAs;
    }

    /** The owner's last call has left. */
    void release() {
        releasedAs = table.nextRelease();
        channel.privateData(null);
        owner = null;
    }
}
