// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.loopback;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.Mailboxes;
import dev.hwmailbox.devicetree.Node;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client for trying out any mailbox that carries bytes: it writes to the channel that its node calls {@code tx}, and
 * reads what comes from the one called {@code rx}. Either may be missing.
 *
 * <p>With a transmit window the payload is copied there just before each attempt; what goes through the channel is then
 * the {@link #signal}, or the payload as well if there is none. What is received is copied from the window, if there is
 * one, or from the message, and kept until it is read or something else comes. Messages are {@link ByteBuffer}s.
 *
 * <p>Context: any thread; {@link #write} and {@link #read} may block.
 *
 * <p>Kernel counterpart: drivers/mailbox/mailbox-test.c (Linux 6.12).
 */
final class MailboxTestClient implements AutoCloseable {
    /** Longest message, in bytes; what is received is cut to that. */
    static final int MESSAGE_SIZE = 128;

    /** Longest signal, in bytes. */
    static final int SIGNAL_SIZE = 8;

    /** How long a write waits for its message to be done. */
    static final Duration TX_TIMEOUT = Duration.ofMillis(500);

    /** What a read gives without channel to receive from. */
    static final String NO_RX_CHANNEL = "no channel to receive from\n";

    private static final Logger LOG = LoggerFactory.getLogger(MailboxTestClient.class);

    private final Node node;
    private final Windows windows;
    private final MailboxScheduler scheduler;
    private @Nullable MailboxChannel tx;
    private @Nullable MailboxChannel rx;

    // One writer at a time: txPrepare has to know whose payload goes with the signal in its hands.
    private final AtomicBoolean writing = new AtomicBoolean();
    private final Bell written;
    private volatile byte[] payload = {};
    private final AtomicReference<@Nullable ByteBuffer> signal = new AtomicReference<>();

    private final ReentrantLock lock = new ReentrantLock(); // guards: received, ready
    private final byte[] received = new byte[MESSAGE_SIZE];
    private boolean ready;
    private final Bell arrived;
    private volatile Runnable readable = () -> {};

    private MailboxTestClient(Node node, Windows windows, MailboxScheduler scheduler) {
        this.node = node;
        this.windows = windows;
        this.scheduler = scheduler;
        written = new Bell(scheduler);
        arrived = new Bell(scheduler);
    }

    /**
     * Finds the channels that a node names.
     *
     * @throws MailboxException EPROBE_DEFER if neither is to be had, for whatever reason: to be tried again when a
     *     controller has been registered, as {@link MailboxTestProbe} does
     */
    static MailboxTestClient open(Mailboxes mailboxes, Node node, Windows windows, MailboxScheduler scheduler) {
        MailboxTestClient client = new MailboxTestClient(node, windows, scheduler);
        client.tx = client.request(mailboxes, "tx");
        client.rx = client.request(mailboxes, "rx");
        if (client.tx == null && client.rx == null) {
            throw new MailboxException(Errno.EPROBE_DEFER, "neither tx nor rx (" + node.path() + ")");
        }
        if (client.rx == null && windows.hasSeparateReceive()) {
            client.rx = client.tx;
        }
        return client;
    }

    private @Nullable MailboxChannel request(Mailboxes mailboxes, String name) {
        try {
            return mailboxes.requestChannelByName(new Side(), name);
        } catch (MailboxException e) {
            LOG.debug("{}: no channel {}: {}", node.path(), name, e.getMessage());
            return null;
        }
    }

    /**
     * Sets what goes through the channel with the next message, if the payload goes through memory.
     *
     * @return its length, or {@code -EMSGSIZE} if it is longer than {@link #SIGNAL_SIZE}
     */
    int signal(byte... bytes) {
        if (bytes.length > SIGNAL_SIZE) {
            return -Errno.EMSGSIZE;
        }
        signal.set(ByteBuffer.wrap(bytes.clone()));
        return bytes.length;
    }

    /**
     * Sends a message and waits until it is done, up to {@link #TX_TIMEOUT}. Several writers take turns.
     *
     * @return its length, or {@code -EINVAL} without transmit channel; {@code -EMSGSIZE} if it is longer than
     *     {@link #MESSAGE_SIZE}; {@code -EINTR} if the thread was interrupted while another one wrote; or as
     *     {@link MailboxChannel#sendMessage}
     */
    int write(byte... message) {
        if (tx == null) {
            return -Errno.EINVAL;
        }
        if (message.length > MESSAGE_SIZE) {
            return -Errno.EMSGSIZE;
        }
        if (!beginWriting()) {
            return -Errno.EINTR;
        }
        try {
            payload = message.clone();
            ByteBuffer carried = windows.transmit() == null ? null : signal.getAndSet(null);
            int result = tx.sendMessage(carried != null ? carried : ByteBuffer.wrap(payload));
            return result < 0 ? result : message.length;
        } finally {
            writing.set(false);
            written.ring();
        }
    }

    private boolean beginWriting() {
        while (true) {
            Completion done = written.next();
            if (writing.compareAndSet(false, true)) {
                return true;
            }
            if (!scheduler.await(done, ClientOptions.NO_TIMEOUT.toNanos())) {
                return false;
            }
        }
    }

    /**
     * Takes what was received last, waiting for it if need be, and writes it down as {@link HexDump} does.
     *
     * @param dump where to append it
     * @param timeout longest wait; zero not to wait
     * @return how many characters were appended, {@link #NO_RX_CHANNEL} without receive channel; or {@code -EAGAIN} if
     *     there is nothing and the timeout is zero, {@code -ETIME} if nothing has come in time, {@code -EINTR} if the
     *     waiting thread was interrupted, {@code -ESHUTDOWN} if the channel is closed and nothing is left
     */
    int read(StringBuilder dump, Duration timeout) {
        if (rx == null) {
            dump.append(NO_RX_CHANNEL);
            return NO_RX_CHANNEL.length();
        }
        long deadline = scheduler.nanoTime() + timeout.toNanos();
        while (true) {
            Completion arrival = arrived.next();
            byte[] taken = take();
            if (taken != null) {
                int before = dump.length();
                HexDump.append(dump, taken);
                return dump.length() - before;
            }
            if (rx.isClosed()) {
                return -Errno.ESHUTDOWN;
            }
            if (!scheduler.await(arrival, deadline - scheduler.nanoTime())) {
                return nothingCame(timeout);
            }
        }
    }

    private static int nothingCame(Duration timeout) {
        if (timeout.isZero()) {
            return -Errno.EAGAIN;
        }
        return Thread.currentThread().isInterrupted() ? -Errno.EINTR : -Errno.ETIME;
    }

    /** Tells whether there is something to read. */
    boolean isReadable() {
        lock.lock();
        try {
            return ready;
        } finally {
            lock.unlock();
        }
    }

    /** Sets who is told whenever something to read has come; in the callback that brought it. */
    void onReadable(Runnable listener) {
        readable = listener;
    }

    private byte @Nullable [] take() {
        lock.lock();
        try {
            if (!ready) {
                return null;
            }
            ready = false;
            return received.clone();
        } finally {
            lock.unlock();
        }
    }

    private void put(@Nullable ByteBuffer source) {
        lock.lock();
        try {
            Arrays.fill(received, (byte) 0);
            if (source != null) {
                source.get(received, 0, Math.min(MESSAGE_SIZE, source.remaining()));
            }
            ready = true;
        } finally {
            lock.unlock();
        }
    }

    /** Gives the channels back. Readers that wait end with ESHUTDOWN, as do writers. */
    @Override
    public void close() {
        if (tx != null) {
            tx.close();
        }
        if (rx != null) {
            rx.close();
        }
    }

    @Override
    public String toString() {
        return "tx is " + tx + ", rx is " + rx;
    }

    /** Both channels have a client of their own, and both clients do the same. */
    private final class Side implements MailboxClient {
        @Override
        public ClientOptions options() {
            return ClientOptions.blocking(TX_TIMEOUT);
        }

        @Override
        public Node node() {
            return node;
        }

        @Override
        public void txPrepare(MailboxChannel channel, @Nullable Object message) {
            ByteBuffer window = windows.transmit();
            if (window != null) {
                byte[] padded = Arrays.copyOf(payload, Math.min(MESSAGE_SIZE, window.capacity()));
                window.duplicate().clear().put(padded);
            }
        }

        @Override
        public void rxCallback(MailboxChannel channel, @Nullable Object message) {
            ByteBuffer window = windows.received();
            if (window != null) {
                put(window.duplicate().clear());
            } else {
                put(message instanceof ByteBuffer bytes ? bytes.duplicate() : null);
            }
            arrived.ring();
            readable.run();
        }

        @Override
        public void event(MailboxChannel channel, ChannelEvent event) {
            arrived.ring(); // whoever waits looks again
        }

        @Override
        public String toString() {
            return node.path();
        }
    }
}
