// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.GunyahError;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A channel was refused: why, and which part of the request is to blame.
 *
 * @since 0.1
 */
public final class RequestRefusedException extends MailboxException {
    private static final long serialVersionUID = 1L;

    /** Why a request is refused. */
    public enum Reason {
        /** EBUSY: another channel, reservation or driver has it. */
        BUSY(Errno.EBUSY),

        /** EBUSY: every slot is taken. */
        EXHAUSTED(Errno.EBUSY),

        /** EINVAL, or what Linux makes of the hypervisor's answer: no channel can be made of this. */
        INVALID(Errno.EINVAL),

        /** EOPNOTSUPP: legal, but the channel asked for cannot do it. */
        UNSUPPORTED(Errno.EOPNOTSUPP),

        /** EPROBE_DEFER: the queue is there but not active yet; the same request may succeed later. */
        NOT_READY(Errno.EPROBE_DEFER);

        private final int errno;

        Reason(int errno) {
            this.errno = errno;
        }
    }

    private final Reason reason;
    private final String field;
    private final int gunyahError;

    RequestRefusedException(Reason reason, String field, String fact) {
        this(reason, reason.errno, field, GunyahError.OK, fact, null);
    }

    private RequestRefusedException(
            Reason reason, int errno, String field, int gunyahError, String fact, @Nullable Throwable cause) {
        super(errno, fact, cause);
        this.reason = Objects.requireNonNull(reason, "reason");
        this.field = Objects.requireNonNull(field, "field");
        this.gunyahError = gunyahError;
    }

    /** The hypervisor does not let this VM use a capability in the way that its field says. */
    static RequestRefusedException unusable(String field, Object value, int gunyahError, Object channel) {
        boolean notReady = gunyahError == GunyahError.OBJECT_STATE;
        return new RequestRefusedException(
                notReady ? Reason.NOT_READY : Reason.INVALID,
                notReady ? Reason.NOT_READY.errno : GunyahError.toErrno(gunyahError),
                field,
                gunyahError,
                "%s %s is of no use: hypervisor says %s (%d) (%s)"
                        .formatted(field, value, GunyahError.name(gunyahError), gunyahError, channel),
                null);
    }

    /** The interrupt controller has no such line, or the line has another handler. */
    static RequestRefusedException unattachable(String field, int virq, MailboxException cause) {
        Reason reason = cause.errno() == Errno.EBUSY ? Reason.BUSY : Reason.INVALID;
        String fact = field + " " + virq + ": " + cause.getMessage();
        return new RequestRefusedException(reason, cause.errno(), field, GunyahError.OK, fact, cause);
    }

    /**
     * Why.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }

    /**
     * The part of the request that is to blame.
     *
     * @return the name of a component of {@link MsgqEndpoint}, {@code slots}, {@code key} or {@code completionLevel}
     */
    public String field() {
        return field;
    }

    /**
     * What the hypervisor said, raw.
     *
     * @return the number, see {@link GunyahError}; 0 if it was not asked
     */
    public int gunyahError() {
        return gunyahError;
    }
}
