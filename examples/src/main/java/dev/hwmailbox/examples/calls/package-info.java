// SPDX-License-Identifier: Apache-2.0
/** Requests that wait for a reply with their number: what every protocol of requests and replies needs once. */
@NullMarked
package dev.hwmailbox.examples.calls;

import org.jspecify.annotations.NullMarked;
