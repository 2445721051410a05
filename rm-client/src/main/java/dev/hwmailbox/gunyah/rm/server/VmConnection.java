// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmArrival;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import dev.hwmailbox.gunyah.rm.protocol.RmFraming;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageType;
import dev.hwmailbox.gunyah.rm.protocol.RmReassembler;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Resource Manager's end of the channel to one VM. Frames come in on the interrupt path and are put together there;
 * everything else happens in tasks of the scheduler. What a VM does not read waits here, within bounds.
 */
final class VmConnection implements MailboxClient {
    /** Notifications that wait for a VM; beyond that the oldest is dropped, as the real Resource Manager does. */
    static final int MAX_WAITING_NOTIFICATIONS = 256;

    /** Requests that wait to be served; further ones are dropped, whichever way interrupts are delivered. */
    static final int MAX_UNSERVED_REQUESTS = 256;

    /** Replies that wait for a VM, unless {@linkplain Realism#PUBLISHED only one} does; the oldest is dropped. */
    static final int MAX_WAITING_REPLIES = 64;

    private static final Logger LOG = LoggerFactory.getLogger(VmConnection.class);

    private final int vmid;
    private final MailboxScheduler scheduler;
    private final Realism realism;
    private final Server server;
    private final RmReassembler reassembler = RmReassembler.forResourceManager();
    private final Deque<RmMessage> waiting = new ArrayDeque<>();
    private final Deque<RmFrame> frames = new ArrayDeque<>();
    private final Runnable pumpTask = this::pump;
    private final AtomicInteger unserved = new AtomicInteger();
    private final AtomicInteger underway = new AtomicInteger();
    private final AtomicBoolean complained = new AtomicBoolean();
    private @Nullable MailboxChannel channel;
    private boolean closed;

    VmConnection(int vmid, MailboxScheduler scheduler, Realism realism, Server server) {
        this.vmid = vmid;
        this.scheduler = scheduler;
        this.realism = realism;
        this.server = server;
    }

    /** What becomes of messages; called in tasks of the scheduler. */
    interface Server {
        void received(VmConnection from, RmMessage message);

        void lost(VmConnection to, RmMessage message);
    }

    void open(MailboxChannel opened) {
        channel = opened;
        pump();
    }

    /** Ends it at once: what waits in either direction is dropped. */
    void close() {
        closed = true;
        if (channel != null) {
            channel.close();
            channel = null;
        }
        frames.clear();
        waiting.clear();
    }

    /** Sends a reply or notification when the VM has room for it, in the order of the calls. */
    void send(RmMessage message) {
        if (closed) {
            return;
        }
        waiting.add(message);
        pump();
        boolean isReply = message.type() == RmMessageType.REPLY;
        dropOldest(message.type(), isReply ? realism.waitingReplies() : MAX_WAITING_NOTIFICATIONS);
    }

    @Override
    public void rxCallback(MailboxChannel from, @Nullable Object message) {
        RmArrival arrival = reassembler.accept((ByteBuffer) Objects.requireNonNull(message, "message"));
        RmMessage complete = arrival.message();
        if (complete != null) {
            received(complete);
        } else if (arrival.verdict().isDrop()) {
            LOG.debug("frame of VM {} dropped: {}", vmid, arrival.verdict());
        }
    }

    private void received(RmMessage message) {
        if (unserved.incrementAndGet() > MAX_UNSERVED_REQUESTS) {
            unserved.decrementAndGet();
            complain("sends faster than it can be served", message);
            return;
        }
        scheduler.execute(() -> {
            unserved.decrementAndGet();
            if (!closed) {
                server.received(this, message);
            }
        });
    }

    @Override
    public void txDone(MailboxChannel from, @Nullable Object message, int status) {
        underway.decrementAndGet();
        if (status < 0) {
            complain("cannot be sent a frame", Errno.name(status));
        }
        scheduler.execute(pumpTask);
    }

    private void dropOldest(RmMessageType type, int limit) {
        if (waiting.stream().filter(message -> message.type() == type).count() > limit) {
            RmMessage oldest = waiting.stream()
                    .filter(message -> message.type() == type)
                    .findFirst()
                    .orElseThrow();
            waiting.removeFirstOccurrence(oldest);
            complain("does not read and loses", oldest);
            server.lost(this, oldest);
        }
    }

    private void pump() {
        while (channel != null && underway.get() < realism.framesUnderway() && (!frames.isEmpty() || nextMessage())) {
            RmFrame frame = frames.element();
            byte[] bytes = frame.toBytes();
            underway.incrementAndGet();
            int result = channel.sendMessage(MsgqMessage.of(bytes, 0, bytes.length, frame.push()));
            if (result < 0) {
                underway.decrementAndGet();
            }
            if (result == -Errno.ENOBUFS) {
                return;
            }
            frames.remove();
            if (result < 0) {
                complain("cannot be sent a frame", Errno.name(result));
            }
        }
    }

    private boolean nextMessage() {
        RmMessage next = waiting.poll();
        if (next != null) {
            frames.addAll(RmFraming.split(next));
        }
        return next != null;
    }

    /** Once aloud; a hostile VM must not fill the log. */
    private void complain(String problem, Object what) {
        if (complained.compareAndSet(false, true)) {
            LOG.warn("VM {} {}: {}; from now on only at DEBUG", vmid, problem, what);
        } else {
            LOG.debug("VM {} {}: {}", vmid, problem, what);
        }
    }
}
