// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.machine;

import dev.hwmailbox.Completion;
import dev.hwmailbox.gunyah.rm.RmNotificationListener;
import dev.hwmailbox.gunyah.rm.VmChannel;
import dev.hwmailbox.gunyah.rm.VmChannelListener;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import dev.hwmailbox.gunyah.rm.protocol.VmStatusNotification;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/** What state the owner's guests are in and which queues to them there are, as the owner has been told. */
final class VmWatch implements RmNotificationListener, VmChannelListener {
    private record Wait(BooleanSupplier over, Completion done) {}

    private final Machine machine;

    private final ReentrantLock lock = new ReentrantLock(); // guards: all below
    private final Map<Integer, VmState> states = new HashMap<>();
    private final Set<VmChannel> queues = new HashSet<>();
    private final List<Wait> waits = new ArrayList<>();

    VmWatch(Machine machine) {
        this.machine = machine;
    }

    boolean isIn(int vmid, VmState state) {
        lock.lock();
        try {
            return states.get(vmid) == state;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until a VM is in a state. */
    void awaitState(int vmid, VmState state) {
        await(() -> states.get(vmid) == state, "VM " + vmid + " did not become " + state);
    }

    /** Waits until no channel of the owner leads to a VM any more. */
    void awaitQueuesGone(int vmid) {
        await(
                () -> queues.stream().noneMatch(queue -> queue.partner() == vmid),
                "the queues to VM " + vmid + " are still in use");
    }

    private void await(BooleanSupplier over, String otherwise) {
        Wait wait = new Wait(over, new Completion());
        lock.lock();
        try {
            if (over.getAsBoolean()) {
                return;
            }
            waits.add(wait);
        } finally {
            lock.unlock();
        }
        machine.await(wait.done, otherwise);
    }

    @Override
    public void notified(RmMessage notification) {
        if (notification.messageId() == RmMessageId.NOTIFY_VM_STATUS) {
            VmStatusNotification change = VmStatusNotification.decode(notification);
            update(() -> states.put(change.vmid(), change.status().vm()));
        }
    }

    @Override
    public void appeared(VmChannel channel) {
        update(() -> queues.add(channel));
    }

    @Override
    public void gone(VmChannel channel) {
        update(() -> queues.remove(channel));
    }

    private void update(Runnable change) {
        List<Wait> over;
        lock.lock();
        try {
            change.run();
            over = waits.stream().filter(wait -> wait.over.getAsBoolean()).toList();
            waits.removeAll(over);
        } finally {
            lock.unlock();
        }
        for (Wait wait : over) {
            wait.done.complete(0);
            machine.scheduler().wake(wait.done);
        }
    }
}
