// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import dev.hwmailbox.MailboxException;

/**
 * The hypervisor refused a set-up call. Keeps the raw number beside the errno Linux makes of it.
 *
 * @since 0.1
 */
public final class GunyahException extends MailboxException {
    private static final long serialVersionUID = 1L;

    private final int gunyahError;

    /**
     * Makes an exception.
     *
     * @param gunyahError the hypervisor's error number, not 0, see {@link GunyahError}
     * @param fact what was refused, in lower case
     */
    public GunyahException(int gunyahError, String fact) {
        super(
                errno(gunyahError),
                fact + ": hypervisor says " + GunyahError.name(gunyahError) + " (" + gunyahError + ")");
        this.gunyahError = gunyahError;
    }

    /**
     * The hypervisor's error number, raw.
     *
     * @return the number, see {@link GunyahError}
     */
    public int gunyahError() {
        return gunyahError;
    }

    private static int errno(int gunyahError) {
        if (gunyahError == GunyahError.OK) {
            throw new IllegalArgumentException("OK is not a refusal");
        }
        return GunyahError.toErrno(gunyahError);
    }
}
