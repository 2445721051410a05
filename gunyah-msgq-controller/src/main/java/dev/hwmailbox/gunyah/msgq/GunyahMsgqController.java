// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.msgq.RequestRefusedException.Reason;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A mailbox controller for Gunyah message queues: N cheap channels whose queues and interrupts the client supplies when
 * it requests one. Nothing about a channel is known before, so channels to queues that appear at run time cost no new
 * controller.
 *
 * <p>A channel takes {@link MsgqMessage}s, or {@link java.nio.ByteBuffer}s from position to limit, which push; their
 * size is 1 to the endpoint's largest message. It delivers read-only {@code ByteBuffer}s that are valid during the
 * callback only. A message is done when the queue has accepted it and has room for the next one, or is said to have: a
 * late interrupt may tell of room that this very message has filled. One that finds the queue full stays first in line
 * and is sent again on the queue's interrupt or after {@link Builder#retryDelay}, until the channel closes or
 * {@link Builder#fullBudget} is used up.
 * Any other refusal ends the message: {@code txDone} gets EMSGSIZE for a size, EINVAL for an object that is no message,
 * EOPNOTSUPP on a receive-only endpoint, EIO if the hypercall throws, and the hypervisor's error as Linux maps it.
 * {@link MailboxChannel#peekData} takes what is in the queue, whether or not an interrupt has told of it; false also
 * while another call delivers, which then looks once more.
 *
 * <p>Level-triggered lines work as edge-triggered ones do. "Room again" stays asserted for nearly all of a queue's
 * life, so its line is masked except while a message waits for room, and masked again by its handler before anything
 * else; at worst an old assertion is delivered once too often, which costs one refused send. "Something to read" ends
 * by itself when the queue has been drained, and the line is masked if the queue can no longer be read.
 *
 * <p>Context: any thread; never blocks. Interrupt handlers of a channel call its client on the thread that the
 * {@link InterruptController} runs them on.
 *
 * <p>Linux counterpart: drivers/mailbox/gunyah-msgq.c (Linux patch series, v4 to v14);
 * {@code pcc_mbox_request_channel}, drivers/mailbox/pcc.c (Linux 6.12), for a request function of the controller's own.
 * Differs: one controller for all queues; no error and no full queue is lost or hidden; completion needs no tasklet.
 *
 * @since 0.1
 */
public final class GunyahMsgqController implements AutoCloseable {
    /** Channels of a controller unless told otherwise. */
    public static final int DEFAULT_SLOTS = 16;

    /** How long a message that found the queue full waits for the queue's interrupt before it is sent again. */
    public static final Duration DEFAULT_RETRY_DELAY = Duration.ofMillis(10);

    /** Messages taken per interrupt before the rest is left to a task of its own, so that one queue starves nobody. */
    public static final int DEFAULT_DRAIN_LIMIT = 64;

    private final ControllerSettings settings;
    private final CompletionLevel completionLevel;
    private final boolean published;
    private final MailboxController controller;
    private final SlotTable slots;

    private GunyahMsgqController(Builder builder) {
        settings = builder.settings();
        completionLevel = builder.completionLevel;
        published = builder.published;
        controller = MailboxController.builder(new Ops(), builder.scheduler)
                .name(builder.name)
                .channelCount(builder.slots)
                .txDoneMethod(TxDoneMethod.IRQ)
                .build();
        slots = new SlotTable(controller, builder.slotPolicy, builder.growth);
    }

    /**
     * Starts a controller.
     *
     * @param hypercalls the hypercalls of the VM it runs in
     * @param interrupts the interrupt controller of that VM
     * @param scheduler time and deferral
     * @return a builder with the defaults
     */
    public static Builder builder(
            GunyahHypercalls hypercalls, InterruptController interrupts, MailboxScheduler scheduler) {
        return new Builder(hypercalls, interrupts, scheduler);
    }

    /**
     * The controller as the mailbox framework knows it, for registering with a {@link dev.hwmailbox.Mailboxes}.
     *
     * @return the framework's object
     */
    public MailboxController controller() {
        return controller;
    }

    /**
     * Requests a channel for queues that the client names. A free slot is taken, the capabilities are checked, the
     * client bound, the interrupts attached. Messages that wait in the queue already are delivered.
     *
     * <p>Linux counterpart: {@code gh_msgq_init}, drivers/mailbox/gunyah-msgq.c (Linux patch series).
     *
     * @param client who gets the channel
     * @param endpoint its queues and interrupts
     * @return the channel
     * @throws RequestRefusedException BUSY: a capability or interrupt of the endpoint is in use by another channel of
     *     this controller, or an interrupt has another handler; EXHAUSTED: no slot is free; INVALID: the hypervisor
     *     does not know a capability, or does not let this VM use it in this direction, or the interrupt controller has
     *     no such interrupt; NOT_READY: a queue is not active
     * @throws MailboxException ESHUTDOWN if the controller is closed
     */
    public MailboxChannel requestChannel(MailboxClient client, MsgqEndpoint endpoint) {
        return requestChannel(client, endpoint, completionLevel);
    }

    /**
     * Requests a channel whose messages count as done at another level than the controller's.
     *
     * @param client who gets the channel
     * @param endpoint its queues and interrupts
     * @param level when its messages are done
     * @return the channel
     * @throws RequestRefusedException as {@link #requestChannel(MailboxClient, MsgqEndpoint)}; UNSUPPORTED: an endpoint
     *     that cannot send has nothing that could be taken, and a published controller has its own way
     * @throws MailboxException ESHUTDOWN if the controller is closed
     */
    public MailboxChannel requestChannel(MailboxClient client, MsgqEndpoint endpoint, CompletionLevel level) {
        Objects.requireNonNull(client, "client");
        Objects.requireNonNull(endpoint, "endpoint");
        checkSupported(endpoint, level);
        Slot slot = slots.take(endpoint, free -> new Claim(free, endpoint)).slot();
        MsgqBinding binding;
        try {
            binding = binding(slot, endpoint, level, slot::release);
        } catch (Throwable e) { // the scheduler's
            slot.release();
            throw e;
        }
        return bind(client, binding);
    }

    private void checkSupported(MsgqEndpoint endpoint, CompletionLevel level) {
        Objects.requireNonNull(level, "level");
        if (level == CompletionLevel.TAKEN && !endpoint.canSend()) {
            throw unsupported(level + " without a queue to send on");
        }
        if (published && level != CompletionLevel.READY) {
            throw unsupported(level + " on a published controller");
        }
    }

    private RequestRefusedException unsupported(String fact) {
        return new RequestRefusedException(
                Reason.UNSUPPORTED, "completionLevel", "completionLevel " + fact + " (" + controller.name() + ")");
    }

    private MsgqBinding binding(Slot slot, MsgqEndpoint endpoint, CompletionLevel level, Runnable released) {
        MsgqBinding binding = published
                ? new PublishedBinding(settings, slot.channel(), endpoint, released)
                : new SelfHealingBinding(settings, slot.channel(), endpoint, level, released);
        slot.channel().privateData(binding);
        slot.owner(binding);
        return binding;
    }

    private MailboxChannel bind(MailboxClient client, MsgqBinding binding) {
        MailboxChannel channel = null;
        try {
            channel = binding.channel.bindClient(client);
            slots.checkOpen(); // closing may have looked at the slot before there was a channel to close
            binding.opened(channel);
            return channel;
        } catch (Throwable e) {
            if (channel != null) {
                channel.close();
            }
            binding.close();
            MailboxException refusal = binding.startupFailure();
            if (refusal != null && e instanceof MailboxException) {
                throw refusal;
            }
            throw e;
        }
    }

    /**
     * Reserves a channel for queues that do not exist yet. It takes a slot, and becomes a channel when somebody
     * {@linkplain #supply supplies} the queues. Cancelling the future, or ending it in any other way, gives the slot
     * back.
     *
     * <p>Gunyah counterpart: {@code gh_msgq_register}, drivers/virt/gunyah/gh_msgq.c (la_kernel_qcom), where a client
     * registers by label before the Resource Manager has told of the queue.
     *
     * @param client who gets the channel
     * @param key by what the queues will be known
     * @param timeout longest wait, more than zero; {@link dev.hwmailbox.ClientOptions#NO_TIMEOUT} for none
     * @return the channel, completed on the thread that supplies it; a {@link MailboxException} with ETIME after the
     *     timeout, with ESHUTDOWN if the controller is closed first
     * @throws RequestRefusedException BUSY: there is a reservation for the same key; EXHAUSTED: no slot is free
     * @throws MailboxException ESHUTDOWN if the controller is closed
     * @throws IllegalArgumentException if the timeout is not positive
     */
    public CompletableFuture<MailboxChannel> reserve(MailboxClient client, ReservationKey key, Duration timeout) {
        Objects.requireNonNull(client, "client");
        Objects.requireNonNull(key, "key");
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("timeout must be positive: " + timeout);
        }
        Reservation reservation = slots.take(null, slot -> {
            refuseSecond(key);
            return new Reservation(key, client, completionLevel, slot);
        });
        return started(reservation, timeout);
    }

    private void refuseSecond(ReservationKey key) {
        for (Slot slot : slots.slots()) {
            if (slot.owner() instanceof Reservation other && other.key().equals(key)) {
                throw new RequestRefusedException(
                        Reason.BUSY, "key", key + " is reserved already (" + slot.channel() + ")");
            }
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // what depends on the future here only tidies up
    private CompletableFuture<MailboxChannel> started(Reservation reservation, Duration timeout) {
        try {
            MailboxScheduler.Timer timer = settings.scheduler()
                    .timer("reservation of " + reservation.slot().channel(), reservation::timeOut);
            if (timeout.compareTo(ClientOptions.NO_TIMEOUT) < 0) {
                timer.arm(nanos(timeout));
            }
            reservation.future().whenComplete((channel, failure) -> {
                timer.cancel();
                reservation.release();
            });
            return reservation.future();
        } catch (Throwable e) { // the scheduler may be closed
            reservation.release();
            throw e;
        }
    }

    /**
     * Supplies queues to whoever has reserved a channel for them: for the label and this very VM, or else for the label
     * and any VM. Called by whoever learns of queues, such as the Resource Manager's client.
     *
     * <p>Context: as {@link #requestChannel}; what depends on the reservation's future runs on the calling thread.
     *
     * @param partner VMID of the other end, 0..0xffff
     * @param label the queue pair's label
     * @param endpoint the queues
     * @return the channel; empty if nobody has reserved one, or no longer
     * @throws RequestRefusedException as {@link #requestChannel}; the reservation stays
     * @throws MailboxException ESHUTDOWN if the controller is closed
     * @throws IllegalArgumentException if the partner is no VMID
     */
    public Optional<MailboxChannel> supply(int partner, int label, MsgqEndpoint endpoint) {
        Objects.requireNonNull(endpoint, "endpoint");
        if (partner == ReservationKey.ANY) {
            throw new IllegalArgumentException("queues lead to one vm, not to any");
        }
        slots.checkOpen();
        Reservation reservation = claim(new ReservationKey(partner, label));
        if (reservation == null) {
            reservation = claim(ReservationKey.anyPartner(label));
        }
        return reservation == null ? Optional.empty() : supply(reservation, endpoint);
    }

    private @Nullable Reservation claim(ReservationKey key) {
        for (Slot slot : slots.slots()) {
            if (slot.owner() instanceof Reservation reservation
                    && reservation.key().equals(key)
                    && reservation.beginSupply()) {
                return reservation;
            }
        }
        return null;
    }

    private Optional<MailboxChannel> supply(Reservation reservation, MsgqEndpoint endpoint) {
        MsgqBinding binding;
        try {
            checkSupported(endpoint, reservation.level());
            slots.passOn(reservation.slot(), endpoint);
            binding = binding(reservation.slot(), endpoint, reservation.level(), reservation::bindingReleased);
        } catch (Throwable e) {
            reservation.reopen();
            failIfClosed(reservation);
            throw e;
        }
        MailboxChannel channel;
        try {
            channel = bind(reservation.client(), binding);
        } catch (Throwable e) {
            reservation.bindFailed();
            failIfClosed(reservation);
            throw e;
        }
        if (reservation.supplied(channel)) {
            return Optional.of(channel);
        }
        channel.close(); // the reservation was given up while we were at it
        return Optional.empty();
    }

    /**
     * Tells a channel that the VM at its other end was reset or is gone, for whoever learns of it. Messages that wait,
     * for room or for their turn, end with {@code -ECONNRESET}; what the queue has accepted stays there. The client is
     * told {@link dev.hwmailbox.ChannelEvent#PEER_RESET}, once in the life of its channel. The channel stays open, and
     * can be used if the queues are still there.
     *
     * @param channel a channel of this controller; nothing happens if it is closed
     * @throws MailboxException EINVAL if it is none of this controller's, or the controller is a published one, which
     *     knows nothing of resets
     */
    public void peerReset(MailboxChannel channel) {
        Objects.requireNonNull(channel, "channel");
        for (Slot slot : slots.slots()) {
            if (slot.owner() instanceof SelfHealingBinding binding && channel.equals(binding.face())) {
                binding.peerReset();
                return;
            }
        }
        if (channel.isClosed()) { // asked last, as it may be closed meanwhile
            return;
        }
        throw new MailboxException(Errno.EINVAL, "no channel to tell of a reset: " + channel + " (" + this + ")");
    }

    /**
     * Suspends the controller, as its VM is. Until {@link #resume} nothing is sent, and no channel calls its client but
     * for messages that end here:
     *
     * <ul>
     *   <li>what is sent, and what waits for room, is refused or parked, as the policy says;
     *   <li>receive interrupts are held: those of endpoints that do not {@linkplain MsgqEndpoint#wakesUp wake} are
     *       masked, those of the others are remembered; messages stay in their queues;
     *   <li>the first interrupt of an endpoint that wakes is reported. It may be one for a message that was there
     *       already when the controller was suspended, and had not been delivered.
     * </ul>
     *
     * <p>A message that another thread is just handing over, or delivering, may still go through. Suspending again does
     * nothing. Channels can be requested and closed meanwhile.
     *
     * <p>Linux counterpart: wake-up capable interrupts of drivers/mailbox/gunyah-msgq.c (Linux patch series, v14).
     * Differs: there a driver knows nothing of being suspended.
     *
     * @param policy what becomes of messages
     * @param alarm told which channel wakes the VM, at most once, on the thread that delivers the interrupt; must not
     *     block, and may {@link #resume}. What it throws is logged
     * @throws MailboxException EOPNOTSUPP on a published controller, which cannot; ESHUTDOWN if it is closed
     */
    public void suspend(SuspendPolicy policy, Consumer<MailboxChannel> alarm) {
        Objects.requireNonNull(policy, "policy");
        Objects.requireNonNull(alarm, "alarm");
        slots.checkOpen();
        if (published) {
            throw new MailboxException(Errno.EOPNOTSUPP, "a published controller cannot be suspended (" + this + ")");
        }
        if (settings.suspension().begin(policy, alarm)) {
            forEachBinding(MsgqBinding::suspend);
        }
    }

    /**
     * Ends {@link #suspend}. What was held is delivered, and what was parked is sent, by tasks of the scheduler. If the
     * controller is not suspended nothing happens.
     *
     * @return the channel that has woken the VM, if one has
     */
    public Optional<MailboxChannel> resume() {
        if (!settings.suspension().isActive()) {
            return Optional.empty();
        }
        Optional<MailboxChannel> wokenBy =
                Optional.ofNullable(settings.suspension().end());
        forEachBinding(MsgqBinding::resume);
        return wokenBy;
    }

    /**
     * Whether the controller is suspended.
     *
     * @return true from {@link #suspend} to {@link #resume}
     */
    public boolean isSuspended() {
        return settings.suspension().isActive();
    }

    private void forEachBinding(Consumer<MsgqBinding> action) {
        for (Slot slot : slots.slots()) {
            if (slot.owner() instanceof MsgqBinding binding) {
                action.accept(binding);
            }
        }
    }

    /**
     * How many channels there are now, in use or not.
     *
     * @return 1 or more; the number only grows
     */
    public int slots() {
        return slots.slots().size();
    }

    /**
     * How many channels are free. A growing controller makes more when there are none.
     *
     * @return 0..slots
     */
    public int freeSlots() {
        return slots.free();
    }

    /**
     * Closes every channel, as their clients would, ends every reservation with ESHUTDOWN, and refuses further
     * requests. Does not wait. Closing again does nothing.
     */
    @Override
    public void close() {
        slots.close();
        for (Slot slot : slots.slots()) {
            if (slot.owner() instanceof Reservation reservation) {
                failIfClosed(reservation);
            }
        }
        controller.close();
    }

    /** One that is being supplied is out of sight of {@link #close}. */
    private void failIfClosed(Reservation reservation) {
        if (slots.isClosed()) {
            reservation.fail(Errno.ESHUTDOWN, "controller is closed");
        }
    }

    @Override
    public String toString() {
        return controller.name() + "[" + (slots() - freeSlots()) + " of " + slots() + " slots in use]";
    }

    private static long nanos(Duration duration) {
        try {
            return duration.toNanos();
        } catch (ArithmeticException e) { // centuries
            return Long.MAX_VALUE;
        }
    }

    private static final class Ops implements ChannelOps {
        @Override
        public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
            return channel.privateData() instanceof MsgqBinding binding
                    ? binding.sendData(message, txId)
                    : -Errno.ESHUTDOWN;
        }

        @Override
        public boolean peekData(ControllerChannel channel) {
            return channel.privateData() instanceof MsgqBinding binding && binding.peekData();
        }

        @Override
        public int startup(ControllerChannel channel) {
            // A channel bound beside requestChannel has no queues.
            return channel.privateData() instanceof MsgqBinding binding && binding.begin()
                    ? binding.startup()
                    : -Errno.EINVAL;
        }

        @Override
        public void shutdown(ControllerChannel channel) {
            if (channel.privateData() instanceof MsgqBinding binding) {
                binding.close();
            }
        }
    }

    /** Optional settings of a controller. */
    public static final class Builder {
        private final GunyahHypercalls hypercalls;
        private final InterruptController interrupts;
        private final MailboxScheduler scheduler;
        private String name = "gunyah-msgq";
        private int slots = DEFAULT_SLOTS;
        private Duration retryDelay = DEFAULT_RETRY_DELAY;
        private long fullBudgetNanos = ControllerSettings.UNLIMITED;
        private int drainLimit = DEFAULT_DRAIN_LIMIT;
        private int growth;
        private SlotPolicy slotPolicy = SlotPolicy.FIRST_FREE;
        private CompletionLevel completionLevel = CompletionLevel.READY;
        private boolean published;
        private @Nullable TaskletObserver observer;

        private Builder(GunyahHypercalls hypercalls, InterruptController interrupts, MailboxScheduler scheduler) {
            this.hypercalls = Objects.requireNonNull(hypercalls, "hypercalls");
            this.interrupts = Objects.requireNonNull(interrupts, "interrupts");
            this.scheduler = Objects.requireNonNull(scheduler, "scheduler");
        }

        /**
         * Names the controller in messages; {@code gunyah-msgq} unless told otherwise.
         *
         * @param name the name
         * @return this
         */
        public Builder name(String name) {
            this.name = Objects.requireNonNull(name, "name");
            return this;
        }

        /**
         * Sets the number of channels to begin with; {@link #DEFAULT_SLOTS} unless told otherwise.
         *
         * @param slots channels, 1 or more
         * @return this
         */
        public Builder slots(int slots) {
            this.slots = positive("slots", slots);
            return this;
        }

        /**
         * Has the controller grow when all its channels are in use, without touching those in use; by default it
         * refuses.
         *
         * @param segment channels to add at a time, 1 or more
         * @return this
         */
        public Builder growing(int segment) {
            growth = positive("segment", segment);
            return this;
        }

        /**
         * Chooses among free slots; {@link SlotPolicy#FIRST_FREE} unless told otherwise.
         *
         * @param slotPolicy which one a request gets
         * @return this
         */
        public Builder slotPolicy(SlotPolicy slotPolicy) {
            this.slotPolicy = Objects.requireNonNull(slotPolicy, "slotPolicy");
            return this;
        }

        /**
         * Sets when messages count as done; {@link CompletionLevel#READY}, as with Linux, unless told otherwise.
         *
         * @param completionLevel the level of channels that are requested without one
         * @return this
         */
        public Builder completionLevel(CompletionLevel completionLevel) {
            this.completionLevel = Objects.requireNonNull(completionLevel, "completionLevel");
            return this;
        }

        /**
         * Sets how long a message may find the queue full before it ends with {@code -EAGAIN}; by default as long as it
         * takes. One that the queue has accepted ends then, too, within a retry delay or two: done at
         * {@link CompletionLevel#READY}, with {@code -ETIME} at {@link CompletionLevel#TAKEN}, where it stays in the
         * queue and may be taken later.
         *
         * @param fullBudget more than zero
         * @return this
         */
        public Builder fullBudget(Duration fullBudget) {
            if (fullBudget.isNegative() || fullBudget.isZero()) {
                throw new IllegalArgumentException("fullBudget must be positive: " + fullBudget);
            }
            fullBudgetNanos = nanos(fullBudget);
            return this;
        }

        /**
         * Has channels behave as the driver published for Linux does, defects included, for comparison: capabilities
         * are not checked, a message is reported by a deferred task, one that finds the queue full waits until the
         * client sends again or an interrupt comes, any transmit interrupt reports the message in flight, a channel
         * without a queue to send on takes messages and keeps them, and received messages of more than 240 bytes are
         * never delivered. Retry delay and budget mean nothing then.
         *
         * <p>Linux counterpart: drivers/mailbox/gunyah-msgq.c (Linux patch series).
         *
         * @return this
         */
        public Builder published() {
            published = true;
            return this;
        }

        Builder observer(TaskletObserver observer) {
            this.observer = observer;
            return this;
        }

        /**
         * Sets how long a message that found the queue full waits for the queue's interrupt before it is sent again;
         * {@link #DEFAULT_RETRY_DELAY} unless told otherwise.
         *
         * @param retryDelay more than zero
         * @return this
         */
        public Builder retryDelay(Duration retryDelay) {
            if (retryDelay.isNegative() || retryDelay.isZero()) {
                throw new IllegalArgumentException("retryDelay must be positive: " + retryDelay);
            }
            this.retryDelay = retryDelay;
            return this;
        }

        /**
         * Sets how many messages one interrupt may take before the rest is left to a task of its own;
         * {@link #DEFAULT_DRAIN_LIMIT} unless told otherwise.
         *
         * @param drainLimit messages, 1 or more
         * @return this
         */
        public Builder drainLimit(int drainLimit) {
            this.drainLimit = positive("drainLimit", drainLimit);
            return this;
        }

        private ControllerSettings settings() {
            return new ControllerSettings(
                    hypercalls,
                    interrupts,
                    scheduler,
                    nanos(retryDelay),
                    fullBudgetNanos,
                    drainLimit,
                    new Suspension(),
                    observer);
        }

        /**
         * Makes the controller.
         *
         * @return the controller
         * @throws MailboxException EINVAL for a published one with another completion level than READY
         */
        public GunyahMsgqController build() {
            if (published && completionLevel != CompletionLevel.READY) {
                throw new MailboxException(Errno.EINVAL, "published, and " + completionLevel + " (" + name + ")");
            }
            return new GunyahMsgqController(this);
        }

        private static int positive(String name, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + " must be positive: " + value);
            }
            return value;
        }
    }
}
