// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

/**
 * One end of a queue bound to one interrupt line, from bind to unbind. Its identity is the generation of the line: what
 * comes late, from a binding that has ended, is recognised and dropped.
 */
final class Binding {
    private final QueueEnd end;
    private final VirtualInterruptController controller;
    private final InterruptLine line;

    Binding(QueueEnd end, VirtualInterruptController controller, InterruptLine line) {
        this.end = end;
        this.controller = controller;
        this.line = line;
    }

    QueueEnd end() {
        return end;
    }

    VirtualInterruptController controller() {
        return controller;
    }

    InterruptLine line() {
        return line;
    }

    @Override
    public String toString() {
        return end + " at " + controller + " " + line.virq();
    }
}
