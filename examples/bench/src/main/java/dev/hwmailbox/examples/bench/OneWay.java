// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/** A way from the calling thread to a thread of its own that receives. */
abstract class OneWay implements AutoCloseable {
    static final int BATCH = 2000;

    final byte[] message = GunyahMessageBenchmark.message();

    /** What the receiver took out last. */
    final byte[] taken = new byte[TwoVms.MESSAGE_SIZE];

    private final Tally received = new Tally();
    private final OwnThread receiver = new OwnThread(this::receiveUntilClosed);
    private long sent;
    private volatile boolean closed;

    final OneWay open() {
        receiver.start();
        return this;
    }

    /** Sends a batch and waits until all of it has arrived. */
    final void batch() {
        for (int i = 0; i < BATCH; i++) {
            send();
        }
        sent += BATCH;
        while (received.get() < sent) {
            whileWaiting();
        }
    }

    long received() {
        return received.get();
    }

    final void count() {
        received.increment();
    }

    final boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        closed = true;
        wakeReceiver(receiver);
        receiver.join();
    }

    /** Sends one message, however long there is no room for it. */
    abstract void send();

    /** The receiving thread's life. */
    abstract void receiveUntilClosed();

    void wakeReceiver(OwnThread thread) {}

    void whileWaiting() {
        Thread.onSpinWait();
    }

    /** A counter that one thread at a time advances and another reads, on a cache line of its own. */
    static final class Tally {
        private static final int APART = 16;
        private final AtomicLongArray value = new AtomicLongArray(2 * APART);

        void increment() {
            value.setRelease(APART, value.getPlain(APART) + 1);
        }

        long get() {
            return value.getAcquire(APART);
        }
    }

    /** References, put and taken by threads that block. */
    static final class References extends OneWay {
        private final BlockingQueue<byte[]> queue;

        References(int depth) {
            queue = new ArrayBlockingQueue<>(depth);
        }

        @Override
        void send() {
            try {
                queue.put(message);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        void receiveUntilClosed() {
            try {
                while (!isClosed()) {
                    taken[0] = queue.take()[0];
                    count();
                }
            } catch (InterruptedException closing) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        void wakeReceiver(OwnThread thread) {
            thread.interrupt();
        }
    }

    /** Bytes through the bare ring. */
    static final class Bytes extends OneWay {
        private final BareRing ring;

        Bytes(int depth) {
            ring = new BareRing(depth);
        }

        @Override
        void send() {
            while (!ring.put(message, 0, message.length)) {
                Thread.onSpinWait();
            }
        }

        @Override
        void receiveUntilClosed() {
            while (!isClosed()) {
                if (ring.take(taken) >= 0) {
                    count();
                } else {
                    Thread.onSpinWait();
                }
            }
        }
    }

    /**
     * Messages from VM to VM. The receiving VM's handlers run on its thread; the sender's, which tell of room, on the
     * thread that has made it.
     */
    static final class Mailbox extends OneWay implements MailboxClient {
        private final Vcpu near = new Vcpu(false);
        private final Vcpu far = new Vcpu(false);
        private final TwoVms vms =
                new TwoVms(new TwoVms.Processor(near, SoftwareHypervisor.INLINE), far.processor(), 1);
        private final MsgqMessage wrapped = MsgqMessage.of(message, 0, message.length, false);
        private final Tally done = new Tally();
        private final MailboxChannel channel;
        private volatile boolean keepsBytes;

        Mailbox(int depth) {
            channel = vms.connect(depth, new Sender(), this).near();
        }

        void keepBytes() {
            keepsBytes = true;
        }

        @Override
        void send() {
            while (channel.sendMessage(wrapped) == -Errno.ENOBUFS) {
                long before = done.get();
                // Twice: there may have been room between the refusal and the look at the counter.
                if (channel.sendMessage(wrapped) != -Errno.ENOBUFS) {
                    return;
                }
                while (done.get() == before) {
                    near.runOneOrWait();
                }
            }
        }

        @Override
        void whileWaiting() {
            near.runOneOrWait();
        }

        @Override
        public void rxCallback(MailboxChannel channel, @Nullable Object message) {
            if (keepsBytes) {
                ByteBuffer bytes = (ByteBuffer) Objects.requireNonNull(message, "message");
                bytes.get(bytes.position(), taken, 0, bytes.remaining());
            }
            count();
        }

        @Override
        void receiveUntilClosed() {
            far.run();
        }

        @Override
        void wakeReceiver(OwnThread thread) {
            far.stop();
        }

        @Override
        public void close() {
            super.close();
            vms.close();
        }

        long done() {
            return done.get();
        }

        private final class Sender implements MailboxClient {
            @Override
            public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
                TwoVms.ok(status);
                done.increment();
            }
        }
    }
}
