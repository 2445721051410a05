// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.rm.protocol.HypResource;
import dev.hwmailbox.gunyah.rm.protocol.HypResourceList;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.ResourceChannels;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import dev.hwmailbox.gunyah.rm.protocol.RmHandle;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmPayload;
import dev.hwmailbox.gunyah.rm.protocol.VmConfigImageRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmStatus;
import dev.hwmailbox.gunyah.rm.protocol.VmStopRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmidReply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Resource Manager, as a VM sees it: calls over the VM's channel to it, and the notifications it sends.
 *
 * <p>Every call waits for its reply, up to {@link ResourceManagerOptions#DEFAULT_TIMEOUT} unless told otherwise, or
 * gives a future ({@link #callAsync}). One call is outstanding at a time, because the real Resource Manager loses
 * replies beyond that; other callers wait their turn within their time.
 *
 * <p>Common to all calls: {@link ResourceManagerException} if the Resource Manager refuses, with the raw error word;
 * {@link dev.hwmailbox.MailboxException} with
 *
 * <ul>
 *   <li>ETIMEDOUT: no reply came in time; EINTR: the waiting thread was interrupted (the flag is kept);
 *   <li>ECONNRESET: the Resource Manager restarted; ESHUTDOWN: the client or its channel was closed;
 *   <li>EIO: the reply was cut off; ENOMEM: it announced more than there can be, or less than an error word;
 *   <li>EINVAL: message id 0, or what the published Resource Manager dies of; E2BIG: a request longer than
 *       {@link dev.hwmailbox.gunyah.rm.protocol.RmFraming#MAX_REQUEST_LENGTH}; nothing was sent;
 *   <li>EBUSY: {@value RmConnection#MAX_WAITING} calls wait already; or the errno with which the channel refused a
 *       frame;
 *   <li>EBADMSG, as {@link dev.hwmailbox.gunyah.rm.protocol.RmProtocolException}: the reply has not the layout it must
 *       have.
 * </ul>
 *
 * <p>A call that ended without a reply may have been carried out all the same.
 *
 * <p><b>Restart.</b> The channel tells that the Resource Manager has restarted ({@link
 * dev.hwmailbox.ChannelEvent#PEER_RESET}, {@link dev.hwmailbox.ChannelEvent#CLOSED}). Every call ends, once, with
 * ECONNRESET or ESHUTDOWN; half a message is forgotten; what came before is heard by the listeners, and then
 * {@link RmNotificationListener#restarted}. The {@linkplain #generation generation} counts up, sequences start from 0,
 * and what belongs to no call of it is dropped. The channel is requested again, and calls made meanwhile wait for it;
 * if that fails for good, they and all later ones end with ESHUTDOWN. A reply of before the restart that has both the
 * sequence and the message id of a call made after it cannot be told from a true one, unless the channel marks it
 * stale.
 *
 * <p>Context: any thread; may block up to the timeout. Not from mailbox callbacks.
 *
 * <p>Linux counterpart: drivers/virt/gunyah/rsc_mgr.c, {@code gh_rm_call} and the calls built on it (Linux patch
 * series). Differs: calls end after a time, sequences are compared in continuations too, a restart is noticed, and what
 * would end the published Resource Manager is not sent.
 *
 * @since 0.1
 */
public final class ResourceManager implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ResourceManager.class);

    private final RmConnection connection;

    private ResourceManager(RmConnection connection) {
        this.connection = connection;
    }

    /**
     * Binds to the boot-time channel.
     *
     * @param controller the message-queue controller of the VM
     * @param endpoint the channel's resources, from the devicetree
     * @param scheduler time, waiting and listeners
     * @return the client
     * @throws dev.hwmailbox.MailboxException as {@link GunyahMsgqController#requestChannel}; EINVAL if the queues do
     *     not take frames of {@value RmFrame#MAX_LENGTH} bytes
     */
    public static ResourceManager bind(
            GunyahMsgqController controller, MsgqEndpoint endpoint, MailboxScheduler scheduler) {
        return bind(controller, endpoint, scheduler, ResourceManagerOptions.DEFAULT);
    }

    /**
     * Binds to the boot-time channel.
     *
     * @param controller the message-queue controller of the VM
     * @param endpoint the channel's resources, from the devicetree
     * @param scheduler time, waiting and listeners
     * @param options how the client behaves
     * @return the client
     * @throws dev.hwmailbox.MailboxException as {@link GunyahMsgqController#requestChannel}; EINVAL if the queues do
     *     not take frames of {@value RmFrame#MAX_LENGTH} bytes
     */
    public static ResourceManager bind(
            GunyahMsgqController controller,
            MsgqEndpoint endpoint,
            MailboxScheduler scheduler,
            ResourceManagerOptions options) {
        if (endpoint.maxMessageSize() < RmFrame.MAX_LENGTH) {
            throw new MailboxException(
                    Errno.EINVAL,
                    "frames have up to " + RmFrame.MAX_LENGTH + " bytes, the queues take less: " + endpoint);
        }
        return bind(client -> controller.requestChannel(client, endpoint), RmFrameCarrier.MSGQ, scheduler, options);
    }

    /**
     * Binds to any channel that carries frames, and delivers them one at a time.
     *
     * @param request requests the channel for the client it is given; asked again when the Resource Manager has
     *     restarted
     * @param carrier turns frames into the messages of that channel and back
     * @param scheduler time, waiting and listeners
     * @param timeout longest wait for a reply, more than zero; the rest is {@link ResourceManagerOptions#DEFAULT}
     * @return the client
     */
    public static ResourceManager bind(
            Function<MailboxClient, MailboxChannel> request,
            RmFrameCarrier carrier,
            MailboxScheduler scheduler,
            Duration timeout) {
        return bind(
                request,
                carrier,
                scheduler,
                ResourceManagerOptions.builder().timeout(timeout).build());
    }

    /**
     * Binds to any channel that carries frames, and delivers them one at a time.
     *
     * @param request requests the channel for the client it is given; asked again when the Resource Manager has
     *     restarted
     * @param carrier turns frames into the messages of that channel and back
     * @param scheduler time, waiting and listeners
     * @param options how the client behaves
     * @return the client
     */
    public static ResourceManager bind(
            Function<MailboxClient, MailboxChannel> request,
            RmFrameCarrier carrier,
            MailboxScheduler scheduler,
            ResourceManagerOptions options) {
        RmConnection connection = new RmConnection(
                Objects.requireNonNull(request, "request"),
                Objects.requireNonNull(carrier, "carrier"),
                Objects.requireNonNull(scheduler, "scheduler"),
                Objects.requireNonNull(options, "options"));
        connection.open();
        return new ResourceManager(connection);
    }

    /**
     * Asks for this VM's own number.
     *
     * @return the VMID
     */
    public int vmid() {
        return VmidReply.decode(call(RmMessageId.VM_GET_VMID, new byte[0])).vmid();
    }

    /**
     * Allocates the number of a new VM, which this VM will own.
     *
     * @return the lowest free VMID
     */
    public int allocateVmid() {
        return VmidReply.decode(call(RmMessageId.VM_ALLOC_VMID, new VmRequest(0)))
                .vmid();
    }

    /**
     * Allocates a given number, of those that the platform keeps for it.
     *
     * @param vmid the number, 1..65535
     */
    public void allocateVmid(int vmid) {
        if (vmid == 0) {
            throw new IllegalArgumentException("0 is not a number to ask for");
        }
        call(RmMessageId.VM_ALLOC_VMID, new VmRequest(vmid)).requireNoData();
    }

    /**
     * Gives a VM number back. Refused with EINVAL, and not sent, if there is no such VM: the Resource Manager is asked
     * for its state first, unless earlier replies and notifications have told.
     *
     * @param vmid a VM of this one, never configured or reset
     */
    public void deallocateVmid(int vmid) {
        call(RmMessageId.VM_DEALLOC_VMID, new VmRequest(vmid)).requireNoData();
    }

    /**
     * Lends memory of this VM, which it cannot reach until it has reclaimed it.
     *
     * @param parcel what is lent to whom
     * @return the handle of the memory
     */
    public int lendMemory(MemParcelRequest parcel) {
        return RmHandle.decode(call(RmMessageId.MEM_LEND, parcel)).handle();
    }

    /**
     * Takes lent memory back.
     *
     * @param handle what {@link #lendMemory} returned; not in use by a VM any more
     */
    public void reclaimMemory(int handle) {
        memory().reclaim(handle, false);
    }

    /**
     * Tells where a VM's image and devicetree lie.
     *
     * @param image the places, as offsets into lent memory
     */
    public void configureImage(VmConfigImageRequest image) {
        call(RmMessageId.VM_CONFIG_IMAGE, image).requireNoData();
    }

    /**
     * Initialises a VM: the Resource Manager reads its devicetree and makes its queues. The notification that the VM is
     * READY comes before this returns.
     *
     * @param vmid a configured VM
     */
    public void initialise(int vmid) {
        call(RmMessageId.VM_INIT, new VmRequest(vmid)).requireNoData();
    }

    /**
     * Starts a VM.
     *
     * @param vmid an initialised VM
     */
    public void start(int vmid) {
        call(RmMessageId.VM_START, new VmRequest(vmid)).requireNoData();
    }

    /**
     * Asks a VM to shut down, or stops it by force.
     *
     * @param vmid a running VM
     * @param force true to stop it at once
     */
    public void stop(int vmid, boolean force) {
        VmStopRequest request = force
                ? new VmStopRequest(vmid, VmStopRequest.FLAG_FORCE, VmStopRequest.REASON_FORCED)
                : new VmStopRequest(vmid, 0, VmStopRequest.REASON_SHUTDOWN);
        call(RmMessageId.VM_STOP, request).requireNoData();
    }

    /**
     * Resets a VM that has ended, was never started or has failed. The reset ends later, with the notification that the
     * VM is RESET; its queues are gone then, so their channels must be closed before. Refused with EINVAL, and not
     * sent, if the VM was never configured: as with {@link #deallocateVmid}, the Resource Manager may be asked first.
     *
     * @param vmid the VM
     */
    public void reset(int vmid) {
        call(RmMessageId.VM_RESET, new VmRequest(vmid)).requireNoData();
    }

    /**
     * Asks for the state of a VM.
     *
     * @param vmid the VM
     * @return its state
     */
    public VmStatus status(int vmid) {
        return VmStatus.decode(call(RmMessageId.VM_GET_STATE, new VmRequest(vmid)));
    }

    /**
     * Asks for the hypervisor resources this VM has towards another: capability IDs and interrupts of the queues
     * between the two, in this VM's own numbering.
     *
     * @param vmid the other VM
     * @return the resources, in the order of their making
     */
    public List<HypResource> hypervisorResources(int vmid) {
        return HypResourceList.decode(call(RmMessageId.VM_GET_HYP_RESOURCES, new VmRequest(vmid)))
                .resources();
    }

    /**
     * Asks for the queues between this VM and another, and supplies them to whoever has
     * {@linkplain GunyahMsgqController#reserve reserved} a channel for their label: two queues of opposite direction as
     * one channel, a single one as a channel of one direction. Queues for which there is no reservation are passed
     * over.
     *
     * @param controller the message-queue controller of the VM
     * @param vmid the other VM
     * @param maxMessageSize largest message of these queues, 1..1023 bytes; the Resource Manager does not tell
     * @return the channels made
     * @throws MailboxException as {@link GunyahMsgqController#supply}; channels made before stay
     */
    public List<MailboxChannel> supplyChannels(GunyahMsgqController controller, int vmid, int maxMessageSize) {
        ResourceChannels queues = ResourceChannels.of(hypervisorResources(vmid));
        List<MailboxChannel> made = new ArrayList<>();
        for (ResourceChannels.Pair pair : queues.pairs()) {
            MsgqEndpoint endpoint = ListedQueues.endpoint(pair, maxMessageSize);
            controller.supply(pair.partnerVmid(), pair.label(), endpoint).ifPresent(made::add);
        }
        for (ResourceChannels.Unpaired queue : queues.unpaired()) {
            if (queue.reason() == ResourceChannels.Reason.LONE) {
                controller
                        .supply(queue.partnerVmid(), queue.label(), ListedQueues.endpoint(queue, maxMessageSize))
                        .ifPresent(made::add);
            }
        }
        return made;
    }

    /**
     * Memory between VMs.
     *
     * @return calls of this client
     */
    public MemoryCalls memory() {
        return new MemoryCalls(this);
    }

    /**
     * Lent interrupts.
     *
     * @return calls of this client
     */
    public InterruptCalls interrupts() {
        return new InterruptCalls(this);
    }

    /**
     * Consoles, call by call; {@link VmConsole} makes streams of one.
     *
     * @return calls of this client
     */
    public ConsoleCalls console() {
        return new ConsoleCalls(this);
    }

    /**
     * Which VMs there are.
     *
     * @return calls of this client
     */
    public DirectoryCalls directory() {
        return new DirectoryCalls(this);
    }

    /**
     * What this VM says of itself.
     *
     * @return calls of this client
     */
    public OwnVmCalls self() {
        return new OwnVmCalls(this);
    }

    /**
     * What can be set up in a VM before it starts.
     *
     * @return calls of this client
     */
    public VmSetupCalls setup() {
        return new VmSetupCalls(this);
    }

    /**
     * What concerns the machine.
     *
     * @return calls of this client
     */
    public PlatformCalls platform() {
        return new PlatformCalls(this);
    }

    /**
     * Makes any call. What the published Resource Manager would die of is refused with EINVAL and not sent: an empty
     * payload of VM_CONSOLE_WRITE or VM_IRQ_LEND, _ACCEPT, _RELEASE, _RECLAIM and _NOTIFY; VM_DEALLOC_VMID of an
     * unknown VM, VM_RESET of one that was never configured, VM_EXIT of the host. About the last three the Resource
     * Manager is asked first if it has not told yet, with VM_GET_STATE or VM_GET_VMID.
     *
     * @param messageId which, see {@link RmMessageId}
     * @param payload the request's payload
     * @return the reply
     */
    public RmMessage call(int messageId, byte[] payload) {
        FatalRequests fatal = connection.fatal();
        fatal.question(messageId, payload).ifPresent(this::ask);
        fatal.requireHarmless(messageId, payload);
        return connection.call(messageId, payload);
    }

    /**
     * Makes any call and does not wait. The future ends as a task of the scheduler, with the reply or exceptionally
     * with what {@link #call(int, byte[])} throws, and no order is kept between it and listeners. Ending it in another
     * way, such as by cancelling it, gives the call up: not sent yet, it never is; a reply that comes all the same is
     * dropped and counted as late.
     *
     * <p>Context: any thread, callbacks included; never blocks.
     *
     * @param messageId which, see {@link RmMessageId}
     * @param payload the request's payload
     * @return the reply
     * @throws MailboxException as {@link #call(int, byte[])}, for what ends a call before it is sent. The Resource
     *     Manager is not asked before: EINVAL for VM_DEALLOC_VMID, VM_RESET and VM_EXIT also if earlier replies and
     *     notifications have not told that they are harmless
     */
    public CompletableFuture<RmMessage> callAsync(int messageId, byte[] payload) {
        connection.fatal().requireHarmless(messageId, payload);
        return connection.callAsync(messageId, payload);
    }

    /**
     * Adds a listener for notifications.
     *
     * @param listener told of every notification from now on
     */
    public void addListener(RmNotificationListener listener) {
        connection.listeners().add(listener);
    }

    /**
     * Removes a listener.
     *
     * @param listener told of no further notification
     */
    public void removeListener(RmNotificationListener listener) {
        connection.listeners().remove(listener);
    }

    /**
     * How often the Resource Manager has restarted since the client was bound.
     *
     * @return 0 at first; what {@link RmNotificationListener#restarted} tells afterwards
     */
    public int generation() {
        return connection.generation();
    }

    /**
     * What was dropped, by reason.
     *
     * @return the counts as they are now
     */
    public RmCounters counters() {
        return connection.counters();
    }

    /**
     * How many frames were dropped because they belonged to nothing.
     *
     * @return {@link RmCounters#droppedFrames}
     */
    public long droppedFrames() {
        return counters().droppedFrames();
    }

    /**
     * Ends all calls with ESHUTDOWN and closes the channel. After this returns no listener is called; one that runs on
     * another thread goes on. Closing again does nothing.
     */
    @Override
    public void close() {
        connection.close();
    }

    /** Has something done, without waiting, when the client is closed or its channel lost for good. */
    void atEnd(Runnable action) {
        connection.atEnd().add(action);
    }

    void notAtEnd(Runnable action) {
        connection.atEnd().remove(action);
    }

    MailboxScheduler scheduler() {
        return connection.scheduler();
    }

    RmMessage call(int messageId, RmPayload payload) {
        return call(messageId, payload.encode());
    }

    /** The answer teaches {@link FatalRequests}; a refusal leaves it ignorant, which is an answer too. */
    private void ask(RmMessage question) {
        try {
            connection.call(question.messageId(), question.payload());
        } catch (ResourceManagerException e) {
            LOG.debug("{} was refused", RmMessageId.name(question.messageId()), e);
        }
    }
}
