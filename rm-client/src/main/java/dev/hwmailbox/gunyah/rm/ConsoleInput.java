// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxScheduler;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/** The characters that have come, for whoever reads; waiting goes through the scheduler. */
final class ConsoleInput extends InputStream {
    /** The longest wait that a scheduler takes, far beyond any reader's patience. */
    private static final long FOREVER = Long.MAX_VALUE / 2;

    private final MailboxScheduler scheduler;

    private final ReentrantLock lock = new ReentrantLock(); // guards: all below
    private final ByteFifo bytes;
    private final List<Completion> readers = new ArrayList<>();
    private long dropped;
    private boolean ended;

    ConsoleInput(MailboxScheduler scheduler, int capacity) {
        this.scheduler = scheduler;
        this.bytes = new ByteFifo(capacity);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        while (true) {
            Completion more = new Completion();
            int count = takeOrWait(target, offset, length, more);
            if (count != 0) {
                return count;
            }
            if (!scheduler.await(more, FOREVER)) {
                forget(more);
                throw new InterruptedIOException("the wait for the console was interrupted");
            }
        }
    }

    @Override
    public int available() {
        lock.lock();
        try {
            return bytes.length();
        } finally {
            lock.unlock();
        }
    }

    void add(byte[] arrived) {
        lock.lock();
        try {
            dropped += arrived.length - bytes.add(arrived, 0, arrived.length);
        } finally {
            lock.unlock();
        }
        wakeReaders();
    }

    void end() {
        lock.lock();
        try {
            ended = true;
        } finally {
            lock.unlock();
        }
        wakeReaders();
    }

    long dropped() {
        lock.lock();
        try {
            return dropped;
        } finally {
            lock.unlock();
        }
    }

    /** Bytes taken, -1 at the end, or 0 after adding a reader that waits. */
    private int takeOrWait(byte[] target, int offset, int length, Completion more) {
        lock.lock();
        try {
            int count = bytes.take(target, offset, length);
            if (count == 0 && ended) {
                return -1;
            }
            if (count == 0) {
                readers.add(more);
            }
            return count;
        } finally {
            lock.unlock();
        }
    }

    private void forget(Completion reader) {
        lock.lock();
        try {
            readers.remove(reader);
        } finally {
            lock.unlock();
        }
    }

    private void wakeReaders() {
        List<Completion> waiting;
        lock.lock();
        try {
            waiting = List.copyOf(readers);
            readers.clear();
        } finally {
            lock.unlock();
        }
        for (Completion reader : waiting) {
            reader.complete(0);
            scheduler.wake(reader);
        }
    }
}
