// SPDX-License-Identifier: Apache-2.0
/**
 * The controller author's face of the mailbox framework. A driver implements
 * {@link dev.hwmailbox.controller.ChannelOps}, builds a {@link dev.hwmailbox.controller.MailboxController} around it,
 * and reports and delivers through {@link dev.hwmailbox.controller.ControllerChannel}.
 */
@NullMarked
package dev.hwmailbox.controller;

import org.jspecify.annotations.NullMarked;
