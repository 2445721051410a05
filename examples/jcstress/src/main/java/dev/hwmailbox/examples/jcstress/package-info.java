// SPDX-License-Identifier: Apache-2.0
/** Races inside the mailbox framework: two or three threads on one channel, and what may come of it. */
@NullMarked
package dev.hwmailbox.examples.jcstress;

import org.jspecify.annotations.NullMarked;
