// SPDX-License-Identifier: Apache-2.0
/**
 * How does a client find its channels in the devicetree, and wait for them? A test client that writes and reads on a
 * pair of named channels, and a device that sends everything back. {@code MailboxTestClient} is where to begin.
 */
@NullMarked
package dev.hwmailbox.examples.loopback;

import org.jspecify.annotations.NullMarked;
