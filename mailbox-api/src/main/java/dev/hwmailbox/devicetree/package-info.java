// SPDX-License-Identifier: Apache-2.0
/**
 * Devicetrees: an immutable tree; readers and writers of blobs and of source text; overlays; references, interrupts and
 * other properties that many bindings share. Knows nothing of channels or of Gunyah; only its exception is a
 * {@link dev.hwmailbox.MailboxException}, so that one handler does for a look-up that ends in either.
 *
 * <p>{@link dev.hwmailbox.devicetree.DeviceTreeBlob} turns bytes into a {@link dev.hwmailbox.devicetree.DeviceTree} and
 * back, {@link dev.hwmailbox.devicetree.DeviceTreeSource} text; {@link dev.hwmailbox.devicetree.DeviceTreeOverlay} lays
 * one tree over another; {@link dev.hwmailbox.devicetree.NodeBuilder} writes trees by hand and derives changed ones.
 * Nothing here blocks, and every type but the builders may be used by any thread.
 */
@NullMarked
package dev.hwmailbox.devicetree;

import org.jspecify.annotations.NullMarked;
