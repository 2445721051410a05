// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.controller;

import dev.hwmailbox.internal.ChannelState;
import dev.hwmailbox.internal.Diagnostics;

/** Opens to the replays in other packages what this package shows to its own tests only. */
@SuppressWarnings("exports") // among tests, closed packages are open
public final class Inspection {
    private Inspection() {}

    public static MailboxController.Builder diagnostics(MailboxController.Builder builder, Diagnostics diagnostics) {
        return builder.diagnostics(diagnostics);
    }

    public static ChannelState state(ControllerChannel channel) {
        return channel.state();
    }
}
