// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GuestMemory;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahException;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram.StopReason;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One virtual machine of a {@link SoftwareHypervisor}: a capability space, an interrupt controller, an address space, a
 * scheduler, and in place of vCPUs a {@link GuestProgram}.
 *
 * <pre>
 *                  ┌──────────────────────── start ────────────────────────┐
 *                  ▼                                                       │
 *   CREATED ─start─▶ RUNNING ─stop─▶ STOPPING ─program has stopped─▶ STOPPED
 *                  ▲      │
 *                  │      └─reset─▶ RESETTING ─program has stopped─▶ RESET
 *                  └──────────────────────── start ────────────────────┘
 *
 *   CREATED, STOPPED, RESET ─reset─▶ RESETTING ─▶ RESET          (no program: in the call itself)
 *   STOPPING, RESETTING     ─reset─▶ RESETTING                   (the reset that is under way goes on)
 *   RESETTING               ─stop──▶ RESETTING                   (nothing but the report)
 *   CREATED, STOPPED, RESET ─destroy─▶ DESTROYED
 * </pre>
 *
 * While the program is being made, the VM is STARTING.
 *
 * <p>Program calls are tasks of the VM's scheduler, in the order of {@link #start}, {@link #stop} and {@link #reset},
 * and never run inside them. Hypercalls, interrupts and memory work in every state but RESETTING and DESTROYED; there
 * hypercalls find no capability and no interrupt arrives, and of a DESTROYED VM nothing is mapped.
 *
 * <p>A reset begins a new incarnation. In order:
 *
 * <ol>
 *   <li>The VM is cut off: the objects {@link #hypercalls} and {@link #interrupts} of the old incarnation are dead for
 *       good. Its calls answer CSPACE_CAP_NULL (ARGUMENT_INVALID for an ID that never was one), as those of a destroyed
 *       VM do; its handlers are detached, and it cannot attach others. A call or handler that another thread is inside
 *       of goes on, as if it had come first.
 *   <li>Its messages are treated as {@link StaleMessages} says, and the {@link VmListener} hears RESETTING.
 *   <li>The program is told to stop. One whose start had not run yet hears of neither.
 *   <li>When it has stopped, or at once without one, the VM comes back with new hypercalls and interrupts.
 *       Capabilities, bindings, queues, their thresholds, triggers and memory are as they were. No edge that was
 *       latched before is left; instead each line for "something to read" whose queue holds a message has one. Lines
 *       for "room again" are idle.
 *   <li>The listener hears RESET, and whoever waited is told.
 * </ol>
 *
 * <p>Context: any thread, also from the program and from interrupt handlers; never blocks.
 *
 * @since 0.1
 */
public final class VirtualMachine {
    private static final Logger LOG = LoggerFactory.getLogger(VirtualMachine.class);

    private static final Set<ObjectType> OPAQUE =
            Set.of(ObjectType.THREAD, ObjectType.DOORBELL, ObjectType.VIRTIO_MMIO);

    private static final int ALL_CSPACE_RIGHTS = GunyahRights.CSPACE_CAP_CREATE
            | GunyahRights.CSPACE_CAP_DELETE
            | GunyahRights.CSPACE_CAP_COPY
            | GunyahRights.CSPACE_CAP_REVOKE;

    private final SoftwareHypervisor hypervisor;
    private final ObjectManager objects;
    private final int vmid;
    private final MailboxScheduler scheduler;
    private final CapabilitySpace space;
    private final VicObject vic;
    private final GuestAddressSpace memory = new GuestAddressSpace();

    private final VmLifeCycle life;

    // Written by the life cycle, under its lock.
    private volatile Incarnation incarnation;

    private volatile CapabilityId partitionCapability = CapabilityId.INVALID;
    private volatile CapabilityId cspaceCapability = CapabilityId.INVALID;
    private volatile CapabilityId vicCapability = CapabilityId.INVALID;

    /** What a VM has from one reset to the next. */
    private record Incarnation(VmHypercalls hypercalls, VirtualInterruptController interrupts) {}

    VirtualMachine(
            SoftwareHypervisor hypervisor,
            ObjectManager objects,
            int vmid,
            int lastVirq,
            MailboxScheduler scheduler,
            Executor interruptDelivery,
            @Nullable HypervisorObserver observer,
            @Nullable VmListener listener) {
        this.hypervisor = hypervisor;
        this.objects = objects;
        this.vmid = vmid;
        this.scheduler = scheduler;
        space = objects.newSpace();
        var interrupts = new VirtualInterruptController(vmid, lastVirq, interruptDelivery, scheduler, observer);
        vic = new VicObject(interrupts);
        incarnation = new Incarnation(new VmHypercalls(space, objects), interrupts);
        life = new VmLifeCycle(this, listener);
    }

    /**
     * The VM's number.
     *
     * @return the VMID
     */
    public int vmid() {
        return vmid;
    }

    /**
     * Where the VM is in its life.
     *
     * @return the state
     */
    public State state() {
        return life.state();
    }

    /**
     * The VM's hypercalls.
     *
     * @return what a driver in the VM calls; those of the current incarnation, so a reset makes new ones
     */
    public GunyahHypercalls hypercalls() {
        return incarnation.hypercalls();
    }

    /**
     * The VM's hypercalls by register contents, on the VM's own {@link #memory()}.
     *
     * @return the entry of one vCPU, new at each call; of the current incarnation, so a reset vCPU asks for another
     */
    public RegisterCalls registerCalls() {
        return registerCalls(memory);
    }

    /**
     * The VM's hypercalls by register contents.
     *
     * @param memory where the addresses in the registers lead: for instance through the vCPU's page tables
     * @return the entry of one vCPU, new at each call; of the current incarnation, so a reset vCPU asks for another
     */
    public RegisterCalls registerCalls(GuestMemory memory) {
        return new RegisterCalls(this, incarnation.hypercalls(), memory);
    }

    /**
     * The VM's interrupts.
     *
     * @return its interrupt controller; that of the current incarnation, so a reset makes a new one
     */
    public VirtualInterruptController interrupts() {
        return incarnation.interrupts();
    }

    /**
     * The VM's memory.
     *
     * @return its address space, empty at first
     */
    public GuestAddressSpace memory() {
        return memory;
    }

    /**
     * The VM's time and deferral.
     *
     * @return the scheduler the embedder gave
     */
    public MailboxScheduler scheduler() {
        return scheduler;
    }

    // ---- capabilities ----

    /**
     * The VM's own capability to the partition.
     *
     * @return an ID of this VM's space with {@link GunyahRights#PARTITION_OBJECT_CREATE}; INVALID unless this is a
     *     manager VM
     */
    public CapabilityId partitionCapability() {
        return partitionCapability;
    }

    /**
     * The VM's own capability to its capability space.
     *
     * @return an ID of this VM's space with the rights to create, delete, copy and revoke; INVALID unless this is a
     *     manager VM
     */
    public CapabilityId cspaceCapability() {
        return cspaceCapability;
    }

    /**
     * The VM's own capability to its interrupt controller.
     *
     * @return an ID of this VM's space with {@link GunyahRights#VIC_BIND_SOURCE}; INVALID unless this is a manager VM
     */
    public CapabilityId vicCapability() {
        return vicCapability;
    }

    void makeManager() {
        partitionCapability = grant(objects.partition(), GunyahRights.PARTITION_OBJECT_CREATE, false);
        cspaceCapability = grant(space, ALL_CSPACE_RIGHTS, false);
        vicCapability = grant(vic, GunyahRights.VIC_BIND_SOURCE, false);
    }

    /**
     * Lets a VM create objects, with memory of the hypervisor's partition.
     *
     * @param rights of {@link GunyahRights}, not 0
     * @return the capability, an ID of this VM's space
     * @throws GunyahException CSPACE_INSUFFICIENT_RIGHTS (no rights), CSPACE_FULL
     * @throws MailboxException EINVAL if the VM is destroyed
     */
    public CapabilityId grantPartition(int rights) {
        return grant(objects.partition(), rights, false);
    }

    /**
     * Gives another VM a capability to this VM's capability space.
     *
     * @param holder the VM that gets it; a VM of the same hypervisor
     * @param rights of {@link GunyahRights}, not 0
     * @return the capability, an ID of the holder's space; revoked when this VM is destroyed
     * @throws GunyahException CSPACE_INSUFFICIENT_RIGHTS (no rights), CSPACE_FULL
     * @throws MailboxException EINVAL if one of the two is destroyed
     */
    public CapabilityId grantCspaceTo(VirtualMachine holder, int rights) {
        return neighbour(holder).grantOf(this, space, rights);
    }

    /**
     * Gives another VM a capability to this VM's interrupt controller.
     *
     * @param holder the VM that gets it; a VM of the same hypervisor
     * @param rights of {@link GunyahRights}, not 0
     * @return the capability, an ID of the holder's space; revoked when this VM is destroyed
     * @throws GunyahException CSPACE_INSUFFICIENT_RIGHTS (no rights), CSPACE_FULL
     * @throws MailboxException EINVAL if one of the two is destroyed
     */
    public CapabilityId grantVicTo(VirtualMachine holder, int rights) {
        return neighbour(holder).grantOf(this, vic, rights);
    }

    private CapabilityId grantOf(VirtualMachine owner, HypervisorObject object, int rights) {
        try {
            return grant(object, rights, false);
        } catch (GunyahException e) {
            owner.checkNotDestroyed();
            throw e;
        }
    }

    /**
     * Makes an object that this hypervisor only names: a vCPU, a doorbell or a virtio device.
     *
     * @param type {@link ObjectType#THREAD}, {@link ObjectType#DOORBELL} or {@link ObjectType#VIRTIO_MMIO}
     * @return its master capability, an ID of this VM's space
     * @throws GunyahException CSPACE_FULL
     * @throws MailboxException EINVAL if the type is another one or the VM is destroyed
     */
    public CapabilityId createOpaqueObject(ObjectType type) {
        if (!OPAQUE.contains(type)) {
            throw new MailboxException(Errno.EINVAL, "not an opaque object: " + type + " (" + this + ")");
        }
        return grant(new HypervisorObject(type), ObjectManager.ALL_RIGHTS, true);
    }

    /**
     * Copies a capability to a given ID of this VM's space: the boot-time pair that a devicetree dictates.
     *
     * @param at any ID but {@link CapabilityId#INVALID}
     * @param source the VM that has the capability; a VM of the same hypervisor
     * @param sourceCapability an ID of the source's space
     * @param rightsMask rights to keep
     * @throws GunyahException BUSY (ID in use), ARGUMENT_INVALID (ID), CSPACE_INSUFFICIENT_RIGHTS (no right would be
     *     left), or the look-up error of the source capability
     * @throws MailboxException EINVAL if the VM is destroyed
     */
    public void installCapability(
            CapabilityId at, VirtualMachine source, CapabilityId sourceCapability, int rightsMask) {
        int error = objects.install(space, at.value(), neighbour(source).space, sourceCapability.value(), rightsMask);
        if (error != GunyahError.OK) {
            checkNotDestroyed();
            throw new GunyahException(error, "cannot install capability " + at + " (" + this + ")");
        }
    }

    boolean isOf(SoftwareHypervisor candidate) {
        return hypervisor == candidate;
    }

    private VirtualMachine neighbour(VirtualMachine other) {
        if (!other.isOf(hypervisor)) {
            throw new IllegalArgumentException(other + " belongs to another hypervisor");
        }
        return other;
    }

    /** Puts a capability into this VM's space. */
    CapabilityId grant(HypervisorObject object, int rights, boolean master) {
        if (rights == 0) {
            throw new GunyahException(
                    GunyahError.CSPACE_INSUFFICIENT_RIGHTS, "no rights to grant to " + object + " (" + this + ")");
        }
        CapabilityId made = objects.grant(space, object, rights, master);
        if (!made.isValid()) {
            checkNotDestroyed();
            throw new GunyahException(GunyahError.CSPACE_FULL, "cannot grant " + object + " (" + this + ")");
        }
        return made;
    }

    private void checkNotDestroyed() {
        if (state() == State.DESTROYED) {
            throw destroyed();
        }
    }

    private MailboxException destroyed() {
        return new MailboxException(Errno.EINVAL, "virtual machine is destroyed (" + this + ")");
    }

    // ---- life cycle ----

    /**
     * Starts the VM: asks the factory for a program, on the calling thread, and schedules its start.
     *
     * @param imageName the name the VM's configuration gives its image
     * @param tree the VM's devicetree
     * @throws MailboxException EBUSY if the VM runs, is stopping or being reset, EINVAL if it is destroyed, ENOENT if
     *     the hypervisor has no guest programs; what the factory throws passes through, and the VM stays as it was
     */
    public void start(String imageName, DeviceTree tree) {
        Objects.requireNonNull(imageName, "imageName");
        Objects.requireNonNull(tree, "tree");
        GuestProgram.Factory factory = hypervisor.guestPrograms();
        if (factory == null) {
            throw new MailboxException(Errno.ENOENT, "no guest programs (" + this + ")");
        }
        life.start(
                () -> Objects.requireNonNull(factory.create(vmid, imageName), "program"),
                () -> new GuestContext(vmid, imageName, hypercalls(), interrupts(), memory, tree, scheduler));
        LOG.debug("vm {} starts {}", vmid, imageName);
    }

    /**
     * Stops the VM.
     *
     * @param reason what to tell the program
     * @throws MailboxException EBUSY if the VM is starting, or stopping already, EINVAL if it does not run
     */
    public void stop(StopReason reason) {
        stop(reason, () -> {});
    }

    /**
     * Stops the VM, and says when its program has stopped. While the VM is being reset, which stops it, this only waits
     * for the end of that.
     *
     * @param reason what to tell the program
     * @param stopped called once, as part of the task that stopped the program, when the VM is STOPPED, or RESET: it
     *     may be started again or destroyed from there
     * @throws MailboxException EBUSY if the VM is starting, or stopping already, EINVAL if it does not run
     */
    public void stop(StopReason reason, Runnable stopped) {
        Objects.requireNonNull(reason, "reason");
        Objects.requireNonNull(stopped, "stopped");
        LOG.debug("vm {} is to stop: {}", vmid, reason);
        life.stop(reason, stopped);
    }

    /**
     * Resets the VM.
     *
     * @param stale what becomes of messages that it may have sent
     * @throws MailboxException EBUSY if the VM is starting, EINVAL if it is destroyed
     */
    public void reset(StaleMessages stale) {
        reset(stale, () -> {});
    }

    /**
     * Resets the VM, and says when it is back. The order of things is given {@linkplain VirtualMachine above}. Any
     * number of resets may meet, and meet a stop: there is one end, and each is told of it. To reset several VMs that
     * talk to each other, see {@link SoftwareHypervisor#reset}.
     *
     * @param stale what becomes of messages that it may have sent
     * @param done called once, when the VM is RESET: it may be started again or destroyed from there. Called before
     *     this returns if no program runs, otherwise as part of the task that stopped the program
     * @throws MailboxException EBUSY if the VM is starting, EINVAL if it is destroyed
     */
    public void reset(StaleMessages stale, Runnable done) {
        beginReset(stale, done);
        endReset();
    }

    /** Cuts the VM off; it does not come back before {@link #endReset}. */
    void beginReset(StaleMessages stale, Runnable done) {
        Objects.requireNonNull(stale, "stale");
        Objects.requireNonNull(done, "done");
        LOG.debug("vm {} is to be reset, stale messages: {}", vmid, stale);
        life.hold(stale, done);
    }

    void endReset() {
        life.release();
    }

    /** Ends the current incarnation. The life cycle's lock is held. */
    void cutOff() {
        incarnation.hypercalls().retire();
        incarnation.interrupts().close();
    }

    /** Does with the messages in the queues into which this VM can send what a reset is to do. */
    void treat(StaleMessages policy) {
        if (policy == StaleMessages.KEEP) {
            return;
        }
        for (MessageQueue queue : objects.queuesSentBy(space)) {
            if (policy == StaleMessages.FLUSH) {
                flush(queue);
            } else {
                queue.markStale();
            }
        }
    }

    private void flush(MessageQueue queue) {
        try {
            queue.flush();
        } catch (Throwable e) { // a survivor's handler: this VM must come back all the same
            LOG.error("flushing {} at a reset failed (vm {})", queue, vmid, e);
        }
    }

    /** Begins the next incarnation. The life cycle's lock is held. Returns the bound receiving ends. */
    List<QueueEnd> renew() {
        VirtualInterruptController successor = incarnation.interrupts().successor();
        List<QueueEnd> receiving = objects.rebind(vic, successor);
        incarnation = new Incarnation(new VmHypercalls(space, objects), successor);
        return receiving;
    }

    /** The VM has come to rest, or has started. */
    void settled() {
        hypervisor.destroyIfClosed(this);
    }

    /**
     * Ends the VM: its handlers are detached, its interrupt lines released, its memory unmapped, its capabilities
     * deleted and those of others to it revoked. Objects whose last capability goes die. A handler that is running goes
     * on. Destroying a destroyed VM does nothing.
     *
     * @throws MailboxException EBUSY if the VM runs, is stopping or being reset
     */
    public void destroy() {
        if (!life.destroy()) {
            return;
        }
        interrupts().close();
        try {
            objects.release(space, vic);
        } finally {
            memory.clear();
            hypervisor.forget(this);
            LOG.debug("vm {} is destroyed", vmid);
            life.tell();
        }
    }

    /** Destroys the VM as soon as its program lets it, stopping the program if it runs. */
    void destroyWhenStopped() {
        try {
            if (state() == State.RUNNING) {
                stop(StopReason.FORCED);
            } else {
                destroy();
            }
        } catch (MailboxException e) {
            // Somebody else starts, stops, resets or destroys it; that way also ends in destroyIfClosed.
            LOG.debug("vm {} is on its way out", vmid, e);
        }
    }

    CapabilitySpace space() {
        return space;
    }

    @Override
    public String toString() {
        return "vm " + vmid + " " + state();
    }

    /** Where a VM is in its life. */
    public enum State {
        /** Never started. */
        CREATED,
        /** Its program is being made. */
        STARTING,
        /** Its program runs, or is about to. */
        RUNNING,
        /** Its program has been told to stop. */
        STOPPING,
        /** Its program has stopped. */
        STOPPED,
        /** Cut off; its program has been told to stop. */
        RESETTING,
        /** Reset, and not started since. */
        RESET,
        /** Gone. */
        DESTROYED
    }
}
