// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.boot;

/** Something was not as it must be. */
final class BootFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BootFailure(String reason) {
        super(reason);
    }
}
