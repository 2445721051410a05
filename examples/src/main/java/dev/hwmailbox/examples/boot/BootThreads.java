// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.boot;

import dev.hwmailbox.CallerRunsScheduler;
import dev.hwmailbox.examples.machine.Platform;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/**
 * Each VM on a thread of its own, in real time. A VM's thread is its one vCPU: it runs the VM's tasks and interrupt
 * handlers, also while it waits. The owner's is the thread that boots.
 */
final class BootThreads implements Platform {
    private final Map<Integer, CallerRunsScheduler> schedulers = new ConcurrentHashMap<>();
    private final Map<Integer, Thread> threads = new ConcurrentHashMap<>();

    @Override
    public CallerRunsScheduler scheduler(int vmid) {
        return schedulers.computeIfAbsent(vmid, this::create);
    }

    @Override
    public Executor interruptDelivery(int vmid) {
        return scheduler(vmid)::execute;
    }

    @Override
    public void close() {
        threads.forEach((vmid, thread) -> {
            scheduler(vmid).stop();
            join(thread);
        });
    }

    private CallerRunsScheduler create(int vmid) {
        CallerRunsScheduler scheduler = new CallerRunsScheduler();
        if (vmid != Boot.OWNER) {
            Thread thread = new Thread(scheduler::run, "vm-" + vmid);
            thread.setDaemon(true);
            threads.put(vmid, thread);
            thread.start();
        }
        return scheduler;
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
