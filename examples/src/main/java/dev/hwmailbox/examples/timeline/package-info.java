// SPDX-License-Identifier: Apache-2.0
/** What the examples print. */
@NullMarked
package dev.hwmailbox.examples.timeline;

import org.jspecify.annotations.NullMarked;
