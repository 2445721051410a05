// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import dev.hwmailbox.Errno;

/**
 * The error words of replies. A word that is not listed here is kept: see {@link #name(int)} and {@link #toErrno(int)},
 * which are total. A caller should keep the word beside the errno: several words share one.
 *
 * <p>Context: any thread.
 *
 * <p>Gunyah counterpart: the error numbers and their mapping, drivers/virt/gunyah/rsc_mgr.h (Linux, Gunyah series of
 * 2024).
 *
 * @since 0.1
 */
public final class RmError {
    /** Success. */
    public static final int OK = 0;

    /** The call does not exist. */
    public static final int UNIMPLEMENTED = 0xFFFFFFFF;

    /** The Resource Manager has no memory left. */
    public static final int NOMEM = 1;

    /** Something else has run out, or does not exist. */
    public static final int NORESOURCE = 2;

    /** The caller may not do that. */
    public static final int DENIED = 3;

    /** The message has the wrong length or shape. */
    public static final int MSG_INVALID = 4;

    /** Not now. */
    public static final int BUSY = 5;

    /** An argument is not allowed. */
    public static final int ARGUMENT_INVALID = 6;

    /** No such handle. */
    public static final int HANDLE_INVALID = 7;

    /** Memory does not have the attributes asked for. */
    public static final int VALIDATE_FAILED = 8;

    /** Memory could not be mapped. */
    public static final int MAP_FAILED = 9;

    /** The memory is not the caller's, or holds nothing usable. */
    public static final int MEM_INVALID = 0xA;

    /** The memory is in use. */
    public static final int MEM_INUSE = 0xB;

    /** The memory has been released. */
    public static final int MEM_RELEASED = 0xC;

    /** No such VM, or not the caller's. */
    public static final int VMID_INVALID = 0xD;

    /** Nothing was found. */
    public static final int LOOKUP_FAILED = 0xE;

    /** The interrupt is not the caller's, or does not exist. */
    public static final int IRQ_INVALID = 0xF;

    /** The interrupt is in use. */
    public static final int IRQ_INUSE = 0x10;

    /** The interrupt has been released. */
    public static final int IRQ_RELEASED = 0x11;

    /** In use. Newer than Linux's table. */
    public static final int IN_USE = 0x12;

    /** The interrupt is not mapped. Newer than Linux's table. */
    public static final int IRQ_NOT_MAPPED = 0x13;

    /** The VM is in another state than the call needs; the commonest refusal. Newer than Linux's table. */
    public static final int VM_STATE = 0x14;

    private RmError() {}

    /**
     * The errno Linux makes of an error word.
     *
     * @param error an error word
     * @return 0 for {@link #OK}, otherwise a positive errno; EBADMSG for words Linux does not know
     */
    public static int toErrno(int error) {
        return switch (error) {
            case OK -> 0;
            case UNIMPLEMENTED -> Errno.EOPNOTSUPP;
            case NOMEM -> Errno.ENOMEM;
            case NORESOURCE -> Errno.ENODEV;
            case DENIED -> Errno.EPERM;
            case BUSY -> Errno.EBUSY;
            case MSG_INVALID,
                    ARGUMENT_INVALID,
                    HANDLE_INVALID,
                    VALIDATE_FAILED,
                    MAP_FAILED,
                    MEM_INVALID,
                    MEM_INUSE,
                    MEM_RELEASED,
                    VMID_INVALID,
                    LOOKUP_FAILED,
                    IRQ_INVALID,
                    IRQ_INUSE,
                    IRQ_RELEASED -> Errno.EINVAL;
            default -> Errno.EBADMSG;
        };
    }

    /**
     * The name of an error word.
     *
     * @param error an error word
     * @return its name, or {@code error 0x00001234} for a word without a name here
     */
    public static String name(int error) {
        return switch (error) {
            case OK -> "OK";
            case UNIMPLEMENTED -> "UNIMPLEMENTED";
            case NOMEM -> "NOMEM";
            case NORESOURCE -> "NORESOURCE";
            case DENIED -> "DENIED";
            case MSG_INVALID -> "MSG_INVALID";
            case BUSY -> "BUSY";
            case ARGUMENT_INVALID -> "ARGUMENT_INVALID";
            case HANDLE_INVALID -> "HANDLE_INVALID";
            case VALIDATE_FAILED -> "VALIDATE_FAILED";
            case MAP_FAILED -> "MAP_FAILED";
            case MEM_INVALID -> "MEM_INVALID";
            case MEM_INUSE -> "MEM_INUSE";
            case MEM_RELEASED -> "MEM_RELEASED";
            case VMID_INVALID -> "VMID_INVALID";
            case LOOKUP_FAILED -> "LOOKUP_FAILED";
            case IRQ_INVALID -> "IRQ_INVALID";
            case IRQ_INUSE -> "IRQ_INUSE";
            case IRQ_RELEASED -> "IRQ_RELEASED";
            case IN_USE -> "IN_USE";
            case IRQ_NOT_MAPPED -> "IRQ_NOT_MAPPED";
            case VM_STATE -> "VM_STATE";
            default -> "error 0x%08x".formatted(error);
        };
    }
}
