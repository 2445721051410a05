// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

/**
 * Error numbers: Linux's generic values, as positive constants. Results carry them negated, as in the kernel.
 *
 * <p>Kernel counterpart: include/uapi/asm-generic/errno-base.h, errno.h and include/linux/errno.h (Linux 6.12).
 *
 * @since 0.1
 */
public final class Errno {
    /** Operation not permitted. */
    public static final int EPERM = 1;

    /** No such entry. */
    public static final int ENOENT = 2;

    /** A wait was ended by a thread interrupt. */
    public static final int EINTR = 4;

    /** Input or output failed. */
    public static final int EIO = 5;

    /** No such device or address. */
    public static final int ENXIO = 6;

    /** Larger than the other side can take. */
    public static final int E2BIG = 7;

    /** Not now; try again. */
    public static final int EAGAIN = 11;

    /** No memory. */
    public static final int ENOMEM = 12;

    /** Permission denied. */
    public static final int EACCES = 13;

    /** In use. */
    public static final int EBUSY = 16;

    /** No such device. */
    public static final int ENODEV = 19;

    /** Invalid argument. */
    public static final int EINVAL = 22;

    /** No room left. */
    public static final int ENOSPC = 28;

    /** The other side is gone. */
    public static final int EPIPE = 32;

    /** The caller would wait for itself. */
    public static final int EDEADLK = 35;

    /** Result out of range. */
    public static final int ERANGE = 34;

    /** A blocking call ran out of time. */
    public static final int ETIME = 62;

    /** Protocol broken. */
    public static final int EPROTO = 71;

    /** A message that makes no sense. */
    public static final int EBADMSG = 74;

    /** Message longer than the channel takes. */
    public static final int EMSGSIZE = 90;

    /** The operation does not exist here. */
    public static final int EOPNOTSUPP = 95;

    /** No buffer space: the channel's transmit queue is full. */
    public static final int ENOBUFS = 105;

    /** The channel was shut down under a waiting caller. */
    public static final int ESHUTDOWN = 108;

    /** The other side was reset. */
    public static final int ECONNRESET = 104;

    /** A wait on a peer ran out of time. */
    public static final int ETIMEDOUT = 110;

    /** Cancelled by the caller. */
    public static final int ECANCELED = 125;

    /** Not ready yet: ask again when another controller has registered. */
    public static final int EPROBE_DEFER = 517;

    /** The operation is not supported (kernel-internal number). */
    public static final int ENOTSUPP = 524;

    private Errno() {}

    /**
     * The symbolic name of an error number.
     *
     * @param errno an error number, positive or negated
     * @return its name, such as {@code ENOBUFS}, or {@code errno 1234} for a number without a name here
     */
    public static String name(int errno) {
        return switch (Math.abs(errno)) {
            case EPERM -> "EPERM";
            case ENOENT -> "ENOENT";
            case EINTR -> "EINTR";
            case EIO -> "EIO";
            case ENXIO -> "ENXIO";
            case E2BIG -> "E2BIG";
            case EAGAIN -> "EAGAIN";
            case ENOMEM -> "ENOMEM";
            case EACCES -> "EACCES";
            case EBUSY -> "EBUSY";
            case ENODEV -> "ENODEV";
            case EINVAL -> "EINVAL";
            case ENOSPC -> "ENOSPC";
            case EPIPE -> "EPIPE";
            case ERANGE -> "ERANGE";
            case EDEADLK -> "EDEADLK";
            case ETIME -> "ETIME";
            case EPROTO -> "EPROTO";
            case EBADMSG -> "EBADMSG";
            case EMSGSIZE -> "EMSGSIZE";
            case EOPNOTSUPP -> "EOPNOTSUPP";
            case ECONNRESET -> "ECONNRESET";
            case ENOBUFS -> "ENOBUFS";
            case ESHUTDOWN -> "ESHUTDOWN";
            case ETIMEDOUT -> "ETIMEDOUT";
            case ECANCELED -> "ECANCELED";
            case EPROBE_DEFER -> "EPROBE_DEFER";
            case ENOTSUPP -> "ENOTSUPP";
            default -> "errno " + Math.abs(errno);
        };
    }
}
