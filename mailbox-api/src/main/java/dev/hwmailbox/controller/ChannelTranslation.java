// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.controller;

import dev.hwmailbox.Errno;
import dev.hwmailbox.devicetree.PhandleReference;

/**
 * Finds the channel that an entry of a client's {@code mboxes} means.
 *
 * <p>Context: any thread that requests a channel, with no lock held; may block. What it throws is logged and taken for
 * {@code -EIO}.
 *
 * <p>Kernel counterpart: {@code of_xlate} and {@code fw_xlate} of {@code struct mbox_controller},
 * include/linux/mailbox_controller.h (Linux 6.12). Differs: one kind, and it answers with a number.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface ChannelTranslation {
    /**
     * The first cell is the channel's number, further ones are ignored; what every controller does unless told
     * otherwise.
     */
    ChannelTranslation FIRST_CELL =
            (controller, reference) -> reference.cellCount() == 0 || reference.cell(0) >= controller.channelCount()
                    ? -Errno.EINVAL
                    : (int) reference.cell(0);

    /**
     * Translates.
     *
     * @param controller whose channel is looked for
     * @param reference the entry; its provider is the controller's node
     * @return the channel's number, or a negative errno, which the request then fails with unless another controller of
     *     the same node can translate the entry. A number that the controller does not have is taken for
     *     {@code -EINVAL}
     */
    int channelIndex(MailboxController controller, PhandleReference reference);
}
