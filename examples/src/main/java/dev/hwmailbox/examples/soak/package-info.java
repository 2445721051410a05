// SPDX-License-Identifier: Apache-2.0
/** {@code soak}: calls and restarts without end, in real threads, while the heap must stay as it is. */
@NullMarked
package dev.hwmailbox.examples.soak;

import org.jspecify.annotations.NullMarked;
