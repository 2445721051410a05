// SPDX-License-Identifier: Apache-2.0
/**
 * The Gunyah seams and values: hypercalls, virtual interrupts, guest memory, capability IDs, errors, the devicetree
 * binding.
 */
@NullMarked
package dev.hwmailbox.gunyah;

import org.jspecify.annotations.NullMarked;
