// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
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
 * and is sent again on the queue's interrupt or after {@link Builder#retryDelay}, for as long as the channel is open.
 * Any other refusal ends the message: {@code txDone} gets EMSGSIZE for a size, EINVAL for an object that is no message,
 * EOPNOTSUPP on a receive-only endpoint, and the hypervisor's error as Linux maps it.
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

    final GunyahHypercalls hypercalls;
    final InterruptController interrupts;
    final MailboxScheduler scheduler;
    final long retryDelayNanos;
    final int drainLimit;

    private final MailboxController controller;

    private final ReentrantLock slotLock = new ReentrantLock(); // guards: closed, the reservation of slots in bindings
    private boolean closed;
    private final AtomicReferenceArray<@Nullable MsgqBinding> bindings;

    private GunyahMsgqController(Builder builder) {
        hypercalls = builder.hypercalls;
        interrupts = builder.interrupts;
        scheduler = builder.scheduler;
        retryDelayNanos = builder.retryDelay.toNanos();
        drainLimit = builder.drainLimit;
        bindings = new AtomicReferenceArray<>(builder.slots);
        controller = MailboxController.builder(new Ops(), scheduler)
                .name(builder.name)
                .channelCount(builder.slots)
                .txDoneMethod(TxDoneMethod.IRQ)
                .build();
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
     * Requests a channel for queues that the client names. The first free slot is taken, the client bound, the
     * interrupts attached. Messages that wait in the queue already are delivered.
     *
     * <p>Linux counterpart: {@code gh_msgq_init}, drivers/mailbox/gunyah-msgq.c (Linux patch series).
     *
     * @param client who gets the channel
     * @param endpoint its queues and interrupts
     * @return the channel
     * @throws MailboxException EBUSY if a capability or interrupt of the endpoint is in use by another channel of this
     *     controller, an interrupt has another handler, or no slot is free; EINVAL if the interrupt controller has no
     *     such interrupt; ESHUTDOWN if the controller is closed
     */
    public MailboxChannel requestChannel(MailboxClient client, MsgqEndpoint endpoint) {
        Objects.requireNonNull(client, "client");
        Objects.requireNonNull(endpoint, "endpoint");
        MsgqBinding binding = reserve(endpoint);
        try {
            MailboxChannel channel = binding.channel().bindClient(client);
            binding.opened();
            binding.drainSoon();
            return channel;
        } catch (MailboxException e) {
            binding.close();
            MailboxException refusal = binding.startupFailure();
            throw refusal == null ? e : refusal;
        }
    }

    /**
     * How many channels are free.
     *
     * @return 0..slots
     */
    public int freeSlots() {
        int free = 0;
        for (int i = 0; i < bindings.length(); i++) {
            if (isFree(i)) {
                free++;
            }
        }
        return free;
    }

    /**
     * Closes every channel, as their clients would, and refuses further requests. Does not wait. Closing again does
     * nothing.
     */
    @Override
    public void close() {
        slotLock.lock();
        try {
            closed = true;
        } finally {
            slotLock.unlock();
        }
        controller.close();
    }

    @Override
    public String toString() {
        return controller.name() + "[" + (bindings.length() - freeSlots()) + " of " + bindings.length()
                + " slots in use]";
    }

    /** A slot is free when neither its binding nor the framework has a call under way for its last owner. */
    private boolean isFree(int slot) {
        return bindings.get(slot) == null && !controller.channel(slot).isBound();
    }

    /** The last call through a slot's binding has left. */
    void released(int slot) {
        bindings.set(slot, null);
    }

    private MsgqBinding reserve(MsgqEndpoint endpoint) {
        slotLock.lock();
        try {
            if (closed) {
                throw new MailboxException(Errno.ESHUTDOWN, "controller is closed (" + controller.name() + ")");
            }
            int free = -1;
            for (int i = bindings.length() - 1; i >= 0; i--) {
                MsgqBinding other = bindings.get(i);
                if (other != null && other.isEvicted()) {
                    other.close();
                } else if (other != null) {
                    refuseSharing(endpoint, other);
                }
                if (isFree(i)) {
                    free = i;
                }
            }
            if (free < 0) {
                throw new MailboxException(
                        Errno.EBUSY, "all " + bindings.length() + " slots are in use (" + controller.name() + ")");
            }
            MsgqBinding binding = new MsgqBinding(this, free, controller.channel(free), endpoint);
            bindings.set(free, binding);
            return binding;
        } finally {
            slotLock.unlock();
        }
    }

    private void refuseSharing(MsgqEndpoint endpoint, MsgqBinding other) {
        MsgqEndpoint taken = other.endpoint();
        String where = " is in use (" + other.channel() + ")";
        refuseSharing("txCapability ", endpoint.txCapability(), taken, where);
        refuseSharing("rxCapability ", endpoint.rxCapability(), taken, where);
        refuseSharing("txVirq ", endpoint.txVirq(), taken, where);
        refuseSharing("rxVirq ", endpoint.rxVirq(), taken, where);
    }

    private static void refuseSharing(String field, CapabilityId capability, MsgqEndpoint taken, String where) {
        if (capability.isValid()
                && (capability.equals(taken.txCapability()) || capability.equals(taken.rxCapability()))) {
            throw new MailboxException(Errno.EBUSY, field + capability + where);
        }
    }

    private static void refuseSharing(String field, int virq, MsgqEndpoint taken, String where) {
        if (virq != MsgqEndpoint.NO_VIRQ && (virq == taken.txVirq() || virq == taken.rxVirq())) {
            throw new MailboxException(Errno.EBUSY, field + virq + where);
        }
    }

    private final class Ops implements ChannelOps {
        @Override
        public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
            MsgqBinding binding = bindings.get(channel.index());
            return binding == null ? -Errno.ESHUTDOWN : binding.sendData(message, txId);
        }

        @Override
        public int startup(ControllerChannel channel) {
            MsgqBinding binding = bindings.get(channel.index());
            // A channel bound beside requestChannel has no queues.
            return binding == null ? -Errno.EINVAL : binding.startup();
        }

        @Override
        public void shutdown(ControllerChannel channel) {
            MsgqBinding binding = bindings.get(channel.index());
            if (binding != null) {
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
        private int drainLimit = DEFAULT_DRAIN_LIMIT;

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
         * Sets the number of channels; {@link #DEFAULT_SLOTS} unless told otherwise.
         *
         * @param slots channels, 1 or more
         * @return this
         */
        public Builder slots(int slots) {
            this.slots = positive("slots", slots);
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

        /**
         * Makes the controller.
         *
         * @return the controller
         */
        public GunyahMsgqController build() {
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
