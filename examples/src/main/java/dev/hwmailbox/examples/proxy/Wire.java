// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.proxy;

/** Numbers of the protocol, see {@link ProxyRecord}. */
final class Wire {
    static final int HEAD_LENGTH = 4;
    static final int MAP_LENGTH = HEAD_LENGTH + 24;
    static final int UNMAP_LENGTH = HEAD_LENGTH + 12;
    static final int REPLY_LENGTH = HEAD_LENGTH + 4;

    static final int MAP = 1;
    static final int UNMAP = 2;
    static final int REPLY = 0x8000;

    /** Largest errno there is. */
    static final int MAX_ERRNO = 4095;

    private Wire() {}
}
