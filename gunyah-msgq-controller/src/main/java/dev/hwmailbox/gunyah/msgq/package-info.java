// SPDX-License-Identifier: Apache-2.0
/** The mailbox controller for Gunyah message queues, with resources that the client supplies. */
@NullMarked
package dev.hwmailbox.gunyah.msgq;

import org.jspecify.annotations.NullMarked;
