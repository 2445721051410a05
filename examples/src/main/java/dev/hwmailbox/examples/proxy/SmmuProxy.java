// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.proxy;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.examples.calls.ProtocolEnd;
import dev.hwmailbox.examples.proxy.ProxyRecord.Malformed;
import dev.hwmailbox.examples.proxy.ProxyRecord.Map;
import dev.hwmailbox.examples.proxy.ProxyRecord.Reply;
import dev.hwmailbox.examples.proxy.ProxyRecord.Unmap;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The caller: maps and unmaps memory through a trusted VM, one call at a time; further ones wait for their turn as they
 * would for a lock. Each call has one outcome, 0 or
 *
 * <ul>
 *   <li>{@code -ETIMEDOUT}: no reply within the {@linkplain ProxyCall#TRIES tries} of a call;
 *   <li>{@code -EBUSY}: {@link #MAX_WAITING} calls wait already, or what the trusted VM says with it;
 *   <li>{@code -EPROTO}: the reply is none; any other errno: what the trusted VM says;
 *   <li>{@code -ENODEV}: there is no channel; {@code -ESHUTDOWN}: it was closed meanwhile; {@code -ECONNRESET}: the
 *       trusted VM was reset meanwhile;
 *   <li>blocking only, {@code -EINTR}: the waiting thread was interrupted; the call goes on without it.
 * </ul>
 *
 * <p>Context: any thread; the forms without a consumer block. All else runs on the VM's scheduler, so nothing is
 * locked: calls from outside only hand over a task.
 */
final class SmmuProxy extends ProtocolEnd {
    /** Calls that may wait for their turn. Ours. */
    static final int MAX_WAITING = 16;

    private record Waiting(IntFunction<byte[]> request, IntConsumer told) {}

    private final MailboxScheduler scheduler;
    private final WakeLock wakeLock;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private final ProxyCounters counters = new ProxyCounters();
    private @Nullable ProxyCall current;
    private int lastSequence;

    SmmuProxy(MailboxScheduler scheduler, WakeLock wakeLock) {
        this.scheduler = scheduler;
        this.wakeLock = wakeLock;
    }

    ProxyCounters counters() {
        return counters;
    }

    /** Makes memory reachable for a device; told is called once, as a task of the scheduler. */
    void map(Mapping mapping, IntConsumer told) {
        ask(sequence -> new Map(sequence, mapping).encode(), told);
    }

    /** Makes it unreachable again; told is called once, as a task of the scheduler. */
    void unmap(long address, int size, IntConsumer told) {
        ask(sequence -> new Unmap(sequence, address, size).encode(), told);
    }

    /** The same, and waits. */
    int map(Mapping mapping) {
        return await(told -> map(mapping, told));
    }

    /** The same, and waits. */
    int unmap(long address, int size) {
        return await(told -> unmap(address, size, told));
    }

    private int await(Consumer<IntConsumer> call) {
        Completion done = new Completion();
        call.accept(status -> {
            if (done.complete(status)) {
                scheduler.wake(done);
            }
        });
        return scheduler.await(done, ClientOptions.NO_TIMEOUT.toNanos()) ? done.status() : -Errno.EINTR;
    }

    private void ask(IntFunction<byte[]> request, IntConsumer told) {
        scheduler.execute(() -> enter(new Waiting(request, told)));
    }

    private void enter(Waiting call) {
        if (waiting.size() == MAX_WAITING) {
            call.told.accept(-Errno.EBUSY);
            return;
        }
        waiting.add(call);
        takeTurn();
    }

    private void takeTurn() {
        MailboxChannel to = channel();
        Waiting next = current == null ? waiting.poll() : null;
        if (next == null) {
            return;
        }
        if (to == null) {
            next.told.accept(-Errno.ENODEV);
            scheduler.execute(this::takeTurn);
            return;
        }
        lastSequence = (lastSequence + 1) & 0xffff;
        wakeLock.acquire();
        byte[] request = next.request.apply(lastSequence);
        current = new ProxyCall(to, scheduler, wakeLock, lastSequence, request, this::turnEnded);
        current.begin(next.told);
    }

    /** The turn is over: the wake lock goes back before anybody is told, and the next one is not called from inside. */
    private void turnEnded(IntConsumer told, int status) {
        current = null;
        wakeLock.release();
        told.accept(status);
        scheduler.execute(this::takeTurn);
    }

    /** The call in turn ends; without a channel, those that wait end with ENODEV when their turn comes. */
    @Override
    protected void ended(int status) {
        if (current != null) {
            current.end(status);
        }
    }

    @Override
    protected void receivedStale() {
        counters.foundStale();
    }

    @Override
    protected void received(MailboxChannel from, ByteBuffer message) {
        if (current == null) {
            counters.foundUnasked();
        } else if (!current.isAsked()) {
            counters.foundDrained();
        } else {
            arrived(current, ProxyRecord.decode(message));
        }
    }

    private void arrived(ProxyCall call, ProxyRecord record) {
        if (record.sequence() != call.sequence()) {
            counters.foundStale();
        } else if (record instanceof Reply reply && reply.errno() >= 0 && reply.errno() <= Wire.MAX_ERRNO) {
            call.end(-reply.errno());
        } else {
            counters.refuse(
                    record instanceof Malformed malformed
                            ? malformed.field()
                            : record instanceof Reply ? ProxyField.STATUS : ProxyField.TYPE);
            call.end(-Errno.EPROTO);
        }
    }
}
