// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
import dev.hwmailbox.gunyah.rm.protocol.HypResource;
import dev.hwmailbox.gunyah.rm.protocol.HypResourceList;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmProtocolException;
import dev.hwmailbox.gunyah.rm.protocol.VmRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import dev.hwmailbox.gunyah.rm.protocol.VmStatusNotification;
import dev.hwmailbox.gunyah.rm.protocol.VmidListReply;
import dev.hwmailbox.gunyah.rm.protocol.VmidReply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The channels to other VMs, as these come and go: asks the Resource Manager for the message queues of a VM when it is
 * READY or RUNNING, and keeps subscriptions supplied with channels.
 *
 * <p>The host, which owns the other VMs, must not use queues to a VM that is to be reset: they are gone for it when the
 * VM is EXITED or RESETTING, and the channels of subscriptions are closed then. Between two guests queues can outlive
 * either: their channels are told of the reset ({@link GunyahMsgqController#peerReset}), and stay for as long as the
 * Resource Manager lists them.
 *
 * <pre>{@code
 * VmChannels channels = VmChannels.builder(resourceManager, controller, scheduler).build();
 * channels.subscribe(client, ReservationKey.anyPartner(0x7), (channel, queues) -> channel.sendMessage(hello));
 * }</pre>
 *
 * <p>Nothing here waits, and nothing is called with a lock held or on the interrupt path: listeners and subscribers are
 * told by tasks of the scheduler, one at a time, in the order of what has happened.
 *
 * <p>Context: any thread; never blocks.
 *
 * <p>Gunyah counterpart: {@code gh_msgq_register} and the resource look-up on VM status, drivers/virt/gunyah/gh_msgq.c
 * and gh_rm_core.c (la_kernel_qcom). Differs: queues are known by partner and label, not by label alone, and their end
 * is told.
 *
 * @since 0.1
 */
public final class VmChannels implements AutoCloseable {
    /** Largest message of queues unless told otherwise, in bytes: what the Resource Manager configures by default. */
    public static final int DEFAULT_MESSAGE_SIZE = 240;

    /** How often a question for a VM's queues is put when no answer comes. */
    static final int MAX_ATTEMPTS = 3;

    private static final Logger LOG = LoggerFactory.getLogger(VmChannels.class);

    /** Stands for this VM's own number as long as that is not known. */
    private static final int UNKNOWN = -1;

    private static final int HOST = 3;
    private static final byte[] NOTHING = {};

    private final ResourceManager resourceManager;
    private final GunyahMsgqController controller;
    private final ToIntFunction<ReservationKey> messageSize;
    private final Predicate<ReservationKey> wakesUp;
    private final SerialTasks tasks;
    private final Subscriptions subscriptions;
    private final List<VmChannelListener> listeners = new CopyOnWriteArrayList<>();
    private final RmNotificationListener news = new News();
    private volatile boolean closed;

    // Used by serial tasks only.
    private final Map<Integer, VmView> views = new LinkedHashMap<>();
    private int ownVmid = UNKNOWN;

    private VmChannels(Builder builder) {
        resourceManager = builder.resourceManager;
        controller = builder.controller;
        messageSize = builder.messageSize;
        wakesUp = builder.wakesUp;
        tasks = new SerialTasks(builder.scheduler);
        subscriptions = new Subscriptions(controller, tasks);
    }

    /**
     * Begins to look after the channels of a VM.
     *
     * @param resourceManager tells of other VMs and their queues
     * @param controller makes the channels
     * @param scheduler runs what is to be told
     * @return a builder with the defaults
     */
    public static Builder builder(
            ResourceManager resourceManager, GunyahMsgqController controller, MailboxScheduler scheduler) {
        return new Builder(resourceManager, controller, scheduler);
    }

    /**
     * Adds a listener. It is told at once, that is by the next task, of all queues that are known already.
     *
     * @param listener told of queues from now on
     */
    public void addListener(VmChannelListener listener) {
        Objects.requireNonNull(listener, "listener");
        tasks.add(() -> {
            listeners.add(listener);
            views.values()
                    .forEach(vm ->
                            vm.channels().forEach(channel -> tell(listener, hearing -> hearing.appeared(channel))));
        });
    }

    /**
     * Removes a listener.
     *
     * @param listener told of nothing that happens from now on
     */
    public void removeListener(VmChannelListener listener) {
        tasks.add(() -> listeners.remove(listener));
    }

    /**
     * Subscribes without a limit in time.
     *
     * @param client who gets the channels
     * @param key the label, and the VM at the other end, if it matters
     * @param subscriber told what becomes of the subscription
     * @return as {@link #subscribe(MailboxClient, ReservationKey, ChannelSubscriber, Duration)}
     */
    public ChannelSubscription subscribe(MailboxClient client, ReservationKey key, ChannelSubscriber subscriber) {
        return subscribe(client, key, subscriber, ClientOptions.NO_TIMEOUT);
    }

    /**
     * Subscribes to queues with a label, whether they are there or not; the first match gets a channel, further ones
     * are left to listeners. When its queues are gone the subscription waits for the next ones, its time beginning
     * anew. It takes a slot of the controller. If there is none when it begins to wait again, it waits without, and
     * without a limit in time, and tries for one when there are queues.
     *
     * <p>Linux counterpart: {@code gh_msgq_register}, drivers/virt/gunyah/gh_msgq.c (la_kernel_qcom).
     *
     * @param client who gets the channels, one at a time
     * @param key the label, and the VM at the other end, if it matters
     * @param subscriber told what becomes of the subscription
     * @param timeout longest wait for queues, more than zero; {@link ClientOptions#NO_TIMEOUT} for none
     * @return the subscription, to be closed in the end
     * @throws MailboxException EBUSY: there is a subscription, or a reservation of the controller's, for the same key,
     *     or no slot is free; ESHUTDOWN: this or the controller is closed
     * @throws IllegalArgumentException if the timeout is not positive
     */
    public ChannelSubscription subscribe(
            MailboxClient client, ReservationKey key, ChannelSubscriber subscriber, Duration timeout) {
        var subscription = new ChannelSubscription(subscriptions, client, key, subscriber, timeout);
        subscriptions.add(subscription);
        tasks.add(() -> {
            offerAll();
            if (key.partner() != ReservationKey.ANY
                    && view(key.partner()).channels().isEmpty()) {
                ask(view(key.partner()));
            }
        });
        return subscription;
    }

    /**
     * Asks for everything anew, as after a restart of the Resource Manager: for embedders that know better than its
     * notifications. Channels whose queues are listed as before stay.
     */
    public void refresh() {
        tasks.add(this::askForAll);
    }

    /**
     * Ends all subscriptions with ESHUTDOWN, closing their channels, and looks after nothing any more. Does not wait.
     * Closing again does nothing. The Resource Manager's client and the controller stay open.
     */
    @Override
    public void close() {
        closed = true;
        resourceManager.removeListener(news);
        subscriptions.close();
    }

    private void open() {
        resourceManager.addListener(news);
        tasks.add(this::askForAll);
    }

    // ---- what the Resource Manager says ----

    private void changedState(int vmid, VmState state) {
        if (closed) {
            return;
        }
        switch (state) {
            case READY, RUNNING -> {
                view(vmid).endReset();
                ask(view(vmid));
            }
            case EXITED, RESETTING -> ended(view(vmid));
            case RESET -> reset(view(vmid));
            default -> {}
        }
        forgetIfEmpty(vmid);
    }

    private boolean ownsOthers() {
        return ownVmid == HOST || ownVmid == UNKNOWN;
    }

    private void ended(VmView vm) {
        if (ownsOthers()) {
            List<VmChannel> gone = vm.endLife();
            gone.forEach(this::gone);
            if (!gone.isEmpty()) {
                offerAll(); // a subscription to any VM may wait again
            }
        } else {
            vm.channels().forEach(channel -> peerReset(vm, channel));
        }
    }

    private void reset(VmView vm) {
        if (ownsOthers()) {
            ended(vm);
        } else {
            ask(vm);
        }
    }

    private VmView view(int vmid) {
        return views.computeIfAbsent(vmid, VmView::new);
    }

    private void forgetIfEmpty(int vmid) {
        VmView vm = views.get(vmid);
        if (vm != null && vm.isForgettable()) {
            views.remove(vmid);
        }
    }

    private void askForAll() {
        call(
                RmMessageId.VM_GET_VMID,
                NOTHING,
                reply -> ownVmid = VmidReply.decode(reply).vmid(),
                failure -> LOG.debug("own number is not known", failure));
        call(
                RmMessageId.VM_GET_PEERS,
                NOTHING,
                reply -> VmidListReply.decode(reply).vmids().forEach(vmid -> ask(view(vmid))),
                failure -> LOG.debug("peers are not known", failure));
        List.copyOf(views.values()).forEach(this::ask);
    }

    private void ask(VmView vm) {
        if (closed || !vm.beginAsking()) {
            return;
        }
        int life = vm.life();
        call(
                RmMessageId.VM_GET_HYP_RESOURCES,
                new VmRequest(vm.vmid()).encode(),
                reply -> answered(vm, life, reply),
                failure -> unanswered(vm, life, failure));
    }

    /** Makes a call; what comes of it is a serial task. */
    @SuppressWarnings("FutureReturnValueIgnored") // what depends on the future here only passes it on
    private void call(int messageId, byte[] payload, Consumer<RmMessage> replied, Consumer<MailboxException> failed) {
        try {
            resourceManager
                    .callAsync(messageId, payload)
                    .whenComplete((reply, failure) -> tasks.add(() -> {
                        if (reply != null) {
                            replied.accept(reply);
                        } else if (failure instanceof MailboxException cause) {
                            failed.accept(cause);
                        }
                    }));
        } catch (MailboxException e) {
            tasks.add(() -> failed.accept(e));
        }
    }

    private void answered(VmView vm, int life, RmMessage reply) {
        boolean again = vm.endAsking();
        try {
            List<HypResource> resources = HypResourceList.decode(reply).resources();
            update(vm, life, resources);
        } catch (RmProtocolException e) {
            unavailable(vm.vmid(), e);
        } catch (RuntimeException e) { // out of the embedder's functions
            unavailable(
                    vm.vmid(), new MailboxException(Errno.EINVAL, "size or wake-up of a queue is not to be had", e));
        }
        askAgainOrForget(vm, again);
    }

    private void unanswered(VmView vm, int life, MailboxException failure) {
        boolean again = vm.endAsking();
        if (isUnknownVm(failure)) {
            update(vm, life, List.of());
        } else if (!closed) {
            again = again || (isLost(failure) && vm.failedFewerTimesThan(MAX_ATTEMPTS));
            if (!again) {
                unavailable(vm.vmid(), failure);
            }
        }
        askAgainOrForget(vm, again);
    }

    private void askAgainOrForget(VmView vm, boolean again) {
        if (again) {
            ask(vm);
        } else {
            forgetIfEmpty(vm.vmid());
        }
    }

    private static boolean isLost(MailboxException failure) {
        return switch (failure.errno()) {
            case Errno.ETIMEDOUT, Errno.EIO, Errno.ECONNRESET -> !(failure instanceof ResourceManagerException);
            default -> false;
        };
    }

    /** The Resource Manager knows no such VM, or it has no queues because it is not configured. */
    private static boolean isUnknownVm(MailboxException failure) {
        return failure instanceof ResourceManagerException refusal
                && (refusal.errorWord() == RmError.ARGUMENT_INVALID || refusal.errorWord() == RmError.NORESOURCE);
    }

    private void update(VmView vm, int life, List<HypResource> resources) {
        if (closed || life != vm.life()) {
            return; // about queues that are gone by now
        }
        List<VmChannel> listed = new ArrayList<>();
        ListedQueues.of(resources, messageSize, complaint -> unavailable(vm.vmid(), complaint))
                .forEach(channel -> listed.add(mayWake(channel) ? channel.waking() : channel));
        VmView.Difference difference = vm.update(listed);
        difference.gone().forEach(this::gone);
        difference.changed().forEach(change -> subscriptions.gone(change.before()));
        vm.channels().forEach(subscriptions::offer);
        if (!difference.gone().isEmpty() || !difference.changed().isEmpty()) {
            offerAll(); // a subscription to any VM may wait again
        }
        difference.changed().forEach(change -> tellAll(hearing -> hearing.changed(change.before(), change.now())));
        difference.appeared().forEach(channel -> tellAll(hearing -> hearing.appeared(channel)));
    }

    private boolean mayWake(VmChannel channel) {
        return channel.endpoint().canReceive() && wakesUp.test(channel.key());
    }

    // ---- what follows ----

    private void gone(VmChannel channel) {
        subscriptions.gone(channel);
        tellAll(hearing -> hearing.gone(channel));
    }

    private void peerReset(VmView vm, VmChannel channel) {
        for (MailboxChannel open : subscriptions.channelsTo(channel)) {
            try {
                controller.peerReset(open);
            } catch (MailboxException e) { // a published controller's, which knows nothing of resets
                LOG.warn("reset of VM {} cannot be told to {}", channel.partner(), open, e);
            }
        }
        if (vm.beginsReset(channel)) {
            tellAll(hearing -> hearing.peerReset(channel));
        }
    }

    private void offerAll() {
        for (VmView vm : List.copyOf(views.values())) {
            vm.channels().forEach(subscriptions::offer);
        }
    }

    private void unavailable(int vmid, MailboxException cause) {
        LOG.debug("queues of VM {} are not known", vmid, cause);
        tellAll(hearing -> hearing.unavailable(vmid, cause));
    }

    private void tellAll(Consumer<VmChannelListener> what) {
        listeners.forEach(listener -> tell(listener, what));
    }

    private void tell(VmChannelListener listener, Consumer<VmChannelListener> what) {
        if (closed) {
            return;
        }
        try {
            what.accept(listener);
        } catch (RuntimeException e) {
            LOG.error("listener failed", e);
        } catch (Error e) {
            tasks.addThrowing(e);
        }
    }

    private final class News implements RmNotificationListener {
        @Override
        public void notified(RmMessage notification) {
            if (notification.messageId() != RmMessageId.NOTIFY_VM_STATUS) {
                return;
            }
            try {
                VmStatusNotification status = VmStatusNotification.decode(notification);
                tasks.add(() -> changedState(status.vmid(), status.status().vm()));
            } catch (RmProtocolException e) {
                LOG.warn("status of a VM is not understood: {}", notification, e);
            }
        }

        @Override
        public void restarted(int generation) {
            refresh();
        }
    }

    /** Optional settings. */
    public static final class Builder {
        private final ResourceManager resourceManager;
        private final GunyahMsgqController controller;
        private final MailboxScheduler scheduler;
        private ToIntFunction<ReservationKey> messageSize = key -> DEFAULT_MESSAGE_SIZE;
        private Predicate<ReservationKey> wakesUp = key -> false;

        private Builder(ResourceManager resourceManager, GunyahMsgqController controller, MailboxScheduler scheduler) {
            this.resourceManager = Objects.requireNonNull(resourceManager, "resourceManager");
            this.controller = Objects.requireNonNull(controller, "controller");
            this.scheduler = Objects.requireNonNull(scheduler, "scheduler");
        }

        /**
         * Sets the largest messages of queues, which the Resource Manager does not tell: a host knows them from the
         * other VM's configuration, a guest from its devicetree; {@link #DEFAULT_MESSAGE_SIZE} unless told otherwise.
         *
         * @param messageSize bytes, 1..{@value MsgqEndpoint#MAX_MESSAGE_SIZE}, for a partner and label; called by
         *     tasks of the scheduler
         * @return this
         */
        public Builder messageSize(ToIntFunction<ReservationKey> messageSize) {
            this.messageSize = Objects.requireNonNull(messageSize, "messageSize");
            return this;
        }

        /**
         * Sets which channels may wake this VM when it is suspended; none unless told otherwise.
         *
         * @param wakesUp whether queues with a partner and label may; called by tasks of the scheduler
         * @return this
         */
        public Builder wakesUp(Predicate<ReservationKey> wakesUp) {
            this.wakesUp = Objects.requireNonNull(wakesUp, "wakesUp");
            return this;
        }

        /**
         * Begins: listens to the Resource Manager, and asks for the VMs that are there.
         *
         * @return what looks after the channels
         */
        public VmChannels build() {
            var channels = new VmChannels(this);
            channels.open();
            return channels;
        }
    }
}
