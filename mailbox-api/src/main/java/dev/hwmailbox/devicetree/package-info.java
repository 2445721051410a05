// SPDX-License-Identifier: Apache-2.0
/**
 * Flattened devicetrees: an immutable tree, blob reader and writer, interrupts. Knows nothing of mailboxes or Gunyah.
 *
 * <p>{@link dev.hwmailbox.devicetree.DeviceTreeBlob} turns bytes into a {@link dev.hwmailbox.devicetree.DeviceTree} and
 * back; {@link dev.hwmailbox.devicetree.NodeBuilder} writes trees by hand and derives changed ones. Nothing here
 * blocks, and every type but the builder may be used by any thread.
 */
@NullMarked
package dev.hwmailbox.devicetree;

import org.jspecify.annotations.NullMarked;
