// SPDX-License-Identifier: Apache-2.0
/**
 * How do datagram and connected sockets go over one pair of message queues?
 *
 * <p>The frames are those of the socket transports of vendor kernels ("qmsgq", and vsock over queues). Ours: what their
 * numbers for ports, shutdown and status mean, and what happens when a reader stalls, because the framing has no
 * credits.
 *
 * <p>Context: all of it runs on the VM's scheduler and nothing is locked; calls from elsewhere are not allowed.
 */
@NullMarked
package dev.hwmailbox.examples.sockets;

import org.jspecify.annotations.NullMarked;
