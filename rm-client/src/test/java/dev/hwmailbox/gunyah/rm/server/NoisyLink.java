// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.gunyah.rm.RmFrameCarrier;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What lies between a client of the Resource Manager and its channel: loses, repeats and damages frames in both
 * directions. Damage is done to headers only, and never to a sequence: the protocol cannot show any other.
 *
 * <p>It also plays the restart of a Resource Manager that goes on in truth: replies to requests of the life before are
 * kept from the client, as they would be lost with the queues.
 */
final class NoisyLink implements RmFrameCarrier {
    private static final int ONE_IN = 25;
    private static final int REPLY = 2;
    private static final int REQUEST = 1;

    private final Random random;
    private final Map<Long, Integer> unanswered = new HashMap<>();
    private final Map<Long, Integer> ofEarlierLife = new HashMap<>();
    private final IdentityHashMap<Object, byte[]> frames = new IdentityHashMap<>();
    private final Set<Object> copies = Collections.newSetFromMap(new IdentityHashMap<>());
    private boolean noisy;
    private boolean skipsContinuations;
    private @Nullable MailboxChannel current;

    private int generation;
    private IntSupplier generations = () -> 0;

    /** Sequences of the first requests made after restarts. */
    final List<Integer> firstSequences = new ArrayList<>();

    long faults;

    NoisyLink(long seed) {
        random = new Random(seed);
    }

    /** Tells in which life of the Resource Manager, as the client counts them, a request is made. */
    void generations(IntSupplier ofClient) {
        generations = ofClient;
    }

    MailboxChannel request(GunyahMsgqController controller, MailboxClient client, MsgqEndpoint endpoint) {
        return controller.requestChannel(new Between(client), endpoint);
    }

    /** The Resource Manager dies and comes back. */
    void restart(GunyahMsgqController controller) {
        MailboxChannel open = current;
        if (open != null && !open.isClosed()) {
            unanswered.forEach((call, times) -> ofEarlierLife.merge(call, times, Integer::sum));
            unanswered.clear();
            faults++;
            controller.peerReset(open);
        }
    }

    void noisy(boolean now) {
        noisy = now;
    }

    /** Forgets what an earlier life has never been asked. */
    void forgetEarlierLives() {
        ofEarlierLife.clear();
    }

    @Override
    public Object toMessage(RmFrame frame) {
        if (frame.typeValue() == REQUEST) {
            unanswered.merge(call(frame), 1, Integer::sum);
            int now = generations.getAsInt();
            if (now != generation) {
                generation = now;
                firstSequences.add(frame.sequence());
            }
        }
        byte[] bytes = frame.toBytes();
        if (strikes()) {
            int at = new int[] {0, 1, 7}[random.nextInt(3)];
            bytes[at] ^= (byte) (1 << random.nextInt(Byte.SIZE));
        }
        MsgqMessage message = MsgqMessage.of(bytes, 0, bytes.length, frame.push());
        frames.put(message, bytes);
        return message;
    }

    @Override
    public ByteBuffer toBytes(Object message) {
        return (ByteBuffer) message;
    }

    private static long call(RmFrame frame) {
        return (long) frame.messageId() << 16 | frame.sequence();
    }

    private boolean strikes() {
        boolean now = noisy && random.nextInt(ONE_IN) == 0;
        faults += now ? 1 : 0;
        return now;
    }

    /** True for a frame of a reply to a request of an earlier life. */
    private boolean isOfEarlierLife(RmFrame frame) {
        if (frame.isContinuation()) {
            return skipsContinuations;
        }
        skipsContinuations = frame.typeValue() == REPLY && take(ofEarlierLife, call(frame));
        if (frame.typeValue() == REPLY && !skipsContinuations) {
            take(unanswered, call(frame));
        }
        return skipsContinuations;
    }

    private static boolean take(Map<Long, Integer> calls, long call) {
        Integer times = calls.get(call);
        if (times != null) {
            calls.put(call, times - 1);
            calls.remove(call, 0);
        }
        return times != null;
    }

    private final class Between implements MailboxClient {
        private final MailboxClient client;

        Between(MailboxClient client) {
            this.client = client;
        }

        @Override
        public ClientOptions options() {
            return client.options();
        }

        @Override
        public void rxCallback(MailboxChannel channel, @Nullable Object message) {
            ByteBuffer arrived = (ByteBuffer) Objects.requireNonNull(message);
            byte[] bytes = new byte[arrived.remaining()];
            arrived.get(bytes);
            if (isOfEarlierLife(RmFrame.of(bytes, false)) || strikes()) {
                return; // lost
            }
            if (strikes()) {
                client.rxCallback(channel, ByteBuffer.wrap(bytes));
            }
            if (strikes()) {
                int at = new int[] {0, 1, 4, 5, 6, 7}[random.nextInt(6)];
                bytes[at] ^= (byte) (1 << random.nextInt(Byte.SIZE));
            }
            client.rxCallback(channel, ByteBuffer.wrap(bytes));
        }

        @Override
        public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
            if (copies.remove(message)) {
                return;
            }
            byte[] sent = frames.remove(message);
            if (sent != null && status >= 0 && strikes()) {
                MsgqMessage copy = MsgqMessage.of(sent);
                if (channel.sendMessage(copy) >= 0) {
                    copies.add(copy);
                    RmFrame frame = RmFrame.of(sent, false);
                    unanswered.merge(call(frame), frame.typeValue() == REQUEST ? 1 : 0, Integer::sum);
                    unanswered.remove(call(frame), 0);
                }
            }
            client.txDone(channel, message, status);
        }

        @Override
        public void writable(MailboxChannel channel) {
            client.writable(channel);
        }

        @Override
        public void refused(MailboxChannel channel, @Nullable Object message, int errno) {
            client.refused(channel, message, errno);
        }

        @Override
        public void event(MailboxChannel channel, ChannelEvent event) {
            if (event == ChannelEvent.CLOSED) {
                frames.clear();
                copies.clear();
            }
            client.event(channel, event);
        }

        @Override
        public void txPrepare(MailboxChannel channel, @Nullable Object message) {
            current = channel;
            client.txPrepare(channel, message);
        }
    }
}
