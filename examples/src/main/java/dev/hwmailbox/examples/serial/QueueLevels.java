// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.serial;

import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.hypervisor.QueueProbe;
import java.util.HashMap;
import java.util.Map;

/** How full the queues have been, and how often one was full. Context: one thread. */
final class QueueLevels implements QueueProbe {
    private final Map<Integer, Integer> levels = new HashMap<>();
    private int highest;
    private int refused;

    /** Begins to count anew. */
    void reset() {
        highest = levels.values().stream().mapToInt(Integer::intValue).max().orElse(0);
        refused = 0;
    }

    /** Most messages that any queue has held. */
    int highest() {
        return highest;
    }

    /** Messages that the fullest queue holds now. */
    int fullest() {
        return levels.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    }

    /** Sends that found their queue full. */
    int refused() {
        return refused;
    }

    @Override
    public void after(int queue, Operation operation, long result) {
        int status = GunyahHypercalls.status(result);
        if (operation == Operation.SEND && status == GunyahError.MSGQUEUE_FULL) {
            refused++;
        } else if (operation == Operation.SEND && status == GunyahError.OK) {
            highest = Math.max(highest, levels.merge(queue, 1, Integer::sum));
        } else if (operation == Operation.RECEIVE && status == GunyahError.OK) {
            levels.merge(queue, -1, Integer::sum);
        } else if (operation == Operation.FLUSH) {
            levels.remove(queue);
        }
    }
}
