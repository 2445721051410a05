// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.InterruptSink;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A Gunyah hypervisor in software, for embedding: virtual machines with capability spaces, message queues and virtual
 * interrupts. It owns no thread and knows no time but the schedulers it is given; any number can live in one JVM.
 *
 * <pre>{@code
 * try (var hypervisor = SoftwareHypervisor.builder().schedulers(vmid -> scheduler).build()) {
 *     VirtualMachine manager = hypervisor.createManagerVm(255);
 *     var queue = new NewCapability();
 *     int error = manager.hypercalls().partitionCreateMsgq(
 *             manager.partitionCapability().value(), manager.cspaceCapability().value(), queue);
 *     ...
 * }
 * }</pre>
 *
 * <p>Context: any thread; never blocks.
 *
 * <p>Gunyah counterpart: docs/api/gunyah_api.md (gunyah-hypervisor). Differs: no vCPUs and no address translation; the
 * owner of a VM destroys it explicitly.
 *
 * @since 0.1
 */
public final class SoftwareHypervisor implements AutoCloseable {
    /** Largest number of a VM. */
    public static final int MAX_VMID = 0xffff;

    /**
     * Interrupt delivery on the asserting thread, before its hypercall returns, and at less cost than by any other
     * executor that runs its tasks on the spot.
     */
    public static final Executor INLINE = Runnable::run;

    private final HypervisorOptions options;
    private final ObjectManager objects;
    private final Map<Integer, VirtualMachine> vms = new ConcurrentHashMap<>();
    private volatile boolean closed;

    private SoftwareHypervisor(HypervisorOptions options) {
        this.options = options;
        objects = new ObjectManager(options);
    }

    /**
     * Starts building.
     *
     * @return a builder with all defaults; {@link Builder#schedulers} is required
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Makes an ordinary VM: its capability space is empty, so it can do nothing until it is given something.
     *
     * @param vmid its number, 0..{@value #MAX_VMID}
     * @return the VM, in state CREATED
     * @throws MailboxException EINVAL (number), EBUSY if there is such a VM, ESHUTDOWN if the hypervisor is closed
     */
    public VirtualMachine createVm(int vmid) {
        checkFree(vmid);
        MailboxScheduler scheduler = Objects.requireNonNull(options.schedulers().apply(vmid), "scheduler");
        IntFunction<Executor> delivery = options.interruptDelivery();
        Executor executor = delivery == null
                ? scheduler::execute
                : Objects.requireNonNull(delivery.apply(vmid), "interruptDelivery");
        var vm = new VirtualMachine(
                this, objects, vmid, options.lastVirq(), scheduler, executor, options.observer(), options.lifeCycle());
        if (vms.putIfAbsent(vmid, vm) != null) {
            throw exists(vmid);
        }
        if (closed) {
            vm.destroyWhenStopped();
            throw shutDown(vmid);
        }
        return vm;
    }

    /**
     * Makes a VM that can manage others: it has capabilities to create objects in the partition, to its own capability
     * space and to its own interrupt controller. With {@link VirtualMachine#grantCspaceTo} and
     * {@link VirtualMachine#grantVicTo} it gets at those of others.
     *
     * @param vmid its number, 0..{@value #MAX_VMID}
     * @return the VM, in state CREATED
     * @throws MailboxException EINVAL (number), EBUSY if there is such a VM, ESHUTDOWN if the hypervisor is closed
     * @throws dev.hwmailbox.gunyah.GunyahException CSPACE_FULL if {@link Builder#capabilityLimit} is below three; then
     *     no VM is made
     */
    public VirtualMachine createManagerVm(int vmid) {
        VirtualMachine vm = createVm(vmid);
        try {
            vm.makeManager();
        } catch (MailboxException e) {
            vm.destroyWhenStopped();
            throw closed ? shutDown(vmid) : e;
        }
        return vm;
    }

    private void checkFree(int vmid) {
        if (vmid < 0 || vmid > MAX_VMID) {
            throw new MailboxException(Errno.EINVAL, "no such vmid (vm " + vmid + ")");
        }
        if (closed) {
            throw shutDown(vmid);
        }
        if (vms.containsKey(vmid)) {
            throw exists(vmid);
        }
    }

    private static MailboxException exists(int vmid) {
        return new MailboxException(Errno.EBUSY, "virtual machine exists (vm " + vmid + ")");
    }

    private static MailboxException shutDown(int vmid) {
        return new MailboxException(Errno.ESHUTDOWN, "hypervisor is closed (vm " + vmid + ")");
    }

    /**
     * A VM that has not been destroyed.
     *
     * @param vmid its number
     * @return the VM, if there is one
     */
    public Optional<VirtualMachine> vm(int vmid) {
        return Optional.ofNullable(vms.get(vmid));
    }

    /**
     * Resets several VMs as one: all are cut off and their messages treated before the first comes back, so that none
     * sees half a peer, and the order makes no difference.
     *
     * @param together VMs of this hypervisor, each once
     * @param stale what becomes of messages that they may have sent
     * @param done called once, when all are RESET
     * @throws MailboxException EBUSY if one is starting, EINVAL if one is destroyed; those before it are reset, and
     *     {@code done} is not called
     * @throws IllegalArgumentException if there is none, or one belongs to another hypervisor
     */
    public void reset(List<VirtualMachine> together, StaleMessages stale, Runnable done) {
        Objects.requireNonNull(done, "done");
        List<VirtualMachine> all = List.copyOf(together);
        if (all.isEmpty() || !all.stream().allMatch(vm -> vm.isOf(this))) {
            throw new IllegalArgumentException("no virtual machines of this hypervisor: " + all);
        }
        var left = new AtomicInteger(all.size());
        List<VirtualMachine> begun = new ArrayList<>();
        try {
            for (VirtualMachine vm : all) {
                vm.beginReset(stale, () -> {
                    if (left.decrementAndGet() == 0) {
                        done.run();
                    }
                });
                begun.add(vm);
            }
        } finally {
            begun.forEach(VirtualMachine::endReset);
        }
    }

    /**
     * Counts what is alive. While other threads are at work the numbers belong to slightly different moments.
     *
     * @return the counts
     */
    public Census census() {
        List<VirtualMachine> alive = List.copyOf(vms.values());
        List<MessageQueue> queues = objects.queues();
        int[] bound = new int[1];
        int[] attached = new int[1];
        for (VirtualMachine vm : alive) {
            vm.interrupts().forEachLine(line -> {
                bound[0] += line.source() == null ? 0 : 1;
                attached[0] += line.isAttached() ? 1 : 0;
            });
        }
        return new Census(
                alive.size(),
                alive.stream().mapToInt(vm -> objects.capabilities(vm.space())).sum(),
                queues.size(),
                bound[0],
                attached[0],
                queues.stream().mapToInt(MessageQueue::count).sum());
    }

    /**
     * Describes who waits for whom, for a test or a system that hangs: the VMs, each queue with its fill level and its
     * two interrupt lines, and one sentence for each queue with messages, such as
     *
     * <pre>{@code
     * vm 1 waits for vm 2 to read queue 0: 8 of 8 messages, receive line 41 pending, masked
     * }</pre>
     *
     * While other threads are at work the lines belong to slightly different moments.
     *
     * @return several lines of text, not to be parsed
     */
    public String dump() {
        return HypervisorDump.of(List.copyOf(vms.values()), objects.queues());
    }

    /**
     * Ends all VMs: one without running program at once, another when its program has stopped, as tasks of its
     * scheduler. New ones are refused. Idempotent; works from inside callbacks; does not wait.
     */
    @Override
    public void close() {
        closed = true;
        Error failure = null;
        for (VirtualMachine vm : vms.values()) {
            try {
                vm.destroyWhenStopped();
            } catch (Error e) { // the sink's or the scheduler's: the other machines are not to blame
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    void destroyIfClosed(VirtualMachine vm) {
        if (closed) {
            vm.destroyWhenStopped();
        }
    }

    void forget(VirtualMachine vm) {
        vms.remove(vm.vmid(), vm);
    }

    GuestProgram.@Nullable Factory guestPrograms() {
        return options.guestPrograms();
    }

    ObjectManager objects() {
        return objects;
    }

    @Override
    public String toString() {
        return "SoftwareHypervisor" + vms.values();
    }

    /** What a send or receive answers that cannot be carried out. */
    public enum Mode {
        /** The errors that the interface document promises. */
        STRICT,
        /** The answers of the C code: OK, and nothing is transferred. For comparison with recorded traces. */
        COMPAT
    }

    /**
     * Live objects of a hypervisor.
     *
     * @param vms virtual machines
     * @param capabilities slots in use in their capability spaces, revoked capabilities included
     * @param messageQueues message queues
     * @param boundVirqs interrupt lines bound to a queue
     * @param attachedHandlers interrupt lines with a handler
     * @param queuedMessages messages in all queues
     * @since 0.1
     */
    public record Census(
            int vms, int capabilities, int messageQueues, int boundVirqs, int attachedHandlers, int queuedMessages) {
        /**
         * Whether nothing is left.
         *
         * @return true if every count is 0
         */
        public boolean isEmpty() {
            return equals(new Census(0, 0, 0, 0, 0, 0));
        }
    }

    /**
     * Builds a hypervisor.
     *
     * <p>Context: one thread at a time.
     *
     * @since 0.1
     */
    public static final class Builder {
        private long seed;
        private Mode mode = Mode.STRICT;
        private @Nullable IntFunction<MailboxScheduler> schedulers;
        private @Nullable IntFunction<Executor> interruptDelivery;
        private GuestProgram.@Nullable Factory guestPrograms;
        private @Nullable QueueProbe probe;
        private @Nullable InterruptSink interruptSink;
        private @Nullable HypervisorObserver observer;
        private @Nullable VmListener lifeCycle;
        private int lastVirq = InterruptController.LAST_SHARED_VIRQ;
        private int capabilityLimit = CapabilitySpace.MAX_CAPABILITIES;
        private long partitionBytes = Long.MAX_VALUE;

        private Builder() {}

        /**
         * Sets the seed of the capability IDs; 0 by default. The same seed and the same order of calls give the same
         * IDs.
         *
         * @param seed any number
         * @return this
         */
        public Builder seed(long seed) {
            this.seed = seed;
            return this;
        }

        /**
         * Sets how calls that cannot be carried out are answered; STRICT by default.
         *
         * @param mode the mode
         * @return this
         */
        public Builder mode(Mode mode) {
            this.mode = Objects.requireNonNull(mode, "mode");
            return this;
        }

        /**
         * Sets where each VM gets its scheduler from. Required.
         *
         * @param schedulers the scheduler for a VMID; several VMs may share one
         * @return this
         */
        public Builder schedulers(IntFunction<MailboxScheduler> schedulers) {
            this.schedulers = Objects.requireNonNull(schedulers, "schedulers");
            return this;
        }

        /**
         * Sets who runs the interrupt handlers of each VM; by default the VM's scheduler, as tasks.
         * {@link #INLINE} delivers on the asserting thread, before its hypercall returns. An executor that keeps the
         * tasks holds interrupts back until it runs them. One that refuses a task, by any exception, is logged; the
         * interrupt stays pending until its line is asserted or unmasked the next time.
         *
         * @param interruptDelivery the executor for a VMID
         * @return this
         */
        public Builder interruptDelivery(IntFunction<Executor> interruptDelivery) {
            this.interruptDelivery = Objects.requireNonNull(interruptDelivery, "interruptDelivery");
            return this;
        }

        /**
         * Sets what runs in VMs that are started; none by default.
         *
         * @param guestPrograms makes the program of a VM
         * @return this
         */
        public Builder guestPrograms(GuestProgram.Factory guestPrograms) {
            this.guestPrograms = Objects.requireNonNull(guestPrograms, "guestPrograms");
            return this;
        }

        /**
         * Sets a probe on all queues; none by default.
         *
         * @param probe the probe
         * @return this
         */
        public Builder probe(QueueProbe probe) {
            this.probe = Objects.requireNonNull(probe, "probe");
            return this;
        }

        /**
         * Hands interrupts to the embedder instead of the VMs' own controllers, which then only keep the numbers. The
         * sink may pass an interrupt on with {@link VirtualInterruptController#raise}.
         *
         * @param interruptSink where queues assert and clear
         * @return this
         */
        public Builder interruptSink(InterruptSink interruptSink) {
            this.interruptSink = Objects.requireNonNull(interruptSink, "interruptSink");
            return this;
        }

        /**
         * Sets who hears of the life of VMs; nobody by default.
         *
         * @param listener told each change of state
         * @return this
         */
        public Builder lifeCycle(VmListener listener) {
            lifeCycle = Objects.requireNonNull(listener, "listener");
            return this;
        }

        Builder observer(HypervisorObserver observer) {
            this.observer = observer;
            return this;
        }

        Builder lastVirq(int lastVirq) {
            this.lastVirq = lastVirq;
            return this;
        }

        /**
         * Limits the memory of which all VMs together make queues; unlimited by default. What does not fit is refused
         * with NOMEM. A queue takes 256 bytes when it is created and, when it is activated, for each message of its
         * depth its largest message plus 8. All of it is given back when the queue dies, with its last capability.
         *
         * @param partitionBytes bytes, 0 or more
         * @return this
         * @throws IllegalArgumentException if the number is negative
         */
        public Builder partitionBytes(long partitionBytes) {
            if (partitionBytes < 0) {
                throw new IllegalArgumentException("negative memory: " + partitionBytes);
            }
            this.partitionBytes = partitionBytes;
            return this;
        }

        /**
         * Limits the capabilities of each VM, revoked ones that were not deleted included; {@code 65536} by default,
         * which is also the most there can be. A full space answers CSPACE_FULL. Capabilities at IDs that
         * {@link VirtualMachine#installCapability} dictates may come on top.
         *
         * @param capabilityLimit capabilities, 1..65536
         * @return this
         * @throws IllegalArgumentException if the number is outside its range
         */
        public Builder capabilityLimit(int capabilityLimit) {
            if (capabilityLimit < 1 || capabilityLimit > CapabilitySpace.MAX_CAPABILITIES) {
                throw new IllegalArgumentException("no such number of capabilities: " + capabilityLimit);
            }
            this.capabilityLimit = capabilityLimit;
            return this;
        }

        /**
         * Makes the hypervisor.
         *
         * @return a hypervisor without VMs
         * @throws NullPointerException if no schedulers were set
         */
        public SoftwareHypervisor build() {
            return new SoftwareHypervisor(new HypervisorOptions(
                    seed,
                    mode == Mode.STRICT,
                    Objects.requireNonNull(schedulers, "schedulers"),
                    interruptDelivery,
                    guestPrograms,
                    probe,
                    interruptSink,
                    observer,
                    lifeCycle,
                    lastVirq,
                    capabilityLimit,
                    partitionBytes));
        }
    }
}
