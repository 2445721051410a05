// SPDX-License-Identifier: Apache-2.0
/**
 * How does a client get a channel that no devicetree names? A controller of the user's own, with its own request
 * function: platform communication channels, which ACPI defines for talking to a machine's firmware through shared
 * memory and a doorbell. {@code PccController} is where to begin.
 */
@NullMarked
package dev.hwmailbox.examples.pcc;

import org.jspecify.annotations.NullMarked;
