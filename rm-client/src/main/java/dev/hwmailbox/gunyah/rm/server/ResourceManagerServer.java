// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageType;
import dev.hwmailbox.gunyah.rm.protocol.RmPayload;
import dev.hwmailbox.gunyah.rm.protocol.RmProtocolException;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Resource Manager on a software hypervisor: it owns the VMs, lends their memory, makes their queues from their
 * configuration and tells both ends. It speaks the wire protocol over message queues, one pair per VM; the host's pair
 * lies at the capability IDs and interrupts that the host's devicetree dictates.
 *
 * <p>Served are the life cycle of VMs, passing memory on, lending interrupts, consoles, and the look-ups; any other
 * request is answered UNIMPLEMENTED, as an unknown one is. When a VM is initialised it gets all that its configuration
 * can ask for: queues and doorbells to the host or to another guest, shared memory, virtio registers. Devices that are
 * only passed through are left to the embedder.
 *
 * <p>Context: runs as tasks of the Resource Manager VM's scheduler; the methods here can be called from any thread and
 * never block. What the listener or a guest program throws is logged and harms no other VM.
 *
 * <p>Gunyah counterpart: src/resource-manager.c (gunyah-resource-manager). Differs: requests that end the original are
 * refused; up to 64 replies wait for a VM that does not read, instead of one, unless {@link Realism} says otherwise; a
 * list of more than 332 resources is refused with NORESOURCE; memory is in one parcel at a time; the rights to memory
 * are compared but not enforced; what a VM has passed on is taken from its users when its life ends; an image lies in
 * memory of the VM's owner. A guest program that does not stop when it is told to is cut off after {@value
 * VmStopper#PATIENCE_SECONDS} s, so that VM_STOP is answered; its VMID can be initialised again when it has stopped.
 *
 * @since 0.1
 */
public final class ResourceManagerServer implements AutoCloseable {
    /** VMID of the Resource Manager. */
    public static final int VMID = VmRegistry.MANAGER;

    /** VMID of the host, the VM that owns the others. */
    public static final int HOST_VMID = VmRegistry.HOST;

    /** Cores that guests can use unless the builder is told otherwise. */
    public static final int DEFAULT_CORES = 8;

    /** The first hardware interrupt of the host, unless {@linkplain Builder#hostInterrupts said otherwise}. */
    public static final int DEFAULT_FIRST_HOST_INTERRUPT = 64;

    /** The last hardware interrupt of the host, unless {@linkplain Builder#hostInterrupts said otherwise}. */
    public static final int DEFAULT_LAST_HOST_INTERRUPT = 95;

    private static final String HOST_NAME = "HLOS";

    private static final Logger LOG = LoggerFactory.getLogger(ResourceManagerServer.class);
    private static final RmServerListener NOBODY = new RmServerListener() {};

    private final RmServerListener listener;
    private final MailboxScheduler scheduler;
    private final GunyahMsgqController controller;
    private final VmRegistry vms = new VmRegistry();
    private final Map<Integer, RequestHandler> handlers = new HashMap<>();
    private final ManagedVm manager;
    private final DeviceFactory devices;
    private final VmFactory factory;
    private final LifeCycleRequests lifeCycle;
    private final MemoryRequests memory;
    private final InterruptRequests interrupts;
    private final Realism realism;
    private final AtomicLong lostMessages = new AtomicLong();
    private int notificationSequence;
    private boolean closed;

    private ResourceManagerServer(Builder builder) {
        VirtualMachine own = builder.hypervisor.createManagerVm(VMID);
        listener = builder.listener;
        realism = builder.realism;
        scheduler = own.scheduler();
        controller = GunyahMsgqController.builder(own.hypercalls(), own.interrupts(), scheduler)
                .name("rm")
                .slots(VmRegistry.MAX_VMS * VmConfigurationReader.MAX_CHANNELS)
                .build();
        manager = new ManagedVm(VMID, VMID);
        manager.machine(new ManagedVm.Machine(
                own, own.cspaceCapability().value(), own.vicCapability().value(), new Teardown()));
        manager.state(VmState.RUNNING);
        vms.add(manager);
        memory = new MemoryRequests(vms, this::notify);
        HypervisorObjects objects = new HypervisorObjects(manager);
        devices = new DeviceFactory(manager, objects, memory.claims());
        PeerDevices peers = new PeerDevices(vms, objects, devices::nextHandle);
        factory = new VmFactory(
                builder.hypervisor, manager, objects, devices, peers, memory, controller, this::connection);
        interrupts = new InterruptRequests(vms, this::notify, builder.firstHostInterrupt, builder.lastHostInterrupt);
        ConsoleRequests console = new ConsoleRequests(vms, this::notify);
        lifeCycle = new LifeCycleRequests(
                scheduler, vms, factory, memory, builder.cores, interrupts, console, this::notify, this::ended);
        lifeCycle.addTo(handlers);
        memory.addTo(handlers);
        interrupts.addTo(handlers);
        console.addTo(handlers);
        new QueryRequests(vms).addTo(handlers);
    }

    /**
     * Starts a Resource Manager in a VM of its own.
     *
     * @param hypervisor where the VMs live; it has no VM 255 yet
     * @return a builder
     */
    public static Builder builder(SoftwareHypervisor hypervisor) {
        return new Builder(hypervisor);
    }

    /**
     * Takes in the host: makes the queue pair of its channel, at the capability IDs and interrupts that its devicetree
     * dictates. Called once, before the host sends anything.
     *
     * @param host the host's VM, with VMID 3
     * @param endpoint the host's end of the channel, as its devicetree describes it
     * @param depth messages each queue holds, 1..255
     * @throws MailboxException EINVAL if the VM is another, there is a host already, or the endpoint does not take
     *     frames of {@value RmFrame#MAX_LENGTH} bytes; the hypervisor's refusal if a capability ID or interrupt is not
     *     to be had
     */
    public void attachHost(VirtualMachine host, MsgqEndpoint endpoint, int depth) {
        if (host.vmid() != HOST_VMID || vms.find(HOST_VMID).isPresent()) {
            throw new MailboxException(Errno.EINVAL, "cannot be the host: " + host);
        }
        if (endpoint.maxMessageSize() < RmFrame.MAX_LENGTH) {
            throw new MailboxException(
                    Errno.EINVAL,
                    "frames have up to " + RmFrame.MAX_LENGTH + " bytes, the queues take less: " + endpoint);
        }
        ManagedVm vm = new ManagedVm(HOST_VMID, VMID);
        vm.identity(new VmIdentity(HOST_NAME, Optional.empty(), Optional.empty()));
        vm.state(VmState.RUNNING);
        try {
            factory.adopt(vm, host, new Teardown());
            VirtualDevice channel = devices.bootChannel(
                    vm, endpoint, DeviceConfiguration.bootChannel(endpoint.maxMessageSize(), depth));
            vm.devices().add(channel);
            factory.connect(vm, channel);
            manager.vcpus().add(devices.vcpu(0, vm, false, 0));
        } catch (RmRefusal e) {
            factory.destroy(vm);
            throw new MailboxException(Errno.EBUSY, "cannot take in " + host, e);
        } catch (MailboxException e) {
            factory.destroy(vm);
            throw e;
        }
        vms.add(vm);
    }

    /**
     * What the host's devicetree is to say of the Resource Manager, so that drivers in the host find its channel.
     *
     * @param endpoint the host's end of the channel, as given to {@link #attachHost}
     * @param depth messages each queue holds
     * @return an overlay with one fragment, for the root
     */
    public static DeviceTree hostOverlay(MsgqEndpoint endpoint, int depth) {
        return HostDevicetree.overlay(endpoint, depth);
    }

    /**
     * Reports that a vCPU of a VM has been powered off, which ends the VM. An emulator calls it.
     *
     * @param vmid the VM; nothing happens if it does not run
     */
    public void vcpuPoweredOff(int vmid) {
        scheduler.execute(() -> lifeCycle.vcpuPoweredOff(vmid));
    }

    /**
     * How many replies and notifications have been dropped, because the VM they were for did not read and too many
     * waited. {@link RmServerListener#lost} is told which.
     *
     * @return messages since the start, of all VMs
     */
    public long lostMessages() {
        return lostMessages.get();
    }

    /**
     * Raises one of the hardware interrupts that belong to the host: the VM that has it gets it, under the number it
     * knows it by. One that is lent and not accepted waits until it is accepted or reclaimed. An emulator calls it.
     *
     * @param interrupt number of the interrupt
     * @throws IllegalArgumentException if the host has no such interrupt
     */
    public void raiseInterrupt(int interrupt) {
        interrupts.requireOfHost(interrupt);
        scheduler.execute(() -> interrupts.raise(interrupt));
    }

    /**
     * Stops serving and takes back every VM, as a task of the Resource Manager VM's scheduler. Guests that run are
     * stopped by force first; when the last one has ended, at the latest {@value VmStopper#PATIENCE_SECONDS} s later,
     * the host gets back what it has lent, its channel goes, and VM 255 is destroyed. Does not wait; closing again does
     * nothing.
     */
    @Override
    public void close() {
        scheduler.execute(this::shutDown);
    }

    private void shutDown() {
        if (closed) {
            return;
        }
        closed = true;
        if (manager.machine().vm().state() == VirtualMachine.State.DESTROYED) {
            // The hypervisor was closed first: there is nothing left to take back.
            controller.close();
            return;
        }
        for (ManagedVm vm : vms.guests()) {
            if (vm.state() != VmState.RUNNING) {
                takeBack(vm);
            } else if (!vm.isStopping()) {
                lifeCycle.forceStop(vm);
            }
        }
        endIfAlone();
    }

    private void ended(ManagedVm vm) {
        if (closed) {
            takeBack(vm);
            endIfAlone();
        }
    }

    /**
     * The host comes after the guests, because it holds one end of everything; the hold on it is needed to get at that.
     */
    private void endIfAlone() {
        if (vms.guests().isEmpty()) {
            factory.destroy(manager);
            vms.find(HOST_VMID).ifPresent(this::dismissHost);
            controller.close();
            manager.machine().vm().destroy();
        }
    }

    private void takeBack(ManagedVm vm) {
        lifeCycle.endLife(vm);
        vms.remove(vm);
    }

    private void dismissHost(ManagedVm host) {
        memory.giveBackAll(host);
        interrupts.giveBackAll();
        factory.destroy(host);
        vms.remove(host);
    }

    private VmConnection connection(ManagedVm vm) {
        return new VmConnection(vm.vmid(), scheduler, realism, new VmConnection.Server() {
            @Override
            public void received(VmConnection from, RmMessage message) {
                serve(vm, from, message);
            }

            @Override
            public void lost(VmConnection to, RmMessage message) {
                lostMessages.incrementAndGet();
                tell(observer -> observer.lost(vm.vmid(), message));
            }
        });
    }

    private void serve(ManagedVm caller, VmConnection connection, RmMessage message) {
        if (closed) {
            return;
        }
        if (message.type() != RmMessageType.REQUEST) {
            LOG.debug("VM {} sent {}, which only the Resource Manager may", caller.vmid(), message);
            return;
        }
        tell(observer -> observer.request(caller.vmid(), message));
        Reply reply = new Reply(message, (answer, reason) -> {
            tell(observer -> observer.reply(caller.vmid(), answer, reason));
            connection.send(answer);
        });
        RequestHandler handler = handlers.get(message.messageId());
        try {
            if (handler == null) {
                throw new RmRefusal(RmError.UNIMPLEMENTED, RmMessageId.name(message.messageId()) + " is not served");
            }
            handler.handle(caller, message, reply);
        } catch (RmRefusal e) {
            reply.refuse(e.errorWord(), RmError.name(e.errorWord()) + ": " + e.reason());
        } catch (RmProtocolException e) {
            reply.refuse(RmError.MSG_INVALID, e);
        } catch (MailboxException e) {
            reply.refuse(RmError.NORESOURCE, e);
        } catch (RuntimeException e) {
            LOG.error("{} of VM {} failed", message, caller.vmid(), e);
            reply.refuse(RmError.NORESOURCE, e.toString());
        }
    }

    private void notify(ManagedVm receiver, int messageId, RmPayload payload) {
        receiver.connection().ifPresent(connection -> {
            RmMessage notification = RmMessage.notification(messageId, notificationSequence, payload);
            notificationSequence = (notificationSequence + 1) & 0xffff;
            tell(observer -> observer.notification(receiver.vmid(), notification));
            connection.send(notification);
        });
    }

    private void tell(Consumer<RmServerListener> news) {
        try {
            news.accept(listener);
        } catch (RuntimeException e) {
            LOG.error("listener failed", e);
        }
    }

    /** Optional settings of a server. */
    public static final class Builder {
        private final SoftwareHypervisor hypervisor;
        private RmServerListener listener = NOBODY;
        private Realism realism = Realism.ROBUST;
        private int cores = DEFAULT_CORES;
        private int firstHostInterrupt = DEFAULT_FIRST_HOST_INTERRUPT;
        private int lastHostInterrupt = DEFAULT_LAST_HOST_INTERRUPT;

        private Builder(SoftwareHypervisor hypervisor) {
            this.hypervisor = Objects.requireNonNull(hypervisor, "hypervisor");
        }

        /**
         * Sets who sees the traffic.
         *
         * @param listener the listener
         * @return this
         */
        public Builder listener(RmServerListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /**
         * Sets what becomes of replies to a VM that does not read. Default: {@link Realism#ROBUST}.
         *
         * @param realism the choice
         * @return this
         */
        public Builder realism(Realism realism) {
            this.realism = Objects.requireNonNull(realism, "realism");
            return this;
        }

        /**
         * Sets how many cores guests can use; {@value #DEFAULT_CORES} by default. A VM with more vCPUs is refused when
         * it is initialised.
         *
         * @param cores number of cores, 1 or more
         * @return this
         * @throws IllegalArgumentException if there would be none
         */
        public Builder cores(int cores) {
            if (cores < 1) {
                throw new IllegalArgumentException("no such number of cores: " + cores);
            }
            this.cores = cores;
            return this;
        }

        /**
         * Sets which hardware interrupts belong to the host, who may lend them. Default: {@value
         * #DEFAULT_FIRST_HOST_INTERRUPT} to {@value #DEFAULT_LAST_HOST_INTERRUPT}, those of the QEMU platform of the
         * published Resource Manager.
         *
         * @param first number of the first, 32 or more
         * @param last number of the last, at most 1019
         * @return this
         * @throws IllegalArgumentException if one of them is no shared interrupt, or the first is above the last
         */
        public Builder hostInterrupts(int first, int last) {
            if (first < InterruptController.FIRST_SHARED_VIRQ
                    || last > InterruptController.LAST_SHARED_VIRQ
                    || first > last) {
                throw new IllegalArgumentException("no range of shared interrupts: " + first + " to " + last);
            }
            firstHostInterrupt = first;
            lastHostInterrupt = last;
            return this;
        }

        /**
         * Makes the server, in a new VM 255.
         *
         * @return the server
         * @throws MailboxException EBUSY if there is a VM 255 already
         */
        public ResourceManagerServer build() {
            return new ResourceManagerServer(this);
        }
    }
}
