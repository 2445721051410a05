// SPDX-License-Identifier: Apache-2.0
/** How does a driver call another VM like a function: one request at a time, with or without waiting for the reply? */
@NullMarked
package dev.hwmailbox.examples.proxy;

import org.jspecify.annotations.NullMarked;
