// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.loopback;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Memory that client and device share, for payload that does not go through the channel.
 *
 * @param transmit where the client puts what it sends; null if it sends through the channel
 * @param receive where it finds what it receives; null for the same place
 */
record Windows(@Nullable ByteBuffer transmit, @Nullable ByteBuffer receive) {
    static final Windows NONE = new Windows(null, null);

    /** Where received data is, or null if it comes through the channel. */
    @Nullable
    ByteBuffer received() {
        return receive != null ? receive : transmit;
    }

    boolean hasSeparateReceive() {
        return receive != null;
    }
}
