// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import java.util.Locale;
import java.util.UUID;

/**
 * How a configuration names the VM at the other end of a device: {@code vm-name:}, {@code vm-uri:} or {@code vm-guid:}
 * and the name. Any other text names a VM that never comes.
 *
 * @param text as configured
 */
record PeerName(String text) {
    private static final PeerName HOST = new PeerName("vm-name:HLOS");
    private static final String GUID = "vm-guid:";

    boolean isHost() {
        return equals(HOST);
    }

    boolean names(VmIdentity vm) {
        return text.equals("vm-name:" + vm.name())
                || vm.uri().filter(uri -> text.equals("vm-uri:" + uri)).isPresent()
                || vm.guid().filter(this::isGuid).isPresent();
    }

    private boolean isGuid(UUID guid) {
        return text.startsWith(GUID)
                && text.substring(GUID.length()).toLowerCase(Locale.ROOT).equals(guid.toString());
    }
}
