// SPDX-License-Identifier: Apache-2.0
/**
 * How do services on several VMs find and talk to each other? A service router in each VM, with a link to its owner,
 * which routes between them.
 *
 * <p>The packets are those of {@code net/qrtr} and {@code include/uapi/linux/qrtr.h} (Linux 6.12). Ours: that they
 * travel over message queues, and that an owner routes. The drivers found in public kernels carry QRTR between VMs over
 * shared memory and doorbells.
 *
 * <p>Context: all of a node runs on its VM's scheduler and nothing is locked; calls from elsewhere are not allowed.
 */
@NullMarked
package dev.hwmailbox.examples.qrtr;

import org.jspecify.annotations.NullMarked;
