// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;

/** Flow control of everything this node sends to, and who waits for it. */
final class Flows {
    private record Flow(FlowControl control, Set<Port> waiters) {}

    private final Map<Address, Flow> flows = new HashMap<>();

    FlowControl to(Address destination) {
        return flow(destination).control;
    }

    void waitFor(Address destination, Port port) {
        flow(destination).waiters.add(port);
    }

    void resume(Address destination) {
        Flow flow = flows.get(destination);
        if (flow != null) {
            flow.control.resume();
            wake(destination, flow);
        }
    }

    /** A link takes packets again. */
    void linkWritable() {
        for (Map.Entry<Address, Flow> entry : List.copyOf(flows.entrySet())) {
            if (!entry.getValue().control.mustWait()) {
                wake(entry.getKey(), entry.getValue());
            }
        }
    }

    /** These nodes are gone. */
    void endNodes(IntPredicate nodes) {
        for (Address destination : List.copyOf(flows.keySet())) {
            if (nodes.test(destination.node())) {
                end(destination);
            }
        }
    }

    /** This port is gone. */
    void end(Address destination) {
        Flow flow = flows.remove(destination);
        if (flow != null) {
            take(flow).forEach(port -> port.tellBroken(destination));
        }
    }

    void closed(Port port) {
        flows.values().forEach(flow -> flow.waiters.remove(port));
    }

    private static void wake(Address destination, Flow flow) {
        take(flow).forEach(port -> port.tellWritable(destination));
    }

    private static List<Port> take(Flow flow) {
        List<Port> ports = new ArrayList<>(flow.waiters);
        flow.waiters.clear();
        return ports;
    }

    private Flow flow(Address destination) {
        return flows.computeIfAbsent(destination, to -> new Flow(new FlowControl(), new LinkedHashSet<>()));
    }
}
