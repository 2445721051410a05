// SPDX-License-Identifier: Apache-2.0
/** Replays recorded behaviour of the original framework on this one, and compares. */
@NullMarked
package dev.hwmailbox.conformance;

import org.jspecify.annotations.NullMarked;
