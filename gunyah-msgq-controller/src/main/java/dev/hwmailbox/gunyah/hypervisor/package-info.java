// SPDX-License-Identifier: Apache-2.0
/** A software Gunyah for embedding: virtual machines, capability spaces, message queues, interrupt lines. */
@NullMarked
package dev.hwmailbox.gunyah.hypervisor;

import org.jspecify.annotations.NullMarked;
