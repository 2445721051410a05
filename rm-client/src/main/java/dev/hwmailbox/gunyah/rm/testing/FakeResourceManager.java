// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.testing;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.rm.RmFrameCarrier;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import dev.hwmailbox.gunyah.rm.protocol.RmFraming;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageType;
import dev.hwmailbox.gunyah.rm.protocol.RmPayload;
import dev.hwmailbox.gunyah.rm.protocol.RmReassembler;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Plays the Resource Manager at the other end of any mailbox channel: answers requests as it is told to, and sends
 * notifications. It knows nothing of VMs; {@link dev.hwmailbox.gunyah.rm.server.ResourceManagerServer} is the one that
 * does. What it has not been told to answer is answered {@link RmError#UNIMPLEMENTED}, as by the real one.
 *
 * <p>{@link ResourceManagerTestBed} has one, and the channel, in one line:
 *
 * <pre>{@code
 * try (ResourceManagerTestBed bed = ResourceManagerTestBed.create()) {
 *     bed.fake().on(RmMessageId.VM_GET_VMID, FakeReply.ok(new VmidReply(3)));
 *
 *     assertThat(bed.resourceManager().vmid()).isEqualTo(3);
 * }
 * }</pre>
 *
 * <p>Differs from the real one: it never loses a reply unless told so, sends as much as the channel takes, and counts
 * the notifications of its own channel only.
 *
 * <p>Context: the thread of the test, as {@link dev.hwmailbox.testing.VirtualScheduler} is.
 *
 * @since 0.1
 */
public final class FakeResourceManager implements AutoCloseable {
    /** How many requests are recorded; of more, the first are forgotten. */
    public static final int MAX_RECORDED = 100_000;

    /** How many frames may wait for a client that does not read. */
    public static final int MAX_WAITING_FRAMES = 100_000;

    private final RmFrameCarrier carrier;
    private final MailboxScheduler scheduler;
    private final Map<Integer, Deque<FakeReply>> script = new HashMap<>();
    private final Deque<RmMessage> requests = new ArrayDeque<>();
    private final Deque<Object> waiting = new ArrayDeque<>();
    private final MailboxChannel channel;
    private FakeReply otherwise = FakeReply.refuse(RmError.UNIMPLEMENTED);
    private RmReassembler reassembler = RmReassembler.forResourceManager();
    private int notificationSequence;
    private int life;

    private FakeResourceManager(
            Function<MailboxClient, MailboxChannel> request, RmFrameCarrier carrier, MailboxScheduler scheduler) {
        this.carrier = Objects.requireNonNull(carrier, "carrier");
        this.scheduler = Objects.requireNonNull(scheduler, "scheduler");
        this.channel = request.apply(new End());
    }

    /**
     * Serves at the other end of a channel.
     *
     * @param request requests this end of the channel for the client it is given
     * @param carrier turns frames into the messages of the channel and back
     * @param scheduler delays
     * @return the fake
     */
    public static FakeResourceManager serve(
            Function<MailboxClient, MailboxChannel> request, RmFrameCarrier carrier, MailboxScheduler scheduler) {
        return new FakeResourceManager(request, carrier, scheduler);
    }

    /**
     * Says what to do with the next requests of a kind, in place of what was said before.
     *
     * @param messageId which requests, see {@link RmMessageId}
     * @param next one after the other; the last is for all that follow
     * @return this
     */
    public FakeResourceManager on(int messageId, FakeReply... next) {
        if (next.length == 0) {
            throw new IllegalArgumentException("no reply for " + RmMessageId.name(messageId));
        }
        script.put(messageId, new ArrayDeque<>(Arrays.asList(next)));
        return this;
    }

    /**
     * Says what to do with requests about which nothing else is said.
     *
     * @param reply for all of them
     * @return this
     */
    public FakeResourceManager otherwise(FakeReply reply) {
        otherwise = Objects.requireNonNull(reply, "reply");
        return this;
    }

    /**
     * Sends a notification.
     *
     * @param messageId what happened, see {@link RmMessageId}
     * @param payload the details
     */
    public void tell(int messageId, RmPayload payload) {
        tell(messageId, payload.encode());
    }

    /**
     * Sends a notification with a raw payload.
     *
     * @param messageId what happened, known or not
     * @param payload the bytes; copied
     */
    public void tell(int messageId, byte[] payload) {
        int sequence = notificationSequence++ & 0xFFFF;
        RmFraming.split(RmMessage.of(RmMessageType.NOTIFICATION, messageId, sequence, payload))
                .forEach(this::send);
    }

    /**
     * Sends a frame, well formed or not.
     *
     * @param frame the frame
     */
    public void send(RmFrame frame) {
        if (waiting.size() == MAX_WAITING_FRAMES) {
            throw new IllegalStateException(MAX_WAITING_FRAMES + " frames wait for a client that does not read");
        }
        waiting.add(carrier.toMessage(frame));
        pump();
    }

    /**
     * Is another Resource Manager from now on: half a request, frames that wait and replies that are due later are
     * forgotten. The script stays. That the client is told is up to the channel, see
     * {@link ResourceManagerTestBed#restart}.
     */
    public void restart() {
        life++;
        notificationSequence = 0;
        waiting.clear();
        reassembler = RmReassembler.forResourceManager();
    }

    /**
     * Every request that came whole.
     *
     * @return a copy, in the order of their coming
     */
    public List<RmMessage> requests() {
        return List.copyOf(requests);
    }

    /**
     * The requests of a kind.
     *
     * @param messageId which, see {@link RmMessageId}
     * @return a copy, in the order of their coming
     */
    public List<RmMessage> requests(int messageId) {
        return requests.stream()
                .filter(request -> request.messageId() == messageId)
                .toList();
    }

    /**
     * Fails the test unless exactly these requests have come since the start, or since the last such check.
     *
     * @param messageIds their message ids, in order
     * @throws AssertionError if others have come
     */
    public void assertRequests(int... messageIds) {
        List<String> expected =
                Arrays.stream(messageIds).mapToObj(RmMessageId::name).toList();
        List<String> actual = requests.stream()
                .map(request -> RmMessageId.name(request.messageId()))
                .toList();
        if (!expected.equals(actual)) {
            throw new AssertionError("expected requests " + expected + ", but there were " + actual);
        }
        requests.clear();
    }

    /** Closes this end of the channel. */
    @Override
    public void close() {
        restart();
        channel.close();
    }

    @Override
    public String toString() {
        return "FakeResourceManager[" + requests.size() + " requests, " + waiting.size() + " frames waiting]";
    }

    private void requested(RmMessage request) {
        if (requests.size() == MAX_RECORDED) {
            requests.remove();
        }
        requests.add(request);
        FakeReply reply = next(request.messageId());
        if (reply.delay().isZero()) {
            reply.frames(request).forEach(this::send);
            return;
        }
        int made = life;
        scheduler
                .timer("reply to " + RmMessageId.name(request.messageId()), () -> {
                    if (made == life) {
                        reply.frames(request).forEach(this::send);
                    }
                })
                .arm(reply.delay().toNanos());
    }

    private FakeReply next(int messageId) {
        Deque<FakeReply> replies = script.get(messageId);
        if (replies == null) {
            return otherwise;
        }
        return replies.size() > 1 ? replies.remove() : replies.element();
    }

    private void pump() {
        while (!waiting.isEmpty() && channel.sendMessage(waiting.element()) != -Errno.ENOBUFS) {
            waiting.poll();
        }
    }

    /** The mailbox client at this end. */
    private final class End implements MailboxClient {
        @Override
        public void rxCallback(MailboxChannel from, @Nullable Object message) {
            RmMessage complete = reassembler
                    .accept(carrier.toBytes(Objects.requireNonNull(message, "message")))
                    .message();
            if (complete != null && complete.type() == RmMessageType.REQUEST) {
                requested(complete);
            }
        }

        @Override
        public void writable(MailboxChannel from) {
            pump();
        }
    }
}
