// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.DeviceTreeException;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram.StopReason;
import dev.hwmailbox.gunyah.rm.protocol.OsState;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmPayload;
import dev.hwmailbox.gunyah.rm.protocol.RmText;
import dev.hwmailbox.gunyah.rm.protocol.VmConfigImageRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmExitRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmExitType;
import dev.hwmailbox.gunyah.rm.protocol.VmExitedNotification;
import dev.hwmailbox.gunyah.rm.protocol.VmRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmShutdownNotification;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import dev.hwmailbox.gunyah.rm.protocol.VmStatus;
import dev.hwmailbox.gunyah.rm.protocol.VmStatusNotification;
import dev.hwmailbox.gunyah.rm.protocol.VmStopRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmidReply;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The requests that move a VM through its life.
 *
 * <pre>
 *  alloc ─▶ LOAD ─ config image ─▶ INIT ─ init ─▶ READY ─ start ─▶ RUNNING ─ stop, exit ─▶ EXITED
 *            ▲  └─ platform auth ─▶ AUTH ─ auth ─▶ INIT    │                                  │
 *            │     config, auth, init, start failing ─▶ INIT_FAILED                           │
 *          RESET ◀────────────── RESETTING ◀── reset ──────┴── READY, INIT_FAILED, EXITED ◀───┘
 * </pre>
 */
final class LifeCycleRequests {
    /** Bytes of a devicetree that are looked at; a larger one is refused when it is read. */
    static final int MAX_TREE_SIZE = 16 << 20;

    private static final Set<Integer> EXIT_CODES = Set.of(
            VmExitRequest.CODE_NORMAL,
            VmExitRequest.CODE_SOFTWARE_ERROR,
            VmExitRequest.CODE_BUS_ERROR,
            VmExitRequest.CODE_DEVICE_ERROR);

    /** Seeds guests' layouts; always the same sequence, so that a run can be repeated. */
    private final Random random = new Random(0);

    private final MailboxScheduler scheduler;
    private final VmStopper stopper;
    private final VmRegistry vms;
    private final VmFactory factory;
    private final MemoryRequests memory;
    private final int cores;
    private final InterruptRequests interrupts;
    private final ConsoleRequests console;
    private final Notifier notifier;
    private final Consumer<ManagedVm> ended;

    LifeCycleRequests(
            MailboxScheduler scheduler,
            VmRegistry vms,
            VmFactory factory,
            MemoryRequests memory,
            int cores,
            InterruptRequests interrupts,
            ConsoleRequests console,
            Notifier notifier,
            Consumer<ManagedVm> ended) {
        this.scheduler = scheduler;
        this.stopper = new VmStopper(scheduler);
        this.vms = vms;
        this.factory = factory;
        this.memory = memory;
        this.cores = cores;
        this.interrupts = interrupts;
        this.console = console;
        this.notifier = notifier;
        this.ended = ended;
    }

    void addTo(Map<Integer, RequestHandler> handlers) {
        handlers.put(RmMessageId.VM_ALLOC_VMID, this::allocate);
        handlers.put(RmMessageId.VM_DEALLOC_VMID, this::deallocate);
        handlers.put(RmMessageId.VM_CONFIG_IMAGE, this::configureImage);
        handlers.put(RmMessageId.VM_AUTH_IMAGE, this::authenticateImage);
        handlers.put(RmMessageId.VM_INIT, this::initialise);
        handlers.put(RmMessageId.VM_START, this::start);
        handlers.put(RmMessageId.VM_STOP, this::stop);
        handlers.put(RmMessageId.VM_RESET, this::reset);
        handlers.put(RmMessageId.VM_EXIT, this::exit);
        handlers.put(RmMessageId.VM_SET_STATUS, this::setStatus);
        handlers.put(RmMessageId.VM_SET_CRASH_MSG, this::setCrashMessage);
    }

    private void allocate(ManagedVm caller, RmMessage request, Reply reply) {
        int requested = VmRequest.decode(request).vmid();
        if (caller.vmid() != VmRegistry.HOST) {
            throw new RmRefusal(RmError.DENIED, "VM " + caller.vmid() + " is not the host");
        }
        ManagedVm vm = vms.allocate(caller, requested);
        if (requested == 0) {
            reply.ok(new VmidReply(vm.vmid()));
        } else {
            reply.ok();
        }
    }

    private void deallocate(ManagedVm caller, RmMessage request, Reply reply) {
        ManagedVm vm = owned(caller, VmRequest.decode(request).vmid(), RmError.DENIED);
        vm.requireState(VmState.LOAD, VmState.RESET);
        vms.remove(vm);
        memory.forget(vm);
        reply.ok();
    }

    private void configureImage(ManagedVm caller, RmMessage message, Reply reply) {
        VmConfigImageRequest request = VmConfigImageRequest.decode(message);
        ManagedVm vm = owned(caller, request.vmid(), RmError.DENIED);
        vm.requireState(VmState.LOAD, VmState.RESET);
        orInitFailed(vm, () -> {
            MemoryParcel parcel = memory.require(request.memoryHandle(), caller, vm);
            requireInside(parcel, "image", request.imageOffset(), request.imageSize());
            requireInside(parcel, "devicetree", request.deviceTreeOffset(), request.deviceTreeSize());
            VmState next = switch (request.authentication()) {
                case VmConfigImageRequest.AUTH_NONE, VmConfigImageRequest.AUTH_ANDROID -> VmState.INIT;
                case VmConfigImageRequest.AUTH_PLATFORM -> VmState.AUTH;
                default ->
                    throw new RmRefusal(
                            RmError.ARGUMENT_INVALID, "authentication " + request.authentication() + " is unknown");
            };
            parcel.use(vm);
            int treeSize = (int) Math.min(request.deviceTreeSize(), MAX_TREE_SIZE);
            vm.image(new ManagedVm.Image(parcel, request.deviceTreeOffset(), treeSize));
            changeState(vm, next);
        });
        reply.ok();
    }

    private static void requireInside(MemoryParcel parcel, String what, long offset, long size) {
        if (offset < 0 || size < 0 || offset > parcel.size() || size > parcel.size() - offset) {
            throw new RmRefusal(
                    RmError.ARGUMENT_INVALID,
                    "%s at 0x%x of 0x%x bytes lies outside memory 0x%x".formatted(what, offset, size, parcel.handle()));
        }
    }

    /** Platform authentication is the platform's business; here every image is genuine. */
    private void authenticateImage(ManagedVm caller, RmMessage request, Reply reply) {
        ByteBuffer payload = request.payloadBuffer();
        if (payload.remaining() < 4 || payload.remaining() != 4 + 8 * Short.toUnsignedInt(payload.getShort(2))) {
            throw new RmRefusal(RmError.MSG_INVALID, payload.remaining() + " bytes do not hold the parameters");
        }
        ManagedVm vm = owned(caller, Short.toUnsignedInt(payload.getShort(0)), RmError.DENIED);
        vm.requireState(VmState.AUTH);
        changeState(vm, VmState.INIT);
        reply.ok();
    }

    private void initialise(ManagedVm caller, RmMessage message, Reply reply) {
        VmRequest request = VmRequest.decode(message);
        if (request.reserved() != 0) {
            throw new RmRefusal(RmError.MSG_INVALID, "reserved field is " + request.reserved());
        }
        ManagedVm vm = owned(caller, request.vmid(), RmError.DENIED);
        vm.requireState(VmState.INIT);
        orInitFailed(vm, () -> {
            VmConfiguration configuration = readConfiguration(vm);
            vm.identity(configuration.identity());
            factory.build(vm, configuration, caller);
            changeState(vm, VmState.READY);
        });
        reply.ok();
    }

    private VmConfiguration readConfiguration(ManagedVm vm) {
        try {
            return VmConfigurationReader.read(readTree(vm), cores);
        } catch (DeviceTreeException e) {
            throw new RmRefusal(RmError.MEM_INVALID, "devicetree of VM " + vm.vmid() + ": " + e.getMessage());
        }
    }

    private static DeviceTree readTree(ManagedVm vm) {
        ManagedVm.Image image = vm.image();
        byte[] region = new byte[image.treeSize()];
        int status = image.parcel().memory().read(image.treeOffset(), region, 0, region.length);
        if (status != GunyahError.OK) {
            throw new RmRefusal(RmError.MEM_INVALID, "devicetree: " + GunyahError.name(status));
        }
        return DeviceTreeBlob.read(ByteBuffer.wrap(region));
    }

    private void start(ManagedVm caller, RmMessage request, Reply reply) {
        ManagedVm vm = owned(caller, VmRequest.decode(request).vmid(), RmError.DENIED);
        vm.requireState(VmState.READY);
        orInitFailed(vm, () -> {
            factory.mapSharedMemory(vm);
            DeviceTree tree = completeTree(vm);
            vm.machine().vm().start(vm.identity().orElseThrow().name(), tree);
            changeState(vm, VmState.RUNNING);
        });
        reply.ok();
    }

    private DeviceTree completeTree(ManagedVm vm) {
        ManagedVm.Image image = vm.image();
        try {
            DeviceTree tree = GuestDevicetree.complete(readTree(vm), vm, random.nextLong());
            byte[] blob = DeviceTreeBlob.write(tree);
            if (blob.length > image.treeSize()) {
                throw new RmRefusal(
                        RmError.NORESOURCE,
                        "devicetree of %d bytes does not fit into %d".formatted(blob.length, image.treeSize()));
            }
            int status = image.parcel().memory().write(image.treeOffset(), blob, 0, blob.length);
            if (status != GunyahError.OK) {
                throw new RmRefusal(RmError.NORESOURCE, "devicetree: " + GunyahError.name(status));
            }
            return tree;
        } catch (DeviceTreeException e) {
            throw new RmRefusal(RmError.NORESOURCE, "devicetree of VM " + vm.vmid() + ": " + e.getMessage());
        }
    }

    private void stop(ManagedVm caller, RmMessage message, Reply reply) {
        VmStopRequest request = VmStopRequest.decode(message);
        ManagedVm vm = owned(caller, request.vmid(), RmError.VMID_INVALID);
        vm.requireState(VmState.RUNNING, VmState.PAUSED);
        if (request.isForced()) {
            stopProgram(vm, StopReason.FORCED, VmExitType.FORCED_STOP, 0, reply::ok);
        } else {
            notifier.notify(vm, RmMessageId.NOTIFY_VM_SHUTDOWN, new VmShutdownNotification(request.reason()));
            reply.ok();
        }
    }

    private void exit(ManagedVm caller, RmMessage message, Reply reply) {
        VmExitRequest request = VmExitRequest.decode(message);
        if (caller.vmid() == VmRegistry.HOST) {
            throw new RmRefusal(RmError.DENIED, "the host cannot exit");
        }
        if ((request.flags() & ~VmExitRequest.FLAG_RESTART) != 0 || !EXIT_CODES.contains(request.code())) {
            throw new RmRefusal(
                    RmError.ARGUMENT_INVALID, "flags 0x%x or code %d".formatted(request.flags(), request.code()));
        }
        caller.requireState(VmState.RUNNING);
        reply.ok();
        int reason = request.flags() | request.code() << Short.SIZE;
        stopProgram(caller, StopReason.SHUTDOWN, VmExitType.VM_EXIT, reason, () -> {});
    }

    /** The hypervisor reports that a vCPU of a VM has been powered off: the end of the VM, whichever it was. */
    void vcpuPoweredOff(int vmid) {
        vms.find(vmid)
                .filter(vm -> vm.state() == VmState.RUNNING && !vm.isStopping())
                .ifPresent(vm -> stopProgram(vm, StopReason.SHUTDOWN, VmExitType.POWER_OFF, 0, () -> {}));
    }

    /** Ends a VM that runs and is not stopping, without having been asked to. */
    void forceStop(ManagedVm vm) {
        stopProgram(vm, StopReason.FORCED, VmExitType.FORCED_STOP, 0, () -> {});
    }

    private void stopProgram(ManagedVm vm, StopReason how, VmExitType exitType, int reason, Runnable afterwards) {
        stopper.stop(vm, how, () -> {
            changeState(vm, VmState.EXITED);
            notifyOwner(
                    vm,
                    RmMessageId.NOTIFY_VM_EXITED,
                    new VmExitedNotification(vm.vmid(), exitType.value(), List.of(reason)));
            afterwards.run();
            ended.accept(vm);
        });
    }

    private void reset(ManagedVm caller, RmMessage request, Reply reply) {
        ManagedVm vm = owned(caller, VmRequest.decode(request).vmid(), RmError.VMID_INVALID);
        vm.requireState(VmState.EXITED, VmState.READY, VmState.INIT_FAILED);
        changeState(vm, VmState.RESETTING);
        reply.ok();
        scheduler.execute(() -> finishReset(vm));
    }

    private void finishReset(ManagedVm vm) {
        List<ManagedVm> peers = vms.peersOf(vm);
        endLife(vm);
        changeState(vm, VmState.RESET, peers);
    }

    /** Takes back all that a VM has got in its life, and from others what it has given them. */
    void endLife(ManagedVm vm) {
        factory.destroy(vm);
        memory.release(vm);
        interrupts.release(vm);
        console.forget(vm);
        vm.forgetLife();
    }

    private void setStatus(ManagedVm caller, RmMessage request, Reply reply) {
        VmStatus status = VmStatus.decode(request);
        if (!VmRegistry.isSecondary(caller)) {
            throw new RmRefusal(RmError.DENIED, "VM " + caller.vmid() + " may not report its status");
        }
        if (status.osState() > OsState.CRASHED.value()) {
            throw new RmRefusal(RmError.ARGUMENT_INVALID, "OS state " + status.osState() + " is unknown");
        }
        int osState = status.osState() == OsState.NONE.value() ? caller.osState() : status.osState();
        caller.guestState(osState, status.appState());
        changeState(caller, caller.state());
        reply.ok();
    }

    private void setCrashMessage(ManagedVm caller, RmMessage request, Reply reply) {
        byte[] text = RmText.decode(request).bytes();
        caller.crashMessage(RmText.of(Arrays.copyOf(text, Math.min(text.length, RmText.MAX_CRASH_MESSAGE_LENGTH))));
        reply.ok();
    }

    private ManagedVm owned(ManagedVm caller, int vmid, int notOwned) {
        ManagedVm vm = vms.require(vmid, RmError.VMID_INVALID);
        if (!vm.isOwnedBy(caller)) {
            throw new RmRefusal(notOwned, "VM " + vmid + " is not owned by VM " + caller.vmid());
        }
        return vm;
    }

    /** Runs a step that leaves the VM in INIT_FAILED if it fails. */
    private void orInitFailed(ManagedVm vm, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            changeState(vm, VmState.INIT_FAILED);
            throw e;
        }
    }

    private void changeState(ManagedVm vm, VmState state) {
        changeState(vm, state, vms.peersOf(vm));
    }

    private void changeState(ManagedVm vm, VmState state, List<ManagedVm> told) {
        vm.state(state);
        VmStatus status = new VmStatus(state.value(), vm.osState(), vm.applicationState());
        told.stream()
                .filter(peer -> peer.state() == VmState.RUNNING)
                .forEach(peer -> notifier.notify(
                        peer, RmMessageId.NOTIFY_VM_STATUS, new VmStatusNotification(vm.vmid(), status)));
    }

    private void notifyOwner(ManagedVm vm, int messageId, RmPayload payload) {
        vms.find(vm.owner()).ifPresent(owner -> notifier.notify(owner, messageId, payload));
    }
}
