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
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One virtual machine of a {@link SoftwareHypervisor}: a capability space, an interrupt controller, an address space, a
 * scheduler, and in place of vCPUs a {@link GuestProgram}.
 *
 * <pre>
 *   CREATED ──start──▶ RUNNING ──stop──▶ STOPPING ──program has stopped──▶ STOPPED
 *      │                  ▲                                                │    │
 *      │                  └──────────────────── start ─────────────────────┘    │
 *      └─────────────────────────────▶ DESTROYED ◀───────── destroy ────────────┘
 * </pre>
 *
 * While the program is being made, the VM is STARTING.
 *
 * <p>Program calls are tasks of the VM's scheduler, in the order of {@link #start} and {@link #stop}, and never run
 * inside them. Hypercalls, interrupts and memory work in every state but DESTROYED; there hypercalls find no
 * capability, nothing is mapped and no interrupt arrives.
 *
 * <p>Context: any thread, also from the program and from interrupt handlers; never blocks.
 *
 * @since 0.1
 */
public final class VirtualMachine {
    private static final Logger LOG = LoggerFactory.getLogger(VirtualMachine.class);

    private static final int ALL_CSPACE_RIGHTS = GunyahRights.CSPACE_CAP_CREATE
            | GunyahRights.CSPACE_CAP_DELETE
            | GunyahRights.CSPACE_CAP_COPY
            | GunyahRights.CSPACE_CAP_REVOKE;

    private final SoftwareHypervisor hypervisor;
    private final ObjectManager objects;
    private final int vmid;
    private final MailboxScheduler scheduler;
    private final CapabilitySpace space;
    private final VirtualInterruptController interrupts;
    private final VicObject vic;
    private final VmHypercalls hypercalls;
    private final GuestAddressSpace memory = new GuestAddressSpace();

    private final AtomicReference<State> state = new AtomicReference<>(State.CREATED);

    /** Program calls that wait for their task. Keeps their order whatever the order of the scheduler's tasks. */
    private final Queue<Runnable> programCalls = new ConcurrentLinkedQueue<>();

    private volatile CapabilityId partitionCapability = CapabilityId.INVALID;
    private volatile CapabilityId cspaceCapability = CapabilityId.INVALID;
    private volatile CapabilityId vicCapability = CapabilityId.INVALID;

    // Set by start, used by stop; the state orders them.
    private volatile @Nullable GuestProgram program;

    VirtualMachine(
            SoftwareHypervisor hypervisor,
            ObjectManager objects,
            int vmid,
            int lastVirq,
            MailboxScheduler scheduler,
            Executor interruptDelivery,
            @Nullable HypervisorObserver observer) {
        this.hypervisor = hypervisor;
        this.objects = objects;
        this.vmid = vmid;
        this.scheduler = scheduler;
        space = objects.newSpace();
        interrupts = new VirtualInterruptController(vmid, lastVirq, interruptDelivery, scheduler, observer);
        vic = new VicObject(interrupts);
        hypercalls = new VmHypercalls(space, objects);
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
        return Objects.requireNonNull(state.get(), "state");
    }

    /**
     * The VM's hypercalls.
     *
     * @return what a driver in the VM calls
     */
    public GunyahHypercalls hypercalls() {
        return hypercalls;
    }

    /**
     * The VM's hypercalls by register contents, on the VM's own {@link #memory()}.
     *
     * @return the entry of one vCPU, new at each call
     */
    public RegisterCalls registerCalls() {
        return registerCalls(memory);
    }

    /**
     * The VM's hypercalls by register contents.
     *
     * @param memory where the addresses in the registers lead: for instance through the vCPU's page tables
     * @return the entry of one vCPU, new at each call
     */
    public RegisterCalls registerCalls(GuestMemory memory) {
        return new RegisterCalls(this, hypercalls, memory);
    }

    /**
     * The VM's interrupts.
     *
     * @return its interrupt controller
     */
    public VirtualInterruptController interrupts() {
        return interrupts;
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
     * Makes an object that this hypervisor only names: a vCPU or a doorbell.
     *
     * @param type {@link ObjectType#THREAD} or {@link ObjectType#DOORBELL}
     * @return its master capability, an ID of this VM's space
     * @throws GunyahException CSPACE_FULL
     * @throws MailboxException EINVAL if the type is another one or the VM is destroyed
     */
    public CapabilityId createOpaqueObject(ObjectType type) {
        if (type != ObjectType.THREAD && type != ObjectType.DOORBELL) {
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

    private VirtualMachine neighbour(VirtualMachine other) {
        if (other.hypervisor != hypervisor) {
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
     * @throws MailboxException EBUSY if the VM runs or is stopping, EINVAL if it is destroyed, ENOENT if the hypervisor
     *     has no guest programs; what the factory throws passes through, and the VM stays as it was
     */
    public void start(String imageName, DeviceTree tree) {
        var context = new GuestContext(vmid, imageName, hypercalls, interrupts, memory, tree, scheduler);
        GuestProgram.Factory factory = hypervisor.guestPrograms();
        if (factory == null) {
            throw new MailboxException(Errno.ENOENT, "no guest programs (" + this + ")");
        }
        State before = state() == State.STOPPED ? State.STOPPED : State.CREATED;
        move(before, State.STARTING, "start");
        GuestProgram created;
        try {
            created = Objects.requireNonNull(factory.create(vmid, imageName), "program");
        } catch (Throwable e) {
            state.set(before);
            hypervisor.destroyIfClosed(this);
            throw e;
        }
        program = created;
        programCalls.add(() -> created.start(context));
        state.set(State.RUNNING);
        scheduler.execute(this::runProgramCall);
        LOG.debug("vm {} starts {}", vmid, imageName);
        hypervisor.destroyIfClosed(this);
    }

    /**
     * Stops the VM.
     *
     * @param reason what to tell the program
     * @throws MailboxException EBUSY if the VM is stopping already, EINVAL if it does not run
     */
    public void stop(StopReason reason) {
        stop(reason, () -> {});
    }

    /**
     * Stops the VM, and says when its program has stopped.
     *
     * @param reason what to tell the program
     * @param stopped called once, as part of the task that stopped the program, when the VM is STOPPED: it may be
     *     started again or destroyed from there
     * @throws MailboxException EBUSY if the VM is stopping already, EINVAL if it does not run
     */
    public void stop(StopReason reason, Runnable stopped) {
        Objects.requireNonNull(reason, "reason");
        Objects.requireNonNull(stopped, "stopped");
        move(State.RUNNING, State.STOPPING, "stop");
        LOG.debug("vm {} stops: {}", vmid, reason);
        GuestProgram stopping = Objects.requireNonNull(program, "program");
        callProgram(() -> stopping.stop(reason));
        callProgram(() -> {
            state.set(State.STOPPED);
            stopped.run();
        });
        callProgram(() -> hypervisor.destroyIfClosed(this));
    }

    private void callProgram(Runnable call) {
        programCalls.add(call);
        scheduler.execute(this::runProgramCall);
    }

    private void runProgramCall() {
        Runnable call = Objects.requireNonNull(programCalls.poll(), "call");
        try {
            call.run();
        } catch (RuntimeException e) {
            LOG.error("guest program failed (vm {})", vmid, e);
        }
    }

    /**
     * Ends the VM: its handlers are detached, its interrupt lines released, its memory unmapped, its capabilities
     * deleted and those of others to it revoked. Objects whose last capability goes die. A handler that is running goes
     * on. Destroying a destroyed VM does nothing.
     *
     * @throws MailboxException EBUSY if the VM runs or is stopping
     */
    public void destroy() {
        if (!state.compareAndSet(State.CREATED, State.DESTROYED)
                && !state.compareAndSet(State.STOPPED, State.DESTROYED)) {
            if (state() == State.DESTROYED) {
                return;
            }
            throw refused("destroy");
        }
        interrupts.close();
        objects.release(space, vic);
        memory.clear();
        hypervisor.forget(this);
        LOG.debug("vm {} is destroyed", vmid);
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
            // Somebody else starts, stops or destroys it; that way also ends in destroyIfClosed.
            LOG.debug("vm {} is on its way out", vmid, e);
        }
    }

    private void move(State from, State to, String action) {
        if (!state.compareAndSet(from, to)) {
            throw refused(action);
        }
    }

    private MailboxException refused(String action) {
        State now = state();
        boolean busy = now == State.STARTING || now == State.RUNNING || now == State.STOPPING;
        return new MailboxException(
                busy ? Errno.EBUSY : Errno.EINVAL, "cannot %s while %s (vm %d)".formatted(action, now, vmid));
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
        /** Gone. */
        DESTROYED
    }
}
