// SPDX-License-Identifier: Apache-2.0
/** How does a VM borrow memory from another, so that none is lost whatever goes wrong? */
@NullMarked
package dev.hwmailbox.examples.membuf;

import org.jspecify.annotations.NullMarked;
