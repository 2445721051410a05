// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.proxy;

import dev.hwmailbox.Errno;

/** What can be wrong with a record, and what a request with it is answered. */
enum ProxyField {
    /** No type of request has this length, or the reply is not a reply's. */
    LENGTH(Errno.EBADMSG),

    /** No such request, or no reply. */
    TYPE(Errno.EBADMSG),

    /** The address for the device is not that of a page. */
    ADDRESS(Errno.EINVAL),

    /** The physical address is not that of a page. */
    PHYSICAL(Errno.EINVAL),

    /** Not a whole number of pages, or they wrap around. */
    SIZE(Errno.EINVAL),

    /** Neither reading nor writing, or something else besides. */
    RIGHTS(Errno.EINVAL),

    /** A reply says that something has gone wrong which is no errno. */
    STATUS(Errno.EPROTO);

    private final int errno;

    ProxyField(int errno) {
        this.errno = errno;
    }

    int errno() {
        return errno;
    }
}
