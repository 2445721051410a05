// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Real threads for concurrency tests, under JUnit's timeout. What a worker throws, {@link #join} throws. */
final class Workers implements AutoCloseable {
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final List<Future<?>> started = new ArrayList<>();

    interface Body {
        void run() throws Exception;
    }

    void start(Body body) {
        started.add(executor.submit(() -> {
            body.run();
            return null;
        }));
    }

    /** Waits for all workers started so far. */
    void join() throws InterruptedException, ExecutionException {
        for (Future<?> worker : started) {
            worker.get();
        }
        started.clear();
    }

    /** Waits for a latch, in a callback that may not throw. */
    static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
