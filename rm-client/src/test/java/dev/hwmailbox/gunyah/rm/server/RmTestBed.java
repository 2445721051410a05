// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahDeviceTree;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.hypervisor.GuestContext;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * A machine with a server, a host and guests that speak bare bytes, in virtual time. Payloads are written as 32-bit
 * words, so this shares no codec with the server.
 */
final class RmTestBed {
    static final int HOST = 3;
    static final int VM_ALLOC = 0x56000001;
    static final int VM_DEALLOC = 0x56000002;
    static final int VM_START = 0x56000004;
    static final int VM_STOP = 0x56000005;
    static final int VM_RESET = 0x56000006;
    static final int VM_CONFIG_IMAGE = 0x56000009;
    static final int VM_INIT = 0x5600000B;
    static final int VM_GET_STATE = 0x56000017;
    static final int VM_GET_RESOURCES = 0x56000020;
    static final int VM_GET_VMID = 0x56000024;
    static final int VM_SET_STATUS = 0x56000080;
    static final int VM_CONSOLE_OPEN = 0x56000081;
    static final int VM_CONSOLE_WRITE = 0x56000083;
    static final int VM_EXIT = 0x56000085;
    static final int VM_SET_CRASH_MSG = 0x56000086;
    static final int MEM_LEND = 0x51000012;
    static final int MEM_SHARE = 0x51000013;
    static final int MEM_RECLAIM = 0x51000015;
    static final int MEM_RELEASED = 0x51100012;
    static final int VM_EXITED = 0x56100001;
    static final int VM_SHUTDOWN = 0x56100002;
    static final int VM_STATUS = 0x56100008;

    static final long MEMORY = 0x84000000L;
    static final int MEMORY_SIZE = 16 << 20;
    static final int PARCEL_SIZE = 64 << 10;
    static final int TREE_SIZE = 32 << 10;

    final VirtualScheduler scheduler = new VirtualScheduler();

    /** VMs whose tasks do not run, unless the test runs them. */
    final Set<Integer> deaf = new HashSet<>();

    /** The scheduler of the deaf. */
    final VirtualScheduler notRunning = new VirtualScheduler();

    final Map<Integer, RawGuest> guests = new HashMap<>();
    final Map<Integer, GuestContext> contexts = new HashMap<>();
    final List<RawGuest.Message> notifications = new ArrayList<>();
    final SoftwareHypervisor hypervisor;
    final ResourceManagerServer server;
    final VirtualMachine host;
    final RawGuest hostEnd;
    private final Map<RawGuest, Integer> sequences = new HashMap<>();
    private String lastReason = "";
    private Consumer<Integer> atStart = vmid -> {};
    private Consumer<Integer> atStop = vmid -> {};

    RmTestBed() {
        this(new RmServerListener() {}, builder -> builder);
    }

    RmTestBed(RmServerListener listener, UnaryOperator<SoftwareHypervisor.Builder> options) {
        this(listener, options, server -> server);
    }

    RmTestBed(
            UnaryOperator<SoftwareHypervisor.Builder> options,
            UnaryOperator<ResourceManagerServer.Builder> serverOptions) {
        this(new RmServerListener() {}, options, serverOptions);
    }

    private RmTestBed(
            RmServerListener listener,
            UnaryOperator<SoftwareHypervisor.Builder> options,
            UnaryOperator<ResourceManagerServer.Builder> serverOptions) {
        hypervisor = options.apply(SoftwareHypervisor.builder()
                        .schedulers(vmid -> deaf.contains(vmid) ? notRunning : scheduler)
                        .guestPrograms((vmid, image) -> new Program(vmid)))
                .build();
        server = serverOptions
                .apply(ResourceManagerServer.builder(hypervisor).listener(new Reasons(listener)))
                .build();
        host = hypervisor.createVm(HOST);
        host.memory().map(MEMORY, MemoryExtent.allocate(MEMORY_SIZE));
        MsgqEndpoint endpoint = new MsgqEndpoint(CapabilityId.of(0x10), 960, CapabilityId.of(0x11), 961, 240);
        server.attachHost(host, endpoint, 8);
        hostEnd = new RawGuest(host.hypercalls(), endpoint);
    }

    /** Keeps the reason of the last refusal, and passes everything on. */
    private final class Reasons implements RmServerListener {
        private final RmServerListener next;

        Reasons(RmServerListener next) {
            this.next = next;
        }

        @Override
        public void request(int vmid, RmMessage request) {
            next.request(vmid, request);
        }

        @Override
        public void reply(int vmid, RmMessage reply, String reason) {
            if (!reason.isEmpty()) {
                lastReason = reason;
            }
            next.reply(vmid, reply, reason);
        }

        @Override
        public void notification(int vmid, RmMessage notification) {
            next.notification(vmid, notification);
        }

        @Override
        public void lost(int vmid, RmMessage message) {
            next.lost(vmid, message);
        }
    }

    /** Why a request was refused last. */
    String lastReason() {
        return lastReason;
    }

    /** Stands for a guest's vCPUs. */
    private final class Program implements GuestProgram {
        private final int vmid;

        Program(int vmid) {
            this.vmid = vmid;
        }

        @Override
        public void start(GuestContext vm) {
            contexts.put(vmid, vm);
            if (vm.devicetree().nodes().stream().anyMatch(node -> node.isCompatibleWith("gunyah-resource-manager"))) {
                MsgqEndpoint endpoint = MsgqEndpoint.of(GunyahDeviceTree.resourceManager(vm.devicetree()));
                guests.put(vmid, new RawGuest(vm.hypercalls(), endpoint));
            }
            atStart.accept(vmid);
        }

        @Override
        public void stop(StopReason reason) {
            guests.remove(vmid);
            atStop.accept(vmid);
        }
    }

    void atStart(Consumer<Integer> action) {
        atStart = action;
    }

    void atStop(Consumer<Integer> action) {
        atStop = action;
    }

    RawGuest guest(int vmid) {
        return Objects.requireNonNull(guests.get(vmid), "guest");
    }

    /** What a guest's program was started with, its memory and interrupts above all. */
    GuestContext context(int vmid) {
        return Objects.requireNonNull(contexts.get(vmid), "guest");
    }

    /** The tree a guest was started with. */
    DeviceTree tree(int vmid) {
        return context(vmid).devicetree();
    }

    /** A reply's error word and data. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Answer(int error, byte[] data) {
        int word() {
            return ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).getInt();
        }
    }

    /** Makes a call as the host. */
    Answer call(int id, int... words) {
        return call(hostEnd, id, words(words));
    }

    /** Makes a call that must succeed as the host. */
    Answer ok(int id, int... words) {
        Answer answer = call(id, words);
        assertThat(answer.error()).as("%x", id).isZero();
        return answer;
    }

    Answer call(RawGuest caller, int id, byte[] payload) {
        List<Answer> answers = new ArrayList<>();
        int sequence = send(caller, id, payload);
        for (RawGuest.Message message : receiveAll(caller)) {
            if (message.type() == 3) {
                notifications.add(message);
            } else {
                assertThat(message.type()).isEqualTo(2);
                assertThat(message.id()).isEqualTo(id);
                assertThat(message.sequence()).isEqualTo(sequence);
                byte[] content = message.content();
                int error =
                        ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getInt();
                answers.add(new Answer(error, Arrays.copyOfRange(content, Integer.BYTES, content.length)));
            }
        }
        assertThat(answers).as("replies to %x", id).hasSize(1);
        return answers.get(0);
    }

    /** Lets everything happen that is due, and takes all that a VM is sent meanwhile. */
    List<RawGuest.Message> receiveAll(RawGuest receiver) {
        int before;
        do {
            before = receiver.frames();
            scheduler.runDue();
            receiver.receive();
        } while (receiver.frames() != before);
        List<RawGuest.Message> all = List.copyOf(receiver.receive());
        receiver.receive().clear();
        return all;
    }

    /** Sends a request without looking for its reply; returns its sequence. */
    int send(RawGuest caller, int id, byte[] payload) {
        int sequence = sequences.merge(caller, 1, Integer::sum) & 0xffff;
        caller.send(id, sequence, payload);
        return sequence;
    }

    /** Makes a call as a guest. */
    Answer callAs(int vmid, int id, int... words) {
        return call(guest(vmid), id, words(words));
    }

    /** Makes a call that must succeed as a guest. */
    Answer okAs(int vmid, int id, int... words) {
        Answer answer = callAs(vmid, id, words);
        assertThat(answer.error()).as("%x", id).isZero();
        return answer;
    }

    /** What a guest has been told since the last question. */
    List<RawGuest.Message> told(int vmid) {
        List<RawGuest.Message> all = receiveAll(guest(vmid));
        assertThat(all).allSatisfy(message -> assertThat(message.type()).isEqualTo(3));
        return all;
    }

    /** Stops a guest by force and resets it; its news are left for the test. */
    void reset(int vmid) {
        ok(VM_STOP, vmid | 1 << 16, 3);
        ok(VM_RESET, vmid);
        scheduler.runUntilIdle();
    }

    /** What the host has been told since the last question. */
    List<RawGuest.Message> notifications() {
        for (RawGuest.Message message : receiveAll(hostEnd)) {
            assertThat(message.type()).isEqualTo(3);
            notifications.add(message);
        }
        List<RawGuest.Message> all = List.copyOf(notifications);
        notifications.clear();
        return all;
    }

    /** The notifications as words for reading: {@code STATUS 128 2}. */
    List<String> news() {
        return notifications().stream().map(RmTestBed::describe).toList();
    }

    private static String describe(RawGuest.Message message) {
        ByteBuffer content = ByteBuffer.wrap(message.content()).order(ByteOrder.LITTLE_ENDIAN);
        return switch (message.id()) {
            case VM_STATUS -> "STATUS " + content.getShort(0) + " " + content.get(4);
            case VM_EXITED -> "EXITED " + content.getShort(0) + " type " + content.getShort(2);
            case MEM_RELEASED -> "RELEASED " + content.getInt(0) + " by " + content.getShort(4);
            default -> Integer.toHexString(message.id());
        };
    }

    // ---- steps of a life ----

    int allocate() {
        return ok(VM_ALLOC, 0).word();
    }

    /** Lends the n-th piece of host memory to VMs. */
    int lend(int piece, int... vmids) {
        return give(MEM_LEND, 0, address(piece), PARCEL_SIZE, vmids);
    }

    /** Lends or shares host memory; returns its handle. */
    int give(int how, int label, long address, int size, int... vmids) {
        int[] words = new int[2 + 1 + vmids.length + 1 + 4 + 1];
        words[1] = label;
        words[2] = vmids.length;
        for (int i = 0; i < vmids.length; i++) {
            words[3 + i] = vmids[i] | 6 << 16;
        }
        words[3 + vmids.length] = 1;
        words[4 + vmids.length] = (int) address;
        words[6 + vmids.length] = size;
        return ok(how, words).word();
    }

    static long address(int piece) {
        return MEMORY + (long) piece * PARCEL_SIZE;
    }

    void write(int piece, byte[] tree) {
        assertThat(host.memory().write(address(piece), tree, 0, tree.length)).isEqualTo(GunyahError.OK);
    }

    Answer configure(int vmid, int handle) {
        return call(VM_CONFIG_IMAGE, vmid, handle, 0, 0, PARCEL_SIZE, 0, 0, 0, TREE_SIZE, 0);
    }

    /** Brings a VM with a devicetree to INIT; returns the memory's handle. */
    int prepare(int vmid, int piece, byte[] tree) {
        write(piece, tree);
        int handle = lend(piece, vmid);
        assertThat(configure(vmid, handle).error()).isZero();
        return handle;
    }

    /** Allocates a VM and brings it to RUNNING. */
    int boot(int piece, byte[] tree) {
        int vmid = allocate();
        prepare(vmid, piece, tree);
        ok(VM_INIT, vmid);
        ok(VM_START, vmid);
        return vmid;
    }

    int state(int vmid) {
        return ok(VM_GET_STATE, vmid).data()[0];
    }

    /** A resource as listed. */
    record Resource(int type, int partner, int label, long capability, int virq) {
        /** All but the capability, which is arbitrary. */
        String text() {
            return "%d %d 0x%x %d".formatted(type, partner, label, virq);
        }
    }

    /** What a VM is told about another. */
    List<Resource> resources(RawGuest caller, int vmid) {
        Answer answer = call(caller, VM_GET_RESOURCES, words(vmid));
        assertThat(answer.error()).isZero();
        ByteBuffer data = ByteBuffer.wrap(answer.data()).order(ByteOrder.LITTLE_ENDIAN);
        List<Resource> resources = new ArrayList<>();
        for (int at = Integer.BYTES; at < answer.data().length; at += 44) {
            resources.add(new Resource(
                    data.get(at),
                    data.getShort(at + 2),
                    data.getInt(at + 8),
                    data.getLong(at + 12),
                    data.getInt(at + 24)));
        }
        return resources;
    }

    /** What a VM is told about another, for reading: type, partner, label, interrupt. */
    List<String> listed(RawGuest caller, int vmid) {
        return resources(caller, vmid).stream().map(Resource::text).toList();
    }

    int resources(int vmid) {
        return ok(VM_GET_RESOURCES, vmid).word();
    }

    SoftwareHypervisor.Census census() {
        scheduler.runUntilIdle();
        return hypervisor.census();
    }

    static byte[] words(int... words) {
        ByteBuffer payload = ByteBuffer.allocate(4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
        payload.asIntBuffer().put(words);
        return payload.array();
    }
}
