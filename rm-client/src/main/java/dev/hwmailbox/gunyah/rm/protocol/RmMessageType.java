// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;
import java.util.Optional;

/**
 * What a message is. Only VMs request; only the Resource Manager replies and notifies.
 *
 * <p>Context: any thread.
 *
 * <p>Gunyah counterpart: the type bits of the RPC header, drivers/virt/gunyah/rsc_mgr_rpc.c (Linux, Gunyah series of
 * 2024).
 *
 * @since 0.1
 */
public enum RmMessageType {
    /** A VM calls the Resource Manager. */
    REQUEST(1),

    /** The Resource Manager's answer to one request; starts with an error word. */
    REPLY(2),

    /** The Resource Manager tells a VM something it did not ask for. */
    NOTIFICATION(3);

    private static final List<Optional<RmMessageType>> BY_VALUE =
            List.of(Optional.empty(), Optional.of(REQUEST), Optional.of(REPLY), Optional.of(NOTIFICATION));

    private final int value;

    RmMessageType(int value) {
        this.value = value;
    }

    /**
     * The type as it stands in the header of a message's first frame.
     *
     * @return 1..3
     */
    public int value() {
        return value;
    }

    /**
     * The type with a given number.
     *
     * @param value the type bits of a header
     * @return the type; empty for 0, which marks a continuation and so says nothing, and for anything else
     */
    public static Optional<RmMessageType> fromValue(int value) {
        return value > 0 && value < BY_VALUE.size() ? BY_VALUE.get(value) : Optional.empty();
    }
}
