// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import java.util.Optional;
import java.util.UUID;

/**
 * The names by which a VM can be looked up.
 *
 * @param name image name, at most 79 bytes
 * @param uri another name
 * @param guid another name
 */
record VmIdentity(String name, Optional<String> uri, Optional<UUID> guid) {}
