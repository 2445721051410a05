// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.InterruptController;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Edge-triggered lines that remember one assertion. */
final class FakeInterrupts implements InterruptController {
    private static final Logger LOG = LoggerFactory.getLogger(FakeInterrupts.class);

    private final Executor delivery;
    private final FakeLog log;

    // guards: everything below, the contents of the lines too
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Integer, Line> lines = new TreeMap<>();

    private static final class Line {
        final int virq;

        @Nullable
        Runnable handler;

        boolean masked;
        boolean pending;
        boolean running;
        boolean scheduled;

        Line(int virq) {
            this.virq = virq;
        }

        boolean isDue() {
            return handler != null && !masked && pending && !running;
        }

        @Override
        public String toString() {
            return "virq " + virq + (pending ? " pending" : " idle") + (masked ? ", masked" : "")
                    + (handler == null ? ", no handler" : "") + (running ? ", being handled" : "");
        }
    }

    FakeInterrupts(Executor delivery, FakeLog log) {
        this.delivery = delivery;
        this.log = log;
    }

    @Override
    public void attach(int virq, Runnable handler) {
        Objects.requireNonNull(handler, "handler");
        if (virq < FIRST_SHARED_VIRQ || virq > LAST_SHARED_VIRQ) {
            throw new MailboxException(Errno.EINVAL, "no such shared interrupt (virq " + virq + ")");
        }
        change(virq, line -> {
            if (line.handler != null) {
                throw new MailboxException(Errno.EBUSY, "interrupt has a handler (virq " + virq + ")");
            }
            line.handler = handler;
            line.masked = false;
        });
    }

    @Override
    public void detach(int virq) {
        change(virq, line -> line.handler = null);
    }

    @Override
    public void mask(int virq) {
        change(virq, line -> line.masked = true);
    }

    @Override
    public void unmask(int virq) {
        change(virq, line -> line.masked = false);
    }

    /** Asserts a line. */
    void raise(int virq) {
        change(virq, line -> line.pending = true);
    }

    private void change(int virq, Consumer<Line> change) {
        Line line;
        boolean due;
        lock.lock();
        try {
            line = lines.computeIfAbsent(virq, Line::new);
            change.accept(line);
            due = schedule(line);
        } finally {
            lock.unlock();
        }
        submit(line, due);
    }

    private static boolean schedule(Line line) {
        boolean due = line.isDue() && !line.scheduled;
        line.scheduled |= due;
        return due;
    }

    private void submit(Line line, boolean due) {
        if (due) {
            delivery.execute(() -> deliver(line));
        }
    }

    private void deliver(Line line) {
        Runnable handler = begin(line);
        if (handler == null) {
            return;
        }
        log.interrupt("interrupt " + line.virq + " handled");
        try {
            handler.run();
        } catch (RuntimeException e) {
            LOG.error("interrupt handler failed (virq {})", line.virq, e);
        } finally {
            end(line);
        }
    }

    private @Nullable Runnable begin(Line line) {
        lock.lock();
        try {
            line.scheduled = false;
            if (!line.isDue()) {
                return null;
            }
            line.pending = false;
            line.running = true;
            return line.handler;
        } finally {
            lock.unlock();
        }
    }

    private void end(Line line) {
        boolean due;
        lock.lock();
        try {
            line.running = false;
            due = schedule(line);
        } finally {
            lock.unlock();
        }
        submit(line, due);
    }

    @Override
    public String toString() {
        lock.lock();
        try {
            return "FakeInterrupts" + lines.values();
        } finally {
            lock.unlock();
        }
    }
}
