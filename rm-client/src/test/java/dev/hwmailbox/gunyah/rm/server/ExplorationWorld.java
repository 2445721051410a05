// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
import dev.hwmailbox.gunyah.msgq.SuspendPolicy;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.ResourceManagerException;
import dev.hwmailbox.gunyah.rm.ResourceManagerOptions;
import dev.hwmailbox.gunyah.rm.VmChannels;
import dev.hwmailbox.gunyah.rm.protocol.HypResource;
import dev.hwmailbox.gunyah.rm.protocol.MemAclEntry;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmHandle;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmRequest;
import dev.hwmailbox.gunyah.testing.FaultyHypercalls;
import dev.hwmailbox.gunyah.testing.FaultyInterrupts;
import dev.hwmailbox.gunyah.testing.Hypercall;
import dev.hwmailbox.gunyah.testing.HypercallFault;
import dev.hwmailbox.gunyah.testing.InterruptFault;
import dev.hwmailbox.gunyah.testing.Occurrence;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A machine on which everything can go wrong, the same for the same seed: a host whose calls and interrupts fail, a
 * noisy link to the Resource Manager, three VMs that are started, stopped and reset by simulated threads, guests that
 * come and go, and on top of that {@link #disturb}. {@link #close} takes everything back and compares.
 */
final class ExplorationWorld implements AutoCloseable {
    static final int HOST_LABEL = 5;
    static final int[] GUEST_LABELS = {11, 12, 13};
    static final int VMS = 3;

    private static final int SLOTS = 4;
    private static final Duration TIMEOUT = Duration.ofMillis(1);
    private static final Duration CALM = Duration.ofMillis(200);
    private static final int PIECES = 48;

    final Random random;
    final VirtualScheduler scheduler;
    final ServerLedger ledger = new ServerLedger();
    final DataChannel.Traffic traffic = new DataChannel.Traffic();
    final List<ExplorationGuest> guests = new ArrayList<>();
    final SoftwareHypervisor hypervisor;
    final ResourceManagerServer server;
    final ResourceManager client;
    final VirtualMachine host;
    private final Realism realism;
    private final GunyahMsgqController controller;
    private final VmChannels channels;
    private final NoisyLink link;
    private final List<VmManager> managers = new ArrayList<>();
    private final List<FaultyHypercalls> faultyHypercalls = new ArrayList<>();
    private final List<FaultyInterrupts> faultyInterrupts = new ArrayList<>();
    private final List<DataChannel> subscriptions = new ArrayList<>();
    private final List<CompletableFuture<?>> calls = new ArrayList<>();
    private final List<CompletableFuture<?>> checks = new ArrayList<>();
    private final IdentityHashMap<CompletableFuture<?>, Integer> ends = new IdentityHashMap<>();
    private final SoftwareHypervisor.Census atFirst;
    private final String firstVm;
    private int lastLabel;
    private int pieces;
    private boolean faultsOn;
    long steps;
    private long ownFaults;

    ExplorationWorld(long seed, VirtualScheduler scheduler) {
        this.scheduler = scheduler;
        random = new Random(seed);
        realism = random.nextInt(3) == 0 ? Realism.PUBLISHED : Realism.ROBUST;
        hypervisor = SoftwareHypervisor.builder()
                .schedulers(vmid -> scheduler)
                .interruptDelivery(vmid -> slowly())
                .guestPrograms((vmid, image) -> new ExplorationGuest(this, vmid))
                .build();
        server = ResourceManagerServer.builder(hypervisor)
                .listener(ledger)
                .realism(realism)
                .build();
        host = hypervisor.createVm(RmTestBed.HOST);
        host.memory().map(RmTestBed.MEMORY, MemoryExtent.allocate(PIECES * RmTestBed.PARCEL_SIZE));
        MsgqEndpoint endpoint = new MsgqEndpoint(CapabilityId.of(0x10), 960, CapabilityId.of(0x11), 961, 240);
        server.attachHost(host, endpoint, 8);
        link = new NoisyLink(seed);
        InterruptController interrupts = faultyInterrupts(host.interrupts());
        GunyahHypercalls hypercalls = faultierHypercalls(host.hypercalls());
        setFaults(false);
        controller = GunyahMsgqController.builder(hypercalls, interrupts, scheduler)
                .slots(SLOTS + 1)
                .build();
        client = ResourceManager.bind(
                mailboxClient -> link.request(controller, mailboxClient, endpoint),
                link,
                scheduler,
                options(1 + random.nextInt(3), ResourceManagerOptions.MAX_REBIND_ATTEMPTS));
        link.generations(client::generation);
        channels = VmChannels.builder(client, controller, scheduler).build();
        quiet();
        firstVm = lifeOfOneVm();
        atFirst = census();
        setFaults(true);
    }

    static ResourceManagerOptions options(int maxOutstanding, int rebindAttempts) {
        return ResourceManagerOptions.builder()
                .timeout(TIMEOUT)
                .maxOutstanding(maxOutstanding)
                .rebindAttempts(rebindAttempts)
                .rebindDelay(Duration.ofNanos(100_000))
                .build();
    }

    // ---- what goes wrong ----

    private void setFaults(boolean on) {
        faultsOn = on;
        link.noisy(on);
    }

    /** Interrupts take their time, so that much can happen in between. */
    private Executor slowly() {
        return task -> scheduler.timer("interrupt", task).arm(random.nextInt(5_000));
    }

    private Occurrence sometimes(double probability) {
        Occurrence chance = Occurrence.withProbability(probability, random.nextLong());
        return (subject, count) -> faultsOn && chance.isMeant(subject, count);
    }

    /** A refused receive is an interrupt lost. */
    private GunyahHypercalls faultierHypercalls(GunyahHypercalls real) {
        return FaultyHypercalls.over(faultyHypercalls(real))
                .inject(Hypercall.RECEIVE, sometimes(0.02), HypercallFault.status(GunyahError.MSGQUEUE_EMPTY));
    }

    /** The calls of a guest. */
    GunyahHypercalls faultyHypercalls(GunyahHypercalls real) {
        FaultyHypercalls faulty = FaultyHypercalls.over(real)
                .inject(Hypercall.SEND, sometimes(0.03), HypercallFault.status(GunyahError.BUSY))
                .inject(Hypercall.SEND, sometimes(0.03), HypercallFault.status(GunyahError.MSGQUEUE_FULL))
                .inject(Hypercall.SEND, sometimes(0.02), HypercallFault.lost())
                .inject(Hypercall.CONFIGURE_SEND, sometimes(0.03), HypercallFault.status(GunyahError.BUSY))
                .inject(Hypercall.CONFIGURE_RECEIVE, sometimes(0.03), HypercallFault.status(GunyahError.DENIED));
        faultyHypercalls.add(faulty);
        return faulty;
    }

    private InterruptController faultyInterrupts(InterruptController real) {
        FaultyInterrupts faulty =
                FaultyInterrupts.over(real, scheduler).inject(sometimes(0.02), InterruptFault.dropped());
        return late(faulty);
    }

    /** No interrupt gets lost, so a guest always hears what it is told. */
    InterruptController lateInterrupts(InterruptController real) {
        return late(FaultyInterrupts.over(real, scheduler));
    }

    private InterruptController late(FaultyInterrupts faulty) {
        faultyInterrupts.add(faulty);
        return faulty.inject(sometimes(0.05), InterruptFault.delayed(Duration.ofNanos(300_000)))
                .inject(sometimes(0.05), InterruptFault.duplicated())
                .inject(sometimes(0.05), InterruptFault.overtaken(Duration.ofNanos(100_000)));
    }

    long faults() {
        return ownFaults
                + link.faults
                + faultyHypercalls.stream()
                        .mapToLong(FaultyHypercalls::injected)
                        .sum()
                + faultyInterrupts.stream()
                        .mapToLong(FaultyInterrupts::injected)
                        .sum();
    }

    // ---- what happens ----

    void run(int disturbances) {
        for (int i = 0; i < VMS; i++) {
            var manager = new VmManager(this, i, random.nextLong());
            managers.add(manager);
            scheduler.spawn("manager of VM " + i, manager);
        }
        for (int i = 0; i < disturbances; i++) {
            disturb();
            steps++;
            scheduler.advance(Duration.ofNanos(random.nextInt(250_000)));
        }
    }

    private void disturb() {
        switch (random.nextInt(20)) {
            case 0, 1, 2 ->
                anyOf(subscriptions).forEach(one -> {
                    for (int i = random.nextInt(25); i >= 0; i--) {
                        one.send();
                    }
                });
            case 3, 4 -> talkingGuest().forEach(ExplorationGuest::talk);
            case 5, 6 -> question();
            case 7 -> identified();
            case 8 ->
                anyOf(calls).forEach(call -> {
                    ownFaults++;
                    call.cancel(false);
                });
            case 9 -> {
                if (random.nextInt(3) == 0) {
                    link.restart(controller);
                }
            }
            case 10 -> suspend();
            case 11, 12, 13, 14 -> subscribe();
            case 15 -> closeOne();
            case 16 -> talkingGuest().forEach(ExplorationGuest::exit);
            case 17 -> exhaust();
            case 18 -> channels.refresh();
            default -> {
                if (random.nextInt(3) == 0) {
                    server.vcpuPoweredOff(128 + random.nextInt(VMS));
                }
            }
        }
        if (random.nextInt(3) == 0) {
            controller.resume();
        }
    }

    private <T> List<T> anyOf(List<T> all) {
        return all.isEmpty() ? List.of() : List.of(all.get(random.nextInt(all.size())));
    }

    private List<ExplorationGuest> talkingGuest() {
        return anyOf(guests.stream().filter(ExplorationGuest::talks).toList());
    }

    private void suspend() {
        ownFaults++;
        controller.suspend(random.nextBoolean() ? SuspendPolicy.PARK : SuspendPolicy.REFUSE, channel -> {});
    }

    private void question() {
        switch (random.nextInt(3)) {
            case 0 -> {
                var unused = ask(RmMessageId.VM_GET_VMID, new byte[0]);
            }
            case 1 -> {
                var unused = ask(RmMessageId.VM_GET_STATE, new VmRequest(128 + random.nextInt(VMS)).encode());
            }
            default -> {
                int vmid = 128 + random.nextInt(VMS);
                CompletableFuture<RmMessage> call = ask(RmMessageId.VM_GET_HYP_RESOURCES, new VmRequest(vmid).encode());
                if (call != null) {
                    checks.add(call.thenAccept(reply -> VmManager.assertAbout(vmid, reply)));
                }
            }
        }
    }

    private @Nullable CompletableFuture<RmMessage> ask(int messageId, byte[] payload) {
        return follow(client, messageId, payload);
    }

    /** Makes a call and counts its ends; null if it is refused at once. */
    @Nullable
    CompletableFuture<RmMessage> follow(ResourceManager caller, int messageId, byte[] payload) {
        try {
            CompletableFuture<RmMessage> call = caller.callAsync(messageId, payload);
            calls.add(call);
            var unused = call.whenComplete((reply, failure) -> ends.merge(call, 1, Integer::sum));
            return call;
        } catch (MailboxException e) {
            assertThat(Errno.name(e.errno())).isIn("EBUSY", "EINVAL", "ESHUTDOWN");
            return null;
        }
    }

    /** A call whose answer nobody else can have got: each lending has a label and a handle of its own. */
    private void identified() {
        MemParcelRequest parcel = parcel(128 + random.nextInt(VMS), nextPiece());
        CompletableFuture<RmMessage> call = ask(RmMessageId.MEM_LEND, parcel.encode());
        if (call != null) {
            checks.add(
                    call.thenAccept(reply -> assertThat(RmHandle.decode(reply).handle())
                            .as("handle for label %d", parcel.label())
                            .isEqualTo(ledger.handle(parcel.label()))));
        }
    }

    int nextPiece() {
        return pieces++ % PIECES;
    }

    MemParcelRequest parcel(int vmid, int piece) {
        return new MemParcelRequest(
                0,
                0,
                ++lastLabel,
                List.of(new MemAclEntry(vmid, 6)),
                List.of(new MemRange(RmTestBed.address(piece), RmTestBed.PARCEL_SIZE)),
                List.of());
    }

    private void subscribe() {
        var key = random.nextBoolean()
                ? ReservationKey.anyPartner(HOST_LABEL)
                : new ReservationKey(128 + random.nextInt(VMS), HOST_LABEL);
        var channel = new DataChannel(traffic, ledger, RmTestBed.HOST, 0);
        try {
            channel.subscription(
                    random.nextBoolean()
                            ? channels.subscribe(channel, key, channel)
                            : channels.subscribe(channel, key, channel, Duration.ofMillis(2)));
            subscriptions.add(channel);
        } catch (MailboxException e) {
            assertThat(Errno.name(e.errno())).isEqualTo("EBUSY");
        }
    }

    private void closeOne() {
        anyOf(subscriptions).forEach(one -> {
            MailboxChannel open = one.channel();
            if (open != null && random.nextBoolean()) {
                open.close();
            } else {
                one.closeSubscription();
            }
        });
    }

    /** Takes all slots for a while. */
    private void exhaust() {
        for (int label = 1000; controller.freeSlots() > 0; label++) {
            ownFaults++;
            try {
                var unused = controller.reserve(
                        new MailboxClient() {}, ReservationKey.anyPartner(label), Duration.ofNanos(500_000));
            } catch (MailboxException e) {
                assertThat(Errno.name(e.errno())).isEqualTo("EBUSY");
            }
        }
    }

    // ---- what must hold at the end ----

    private void quiet() {
        scheduler.advance(CALM);
    }

    private SoftwareHypervisor.Census census() {
        quiet();
        return hypervisor.census();
    }

    /** One VM from beginning to end: its number, and the interrupts that the host gets for its queues. */
    private String lifeOfOneVm() {
        var manager = new VmManager(this, 0, 0);
        String found = manager.oneLife();
        quiet();
        return found;
    }

    @Override
    public void close() {
        setFaults(false);
        controller.resume();
        managers.forEach(VmManager::finish);
        quiet();
        link.forgetEarlierLives();
        link.restart(controller); // an interrupt that got lost may have left messages in the queue
        quiet();
        link.forgetEarlierLives();
        managers.forEach(
                manager -> assertThat(manager.isOver).as("a call has not ended").isTrue());
        channels.refresh();
        guests.stream().filter(guest -> !guest.isOver).forEach(ExplorationGuest::refresh);
        quiet();
        subscriptions.forEach(DataChannel::assertNoLifeMissed);
        guests.stream().filter(guest -> !guest.isOver).forEach(ExplorationGuest::assertNoLifeMissed);
        calls.forEach(call -> assertThat(ends.get(call)).as("ends of a call").isEqualTo(1));
        checks.forEach(ExplorationWorld::assertPassed);
        channels.close();
        quiet();
        takeEverythingBack();

        assertThat(controller.freeSlots()).isEqualTo(SLOTS);
        assertThat(client.directory().peers()).isEmpty();
        assertThat(lifeOfOneVm()).isEqualTo(firstVm);
        assertThat(ledger.lent).isEmpty();
        assertThat(census()).isEqualTo(atFirst);
        assertThat(link.firstSequences).containsOnly(0);
        if (realism == Realism.ROBUST) {
            ledger.assertAllAnswered();
        }

        client.close();
        controller.close();
        subscriptions.forEach(one -> one.assertSound(true));
        guests.forEach(ExplorationGuest::assertSound);
        assertThat(controller.freeSlots()).isEqualTo(controller.slots());
        server.close();
        scheduler.runUntilIdle();
        hypervisor.close();
        assertThat(hypervisor.census().isEmpty()).as("%s", hypervisor.census()).isTrue();
        assertThat(scheduler.pending()).isEmpty();
        assertThat(scheduler.failures()).isEmpty();
    }

    /** A call without a reply proves nothing; a wrong reply does. */
    private static void assertPassed(CompletableFuture<?> check) {
        try {
            check.join();
        } catch (CompletionException e) {
            assertThat(e.getCause()).isInstanceOfAny(MailboxException.class, CancellationException.class);
        }
    }

    /** All VMs and all memory that the Resource Manager has given out, whoever has heard of it. */
    private void takeEverythingBack() {
        for (int vmid : client.directory().peers()) {
            VmManager.takeBack(this, vmid);
        }
        for (int handle : List.copyOf(ledger.lent)) {
            client.reclaimMemory(handle);
        }
        for (int handle : ledger.handles()) {
            assertThatExceptionOfType(ResourceManagerException.class)
                    .as("memory 0x%x is still there", handle)
                    .isThrownBy(() -> client.reclaimMemory(handle))
                    .satisfies(refusal -> assertThat(refusal.errorWord()).isEqualTo(RmError.HANDLE_INVALID));
        }
    }

    List<HypResource> queuesOf(int vmid) {
        return client.hypervisorResources(vmid);
    }
}
