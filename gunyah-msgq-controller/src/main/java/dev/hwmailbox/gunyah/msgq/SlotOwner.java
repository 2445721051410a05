// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import org.jspecify.annotations.Nullable;

/** What can own a slot: a client's binding, or a reservation for one. */
interface SlotOwner {
    /** The resources in use; null if there are none yet. */
    @Nullable
    MsgqEndpoint endpoint();

    /** Gives the slot back if its client has lost the channel without the controller being told. */
    default boolean yieldIfEvicted() {
        return false;
    }
}
