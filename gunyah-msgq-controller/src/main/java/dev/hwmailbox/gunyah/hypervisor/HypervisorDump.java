// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Who waits for whom, in words. */
final class HypervisorDump {
    private HypervisorDump() {}

    static String of(List<VirtualMachine> vms, List<MessageQueue> queues) {
        List<String> lines = new ArrayList<>();
        vms.stream()
                .sorted(Comparator.comparingInt(VirtualMachine::vmid))
                .map(VirtualMachine::toString)
                .forEach(lines::add);
        queues.forEach(queue -> lines.add(describe(queue)));
        List<String> waits = queues.stream()
                .filter(queue -> queue.count() > 0)
                .map(HypervisorDump::sentence)
                .toList();
        lines.addAll(waits.isEmpty() ? List.of("no queue holds messages") : waits);
        return String.join("\n", lines);
    }

    private static String describe(MessageQueue queue) {
        String name = "queue " + queue.number() + ": ";
        return queue.isActive()
                ? name + level(queue) + "; " + holder(queue, true) + " sends, " + line(queue, true) + "; "
                        + holder(queue, false) + " receives, " + line(queue, false)
                : name + queue.state();
    }

    private static String sentence(MessageQueue queue) {
        boolean full = queue.count() >= queue.depth();
        String who = full
                ? holder(queue, true) + " waits for " + holder(queue, false) + " to read"
                : holder(queue, false) + " has not read all of";
        return who + " queue " + queue.number() + ": " + level(queue) + ", " + line(queue, false);
    }

    private static String level(MessageQueue queue) {
        return queue.count() + " of " + queue.depth() + " messages";
    }

    private static String holder(MessageQueue queue, boolean sending) {
        Binding bound = queue.end(sending).binding();
        return bound == null ? "somebody" : "vm " + bound.controller().vmid();
    }

    private static String line(MessageQueue queue, boolean sending) {
        String which = sending ? "send line " : "receive line ";
        Binding bound = queue.end(sending).binding();
        return bound == null ? which + "not bound" : which + bound.line().virq() + " " + state(bound.line());
    }

    /** A line that remembers an assertion without showing it, and has a handler, can only be masked. */
    private static String state(InterruptLine line) {
        if (!line.isAttached()) {
            return (line.isLatched() ? "pending" : line.guestState()) + ", no handler";
        }
        return line.isLatched() ? "pending, masked" : line.guestState();
    }
}
