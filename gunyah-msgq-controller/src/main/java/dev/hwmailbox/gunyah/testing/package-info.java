// SPDX-License-Identifier: Apache-2.0
/**
 * For tests of mailbox clients and controllers that work on Gunyah queues, with any test framework or none: hypercalls
 * without a hypervisor ({@link dev.hwmailbox.gunyah.testing.FakeGunyah}), the other side of a queue pair
 * ({@link dev.hwmailbox.gunyah.testing.ScriptedPeer}), faults on demand
 * ({@link dev.hwmailbox.gunyah.testing.FaultyHypercalls}, {@link dev.hwmailbox.gunyah.testing.FaultyInterrupts}), and
 * two virtual machines in one line ({@link dev.hwmailbox.gunyah.testing.GunyahTestBed}).
 */
@NullMarked
package dev.hwmailbox.gunyah.testing;

import org.jspecify.annotations.NullMarked;
