// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import dev.hwmailbox.gunyah.GunyahError;

/**
 * What goes wrong with one hypercall, see {@link FaultyHypercalls}.
 *
 * <p>Context: any thread; immutable.
 *
 * @since 0.1
 */
public final class HypercallFault {
    /** How {@link #corrupted} alters each byte. */
    static final int CORRUPTION = 0xa5;

    enum Kind {
        REFUSED,
        STATUS_AFTERWARDS,
        LOST,
        CUT,
        CORRUPTED,
        FLAG
    }

    private final Kind kind;
    private final int number;

    private HypercallFault(Kind kind, int number) {
        this.kind = kind;
        this.number = number;
    }

    /**
     * The call is not made, and answers with this status.
     *
     * @param status any raw Gunyah error number
     * @return the fault
     */
    public static HypercallFault status(int status) {
        return new HypercallFault(Kind.REFUSED, status);
    }

    /**
     * The call is made, and answers with this status whatever came of it. A message received is lost.
     *
     * @param status any raw Gunyah error number
     * @return the fault
     */
    public static HypercallFault statusAfterwards(int status) {
        return new HypercallFault(Kind.STATUS_AFTERWARDS, status);
    }

    /**
     * The call is not made, and answers OK; a send with room for more, a receive with 0 bytes and no more of them.
     *
     * @return the fault
     */
    public static HypercallFault lost() {
        return new HypercallFault(Kind.LOST, GunyahError.OK);
    }

    /**
     * The message loses its end: a send passes on no more than so many bytes, a receive reports no more.
     *
     * @param length bytes left, not negative
     * @return the fault
     * @throws IllegalArgumentException if the length is negative
     */
    public static HypercallFault cutTo(int length) {
        if (length < 0) {
            throw new IllegalArgumentException("negative length: " + length);
        }
        return new HypercallFault(Kind.CUT, length);
    }

    /**
     * Each byte of the message is changed, by exclusive or with 0xa5. A sender's buffer stays as it is.
     *
     * @return the fault
     */
    public static HypercallFault corrupted() {
        return new HypercallFault(Kind.CORRUPTED, CORRUPTION);
    }

    /**
     * The answer's flag says something else, if the status is OK: that there is room after a send, or another message
     * after a receive.
     *
     * @param set what it says
     * @return the fault
     */
    public static HypercallFault flag(boolean set) {
        return new HypercallFault(Kind.FLAG, set ? 1 : 0);
    }

    Kind kind() {
        return kind;
    }

    int number() {
        return number;
    }

    /** Whether it makes sense for calls that answer with a status alone. */
    boolean isForAnyCall() {
        return kind == Kind.REFUSED || kind == Kind.STATUS_AFTERWARDS || kind == Kind.LOST;
    }

    @Override
    public String toString() {
        return switch (kind) {
            case REFUSED -> "status " + GunyahError.name(number);
            case STATUS_AFTERWARDS -> "status " + GunyahError.name(number) + " afterwards";
            case LOST -> "lost";
            case CUT -> "cut to " + number;
            case CORRUPTED -> "corrupted";
            case FLAG -> "flag " + (number != 0);
        };
    }
}
