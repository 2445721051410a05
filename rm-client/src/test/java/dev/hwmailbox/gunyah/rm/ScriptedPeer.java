// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The other end of a client's channel, as a test plays it: a mailbox controller whose messages are byte arrays. It
 * speaks bare bytes and shares no code with the client.
 */
final class ScriptedPeer implements ChannelOps {
    static final int REPLY = 2;
    static final int NOTIFICATION = 3;

    /** What a silent peer does with a request. */
    static final Consumer<Request> SILENT = request -> {};

    private static final int HEADER = 8;
    private static final int CONTENT = 232;
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    /** Turns frames into byte arrays, each after an inspection that may throw. */
    private record Bytes(Consumer<RmFrame> inspection) implements RmFrameCarrier {
        @Override
        public Object toMessage(RmFrame frame) {
            inspection.accept(frame);
            byte[] bytes = new byte[frame.length()];
            frame.copyTo(bytes, 0);
            return bytes;
        }

        @Override
        public ByteBuffer toBytes(Object message) {
            return ByteBuffer.wrap((byte[]) message);
        }
    }

    private final MailboxScheduler scheduler;
    private final ResourceManagerOptions options;
    private final MailboxController controller;
    private final ControllerChannel channel;
    private final ResourceManager client;
    private final List<byte[]> frames = new ArrayList<>();
    private final List<Request> requests = new ArrayList<>();
    private final List<Long> held = new ArrayList<>();
    private final ByteArrayOutputStream partial = new ByteArrayOutputStream();
    private int partialFrames;
    private Consumer<Request> script = SILENT;
    private boolean holding;
    private int refusal;
    private @Nullable Error failure;
    private Runnable atShutdown = () -> {};
    private Runnable atStartup = () -> {};
    private int channelRequests;
    private int refusedRequests;

    ScriptedPeer(MailboxScheduler scheduler) {
        this(scheduler, ResourceManagerOptions.builder().timeout(TIMEOUT).build());
    }

    ScriptedPeer(MailboxScheduler scheduler, ResourceManagerOptions options) {
        this.scheduler = scheduler;
        this.options = options;
        controller = MailboxController.builder(this, scheduler)
                .txDoneMethod(TxDoneMethod.IRQ)
                .build();
        channel = controller.channel(0);
        client = bind(frame -> {});
    }

    private ResourceManager bind(Consumer<RmFrame> inspection) {
        return ResourceManager.bind(this::request, new Bytes(inspection), scheduler, options);
    }

    private MailboxChannel request(MailboxClient owner) {
        channelRequests++;
        if (refusedRequests > 0) {
            refusedRequests--;
            throw new MailboxException(Errno.ENODEV, "no channel");
        }
        return channel.bindClient(owner);
    }

    /** Another client in place of the first. */
    ResourceManager rebind(Consumer<RmFrame> inspection) {
        client.close();
        return bind(inspection);
    }

    /** A whole request as it came. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Request(int id, int sequence, byte[] payload) {}

    ResourceManager client() {
        return client;
    }

    MailboxController controller() {
        return controller;
    }

    /** Every frame that was sent. */
    List<byte[]> frames() {
        return frames;
    }

    List<Request> requests() {
        return requests;
    }

    Request request(int index) {
        return requests.get(index);
    }

    /** What to do with each request from now on, inside the sending of its last frame. */
    ScriptedPeer onRequest(Consumer<Request> newScript) {
        script = newScript;
        return this;
    }

    /** Answers every request with OK and the same data. */
    ScriptedPeer answering(byte... data) {
        return onRequest(request -> reply(request, 0, data));
    }

    /** From now on frames stay in flight, as if the queue were full. */
    void hold() {
        holding = true;
    }

    /** Lets the frame in flight go; the next one is held again. */
    void releaseOne() {
        channel.txDone(held.remove(0), 0);
    }

    void failOne(int status) {
        channel.txDone(held.remove(0), status);
    }

    void release() {
        holding = false;
        while (!held.isEmpty()) {
            releaseOne();
        }
    }

    /** From now on every frame ends with a status; 0 ends that. */
    void refuseFrames(int status) {
        refusal = status;
    }

    /** Throws once, from inside the sending. */
    void failWith(Error error) {
        failure = error;
    }

    /** How often the client has requested its channel. */
    int channelRequests() {
        return channelRequests;
    }

    /** The next requests for the channel fail. */
    void refuseRequests(int count) {
        refusedRequests = count;
    }

    /** Tells the client that its peer was reset. */
    void reset() {
        channel.raiseEvent(ChannelEvent.PEER_RESET);
    }

    void onShutdown(Runnable action) {
        atShutdown = action;
    }

    void reply(Request request, int error, byte... data) {
        byte[] content = ByteBuffer.allocate(4 + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(error)
                .put(data)
                .array();
        message(REPLY, request.id(), request.sequence(), content).forEach(this::deliver);
    }

    void notification(int id, byte... payload) {
        message(NOTIFICATION, id, 0x7777, payload).forEach(this::deliver);
    }

    /** Delivers whatever message there is. */
    void deliverMessage(Object message) {
        channel.receivedData(message);
    }

    void deliver(byte[] frame) {
        channel.receivedData(frame);
    }

    /** The frames of a message. */
    static List<byte[]> message(int type, int id, int sequence, byte[] content) {
        int continuations = content.length == 0 ? 0 : (content.length - 1) / CONTENT;
        List<byte[]> frames = new ArrayList<>();
        for (int i = 0; i <= continuations; i++) {
            int length = Math.min(CONTENT, content.length - i * CONTENT);
            frames.add(ByteBuffer.allocate(HEADER + length)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .put((byte) 0x21)
                    .put((byte) ((i == 0 ? type : 0) | continuations << 2))
                    .putShort((short) sequence)
                    .putInt(id)
                    .put(content, i * CONTENT, length)
                    .array());
        }
        return frames;
    }

    static int continuations(byte[] frame) {
        return (frame[1] & 0xff) >> 2;
    }

    @Override
    public int sendData(ControllerChannel from, @Nullable Object message, long txId) {
        Error thrown = failure;
        if (thrown != null) {
            failure = null;
            throw thrown;
        }
        if (holding) {
            held.add(txId);
        } else {
            from.txDone(txId, refusal);
        }
        if (refusal == 0) {
            arrived((byte[]) Objects.requireNonNull(message));
        }
        return 0;
    }

    /** What to do inside the next startup of the channel. */
    void onStartup(Runnable action) {
        atStartup = action;
    }

    @Override
    public int startup(ControllerChannel from) {
        Runnable action = atStartup;
        atStartup = () -> {};
        action.run();
        return 0;
    }

    @Override
    public void shutdown(ControllerChannel from) {
        atShutdown.run();
    }

    private void arrived(byte[] frame) {
        frames.add(frame);
        if ((frame[1] & 3) != 0) {
            partial.reset();
            partialFrames = 0;
        }
        partialFrames++;
        partial.write(frame, HEADER, frame.length - HEADER);
        if (partialFrames == continuations(frame) + 1) {
            ByteBuffer header = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
            var request = new Request(header.getInt(4), Short.toUnsignedInt(header.getShort(2)), partial.toByteArray());
            requests.add(request);
            script.accept(request);
        }
    }
}
