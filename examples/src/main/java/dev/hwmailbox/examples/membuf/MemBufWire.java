// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

/** Numbers of the protocol, see {@link MemBufRecord}. */
final class MemBufWire {
    static final int HEAD_LENGTH = 4;
    static final int REQUEST_LENGTH = HEAD_LENGTH + 4;
    static final int REPLY_LENGTH = HEAD_LENGTH + 12;
    static final int RELINQUISH_LENGTH = HEAD_LENGTH + 4;

    static final int REQUEST = 1;
    static final int REPLY = 2;
    static final int RELINQUISH = 3;

    /** Largest errno there is. */
    static final int MAX_ERRNO = 4095;

    private MemBufWire() {}

    /** How long a record of a kind is, 0 if there is no such kind. */
    static int length(int kind) {
        return switch (kind) {
            case REQUEST -> REQUEST_LENGTH;
            case REPLY -> REPLY_LENGTH;
            case RELINQUISH -> RELINQUISH_LENGTH;
            default -> 0;
        };
    }
}
