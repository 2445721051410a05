// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.boot;

import dev.hwmailbox.examples.timeline.Timeline;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.hypervisor.QueueProbe;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmStatusNotification;
import dev.hwmailbox.gunyah.rm.server.RmServerListener;
import java.util.concurrent.atomic.LongAdder;

/** Counts what passes through the queues and the Resource Manager, and puts the notifications on the timeline. */
final class Traffic implements QueueProbe, RmServerListener {
    private final Timeline timeline;
    private final LongAdder requests = new LongAdder();
    private final LongAdder notifications = new LongAdder();
    private final LongAdder fillingSends = new LongAdder();
    private final LongAdder refusedSends = new LongAdder();

    Traffic(Timeline timeline) {
        this.timeline = timeline;
    }

    long requests() {
        return requests.sum();
    }

    long notifications() {
        return notifications.sum();
    }

    long fillingSends() {
        return fillingSends.sum();
    }

    long refusedSends() {
        return refusedSends.sum();
    }

    @Override
    public void after(int queue, Operation operation, long result) {
        if (operation == Operation.SEND) {
            int status = GunyahHypercalls.status(result);
            if (status == GunyahError.MSGQUEUE_FULL) {
                refusedSends.increment();
            } else if (status == GunyahError.OK && !GunyahHypercalls.notFull(result)) {
                fillingSends.increment();
            }
        }
    }

    @Override
    public void request(int vmid, RmMessage request) {
        requests.increment();
    }

    @Override
    public void notification(int vmid, RmMessage notification) {
        notifications.increment();
        timeline.add("rm", "notifies VM %d: %s", vmid, describe(notification));
    }

    private static String describe(RmMessage notification) {
        String name = RmMessageId.name(notification.messageId()).replace("NOTIFY_", "");
        if (notification.messageId() == RmMessageId.NOTIFY_VM_STATUS) {
            VmStatusNotification status = VmStatusNotification.decode(notification);
            return "%s, VM %d is %s"
                    .formatted(name, status.vmid(), status.status().vm());
        }
        return name;
    }
}
