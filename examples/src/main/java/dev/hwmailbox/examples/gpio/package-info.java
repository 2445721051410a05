// SPDX-License-Identifier: Apache-2.0
/** How does a device with lines, values and interrupts look when its records go over a message queue? */
@NullMarked
package dev.hwmailbox.examples.gpio;

import org.jspecify.annotations.NullMarked;
