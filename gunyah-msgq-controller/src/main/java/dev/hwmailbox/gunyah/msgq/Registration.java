// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

/**
 * A handler's place in a dispatcher.
 *
 * <p>Context: any thread, also from handlers; never blocks.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface Registration extends AutoCloseable {
    /** Gives the place up: no call begins after this has returned. A second time does nothing. */
    @Override
    void close();
}
