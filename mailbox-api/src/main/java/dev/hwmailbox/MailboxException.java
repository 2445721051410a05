// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A set-up call failed: request, bind, register, attach, or a Resource Manager call. The data path never throws it;
 * there expected outcomes are negative errnos.
 *
 * <p>The message has the form {@code EBUSY: channel has an owner (gunyah-msgq/3)}: errno name, fact, identity.
 *
 * @since 0.1
 */
public class MailboxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    /**
     * Makes an exception.
     *
     * @param errno the positive error number, see {@link Errno}; negative only for a result that is no errno at all,
     *     and then the negated result
     * @param fact what was wrong and where, in lower case, without the errno's name
     */
    public MailboxException(int errno, String fact) {
        this(errno, fact, null);
    }

    /**
     * Makes an exception with a cause.
     *
     * @param errno the positive error number, see {@link Errno}; negative only for a result that is no errno at all,
     *     and then the negated result
     * @param fact what was wrong and where, in lower case, without the errno's name
     * @param cause what led to it, or null
     */
    public MailboxException(int errno, String fact, @Nullable Throwable cause) {
        super(
                (errno > 0 ? Errno.name(errno) : "result " + -errno) + ": " + Objects.requireNonNull(fact, "fact"),
                cause);
        if (errno == 0) {
            throw new IllegalArgumentException("0 is not an error");
        }
        this.errno = errno;
    }

    /**
     * The error number.
     *
     * @return a positive number, see {@link Errno}; negative if a controller's startup failed with a positive result,
     *     which is no errno: the negated result
     */
    public final int errno() {
        return errno;
    }
}
