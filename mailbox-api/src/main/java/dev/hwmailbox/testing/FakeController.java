// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A controller without hardware, for tests of clients: a real {@link MailboxController} whose driver does what the test
 * says, channel by channel. Told nothing, it accepts every message and reports it done at once.
 *
 * <pre>{@code
 * FakeController fake = FakeController.create(scheduler);
 * fake.channel(0).onSend(refuse(Errno.EBUSY).retryAfter(Duration.ofMillis(1)), completeAfter(Duration.ofMillis(3)));
 * MailboxChannel channel = fake.controller().channel(0).bindClient(client);
 * channel.sendMessage("hello");
 * fake.channel(0).receive("and welcome");
 * }</pre>
 *
 * <p>It behaves as a driver must: after shutdown it is silent, its own timers included. Where it breaks the rules, by
 * losing, doubling or delaying a report, the test has told it so.
 *
 * <p>Context: any thread, under any scheduler; blocks only in a flush that takes time. On simulated threads every
 * operation is a {@link VirtualScheduler#switchPoint}.
 *
 * @since 0.1
 */
public final class FakeController {
    /** How many channels there are unless the settings say otherwise. */
    public static final int DEFAULT_CHANNEL_COUNT = 4;

    private final MailboxController controller;
    private final List<FakeChannel> channels;
    private volatile boolean flushes = true;
    private volatile boolean tellsTxIds = true;

    private FakeController(MailboxScheduler scheduler, Consumer<MailboxController.Builder> settings) {
        MailboxController.Builder builder = MailboxController.builder(new Driver(), scheduler)
                .name("fake")
                .channelCount(DEFAULT_CHANNEL_COUNT)
                .txDoneMethod(TxDoneMethod.IRQ);
        settings.accept(builder);
        controller = builder.build();
        var clock = new KitClock(scheduler);
        channels = IntStream.range(0, controller.channelCount())
                .mapToObj(index -> new FakeChannel(this, index, clock))
                .toList();
    }

    /**
     * Makes a controller named {@code fake} with {@link #DEFAULT_CHANNEL_COUNT} channels that reports completion by
     * itself.
     *
     * @param scheduler its time
     * @return a controller that is not registered
     */
    public static FakeController create(MailboxScheduler scheduler) {
        return create(scheduler, settings -> {});
    }

    /**
     * Makes a controller with other settings.
     *
     * @param scheduler its time
     * @param settings changes what it likes, such as name, channel count, completion methods, ring length, or node
     * @return a controller that is not registered
     * @throws dev.hwmailbox.MailboxException EINVAL if there would be no channel
     * @throws IllegalArgumentException if the ring length or the polling period is not positive
     */
    public static FakeController create(MailboxScheduler scheduler, Consumer<MailboxController.Builder> settings) {
        Objects.requireNonNull(scheduler, "scheduler");
        return new FakeController(scheduler, Objects.requireNonNull(settings, "settings"));
    }

    /**
     * The real controller, to bind and register.
     *
     * @return always the same one
     */
    public MailboxController controller() {
        return controller;
    }

    /**
     * What the test tells a channel to do, and sees of it.
     *
     * @param index the channel's number
     * @return the channel
     * @throws IndexOutOfBoundsException if there is no such channel
     */
    public FakeChannel channel(int index) {
        return channels.get(Objects.checkIndex(index, channels.size()));
    }

    /**
     * From now on, completion is reported without saying of which message, as hardware does that does not know: a
     * report that comes late or twice then ends whatever is in flight.
     *
     * @return this
     */
    public FakeController withoutTxIds() {
        tellsTxIds = false;
        return this;
    }

    /**
     * From now on, the controller cannot flush, as most cannot.
     *
     * @return this
     */
    public FakeController withoutFlush() {
        flushes = false;
        return this;
    }

    boolean tellsTxIds() {
        return tellsTxIds;
    }

    /**
     * Describes the controller, for a failed test.
     *
     * @return name and channel count
     */
    @Override
    public String toString() {
        return "FakeController[" + controller + "]";
    }

    private final class Driver implements ChannelOps {
        @Override
        public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
            return channel(channel.index()).send(message, txId);
        }

        @Override
        public int startup(ControllerChannel channel) {
            return channel(channel.index()).startUp();
        }

        @Override
        public void shutdown(ControllerChannel channel) {
            channel(channel.index()).shutDown();
        }

        @Override
        public boolean lastTxDone(ControllerChannel channel) {
            return channel(channel.index()).lastTxDone();
        }

        @Override
        public int flush(ControllerChannel channel, long timeoutNanos) {
            return channel(channel.index()).flush(timeoutNanos);
        }

        @Override
        public boolean peekData(ControllerChannel channel) {
            return channel(channel.index()).peek();
        }

        @Override
        public boolean canPoll() {
            return true;
        }

        @Override
        public boolean canFlush() {
            return flushes;
        }
    }
}
