// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import java.util.Optional;

/** Finds memory that has been shared with a VM, by its label. */
@FunctionalInterface
interface SharedMemorySource {
    Optional<MemoryParcel> find(ManagedVm borrower, int label);
}
