// SPDX-License-Identifier: Apache-2.0
/** A client worth testing: requests and replies, timeouts and retries. */
@NullMarked
package dev.hwmailbox.examples.request;

import org.jspecify.annotations.NullMarked;
