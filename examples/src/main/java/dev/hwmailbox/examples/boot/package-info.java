// SPDX-License-Identifier: Apache-2.0
/** How does a guest get from its devicetree to a channel that appears at run time? */
@NullMarked
package dev.hwmailbox.examples.boot;

import org.jspecify.annotations.NullMarked;
