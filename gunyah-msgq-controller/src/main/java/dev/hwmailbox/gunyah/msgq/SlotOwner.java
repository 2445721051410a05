// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import org.jspecify.annotations.Nullable;

/** What can own a slot: a client's binding, a claim for one, or a reservation. */
interface SlotOwner {
    /** The resources in use; null if there are none yet, or no longer. */
    @Nullable
    MsgqEndpoint endpoint();

    /** Gives the slot back if its client has lost the channel without the controller being told. */
    default void yieldIfEvicted() {}
}
