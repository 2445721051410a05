// SPDX-License-Identifier: Apache-2.0
/** How does a byte stream go over a message queue, so that a reader who stalls holds nobody else up? */
@NullMarked
package dev.hwmailbox.examples.serial;

import org.jspecify.annotations.NullMarked;
