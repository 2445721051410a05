// SPDX-License-Identifier: Apache-2.0
/** Shared by the two faces of a channel; not exported. */
@NullMarked
package dev.hwmailbox.internal;

import org.jspecify.annotations.NullMarked;
