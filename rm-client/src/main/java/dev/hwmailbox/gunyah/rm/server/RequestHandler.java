// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.rm.protocol.RmMessage;

/** Serves requests of one id: replies now or later, or throws the refusal. */
@FunctionalInterface
interface RequestHandler {
    void handle(ManagedVm caller, RmMessage request, Reply reply);
}
