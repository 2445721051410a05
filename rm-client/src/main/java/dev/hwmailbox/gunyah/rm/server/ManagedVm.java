// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmText;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the Resource Manager knows of one VM. Touched only by tasks of its scheduler. */
final class ManagedVm {
    private final int vmid;
    private final int owner;
    private final List<Vcpu> vcpus = new ArrayList<>();
    private final List<VirtualDevice> devices = new ArrayList<>();
    private VmState state = VmState.LOAD;
    private int osState;
    private int applicationState;
    private RmText crashMessage = RmText.of("");
    private boolean stopping;
    private VirqAllocator virqs;
    private @Nullable Image image;
    private @Nullable VmIdentity identity;
    private @Nullable Machine machine;
    private @Nullable VmConnection connection;

    ManagedVm(int vmid, int owner) {
        this.vmid = vmid;
        this.owner = owner;
        this.virqs = new VirqAllocator(vmid);
    }

    /**
     * Where the image of a VM lies.
     *
     * @param parcel the memory
     * @param treeOffset where the devicetree starts in it
     * @param treeSize room for the devicetree
     */
    record Image(MemoryParcel parcel, long treeOffset, int treeSize) {}

    /**
     * The hypervisor's VM, with the capabilities the Resource Manager holds to it.
     *
     * @param vm the VM
     * @param cspace its capability space, in the Resource Manager's
     * @param vic its interrupt controller, in the Resource Manager's
     * @param teardown takes it all back
     */
    record Machine(VirtualMachine vm, long cspace, long vic, Teardown teardown) {}

    int vmid() {
        return vmid;
    }

    /** VMID of the VM that owns this one. */
    int owner() {
        return owner;
    }

    boolean isOwnedBy(ManagedVm other) {
        return owner == other.vmid;
    }

    VmState state() {
        return state;
    }

    void state(VmState next) {
        state = next;
    }

    void requireState(VmState... allowed) {
        if (stopping || !List.of(allowed).contains(state)) {
            throw new RmRefusal(RmError.VM_STATE, "VM " + vmid + " is " + (stopping ? "stopping" : state));
        }
    }

    int osState() {
        return osState;
    }

    int applicationState() {
        return applicationState;
    }

    void guestState(int osState, int applicationState) {
        this.osState = osState;
        this.applicationState = applicationState;
    }

    RmText crashMessage() {
        return crashMessage;
    }

    void crashMessage(RmText message) {
        crashMessage = message;
    }

    VirqAllocator virqs() {
        return virqs;
    }

    List<Vcpu> vcpus() {
        return vcpus;
    }

    List<VirtualDevice> devices() {
        return devices;
    }

    /** Where its image lies; only of a VM that has been configured. */
    Image image() {
        return Objects.requireNonNull(image, "image");
    }

    void image(Image image) {
        this.image = image;
    }

    /** Its names; none before it has been initialised. */
    Optional<VmIdentity> identity() {
        return Optional.ofNullable(identity);
    }

    void identity(VmIdentity names) {
        identity = names;
    }

    /** Whether its program has been told to stop and has not finished yet. */
    boolean isStopping() {
        return stopping;
    }

    void stopping(boolean now) {
        stopping = now;
    }

    Machine machine() {
        if (machine == null) {
            throw new RmRefusal(RmError.VM_STATE, "VM " + vmid + " has no virtual machine yet");
        }
        return machine;
    }

    boolean hasMachine() {
        return machine != null;
    }

    void machine(Machine machine) {
        this.machine = machine;
    }

    Optional<VmConnection> connection() {
        return Optional.ofNullable(connection);
    }

    void connection(VmConnection connection) {
        this.connection = connection;
    }

    /** Forgets everything of the life that ends, so that the VMID can be configured again. */
    void forgetLife() {
        vcpus.clear();
        devices.clear();
        virqs = new VirqAllocator(vmid);
        osState = 0;
        applicationState = 0;
        image = null;
        identity = null;
        stopping = false;
        machine = null;
        connection = null;
    }

    @Override
    public String toString() {
        return "VM " + vmid + " " + state;
    }
}
