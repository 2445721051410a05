// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.machine;

/**
 * Something in the machine was not as it must be.
 *
 * @since 0.1
 */
public final class MachineFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MachineFailure(String reason) {
        super(reason);
    }
}
