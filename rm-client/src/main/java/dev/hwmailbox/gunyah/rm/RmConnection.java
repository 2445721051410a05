// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.msgq.StaleMessage;
import dev.hwmailbox.gunyah.rm.RmCall.Failure;
import dev.hwmailbox.gunyah.rm.protocol.RmArrival;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import dev.hwmailbox.gunyah.rm.protocol.RmFraming;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageType;
import dev.hwmailbox.gunyah.rm.protocol.RmReassembler;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client's end of one channel of frames: calls and notifications. Few calls are outstanding at a time, since the
 * Resource Manager loses replies otherwise; the others wait their turn. Received frames are put together on the
 * interrupt path, so the queue is always drained; listeners run later.
 *
 * <pre>
 *  waiting ── turn comes ──▶ outstanding ── reply ──────────────────────────────────▶ ended
 *     │                          └── send error, lost reply, time, cancel, restart ──▶ ended
 *     └── time, cancel, restart ────────────────────────────────────────────────────▶ ended
 * </pre>
 *
 * <p>Each life of the Resource Manager is a generation: a restart ends all calls, forgets half a message, and starts
 * the sequences from 0.
 */
final class RmConnection implements MailboxClient {
    /** Calls that may wait for their turn. */
    static final int MAX_WAITING = 1024;

    private static final Failure CLOSED = Failure.of(Errno.ESHUTDOWN, "the client is closed");

    private static final Logger LOG = LoggerFactory.getLogger(RmConnection.class);

    private final MailboxScheduler scheduler;
    private final RmFrameCarrier carrier;
    private final ResourceManagerOptions options;
    private final long timeoutNanos;
    private final RmBinding binding;
    private final Listeners listeners;
    private final FatalRequests fatal = new FatalRequests();
    private final List<Runnable> atEnd = new CopyOnWriteArrayList<>();
    private final AtomicInteger pumpRequests = new AtomicInteger();

    private final ReentrantLock receiving =
            new ReentrantLock(); // before lock; guards: reassembler, and with it generation
    private RmReassembler reassembler;

    private final OutstandingCalls outstanding;

    private final ReentrantLock lock = new ReentrantLock(); // guards: all below, writes of outstanding
    private final Deque<RmCall> waiting = new ArrayDeque<>();
    private final Sequences sequences = new Sequences();
    private final RecentCalls recent = new RecentCalls();
    private @Nullable RmCall sending;
    private @Nullable Failure refusal;
    private int generation; // changed with both locks held, read with either
    private long late;
    private long duplicate;
    private long foreign;
    private long stale;
    private long broken;

    RmConnection(
            Function<MailboxClient, MailboxChannel> request,
            RmFrameCarrier carrier,
            MailboxScheduler scheduler,
            ResourceManagerOptions options) {
        this.scheduler = scheduler;
        this.carrier = carrier;
        this.options = options;
        this.outstanding = new OutstandingCalls(options.maxOutstanding());
        this.timeoutNanos = options.timeout().toNanos();
        this.reassembler = newReassembler();
        this.listeners = new Listeners(scheduler, options.maxUntold());
        this.binding = new RmBinding(this, request, scheduler, options);
    }

    void open() {
        binding.open();
    }

    MailboxScheduler scheduler() {
        return scheduler;
    }

    Listeners listeners() {
        return listeners;
    }

    /** What must not be sent, and what is known about it. */
    FatalRequests fatal() {
        return fatal;
    }

    /** What is to be done when there will be no channel any more; {@link #close} does it too. */
    List<Runnable> atEnd() {
        return atEnd;
    }

    /** How often the Resource Manager has restarted. */
    int generation() {
        lock.lock();
        try {
            return generation;
        } finally {
            lock.unlock();
        }
    }

    RmCounters counters() {
        lock.lock();
        try {
            return new RmCounters(late, duplicate, foreign, stale, broken, listeners.dropped());
        } finally {
            lock.unlock();
        }
    }

    /** Makes a call and waits for its end. */
    RmMessage call(int messageId, byte[] payload) {
        RmCall call = prepare(messageId, payload, null);
        enqueue(call);
        try {
            pump();
            scheduler.await(call.completion(), timeoutNanos);
        } finally {
            // Also when somebody else's Error ends the wait: the call would stay outstanding for ever.
            if (!call.hasEnded()) {
                fail(call, Thread.currentThread().isInterrupted() ? interrupted() : outOfTime());
            }
        }
        return call.result();
    }

    /** Makes a call whose end the future tells. */
    CompletableFuture<RmMessage> callAsync(int messageId, byte[] payload) {
        var future = new CompletableFuture<RmMessage>();
        RmCall call = prepare(messageId, payload, future);
        MailboxScheduler.Timer timer = timer(call);
        var unused = future.whenComplete((reply, failure) -> {
            timer.cancel();
            if (!call.hasEnded()) {
                fail(call, Failure.of(Errno.ECANCELED, "its future was ended by somebody else"));
            }
        });
        enqueue(call);
        pump();
        return future;
    }

    private MailboxScheduler.Timer timer(RmCall call) {
        try {
            var timer = scheduler.timer(RmMessageId.name(call.messageId()), () -> fail(call, outOfTime()));
            timer.arm(timeoutNanos);
            return timer;
        } catch (RuntimeException e) { // a scheduler that takes no more work
            release(call.sequence(), call.generation());
            fatal.ended(call.request());
            throw e;
        }
    }

    /** Ends every call and closes the channel; no listener is told anything from here on. */
    void close() {
        listeners.clear();
        endForGood(CLOSED);
        binding.close();
    }

    /** The Resource Manager has restarted: calls end, and what comes now belongs to a new generation. */
    void restart(Failure reason) {
        List<RmCall> ended;
        int begun;
        receiving.lock();
        lock.lock();
        try {
            ended = takeAll();
            generation++;
            begun = generation;
            reassembler = newReassembler();
            fatal.forget();
        } finally {
            lock.unlock();
            receiving.unlock();
        }
        listeners.restarted(begun);
        ended.forEach(call -> end(call, call.fail(reason)));
    }

    /** There will be no channel any more. */
    void endForGood(Failure reason) {
        List<RmCall> ended;
        lock.lock();
        try {
            refusal = reason;
            ended = takeAll();
        } finally {
            lock.unlock();
        }
        ended.forEach(call -> end(call, call.fail(reason)));
        atEnd.forEach(Runnable::run);
    }

    @Override
    public void rxCallback(MailboxChannel from, @Nullable Object message) {
        if (message instanceof StaleMessage) {
            count(RecentCalls.Kind.STALE);
            return;
        }
        binding.heard();
        ByteBuffer bytes = carrier.toBytes(Objects.requireNonNull(message, "message"));
        RmArrival arrival;
        int life;
        receiving.lock();
        try {
            arrival = reassembler.accept(bytes);
            life = generation;
            learn(arrival.message());
        } finally {
            receiving.unlock();
        }
        RmArrival.Loss loss = arrival.loss();
        if (loss != null) {
            lost(loss, life);
        }
        RmMessage complete = arrival.message();
        if (complete == null) {
            dropped(arrival.verdict(), bytes);
        } else if (complete.type() == RmMessageType.REPLY) {
            replied(complete, life);
        } else if (!listeners.notified(complete, life)) {
            count(RecentCalls.Kind.STALE);
        }
    }

    /** Before a restart has all forgotten. Receiving is locked. */
    private void learn(@Nullable RmMessage complete) {
        if (complete != null && complete.type() == RmMessageType.REPLY) {
            RmCall call = outstanding.get(complete.sequence());
            if (call != null) {
                fatal.replied(call.request(), complete);
            }
        } else if (complete != null) {
            fatal.notified(complete);
        }
    }

    @Override
    public void txDone(MailboxChannel from, @Nullable Object message, int status) {
        if (status < 0) {
            for (RmCall call : outstanding.all()) {
                // A call that timed out may have left messages in the queue.
                if (call.sent(message)) {
                    fail(call, notSent(-status));
                }
            }
        }
        pump();
    }

    @Override
    public void event(MailboxChannel from, ChannelEvent event) {
        binding.event(from, event);
    }

    /** Whoever comes first sends until nobody asks any more; frames of one request are never interleaved. */
    void pump() {
        if (pumpRequests.getAndIncrement() != 0) {
            return;
        }
        try {
            int served;
            do {
                served = pumpRequests.get();
                sendMessages();
            } while (pumpRequests.addAndGet(-served) != 0);
        } catch (RuntimeException | Error e) {
            // Somebody else's, run inside the send; it must not stop every later call.
            pumpRequests.set(0);
            throw e;
        }
    }

    private void sendMessages() {
        while (true) {
            MailboxChannel open = binding.channel();
            RmCall call = open == null ? null : sending();
            if (open == null || call == null) {
                return;
            }
            if (open != binding.channel()) {
                continue; // a restart came in between: the call may be one for the next channel
            }
            int result = open.sendMessage(call.nextMessage());
            if (result == -Errno.ENOBUFS) {
                return;
            }
            call.handOver();
            if (result < 0) {
                fail(call, open.isClosed() ? Failure.of(Errno.ESHUTDOWN, RmBinding.CHANNEL_CLOSED) : notSent(-result));
            }
        }
    }

    /** The call whose frames go out now: the one begun, or the next whose turn it is. */
    private @Nullable RmCall sending() {
        lock.lock();
        try {
            RmCall begun = sending;
            if (begun == null || begun.hasEnded() || begun.isHandedOver()) {
                begun = outstanding.isFull() ? null : waiting.poll();
                if (begun != null) {
                    outstanding.add(begun);
                }
                sending = begun;
            }
            return begun;
        } finally {
            lock.unlock();
        }
    }

    /** A call with a sequence of its own. Its frames are made outside the lock: the carrier is somebody else's. */
    private RmCall prepare(int messageId, byte[] payload, @Nullable CompletableFuture<RmMessage> future) {
        requireSendable(messageId, payload);
        int sequence;
        int life;
        lock.lock();
        try {
            Failure why = refusal;
            if (why != null) {
                why.result(messageId);
            }
            if (sequences.reserved() >= MAX_WAITING + options.maxOutstanding()) {
                throw new MailboxException(Errno.EBUSY, MAX_WAITING + " calls wait already");
            }
            sequence = sequences.reserve();
            life = generation;
        } finally {
            lock.unlock();
        }
        try {
            var call = new RmCall(RmMessage.request(messageId, sequence, payload), life, carrier, future);
            // Once more, of what this life of the Resource Manager has told.
            fatal.begin(call.request());
            return call;
        } catch (RuntimeException e) {
            release(sequence, life);
            throw e;
        }
    }

    /** Refuses before a sequence is used up. */
    private static void requireSendable(int messageId, byte[] payload) {
        if (messageId == RmMessageId.NONE || payload.length > RmFraming.MAX_REQUEST_LENGTH) {
            RmFraming.split(RmMessage.request(messageId, 0, payload));
        }
    }

    private void release(int sequence, int life) {
        lock.lock();
        try {
            if (life == generation) {
                sequences.release(sequence);
            }
        } finally {
            lock.unlock();
        }
    }

    private void enqueue(RmCall call) {
        Failure why;
        lock.lock();
        try {
            why = call.generation() == generation ? refusal : Failure.of(Errno.ECONNRESET, RmBinding.RESTARTED);
            // Its time may be up already.
            if (why == null && !call.hasEnded()) {
                waiting.add(call);
            }
        } finally {
            lock.unlock();
        }
        if (why != null) {
            end(call, call.fail(why));
        }
    }

    private int outstandingMessageId(int sequence) {
        RmCall call = outstanding.get(sequence);
        return call != null ? call.messageId() : RmReassembler.OutstandingCalls.NONE;
    }

    private RmReassembler newReassembler() {
        return RmReassembler.forClient(this::outstandingMessageId, options.comparesSequences());
    }

    /** The call of a life of the Resource Manager; a restart may have come since its frame did. */
    private @Nullable RmCall outstanding(int sequence, int life) {
        RmCall call = outstanding.get(sequence);
        return call != null && call.generation() == life ? call : null;
    }

    private void replied(RmMessage reply, int life) {
        RmCall call = outstanding(reply.sequence(), life);
        if (call == null) {
            countReply(reply.messageId(), reply.sequence());
        } else if (call.answer(reply)) {
            finish(call, true);
        } else {
            count(RecentCalls.Kind.LATE);
        }
    }

    private void lost(RmArrival.Loss loss, int life) {
        LOG.debug("{} of {} lost", loss.type(), RmMessageId.name(loss.messageId()));
        RmCall call = loss.type() == RmMessageType.REPLY ? outstanding(loss.sequence(), life) : null;
        if (call != null) {
            fail(call, Failure.of(loss.errno(), loss.errno() == Errno.EIO ? "it was cut off" : "it was malformed"));
        }
    }

    private void dropped(RmArrival.Verdict verdict, ByteBuffer bytes) {
        if (!verdict.isDrop()) {
            return;
        }
        LOG.debug("frame dropped: {}", verdict);
        switch (verdict) {
            case UNKNOWN_REPLY, WRONG_MESSAGE_ID -> {
                RmFrame frame = RmFrame.of(bytes, false);
                countReply(frame.messageId(), frame.sequence());
            }
            default -> countBroken();
        }
    }

    private void countReply(int messageId, int sequence) {
        RecentCalls.Kind kind;
        lock.lock();
        try {
            kind = recent.kindOf(messageId, sequence, generation);
        } finally {
            lock.unlock();
        }
        count(kind);
    }

    private void count(RecentCalls.Kind kind) {
        lock.lock();
        try {
            switch (kind) {
                case LATE -> late++;
                case DUPLICATE -> duplicate++;
                case STALE -> stale++;
                case FOREIGN -> foreign++;
            }
        } finally {
            lock.unlock();
        }
    }

    private void countBroken() {
        lock.lock();
        try {
            broken++;
        } finally {
            lock.unlock();
        }
    }

    private void fail(RmCall call, Failure reason) {
        finish(call, call.fail(reason));
    }

    /** Takes an ended call out; if this end is the one that counted, the caller wakes. */
    private void finish(RmCall call, boolean counted) {
        lock.lock();
        try {
            if (outstanding.remove(call)) {
                remember(call);
            } else {
                waiting.remove(call);
            }
            if (counted && call.generation() == generation) {
                sequences.release(call.sequence());
            }
        } finally {
            lock.unlock();
        }
        end(call, counted);
        pump();
    }

    private void end(RmCall call, boolean counted) {
        if (!counted) {
            return;
        }
        fatal.ended(call.request());
        if (call.isAsynchronous()) {
            scheduler.execute(call::completeFuture);
        } else {
            scheduler.wake(call.completion());
        }
    }

    /** Every call that has not ended. The lock is held. */
    private List<RmCall> takeAll() {
        List<RmCall> all = outstanding.all();
        all.forEach(this::remember);
        all.addAll(waiting);
        outstanding.clear();
        waiting.clear();
        sequences.restart();
        sending = null;
        return all;
    }

    private void remember(RmCall call) {
        recent.add(call.messageId(), call.sequence(), call.generation(), call.hasReply());
    }

    private static Failure interrupted() {
        return Failure.of(Errno.EINTR, "the wait was interrupted");
    }

    private static Failure outOfTime() {
        return Failure.of(Errno.ETIMEDOUT, "none came in time");
    }

    private static Failure notSent(int errno) {
        return Failure.of(
                errno, errno == Errno.ECONNRESET ? RmBinding.RESTARTED : "the channel refused a frame of the request");
    }
}
