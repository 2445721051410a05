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
import dev.hwmailbox.gunyah.rm.protocol.MemHandleRequest;
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
import java.util.function.Function;

/**
 * The Resource Manager, as a VM sees it: calls over the VM's channel to it, and the notifications it sends.
 *
 * <p>Every call waits for its reply, up to {@link #DEFAULT_TIMEOUT} unless told otherwise. One call is outstanding at a
 * time, because the real Resource Manager loses replies beyond that; other callers wait their turn within their time.
 *
 * <p>Common to all calls: {@link ResourceManagerException} if the Resource Manager refuses, with the raw error word;
 * {@link dev.hwmailbox.MailboxException} with ETIMEDOUT if no reply came in time, EINTR if the waiting thread was
 * interrupted (the flag is kept), ESHUTDOWN if the client or its channel was closed, EIO if the reply was cut off,
 * EBUSY if {@value RmConnection#MAX_WAITING} calls wait already, or the errno with which the channel refused a frame;
 * {@link dev.hwmailbox.gunyah.rm.protocol.RmProtocolException} if the reply has not the layout it must have. A call
 * that ended without a reply may have been carried out all the same.
 *
 * <p>Context: any thread; may block up to the timeout. Not from mailbox callbacks.
 *
 * <p>Linux counterpart: drivers/virt/gunyah/rsc_mgr.c, {@code gh_rm_call} and the calls built on it (Linux patch
 * series). Differs: calls end after a time, and sequences are compared in continuations too.
 *
 * @since 0.1
 */
public final class ResourceManager implements AutoCloseable {
    /** How long a call waits for its reply, its turn included. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(5);

    private final RmConnection connection;
    private final long timeoutNanos;

    private ResourceManager(RmConnection connection, Duration timeout) {
        this.connection = connection;
        this.timeoutNanos = timeout.toNanos();
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
        if (endpoint.maxMessageSize() < RmFrame.MAX_LENGTH) {
            throw new MailboxException(
                    Errno.EINVAL,
                    "frames have up to " + RmFrame.MAX_LENGTH + " bytes, the queues take less: " + endpoint);
        }
        return bind(
                client -> controller.requestChannel(client, endpoint), RmFrameCarrier.MSGQ, scheduler, DEFAULT_TIMEOUT);
    }

    /**
     * Binds to any channel that carries frames, and delivers them one at a time.
     *
     * @param request requests the channel for the client it is given
     * @param carrier turns frames into the messages of that channel and back
     * @param scheduler time, waiting and listeners
     * @param timeout longest wait for a reply, more than zero
     * @return the client
     */
    public static ResourceManager bind(
            Function<MailboxClient, MailboxChannel> request,
            RmFrameCarrier carrier,
            MailboxScheduler scheduler,
            Duration timeout) {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("timeout must be positive: " + timeout);
        }
        RmConnection connection = new RmConnection(
                Objects.requireNonNull(scheduler, "scheduler"), Objects.requireNonNull(carrier, "carrier"));
        connection.open(request.apply(connection));
        return new ResourceManager(connection, timeout);
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
     * Gives a VM number back.
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
        call(RmMessageId.MEM_RECLAIM, new MemHandleRequest(handle, 0)).requireNoData();
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
     * VM is RESET; its queues are gone then, so their channels must be closed before.
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
            var endpoint = new MsgqEndpoint(
                    pair.send().capability(),
                    pair.send().virq(),
                    pair.receive().capability(),
                    pair.receive().virq(),
                    maxMessageSize);
            controller.supply(pair.partnerVmid(), pair.label(), endpoint).ifPresent(made::add);
        }
        for (ResourceChannels.Unpaired queue : queues.unpaired()) {
            if (queue.reason() == ResourceChannels.Reason.LONE) {
                controller
                        .supply(queue.partnerVmid(), queue.label(), oneWay(queue, maxMessageSize))
                        .ifPresent(made::add);
            }
        }
        return made;
    }

    private static MsgqEndpoint oneWay(ResourceChannels.Unpaired queue, int maxMessageSize) {
        if (queue.send().isEmpty()) {
            HypResource receive = queue.receive().get(0);
            return MsgqEndpoint.receiveOnly(receive.capability(), receive.virq(), maxMessageSize);
        }
        HypResource send = queue.send().get(0);
        return MsgqEndpoint.sendOnly(send.capability(), send.virq(), maxMessageSize);
    }

    /**
     * Makes any call.
     *
     * @param messageId which, see {@link RmMessageId}
     * @param payload the request's payload
     * @return the reply
     */
    public RmMessage call(int messageId, byte[] payload) {
        return connection.call(messageId, payload, timeoutNanos);
    }

    /**
     * Adds a listener for notifications.
     *
     * @param listener told of every notification from now on
     */
    public void addListener(RmNotificationListener listener) {
        connection.addListener(listener);
    }

    /**
     * Removes a listener.
     *
     * @param listener told of no further notification
     */
    public void removeListener(RmNotificationListener listener) {
        connection.removeListener(listener);
    }

    /**
     * How many frames were dropped because they belonged to nothing: late or duplicate replies, broken frames.
     *
     * @return a count that never falls
     */
    public long droppedFrames() {
        return connection.droppedFrames();
    }

    /**
     * Ends all calls with ESHUTDOWN and closes the channel. After this returns no listener is called; one that runs on
     * another thread goes on. Closing again does nothing.
     */
    @Override
    public void close() {
        connection.close();
    }

    private RmMessage call(int messageId, RmPayload payload) {
        return call(messageId, payload.encode());
    }
}
