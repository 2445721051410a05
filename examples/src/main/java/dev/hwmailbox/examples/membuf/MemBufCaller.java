// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.examples.calls.Arrival;
import dev.hwmailbox.examples.calls.OpenCalls;
import dev.hwmailbox.examples.calls.Outcome;
import dev.hwmailbox.examples.calls.ProtocolEnd;
import dev.hwmailbox.examples.membuf.MemBufRecord.Malformed;
import dev.hwmailbox.examples.membuf.MemBufRecord.Relinquish;
import dev.hwmailbox.examples.membuf.MemBufRecord.Reply;
import dev.hwmailbox.examples.membuf.MemBufRecord.Request;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The borrower's end. What is asked for is told its outcome exactly once, never inside the call: memory, or
 *
 * <ul>
 *   <li>{@code -ETIMEDOUT}: no reply within {@link #TIMEOUT}. Memory that comes later goes back at once;
 *   <li>{@code -EPROTO}: the reply is none; any other errno: what the lender says;
 *   <li>{@code -EBUSY}: {@link #MAX_OPEN} requests are open; {@code -ENOBUFS}: the channel is full;
 *   <li>{@code -ENODEV}: there is no channel; {@code -ESHUTDOWN}: it was closed meanwhile; {@code -ECONNRESET}: the
 *       lender was reset meanwhile.
 * </ul>
 *
 * <p>Ours: memory that is offered and that nobody here holds goes back, whether its request has timed out, was answered
 * already, or was never made. So a lender that is slow or confused loses nothing. What this end cannot send the lender
 * has back when this VM is reset; suspend it with {@link dev.hwmailbox.gunyah.msgq.SuspendPolicy#PARK}, and nothing is
 * refused.
 *
 * <p>Context: the borrower's scheduler, on which all of it runs; calls from outside are not allowed. Nothing is locked.
 */
final class MemBufCaller extends ProtocolEnd {
    /** Requests that may wait for their replies. Ours. */
    static final int MAX_OPEN = 8;

    /** How long a request waits for its reply: what drivers of this kind do. */
    static final Duration TIMEOUT = Duration.ofMillis(3500);

    /**
     * Memory on its way back that the channel has not taken yet; what goes beyond is left to the lender, who has it all
     * back when this VM is reset. Ours.
     */
    static final int MAX_RETURNING = 64;

    private final MailboxScheduler scheduler;
    private final OpenCalls<Reply> calls;
    private final Consumer<MemBuf> lost;
    private final MemBufCounters counters = new MemBufCounters();
    private final Map<Integer, MemBuf> held = new HashMap<>();
    private final Queue<Relinquish> returning = new ArrayDeque<>();

    /**
     * Makes a caller without channel.
     *
     * @param scheduler the borrower's
     * @param lost told of memory that is held when the lender goes: it must not be used any more
     */
    MemBufCaller(MailboxScheduler scheduler, Consumer<MemBuf> lost) {
        this.scheduler = scheduler;
        this.lost = lost;
        calls = new OpenCalls<>(scheduler, MAX_OPEN, TIMEOUT);
    }

    MemBufCounters counters() {
        return counters;
    }

    OpenCalls<Reply> calls() {
        return calls;
    }

    /** What has been lent and not freed. */
    int held() {
        return held.size();
    }

    /** Asks for memory of at least this many bytes. */
    void allocate(int size, Consumer<Outcome<MemBuf>> told) {
        MailboxChannel to = channel();
        int id = to == null ? -Errno.ENODEV : calls.open(outcome -> told.accept(take(outcome, size)));
        if (to == null || id < 0) {
            scheduler.execute(() -> told.accept(Outcome.failed(id)));
            return;
        }
        int sent = to.sendMessage(MsgqMessage.of(new Request(id, size).encode()));
        if (sent < 0) {
            scheduler.execute(() -> calls.giveUp(id, sent));
        }
    }

    /** Gives memory back, which has been released with the Resource Manager. Twice is harmless. */
    void free(MemBuf memory) {
        if (held.remove(memory.handle(), memory)) {
            giveBack(memory.transaction(), memory.handle());
        }
    }

    private Outcome<MemBuf> take(Outcome<Reply> outcome, int wanted) {
        if (!outcome.isAnswered()) {
            return Outcome.failed(outcome.status());
        }
        Reply reply = outcome.reply();
        if (reply.errno() < 0 || reply.errno() > MemBufWire.MAX_ERRNO) {
            counters.refuse(MemBufField.STATUS);
            return Outcome.failed(-Errno.EPROTO);
        }
        if (reply.errno() > 0) {
            return Outcome.failed(-reply.errno());
        }
        if (Integer.compareUnsigned(reply.size(), wanted) < 0) {
            counters.refuse(MemBufField.SIZE);
            returnUnused(reply);
            return Outcome.failed(-Errno.EPROTO);
        }
        if (held.containsKey(reply.handle())) {
            counters.refuse(MemBufField.HANDLE); // lent twice: the first one keeps it
            return Outcome.failed(-Errno.EPROTO);
        }
        MemBuf memory = new MemBuf(reply.transaction(), reply.handle(), reply.size());
        held.put(memory.handle(), memory);
        return Outcome.answered(memory);
    }

    private void returnUnused(Reply reply) {
        counters.gaveBack();
        giveBack(reply.transaction(), reply.handle());
    }

    private void giveBack(int transaction, int handle) {
        if (returning.size() < MAX_RETURNING) {
            returning.add(new Relinquish(transaction, handle));
        } else {
            counters.couldNotSend();
        }
        sendBack();
    }

    private void sendBack() {
        MailboxChannel to = channel();
        while (to != null && !returning.isEmpty()) {
            Relinquish next = returning.remove();
            if (to.sendMessage(MsgqMessage.of(next.encode())) < 0) {
                returning.add(next); // order does not matter
                return;
            }
        }
    }

    /** The lender's next life knows nothing of what this one has lent. */
    @Override
    protected void ended(int status) {
        List<MemBuf> gone = new ArrayList<>(held.values());
        held.clear();
        returning.clear();
        calls.giveUpAll(status);
        gone.forEach(lost);
    }

    @Override
    protected void receivedStale() {
        counters.foundStale();
    }

    @Override
    protected void received(MailboxChannel from, ByteBuffer message) {
        MemBufRecord received = MemBufRecord.decode(message);
        if (received instanceof Reply reply) {
            replied(reply);
        } else if (received instanceof Malformed malformed) {
            counters.refuse(malformed.field());
            if (malformed.kind() == MemBufWire.REPLY) {
                calls.badReply(malformed.transaction(), -Errno.EPROTO);
            }
        } else {
            counters.refuse(MemBufField.KIND);
        }
    }

    private void replied(Reply reply) {
        Arrival arrival = calls.reply(reply.transaction(), reply);
        MemBuf offered = new MemBuf(reply.transaction(), reply.handle(), reply.size());
        if (arrival != Arrival.ANSWER && reply.errno() == 0 && !offered.equals(held.get(reply.handle()))) {
            returnUnused(reply);
        }
    }

    @Override
    public void txDone(MailboxChannel of, @Nullable Object message, int status) {
        if (status < 0) {
            counters.couldNotSend();
        }
    }

    @Override
    public void writable(MailboxChannel to) {
        sendBack();
    }
}
