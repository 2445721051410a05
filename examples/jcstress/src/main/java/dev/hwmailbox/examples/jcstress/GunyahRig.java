// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A channel of a controller in the near VM; the far VM is made of hypercalls. The client notes digits in plain fields,
 * as {@link Rig} does.
 */
class GunyahRig extends TwoGuests implements MailboxClient {
    private static final List<MsgqMessage> MESSAGES = List.of(message(0), message(1), message(2), message(3));

    final GunyahMsgqController controller;
    final MailboxChannel channel;

    int reported;
    int lastStatus;
    int received;
    final AtomicInteger abandoned = new AtomicInteger();
    final AtomicInteger late = new AtomicInteger();
    final AtomicInteger tooLate = new AtomicInteger();
    private volatile boolean closeHasReturned;
    private final Set<Thread> latecomers = ConcurrentHashMap.newKeySet();

    GunyahRig(int depth) {
        this(depth, 1);
    }

    @SuppressWarnings("this-escape") // the channel calls nobody before it is used
    GunyahRig(int depth, int slots) {
        super(depth);
        controller = GunyahMsgqController.builder(near.hypercalls(), near.interrupts(), scheduler)
                .slots(slots)
                .build();
        channel = controller.requestChannel(this, pair.near());
    }

    static MsgqMessage message(int digit) {
        return MsgqMessage.of(new byte[] {(byte) digit});
    }

    final int sendMessage(int digit) {
        return channel.sendMessage(MESSAGES.get(digit));
    }

    /** The far VM sends, and interrupts whatever waits already. */
    final void farSends(int digit) {
        result(far, pair.far().txCapability().value(), digit, true);
    }

    /** A call into the near VM by an actor that {@link #close} races with. */
    final void call(Runnable entry) {
        if (closeHasReturned) {
            latecomers.add(Thread.currentThread());
        }
        entry.run();
    }

    final void close() {
        channel.close();
        closeHasReturned = true;
    }

    /** As {@link Rig#afterClose}. */
    final int afterClose() {
        return tooLate.get() * 10 + late.get();
    }

    private void callbackStarts() {
        if (closeHasReturned) {
            (latecomers.contains(Thread.currentThread()) ? tooLate : late).incrementAndGet();
        }
    }

    @Override
    public final void txDone(MailboxChannel onChannel, @Nullable Object message, int status) {
        callbackStarts();
        reported = reported * 10 + MESSAGES.indexOf(message);
        lastStatus = status;
    }

    @Override
    public void rxCallback(MailboxChannel onChannel, @Nullable Object message) {
        callbackStarts();
        received = received * 10 + (message instanceof ByteBuffer bytes ? bytes.get(0) : 0);
    }

    @Override
    public final void event(MailboxChannel onChannel, ChannelEvent event) {
        if (event == ChannelEvent.ABANDONED) {
            abandoned.incrementAndGet();
        }
    }
}
