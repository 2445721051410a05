// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.rm.protocol.RmArrival;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageType;
import dev.hwmailbox.gunyah.rm.protocol.RmReassembler;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client's end of one channel of frames: calls and notifications. One call is outstanding at a time, since the
 * Resource Manager loses replies beyond that; the others wait their turn. Received frames are put together on the
 * interrupt path, so the queue is always drained; listeners run later.
 *
 * <pre>
 *  waiting ── turn comes ──▶ active ── reply ─────────────────────────▶ ended
 *     │                        └── send error, lost reply, time, close ─▶ ended
 *     └── time, close ───────────────────────────────────────────────────▶ ended
 * </pre>
 */
final class RmConnection implements MailboxClient {
    /** Calls that may wait for their turn. */
    static final int MAX_WAITING = 1024;

    private static final int MAX_SEQUENCE = 0xffff;

    private static final Logger LOG = LoggerFactory.getLogger(RmConnection.class);

    private final MailboxScheduler scheduler;
    private final RmFrameCarrier carrier;
    private final RmReassembler reassembler = RmReassembler.forClient(this::outstandingMessageId);
    private final List<RmNotificationListener> listeners = new CopyOnWriteArrayList<>();
    private final Queue<RmMessage> untold = new ConcurrentLinkedQueue<>();
    private final AtomicInteger untoldCount = new AtomicInteger();
    private final AtomicInteger pumpRequests = new AtomicInteger();
    private final AtomicInteger nextSequence = new AtomicInteger();
    private final AtomicLong droppedFrames = new AtomicLong();

    private final ReentrantLock lock = new ReentrantLock(); // guards: waiting, closed, writes of active
    private final Deque<RmCall> waiting = new ArrayDeque<>();
    private boolean closed;
    private volatile @Nullable RmCall active;
    private volatile @Nullable MailboxChannel channel;

    RmConnection(MailboxScheduler scheduler, RmFrameCarrier carrier) {
        this.scheduler = scheduler;
        this.carrier = carrier;
    }

    void open(MailboxChannel opened) {
        channel = opened;
        pump();
    }

    void addListener(RmNotificationListener listener) {
        listeners.add(Objects.requireNonNull(listener, "listener"));
    }

    void removeListener(RmNotificationListener listener) {
        listeners.remove(listener);
    }

    /** Frames that belonged to nothing: late or duplicate replies, broken frames. */
    long droppedFrames() {
        return droppedFrames.get();
    }

    /** Makes a call and waits for its end. */
    RmMessage call(int messageId, byte[] payload, long timeoutNanos) {
        int sequence = nextSequence.getAndIncrement() & MAX_SEQUENCE;
        RmCall call = new RmCall(RmMessage.request(messageId, sequence, payload), carrier);
        enqueue(call);
        try {
            startNext();
            scheduler.await(call.completion(), timeoutNanos);
        } finally {
            // Also when somebody else's Error ends the wait: the call would stay active for ever.
            if (!call.completion().isDone()) {
                boolean interrupted = Thread.currentThread().isInterrupted();
                finish(call, call.fail(interrupted ? Errno.EINTR : Errno.ETIMEDOUT));
            }
        }
        int status = call.completion().status();
        RmMessage reply = call.reply();
        if (status < 0 || reply == null) {
            throw new MailboxException(-status, RmMessageId.name(messageId) + " has no reply");
        }
        if (reply.error() != RmError.OK) {
            throw new ResourceManagerException(messageId, reply.error());
        }
        return reply;
    }

    /** Ends every call and closes the channel; no listener is told anything from here on. */
    void close() {
        MailboxChannel open = channel;
        listeners.clear();
        endAll();
        if (open != null) {
            open.close();
        }
    }

    @Override
    public void rxCallback(MailboxChannel from, @Nullable Object message) {
        RmArrival arrival = reassembler.accept(carrier.toBytes(Objects.requireNonNull(message, "message")));
        RmArrival.Loss loss = arrival.loss();
        if (loss != null) {
            LOG.warn("{} of {} lost", loss.type(), RmMessageId.name(loss.messageId()));
            RmCall call = active;
            if (loss.type() == RmMessageType.REPLY && call != null && call.hasSequence(loss.sequence())) {
                finish(call, call.fail(loss.errno()));
            }
        }
        RmMessage complete = arrival.message();
        if (complete == null) {
            if (arrival.verdict().isDrop()) {
                droppedFrames.incrementAndGet();
                LOG.debug("frame dropped: {}", arrival.verdict());
            }
        } else if (complete.type() == RmMessageType.REPLY) {
            replied(complete);
        } else {
            notified(complete);
        }
    }

    @Override
    public void txDone(MailboxChannel from, @Nullable Object message, int status) {
        RmCall call = active;
        // A call that timed out may have left messages in the queue.
        if (status < 0 && call != null && call.sent(message)) {
            finish(call, call.fail(-status));
        }
        pump();
    }

    @Override
    public void event(MailboxChannel from, ChannelEvent event) {
        if (event == ChannelEvent.CLOSED) {
            endAll();
        }
    }

    private void enqueue(RmCall call) {
        lock.lock();
        try {
            if (closed) {
                throw new MailboxException(Errno.ESHUTDOWN, "the Resource Manager client is closed");
            }
            if (waiting.size() == MAX_WAITING) {
                throw new MailboxException(Errno.EBUSY, MAX_WAITING + " calls wait already");
            }
            waiting.add(call);
        } finally {
            lock.unlock();
        }
    }

    private void startNext() {
        lock.lock();
        try {
            if (active == null) {
                active = waiting.poll();
            }
        } finally {
            lock.unlock();
        }
        pump();
    }

    /** Whoever comes first sends until nobody asks any more; frames of one request are never interleaved. */
    private void pump() {
        if (pumpRequests.getAndIncrement() != 0) {
            return;
        }
        try {
            int served;
            do {
                served = pumpRequests.get();
                sendMessages();
            } while (pumpRequests.addAndGet(-served) != 0);
        } catch (Error e) {
            // Somebody else's, run inside the send; it must not stop every later call.
            pumpRequests.set(0);
            throw e;
        }
    }

    private void sendMessages() {
        MailboxChannel open = channel;
        RmCall call = active;
        while (open != null && call != null && !call.isHandedOver()) {
            int result = open.sendMessage(call.nextMessage());
            if (result == -Errno.ENOBUFS) {
                return;
            }
            call.handOver();
            if (result < 0) {
                finish(call, call.fail(open.isClosed() ? Errno.ESHUTDOWN : -result));
            }
            call = active;
        }
    }

    private int outstandingMessageId(int sequence) {
        RmCall call = active;
        return call != null && call.hasSequence(sequence) ? call.messageId() : RmReassembler.OutstandingCalls.NONE;
    }

    private void replied(RmMessage reply) {
        RmCall call = active;
        if (call != null && call.hasSequence(reply.sequence())) {
            finish(call, call.end(reply));
        }
    }

    /** Takes an ended call out; if this end is the one that counted, the caller wakes. */
    private void finish(RmCall call, boolean counted) {
        lock.lock();
        try {
            if (active == call) {
                active = null;
            } else {
                waiting.remove(call);
            }
        } finally {
            lock.unlock();
        }
        if (counted) {
            scheduler.wake(call.completion());
        }
        startNext();
    }

    private void endAll() {
        List<RmCall> ended = new ArrayList<>();
        lock.lock();
        try {
            closed = true;
            RmCall call = active;
            if (call != null) {
                ended.add(call);
            }
            ended.addAll(waiting);
            waiting.clear();
            active = null;
        } finally {
            lock.unlock();
        }
        for (RmCall call : ended) {
            if (call.fail(Errno.ESHUTDOWN)) {
                scheduler.wake(call.completion());
            }
        }
    }

    private void notified(RmMessage notification) {
        untold.add(notification);
        if (untoldCount.getAndIncrement() == 0) {
            scheduler.execute(this::tellNext);
        }
    }

    /** There is never a second task: it would run while a listener waits for a call, and overtake this one. */
    private void tellNext() {
        try {
            tellListeners(untold.remove());
        } finally {
            if (untoldCount.decrementAndGet() != 0) {
                scheduler.execute(this::tellNext);
            }
        }
    }

    private void tellListeners(RmMessage notification) {
        for (RmNotificationListener listener : listeners) {
            try {
                // An earlier one may have removed it, or closed the client.
                if (listeners.contains(listener)) {
                    listener.notified(notification);
                }
            } catch (RuntimeException e) {
                LOG.error("listener failed on {}", notification, e);
            }
        }
    }
}
