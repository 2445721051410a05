// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

/** A port of a node: {@code struct sockaddr_qrtr}, include/uapi/linux/qrtr.h (Linux 6.12). */
record Address(int node, int port) {
    /** All nodes. */
    static final int BROADCAST = 0xFFFFFFFF;

    /** The port of the name service. */
    static final int CONTROL_PORT = 0xFFFFFFFE;

    static final Address EVERYWHERE = new Address(BROADCAST, CONTROL_PORT);

    static Address control(int node) {
        return new Address(node, CONTROL_PORT);
    }

    boolean isControl() {
        return port == CONTROL_PORT;
    }

    @Override
    public String toString() {
        String name = node == BROADCAST ? "all" : Integer.toUnsignedString(node);
        return name + ":" + (isControl() ? "control" : "0x" + Integer.toHexString(port));
    }
}
