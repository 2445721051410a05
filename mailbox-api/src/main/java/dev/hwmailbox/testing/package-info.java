// SPDX-License-Identifier: Apache-2.0
/** Stand-ins for tests of mailbox clients and controllers: virtual time above all. */
@NullMarked
package dev.hwmailbox.testing;

import org.jspecify.annotations.NullMarked;
