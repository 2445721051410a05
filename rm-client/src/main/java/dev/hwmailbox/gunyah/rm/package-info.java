// SPDX-License-Identifier: Apache-2.0
/** The Resource Manager client. */
@NullMarked
package dev.hwmailbox.gunyah.rm;

import org.jspecify.annotations.NullMarked;
