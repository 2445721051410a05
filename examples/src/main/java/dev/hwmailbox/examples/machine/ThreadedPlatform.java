// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.machine;

import dev.hwmailbox.ThreadedScheduler;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/**
 * A thread for each VM, in real time: it runs the VM's tasks, timers and interrupt handlers. Whoever makes the machine
 * is none of them, and may block.
 *
 * @since 0.1
 */
public final class ThreadedPlatform implements Platform {
    private final Map<Integer, ThreadedScheduler> threads = new ConcurrentHashMap<>();

    /** Makes a platform without threads: each is started when its VM needs it. */
    public ThreadedPlatform() {}

    @Override
    public ThreadedScheduler scheduler(int vmid) {
        return threads.computeIfAbsent(vmid, number -> new ThreadedScheduler("vm-" + number));
    }

    @Override
    public Executor interruptDelivery(int vmid) {
        return scheduler(vmid)::execute;
    }

    @Override
    public void close() {
        threads.values().forEach(ThreadedScheduler::close);
    }
}
