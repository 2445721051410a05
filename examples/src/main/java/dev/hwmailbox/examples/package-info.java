// SPDX-License-Identifier: Apache-2.0
/** Runnable examples; start with {@link dev.hwmailbox.examples.Main}. */
@NullMarked
package dev.hwmailbox.examples;

import org.jspecify.annotations.NullMarked;
