// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.controller;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.Mailboxes;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.internal.Complaint;
import dev.hwmailbox.internal.Diagnostics;
import dev.hwmailbox.internal.Failures;
import dev.hwmailbox.internal.Nanos;
import dev.hwmailbox.internal.Registration;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A mailbox controller: a number of channels and the driver that serves them.
 *
 * <p>A controller is usable as soon as it is built; registering it with a {@link Mailboxes} lets clients find it. It
 * has at most one timer, and only if a channel is polled.
 *
 * <pre>{@code
 * MailboxController controller = MailboxController.builder(ops, scheduler)
 *         .name("doorbell")
 *         .channelCount(4)
 *         .txDoneMethod(TxDoneMethod.IRQ)
 *         .build();
 * }</pre>
 *
 * <p>Context: any thread; never blocks.
 *
 * <p>Kernel counterpart: {@code struct mbox_controller}, include/linux/mailbox_controller.h (Linux 6.12). Differs: the
 * completion method can be chosen per channel.
 *
 * @since 0.1
 */
public final class MailboxController implements AutoCloseable {
    /** How long to wait before a polled channel is asked again, unless the builder says otherwise: one millisecond. */
    public static final Duration DEFAULT_POLL_PERIOD = Duration.ofMillis(1);

    /**
     * How many messages a channel can queue at most: 1,048,576. The storage is made when a first message must wait,
     * where it is too late to find that there is no room for it.
     */
    public static final int MAX_RING_LENGTH = 1 << 20;

    private final String name;
    private final ChannelOps ops;
    private final MailboxScheduler scheduler;
    private final IntFunction<TxDoneMethod> txDoneMethods;
    private final int ringLength;
    private final @Nullable Node node;
    private final ChannelTranslation translation;
    private final @Nullable ControllerOwner owner;
    private final Diagnostics diagnostics;
    private volatile ControllerChannel[] channels; // only ever replaced by a longer one with the same beginning
    private final ReentrantLock growing = new ReentrantLock(); // guards: replacing channels
    private final Poller poller;
    private final Registration registration = new Registration(this::closeChannels, this::evictOwners);

    @SuppressWarnings("this-escape") // the channels look at their controller only when they are used
    private MailboxController(Builder builder) {
        name = builder.name;
        ops = builder.ops;
        scheduler = builder.scheduler;
        txDoneMethods = builder.txDoneMethods;
        ringLength = builder.ringLength;
        node = builder.node;
        translation = builder.translation;
        owner = builder.owner;
        diagnostics = builder.diagnostics;
        channels = moreChannels(new ControllerChannel[0], builder.channelCount);
        poller = new Poller(this, Nanos.of(builder.pollPeriod, "pollPeriod"));
    }

    /**
     * Starts a controller of one channel whose completion the client reports.
     *
     * @param ops the driver
     * @param scheduler time for polling and for blocking sends; not closed by the controller
     * @return a builder
     */
    public static Builder builder(ChannelOps ops, MailboxScheduler scheduler) {
        return new Builder(ops, scheduler);
    }

    /**
     * The name, for logs and messages.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * How many channels there are.
     *
     * @return at least 1
     */
    public int channelCount() {
        return channels.length;
    }

    /**
     * Adds channels behind those there are, which stay as they are, bound or not.
     *
     * <p>Kernel counterpart: none; there a controller's channels are one array from the beginning (Linux 6.12).
     *
     * @param count how many, at least 1
     * @throws MailboxException EOPNOTSUPP if one of the new ones is of the method {@link TxDoneMethod#POLL}: the rounds
     *     of polling are laid out for the channels that a controller begins with
     * @throws IllegalArgumentException if the count is less than 1
     */
    public void addChannels(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("count must be positive: " + count);
        }
        growing.lock();
        try {
            ControllerChannel[] more = moreChannels(channels, Math.addExact(channels.length, count));
            for (int i = channels.length; i < more.length; i++) {
                if (txDoneMethod(i) == TxDoneMethod.POLL) {
                    throw new MailboxException(Errno.EOPNOTSUPP, "polled channels cannot be added (" + more[i] + ")");
                }
            }
            channels = more;
        } finally {
            growing.unlock();
        }
    }

    private ControllerChannel[] moreChannels(ControllerChannel[] present, int count) {
        ControllerChannel[] more = Arrays.copyOf(present, count);
        for (int i = present.length; i < count; i++) {
            more[i] = new ControllerChannel(this, i);
        }
        return more;
    }

    /**
     * A channel by its number.
     *
     * @param index 0 to {@link #channelCount} - 1
     * @return the channel
     * @throws IndexOutOfBoundsException if there is no such channel
     */
    public ControllerChannel channel(int index) {
        ControllerChannel[] present = channels;
        return present[Objects.checkIndex(index, present.length)];
    }

    /**
     * Whose reports end a message on a channel, when its client does not know by itself.
     *
     * @param index the channel's number
     * @return the method
     */
    public TxDoneMethod txDoneMethod(int index) {
        return txDoneMethods.apply(index);
    }

    /**
     * The devicetree node by which clients find the controller.
     *
     * @return the node, or null if it can only be bound directly
     */
    public @Nullable Node node() {
        return node;
    }

    /**
     * How entries of a client's {@code mboxes} are turned into channels.
     *
     * @return the translation, {@link ChannelTranslation#FIRST_CELL} unless the builder said otherwise
     */
    public ChannelTranslation translation() {
        return translation;
    }

    /**
     * For {@link Mailboxes}: the controller's side of a registration.
     *
     * @return what a registry needs
     */
    @SuppressWarnings("exports") // the type's package is closed, so nobody else can use it
    public Registration registration() {
        return registration;
    }

    /**
     * Ends every binding, in order of the channels, as {@link MailboxChannel#close} does, stops polling, and takes the
     * controller out of the registry it is in. A closed controller can be bound and registered again, as in the kernel.
     *
     * <p>Context: any thread, also from callbacks; never waits.
     */
    @Override
    public void close() {
        Mailboxes registry = registration.registry();
        if (registry == null || !registry.unregister(this)) {
            Failures.rethrow(closeChannels());
        }
    }

    private @Nullable Error closeChannels() {
        Error failure = forEachChannel(ControllerChannel::close);
        poller.stop();
        return failure;
    }

    private @Nullable Error evictOwners() {
        return forEachChannel(ControllerChannel::evict);
    }

    private @Nullable Error forEachChannel(Consumer<ControllerChannel> action) {
        Error failure = null;
        for (ControllerChannel channel : channels) {
            try {
                action.accept(channel);
            } catch (Error e) { // the other channels' clients are not to blame
                failure = failure == null ? e : failure;
            }
        }
        return failure;
    }

    ChannelOps ops() {
        return ops;
    }

    MailboxScheduler scheduler() {
        return scheduler;
    }

    int ringLength() {
        return ringLength;
    }

    @Nullable
    ControllerOwner owner() {
        return owner;
    }

    Diagnostics diagnostics() {
        return diagnostics;
    }

    Poller poller() {
        return poller;
    }

    /**
     * Describes the controller, for logs.
     *
     * @return name and channel count
     */
    @Override
    public String toString() {
        return name + "[" + channels.length + " channels]";
    }

    /**
     * Collects what a controller is made of.
     *
     * <p>Context: one thread.
     *
     * @since 0.1
     */
    public static final class Builder {
        private final ChannelOps ops;
        private final MailboxScheduler scheduler;
        private String name = "mailbox";
        private int channelCount = 1;
        private IntFunction<TxDoneMethod> txDoneMethods = index -> TxDoneMethod.ACK;
        private int ringLength = MailboxChannel.TX_QUEUE_LENGTH;
        private Duration pollPeriod = DEFAULT_POLL_PERIOD;
        private @Nullable Node node;
        private ChannelTranslation translation = ChannelTranslation.FIRST_CELL;
        private @Nullable ControllerOwner owner;
        private Diagnostics diagnostics = Diagnostics.LOG;

        private Builder(ChannelOps ops, MailboxScheduler scheduler) {
            this.ops = Objects.requireNonNull(ops, "ops");
            this.scheduler = Objects.requireNonNull(scheduler, "scheduler");
        }

        /**
         * Sets the name, {@code mailbox} by default.
         *
         * @param name for logs and messages
         * @return this
         */
        public Builder name(String name) {
            this.name = Objects.requireNonNull(name, "name");
            return this;
        }

        /**
         * Sets the number of channels, 1 by default.
         *
         * @param channelCount at least 1
         * @return this
         */
        public Builder channelCount(int channelCount) {
            this.channelCount = channelCount;
            return this;
        }

        /**
         * Sets the completion method of all channels, {@link TxDoneMethod#ACK} by default.
         *
         * @param method who reports completion
         * @return this
         */
        public Builder txDoneMethod(TxDoneMethod method) {
            Objects.requireNonNull(method, "method");
            return txDoneMethods(index -> method);
        }

        /**
         * Chooses the completion method of each channel.
         *
         * @param methods from a channel's number to its method; asked often, and must always answer the same
         * @return this
         */
        public Builder txDoneMethods(IntFunction<TxDoneMethod> methods) {
            txDoneMethods = Objects.requireNonNull(methods, "methods");
            return this;
        }

        /**
         * Sets how many messages a channel can queue, {@link MailboxChannel#TX_QUEUE_LENGTH} by default.
         *
         * @param ringLength 1 to {@link #MAX_RING_LENGTH}
         * @return this
         */
        public Builder ringLength(int ringLength) {
            this.ringLength = ringLength;
            return this;
        }

        /**
         * Sets how long to wait between two rounds of polling, {@link #DEFAULT_POLL_PERIOD} by default.
         *
         * @param pollPeriod more than zero
         * @return this
         */
        public Builder pollPeriod(Duration pollPeriod) {
            this.pollPeriod = Objects.requireNonNull(pollPeriod, "pollPeriod");
            return this;
        }

        /**
         * Sets the devicetree node by which clients find the controller; none by default.
         *
         * @param node the controller's node
         * @return this
         */
        public Builder node(Node node) {
            this.node = Objects.requireNonNull(node, "node");
            return this;
        }

        /**
         * Sets how entries of a client's {@code mboxes} are turned into channels, {@link ChannelTranslation#FIRST_CELL}
         * by default.
         *
         * @param translation the translation
         * @return this
         */
        public Builder translation(ChannelTranslation translation) {
            this.translation = Objects.requireNonNull(translation, "translation");
            return this;
        }

        /**
         * Sets who must not go away while a channel is bound; nobody by default.
         *
         * @param owner the owner
         * @return this
         */
        public Builder owner(ControllerOwner owner) {
            this.owner = Objects.requireNonNull(owner, "owner");
            return this;
        }

        /** Sets where complaints go: for the replay of recorded behaviour. */
        Builder diagnostics(Diagnostics diagnostics) {
            this.diagnostics = diagnostics;
            return this;
        }

        /**
         * Makes the controller.
         *
         * @return a controller that is not registered
         * @throws MailboxException EINVAL if there is no channel, or a channel is to be polled by a driver that cannot
         * @throws IllegalArgumentException if the ring length or the polling period is not positive, or the ring too
         *     long
         */
        public MailboxController build() {
            if (ringLength < 1) {
                throw new IllegalArgumentException("ring length must be positive: " + ringLength);
            }
            if (ringLength > MAX_RING_LENGTH) {
                throw new IllegalArgumentException("ring length above " + MAX_RING_LENGTH + ": " + ringLength);
            }
            if (pollPeriod.isNegative() || pollPeriod.isZero()) {
                throw new IllegalArgumentException("polling period must be positive: " + pollPeriod);
            }
            if (channelCount < 1) {
                throw new MailboxException(Errno.EINVAL, "controller without channels (" + name + ")");
            }
            boolean canPoll = ops.canPoll();
            for (int i = 0; i < channelCount; i++) {
                if (methodOf(i) == TxDoneMethod.POLL && !canPoll) {
                    diagnostics.complain(Complaint.NO_LAST_TX_DONE, name, "polling without lastTxDone");
                    throw new MailboxException(Errno.EINVAL, "polling without lastTxDone (" + name + "/" + i + ")");
                }
            }
            return new MailboxController(this);
        }

        private TxDoneMethod methodOf(int index) {
            TxDoneMethod method = txDoneMethods.apply(index);
            return Objects.requireNonNull(method, () -> "completion method of " + name + "/" + index);
        }
    }
}
