// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.gunyah.GunyahError;
import java.util.ArrayList;
import java.util.List;

/** Something a capability can name. By itself an inert, active object: a vCPU, a doorbell, a partition's handle. */
class HypervisorObject {
    private final ObjectType type;

    // guarded by the set-up lock of the ObjectManager: the valid capabilities that name this object, and
    // whether its VM is gone.
    private final List<Capability> capabilities = new ArrayList<>(4);
    private boolean gone;

    HypervisorObject(ObjectType type) {
        this.type = type;
    }

    final ObjectType type() {
        return type;
    }

    /** The valid capabilities to this object. The caller holds the set-up lock. */
    final List<Capability> capabilities() {
        return capabilities;
    }

    /** Its VM has been destroyed: no new capability may name it. The caller holds the set-up lock. */
    final void markGone() {
        gone = true;
    }

    /** The caller holds the set-up lock. */
    final boolean isGone() {
        return gone;
    }

    /** Leaves the initial state. Objects other than queues have left it when they are made. */
    int activate() {
        return GunyahError.OBJECT_STATE;
    }

    @Override
    public String toString() {
        return type.toString();
    }
}
