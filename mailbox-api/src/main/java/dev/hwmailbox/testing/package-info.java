// SPDX-License-Identifier: Apache-2.0
/**
 * For tests of mailbox clients and controllers, with any test framework or none: virtual time and simulated threads
 * ({@link dev.hwmailbox.testing.VirtualScheduler}), many orders of events
 * ({@link dev.hwmailbox.testing.Exploration}), a controller without hardware
 * ({@link dev.hwmailbox.testing.FakeController}), a client that remembers
 * ({@link dev.hwmailbox.testing.RecordingClient}), all of it in one line
 * ({@link dev.hwmailbox.testing.MailboxTestBed}), and what every controller must do
 * ({@link dev.hwmailbox.testing.ControllerContract}).
 */
@NullMarked
package dev.hwmailbox.testing;

import org.jspecify.annotations.NullMarked;
