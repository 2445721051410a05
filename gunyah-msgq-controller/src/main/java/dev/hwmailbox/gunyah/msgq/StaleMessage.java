// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A received message whose sender has been reset since it sent it, if the hypervisor says so
 * ({@link dev.hwmailbox.gunyah.GunyahHypercalls#STALE}): delivered in place of the bare bytes, so that no client takes
 * it for one of the new incarnation by mistake.
 *
 * @param bytes the message, read-only; valid during the callback only
 * @since 0.1
 */
public record StaleMessage(ByteBuffer bytes) {
    public StaleMessage {
        Objects.requireNonNull(bytes, "bytes");
    }
}
