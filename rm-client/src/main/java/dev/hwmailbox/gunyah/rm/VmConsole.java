// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.rm.protocol.ConsoleText;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmProtocolException;
import dev.hwmailbox.gunyah.rm.protocol.VmRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import dev.hwmailbox.gunyah.rm.protocol.VmStatusNotification;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The console of a VM as two streams: of a VM that this one owns, or this VM's own. It stays open over restarts of the
 * VM and of the Resource Manager.
 *
 * <pre>
 *         open                VM reset, Resource Manager restarted
 *    ───────────▶  OPEN  ──────────────────────────────────────────▶  LOST
 *                   ▲                                                   │
 *                   └────── opened again: VM READY or RUNNING, restart ─┘
 *
 *    any ── close(), the Resource Manager's client is closed or has lost its channel for good ──▶ CLOSED
 * </pre>
 *
 * <p>Input that nobody reads is kept up to a bound; what comes beyond that is dropped and counted. Output goes in
 * pieces of at most {@link ConsoleText#MAX_SINGLE_FRAME_LENGTH} bytes, when that many are there or the stream is
 * flushed; what is written while the console is lost is dropped and counted. What the other side has not opened is lost
 * uncounted, because the Resource Manager does not tell.
 *
 * <pre>{@code
 * try (VmConsole console = VmConsole.open(resourceManager, vmid)) {
 *     console.output().write("ls\n".getBytes(UTF_8));
 *     console.output().flush();
 *     int first = console.input().read();
 * }
 * }</pre>
 *
 * <p>Context: any thread; may block. Not from mailbox callbacks. Of several writers, pieces may mix.
 *
 * <p>Linux counterpart: drivers/tty/hvc/hvc_gunyah.c (Android). Differs: the console stays while its VM restarts.
 *
 * @since 0.1
 */
public final class VmConsole implements AutoCloseable {
    /** How much unread input is kept unless told otherwise, in bytes: as much as the driver of guests does. */
    public static final int DEFAULT_CAPACITY = 1024;

    /** How often a lost console is asked to be opened when no answer comes. */
    static final int MAX_ATTEMPTS = 3;

    private static final Logger LOG = LoggerFactory.getLogger(VmConsole.class);

    private enum State {
        OPENING,
        OPEN,
        LOST,
        CLOSED
    }

    /**
     * What has become of the bytes, and how often the console was opened again. No count ever falls.
     *
     * @param droppedInput bytes that came while the buffer was full
     * @param droppedOutput bytes that were written while the console was lost
     * @param reopened how often it was opened again
     */
    public record Counters(long droppedInput, long droppedOutput, long reopened) {}

    private final ResourceManager resourceManager;
    private final int vmid;
    private final ConsoleInput input;
    private final ConsoleOutput output = new ConsoleOutput(this::send);
    private final RmNotificationListener listener = new Listener();
    private final Runnable atEnd = this::end;

    private final ReentrantLock lock = new ReentrantLock(); // guards: all below
    private State state = State.OPENING;
    private long droppedOutput;
    private long reopened;

    private VmConsole(ResourceManager resourceManager, int vmid, int capacity) {
        this.resourceManager = Objects.requireNonNull(resourceManager, "resourceManager");
        this.vmid = vmid;
        this.input = new ConsoleInput(resourceManager.scheduler(), capacity);
    }

    /**
     * Opens a console that keeps {@value #DEFAULT_CAPACITY} bytes of input.
     *
     * @param resourceManager the client; stays open when the console is closed
     * @param vmid whose console, or {@link ConsoleCalls#OWN}
     * @return the console
     * @throws MailboxException as {@link ConsoleCalls#open}
     */
    public static VmConsole open(ResourceManager resourceManager, int vmid) {
        return open(resourceManager, vmid, DEFAULT_CAPACITY);
    }

    /**
     * Opens a console.
     *
     * @param resourceManager the client; stays open when the console is closed
     * @param vmid whose console, or {@link ConsoleCalls#OWN}
     * @param capacity how much unread input is kept, at least 1 byte
     * @return the console
     * @throws MailboxException as {@link ConsoleCalls#open}
     */
    public static VmConsole open(ResourceManager resourceManager, int vmid, int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity must be at least 1: " + capacity);
        }
        var console = new VmConsole(resourceManager, vmid, capacity);
        console.listen();
        try {
            resourceManager.console().open(vmid);
        } catch (ResourceManagerException e) {
            console.stopListening();
            throw e;
        } catch (RuntimeException | Error e) {
            console.stopListening();
            console.closeWithoutWaiting(); // it may be open, with nobody to hear it
            throw e;
        }
        console.enter(State.OPEN);
        return console;
    }

    /**
     * What the other side writes. Reading waits for at least one byte, without a limit in time; an interrupt ends it
     * with {@link java.io.InterruptedIOException} (the flag is kept). After {@link #close}, and when the Resource
     * Manager's client is closed or has lost its channel for good, it gives what there is, and then the end.
     *
     * @return the same stream each time; closing it does nothing
     */
    public InputStream input() {
        return input;
    }

    /**
     * What the other side reads. Writing waits for the Resource Manager's answer, whenever a piece is sent; an
     * {@link IOException} has the cause why it was not.
     *
     * @return the same stream each time; closing it flushes
     */
    public OutputStream output() {
        return output;
    }

    /**
     * Whether the console is open now.
     *
     * @return false after a restart until it is opened again, and after {@link #close}
     */
    public boolean isOpen() {
        lock.lock();
        try {
            return state == State.OPEN;
        } finally {
            lock.unlock();
        }
    }

    /**
     * What was dropped.
     *
     * @return the counts as they are now
     */
    public Counters counters() {
        lock.lock();
        try {
            return new Counters(input.dropped(), droppedOutput, reopened);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Sends what is left and closes the console. Whoever waits for input gets the end of the stream. Closing again does
     * nothing.
     */
    @Override
    public void close() {
        try {
            output.flush();
        } catch (IOException e) {
            LOG.debug("last output to the console of VM {} not sent", vmid, e);
        }
        stopListening();
        if (enter(State.CLOSED) == State.OPEN) {
            try {
                resourceManager.console().close(vmid);
            } catch (MailboxException e) {
                LOG.debug("console of VM {} not closed", vmid, e);
            }
        }
        input.end();
    }

    @Override
    public String toString() {
        lock.lock();
        try {
            return "VmConsole[vmid=" + vmid + ", " + state + "]";
        } finally {
            lock.unlock();
        }
    }

    private void listen() {
        resourceManager.addListener(listener);
        resourceManager.atEnd(atEnd);
    }

    private void stopListening() {
        resourceManager.removeListener(listener);
        resourceManager.notAtEnd(atEnd);
    }

    /** Nothing will come any more. */
    private void end() {
        enter(State.CLOSED);
        input.end();
    }

    private void send(byte[] piece) throws IOException {
        lock.lock();
        try {
            if (state != State.OPEN) {
                droppedOutput += piece.length;
                return;
            }
        } finally {
            lock.unlock();
        }
        try {
            resourceManager.console().write(vmid, piece);
        } catch (MailboxException e) {
            throw new IOException("not written to the console of VM " + vmid, e);
        }
    }

    /** Opens the console again, without waiting: this runs in a listener. */
    private void reopen(int attempts) {
        callWithoutWaiting(RmMessageId.VM_CONSOLE_OPEN, failure -> {
            if (failure == null) {
                opened();
            } else if (attempts > 1 && isLost() && hasNoReply(failure)) {
                reopen(attempts - 1);
            }
        });
    }

    /** The answer was lost; after a restart the listener opens the console. */
    private static boolean hasNoReply(Throwable failure) {
        return !(failure instanceof ResourceManagerException)
                && failure instanceof MailboxException cause
                && (cause.errno() == Errno.ETIMEDOUT || cause.errno() == Errno.EIO);
    }

    private void opened() {
        State former = enter(State.OPEN);
        if (former == State.LOST) {
            lock.lock();
            try {
                reopened++;
            } finally {
                lock.unlock();
            }
        } else if (former == State.CLOSED) {
            closeWithoutWaiting();
        }
    }

    private void closeWithoutWaiting() {
        callWithoutWaiting(RmMessageId.VM_CONSOLE_CLOSE, failure -> {});
    }

    private void callWithoutWaiting(int messageId, Consumer<@Nullable Throwable> ended) {
        try {
            var unused = resourceManager
                    .callAsync(messageId, new VmRequest(vmid).encode())
                    .whenComplete((reply, failure) -> {
                        LOG.debug("console of VM {}: {}", vmid, RmMessageId.name(messageId), failure);
                        ended.accept(failure);
                    });
        } catch (MailboxException e) {
            LOG.debug("console of VM {}: {}", vmid, RmMessageId.name(messageId), e);
        }
    }

    /** The one transition; CLOSED is for good. Returns the former state. */
    private State enter(State next) {
        lock.lock();
        try {
            State former = state;
            if (former != State.CLOSED) {
                state = next;
            }
            return former;
        } finally {
            lock.unlock();
        }
    }

    private boolean isLost() {
        lock.lock();
        try {
            return state == State.LOST;
        } finally {
            lock.unlock();
        }
    }

    private final class Listener implements RmNotificationListener {
        @Override
        public void notified(RmMessage notification) {
            try {
                switch (notification.messageId()) {
                    case RmMessageId.NOTIFY_VM_CONSOLE_CHARS -> arrived(ConsoleText.decode(notification));
                    case RmMessageId.NOTIFY_VM_STATUS -> changed(VmStatusNotification.decode(notification));
                    default -> {}
                }
            } catch (RmProtocolException e) {
                LOG.debug("notification not understood", e);
            }
        }

        @Override
        public void restarted(int generation) {
            enter(State.LOST);
            reopen(MAX_ATTEMPTS);
        }

        private void arrived(ConsoleText text) {
            if (text.vmid() == vmid) {
                input.add(text.bytes());
            }
        }

        private void changed(VmStatusNotification change) {
            if (change.vmid() != vmid) {
                return;
            }
            VmState now = change.status().vm();
            if (now == VmState.RESETTING || now == VmState.RESET) {
                enter(State.LOST);
            } else if ((now == VmState.READY || now == VmState.RUNNING) && isLost()) {
                reopen(MAX_ATTEMPTS);
            }
        }
    }
}
