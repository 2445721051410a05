// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.GunyahException;
import dev.hwmailbox.gunyah.rm.protocol.RmError;

/** A request is refused: carries the error word of the reply, and the reason for people. Never leaves this package. */
final class RmRefusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int errorWord;
    private final String reason;

    RmRefusal(int errorWord, String reason) {
        super(RmError.name(errorWord) + ": " + reason);
        this.errorWord = errorWord;
        this.reason = reason;
    }

    /** The hypervisor refuses, and so the Resource Manager. */
    RmRefusal(int errorWord, GunyahException cause) {
        this(errorWord, String.valueOf(cause.getMessage()));
        initCause(cause);
    }

    /** In words. */
    String reason() {
        return reason;
    }

    int errorWord() {
        return errorWord;
    }
}
