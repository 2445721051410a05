// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

/**
 * One end of a conversation: a VM, by its context id, and a port of it.
 *
 * @param cid the VM's number
 * @param port 1 or more
 */
record Endpoint(int cid, int port) {
    @Override
    public String toString() {
        return Integer.toUnsignedString(cid) + ":" + Integer.toUnsignedString(port);
    }
}
