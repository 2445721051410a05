// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.rm.protocol.RmPayload;

/** Sends notifications; one to a VM that has no channel goes nowhere. */
@FunctionalInterface
interface Notifier {
    void notify(ManagedVm receiver, int messageId, RmPayload payload);
}
