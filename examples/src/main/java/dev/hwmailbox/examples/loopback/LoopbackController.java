// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.loopback;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.devicetree.Node;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A device with two channels: what is sent on one comes back on the other, or on the same one if nobody owns the other.
 * Every byte comes back {@link #ALTERED}, so that a test in which bytes take a short cut cannot pass.
 *
 * <p>It takes {@link ByteBuffer}s, from position to limit, and null; anything else ends with EINVAL. With windows it
 * alters what is in the one it is sent to, and puts it into the other.
 *
 * <p>Context: any thread; never blocks. Delivers on the scheduler.
 */
final class LoopbackController implements ChannelOps, AutoCloseable {
    /** What every byte is combined with, by exclusive or. */
    static final int ALTERED = 0xa5;

    private static final int CHANNELS = 2;

    private final Windows windows;
    private final long latencyNanos;
    private final MailboxController controller;
    private volatile boolean silent;

    /** A message on its way. */
    private record Transfer(long txId, @Nullable ByteBuffer message) {}

    /** What a channel remembers: the driver's data of the channel. */
    private record Line(AtomicReference<@Nullable Transfer> transfer, MailboxScheduler.Timer timer) {}

    /**
     * Makes the device.
     *
     * @param node where clients find it
     * @param windows memory shared with the client
     * @param latency how long a message takes
     * @param scheduler its time
     */
    LoopbackController(Node node, Windows windows, Duration latency, MailboxScheduler scheduler) {
        this.windows = windows;
        latencyNanos = latency.toNanos();
        controller = MailboxController.builder(this, scheduler)
                .name("loopback")
                .node(node)
                .channelCount(CHANNELS)
                .txDoneMethod(TxDoneMethod.IRQ)
                .build();
        for (int i = 0; i < CHANNELS; i++) {
            ControllerChannel channel = controller.channel(i);
            channel.privateData(
                    new Line(new AtomicReference<>(), scheduler.timer(channel.toString(), () -> sendBack(channel))));
        }
    }

    /** The controller, for registering. */
    MailboxController controller() {
        return controller;
    }

    /** From now on messages are swallowed, or answered again. */
    void silent(boolean silent) {
        this.silent = silent;
    }

    private static Line line(ControllerChannel channel) {
        return (Line) Objects.requireNonNull(channel.privateData(), "privateData");
    }

    @Override
    public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
        if (message != null && !(message instanceof ByteBuffer)) {
            channel.txDone(txId, -Errno.EINVAL); // it will never be any better
            return 0;
        }
        if (!silent) {
            line(channel).timer().cancel(); // of a message whose sender gave up
            line(channel).transfer().set(new Transfer(txId, (ByteBuffer) message));
            line(channel).timer().arm(latencyNanos);
        }
        return 0;
    }

    private void sendBack(ControllerChannel channel) {
        Transfer transfer = line(channel).transfer().getAndSet(null);
        if (transfer == null) {
            return;
        }
        ByteBuffer answer = transfer.message() == null ? null : altered(transfer.message());
        answerInMemory();
        channel.txDone(transfer.txId(), 0);
        ControllerChannel other = controller.channel(1 - channel.index());
        (other.isBound() ? other : channel).receivedData(answer);
    }

    private void answerInMemory() {
        ByteBuffer from = windows.transmit();
        ByteBuffer to = windows.received();
        if (from != null && to != null) {
            to.duplicate().clear().put(altered(from.duplicate().clear()));
        }
    }

    private static ByteBuffer altered(ByteBuffer message) {
        ByteBuffer answer = ByteBuffer.allocate(message.remaining());
        for (int i = message.position(); i < message.limit(); i++) {
            answer.put((byte) (message.get(i) ^ ALTERED));
        }
        return answer.flip();
    }

    @Override
    public void shutdown(ControllerChannel channel) {
        line(channel).timer().cancel();
        line(channel).transfer().set(null);
    }

    @Override
    public void close() {
        controller.close();
    }

    @Override
    public String toString() {
        return controller.toString();
    }
}
