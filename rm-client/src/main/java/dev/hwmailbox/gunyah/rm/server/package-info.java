// SPDX-License-Identifier: Apache-2.0
/** The Resource Manager itself, for simulators and tests. */
@NullMarked
package dev.hwmailbox.gunyah.rm.server;

import org.jspecify.annotations.NullMarked;
