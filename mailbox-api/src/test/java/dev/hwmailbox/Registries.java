// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import dev.hwmailbox.internal.Diagnostics;

/** Opens to the replays in other packages what this package shows to its own tests only. */
@SuppressWarnings("exports") // among tests, closed packages are open
public final class Registries {
    private Registries() {}

    public static Mailboxes observed(Diagnostics diagnostics) {
        return new Mailboxes(diagnostics);
    }
}
