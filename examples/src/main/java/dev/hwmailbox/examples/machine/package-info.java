// SPDX-License-Identifier: Apache-2.0
/** Where the examples run: a machine with a Resource Manager, an owner VM, and guests made at run time. */
@NullMarked
package dev.hwmailbox.examples.machine;

import org.jspecify.annotations.NullMarked;
