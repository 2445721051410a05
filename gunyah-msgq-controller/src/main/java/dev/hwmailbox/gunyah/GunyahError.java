// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import dev.hwmailbox.Errno;

/**
 * The hypervisor's error numbers. A number that is not listed here is kept: see {@link #name(int)} and
 * {@link #toErrno(int)}, which are total. Without a constant are those of calls this module does not have: 111, 120,
 * 121 and 200, errors of the memory database, of memory extents and of mappings.
 *
 * <p>Gunyah counterpart: {@code error_t}, docs/api/gunyah_api.md (gunyah-hypervisor); errno values as
 * {@code gh_error_remap}, include/linux/gunyah.h (Linux patch series).
 *
 * @since 0.1
 */
public final class GunyahError {
    /** Success. */
    public static final int OK = 0;

    /** The call does not exist. */
    public static final int UNIMPLEMENTED = -1;

    /** The call must be repeated. */
    public static final int RETRY = -2;

    /** An argument is not allowed; also a capability ID that cannot be decoded. */
    public static final int ARGUMENT_INVALID = 1;

    /** A size is not allowed. */
    public static final int ARGUMENT_SIZE = 2;

    /** An address is not aligned. */
    public static final int ARGUMENT_ALIGNMENT = 3;

    /** The partition has no memory left. */
    public static final int NOMEM = 10;

    /** Another resource has run out. */
    public static final int NORESOURCES = 11;

    /** An address range wraps, or a buffer is too small. */
    public static final int ADDR_OVERFLOW = 20;

    /** An address range starts below what is allowed. */
    public static final int ADDR_UNDERFLOW = 21;

    /** An address is not mapped. */
    public static final int ADDR_INVALID = 22;

    /** Access to an address is not permitted. */
    public static final int DENIED = 30;

    /** In use. */
    public static final int BUSY = 31;

    /** Nothing is going on. */
    public static final int IDLE = 32;

    /** The object is in the wrong state. */
    public static final int OBJECT_STATE = 33;

    /** The object was never configured. */
    public static final int OBJECT_CONFIG = 34;

    /** The object is configured already. */
    public static final int OBJECT_CONFIGURED = 35;

    /** The object has failed for good. */
    public static final int FAILURE = 36;

    /** This end has an interrupt already. */
    public static final int VIRQ_BOUND = 40;

    /** This end has no interrupt. */
    public static final int VIRQ_NOT_BOUND = 41;

    /** The capability slot is empty. */
    public static final int CSPACE_CAP_NULL = 50;

    /** The capability was revoked. */
    public static final int CSPACE_CAP_REVOKED = 51;

    /** The capability names an object of another type. */
    public static final int CSPACE_WRONG_OBJECT_TYPE = 52;

    /** The capability lacks a right. */
    public static final int CSPACE_INSUFFICIENT_RIGHTS = 53;

    /** The capability space is full. */
    public static final int CSPACE_FULL = 54;

    /** Nothing to receive. */
    public static final int MSGQUEUE_EMPTY = 60;

    /** No room to send. */
    public static final int MSGQUEUE_FULL = 61;

    private GunyahError() {}

    /**
     * The errno Linux makes of a hypervisor error.
     *
     * @param error a hypervisor error number
     * @return 0 for {@link #OK}, otherwise a positive errno; EINVAL for numbers Linux does not know
     */
    public static int toErrno(int error) {
        return switch (error) {
            case OK -> 0;
            case UNIMPLEMENTED, RETRY -> Errno.EOPNOTSUPP;
            case NOMEM -> Errno.ENOMEM;
            case DENIED,
                    CSPACE_CAP_NULL,
                    CSPACE_CAP_REVOKED,
                    CSPACE_WRONG_OBJECT_TYPE,
                    CSPACE_INSUFFICIENT_RIGHTS,
                    CSPACE_FULL -> Errno.EACCES;
            case BUSY, IDLE -> Errno.EBUSY;
            case VIRQ_BOUND, VIRQ_NOT_BOUND, MSGQUEUE_EMPTY, MSGQUEUE_FULL -> Errno.EIO;
            default -> Errno.EINVAL;
        };
    }

    /**
     * The name of a hypervisor error.
     *
     * @param error a hypervisor error number
     * @return its name; {@code memory error 111} for 111, 120, 121 and 200, {@code error 1234} for a number Gunyah does
     *     not define
     */
    public static String name(int error) {
        return switch (error) {
            case OK -> "OK";
            case UNIMPLEMENTED -> "UNIMPLEMENTED";
            case RETRY -> "RETRY";
            case ARGUMENT_INVALID -> "ARGUMENT_INVALID";
            case ARGUMENT_SIZE -> "ARGUMENT_SIZE";
            case ARGUMENT_ALIGNMENT -> "ARGUMENT_ALIGNMENT";
            case NOMEM -> "NOMEM";
            case NORESOURCES -> "NORESOURCES";
            case ADDR_OVERFLOW -> "ADDR_OVERFLOW";
            case ADDR_UNDERFLOW -> "ADDR_UNDERFLOW";
            case ADDR_INVALID -> "ADDR_INVALID";
            case DENIED -> "DENIED";
            case BUSY -> "BUSY";
            case IDLE -> "IDLE";
            case OBJECT_STATE -> "OBJECT_STATE";
            case OBJECT_CONFIG -> "OBJECT_CONFIG";
            case OBJECT_CONFIGURED -> "OBJECT_CONFIGURED";
            case FAILURE -> "FAILURE";
            case VIRQ_BOUND -> "VIRQ_BOUND";
            case VIRQ_NOT_BOUND -> "VIRQ_NOT_BOUND";
            case CSPACE_CAP_NULL -> "CSPACE_CAP_NULL";
            case CSPACE_CAP_REVOKED -> "CSPACE_CAP_REVOKED";
            case CSPACE_WRONG_OBJECT_TYPE -> "CSPACE_WRONG_OBJECT_TYPE";
            case CSPACE_INSUFFICIENT_RIGHTS -> "CSPACE_INSUFFICIENT_RIGHTS";
            case CSPACE_FULL -> "CSPACE_FULL";
            case MSGQUEUE_EMPTY -> "MSGQUEUE_EMPTY";
            case MSGQUEUE_FULL -> "MSGQUEUE_FULL";
            case 111, 120, 121, 200 -> "memory error " + error;
            default -> "error " + error;
        };
    }
}
