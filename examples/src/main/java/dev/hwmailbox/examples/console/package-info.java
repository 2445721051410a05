// SPDX-License-Identifier: Apache-2.0
/** How does one attach a terminal to the console of a VM? */
@NullMarked
package dev.hwmailbox.examples.console;

import org.jspecify.annotations.NullMarked;
