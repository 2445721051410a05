// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

/** Input that cannot be used, with the words for the user. */
final class RmFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RmFailure(String message) {
        super(message);
    }
}
