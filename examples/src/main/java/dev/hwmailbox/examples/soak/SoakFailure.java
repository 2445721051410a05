// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.soak;

/** Something is not as it must be. */
final class SoakFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    SoakFailure(String message) {
        super(message);
    }
}
