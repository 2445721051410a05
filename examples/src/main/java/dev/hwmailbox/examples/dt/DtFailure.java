// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.dt;

/** What was asked for cannot be done; the message says why, and the command exits with the code. */
final class DtFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    private DtFailure(int exitCode, String reason) {
        super(reason);
        this.exitCode = exitCode;
    }

    /** The input was understood, and the answer is no. */
    static DtFailure refused(String reason) {
        return new DtFailure(DtCommand.EXIT_NO, reason);
    }

    /** The input cannot be read, or the output not written. */
    static DtFailure badInput(String reason) {
        return new DtFailure(DtCommand.EXIT_INPUT, reason);
    }

    int exitCode() {
        return exitCode;
    }
}
