// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

/** The second thread of a benchmark with two. */
final class OwnThread {
    private final Thread thread;

    OwnThread(Runnable life) {
        thread = new Thread(life, "bench other side");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    Thread thread() {
        return thread;
    }

    void interrupt() {
        thread.interrupt();
    }

    void join() {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
