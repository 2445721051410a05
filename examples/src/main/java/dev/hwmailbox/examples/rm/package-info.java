// SPDX-License-Identifier: Apache-2.0
/**
 * {@code rm}: the Resource Manager over a stream socket. A mailbox controller whose only channel is a socket, so that
 * the Resource Manager client, which knows nothing but the mailbox interface, talks to one in another process.
 */
@NullMarked
package dev.hwmailbox.examples.rm;

import org.jspecify.annotations.NullMarked;
