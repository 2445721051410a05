// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

/** A VM's interrupt controller as an object that capabilities name. */
final class VicObject extends HypervisorObject {
    // guarded by the set-up lock; a reset replaces it
    private VirtualInterruptController controller;

    VicObject(VirtualInterruptController controller) {
        super(ObjectType.VIC);
        this.controller = controller;
    }

    VirtualInterruptController controller() {
        return controller;
    }

    void controller(VirtualInterruptController controller) {
        this.controller = controller;
    }
}
