// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static dev.hwmailbox.gunyah.msgq.RecordingClient.bytes;
import static dev.hwmailbox.gunyah.msgq.RecordingClient.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.hwmailbox.CallerRunsScheduler;
import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.hypervisor.GuestAddressSpace;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.hypervisor.ObjectType;
import dev.hwmailbox.gunyah.hypervisor.RegisterCalls.Conduit;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.StaleMessages;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.QueuePairBed.Pair;
import dev.hwmailbox.gunyah.testing.FakeGunyah;
import dev.hwmailbox.gunyah.testing.FakeQueue;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One test for each requirement of clients and embedders, by its number; more to each is tested elsewhere. */
@SuppressWarnings("ReturnValueIgnored") // requests made for what they leave
final class RequirementsTest {
    private static final long RAM = 0x8000_0000L;

    private final QueuePairBed bed = new QueuePairBed();
    private final GunyahMsgqController near = bed.controller(bed.near).build();
    private final GunyahMsgqController far = bed.controller(bed.far).build();
    private final RecordingClient client = new RecordingClient();
    private final RecordingClient peer = new RecordingClient();

    /** A client whose sends wait, and which writes down events. */
    private static class Waiting extends RecordingClient {
        final List<ChannelEvent> events = new ArrayList<>();
        private final ClientOptions options;

        Waiting(ClientOptions options) {
            this.options = options;
        }

        @Override
        public ClientOptions options() {
            return options;
        }

        @Override
        public void event(MailboxChannel channel, ChannelEvent event) {
            events.add(event);
        }
    }

    // ---- clients ----

    @Test
    @DisplayName("C1 send-only, receive-only and paired use")
    void sendOnlyReceiveOnlyAndPairedUse() {
        Pair oneWay = bed.pair(8);
        Pair both = bed.pair(8);
        MailboxChannel out = near.requestChannel(
                client,
                MsgqEndpoint.sendOnly(
                        oneWay.near().txCapability(), oneWay.near().txVirq(), 240));
        far.requestChannel(
                peer,
                MsgqEndpoint.receiveOnly(
                        oneWay.far().rxCapability(), oneWay.far().rxVirq(), 240));
        MailboxChannel there = near.requestChannel(client, both.near());
        MailboxChannel back = far.requestChannel(peer, both.far());

        out.sendMessage(message("one way"));
        there.sendMessage(message("there"));
        back.sendMessage(message("back"));
        bed.scheduler.runUntilIdle();

        assertThat(peer.received).containsExactly("one way", "there");
        assertThat(client.received).containsExactly("back");
    }

    @Test
    @DisplayName("C2 sizes from 1 to each queue's own maximum, others are refused before the hypercall")
    void sizesFromOneToEachQueuesOwnMaximum() {
        for (int max : new int[] {1, 240, 1023}) {
            Pair pair = bed.pair(8, max, Trigger.EDGE);
            RecordingClient sizes = new RecordingClient();
            MailboxChannel channel = near.requestChannel(sizes, pair.near());
            int before = bed.sends.get();

            for (int size : new int[] {0, 1, max, max + 1}) {
                channel.sendMessage(MsgqMessage.of(new byte[size]));
            }

            assertThat(sizes.done).containsExactly("EMSGSIZE", "ok", "ok", "EMSGSIZE");
            assertThat(bed.sends.get() - before).isEqualTo(2);
            assertThat(bed.rawReceive(pair.nearToFar())).hasSize(1);
            assertThat(bed.rawReceive(pair.nearToFar())).hasSize(max);
        }
    }

    @Test
    @DisplayName("C3 push for each message: the last fragment pushes, earlier ones need not")
    void pushForEachMessage() {
        Pair pair = bed.pair(8);
        MailboxChannel channel = near.requestChannel(client, pair.near());
        far.requestChannel(peer, pair.far());
        bed.scheduler.runUntilIdle();
        long queue = pair.far().rxCapability().value();
        assertThat(bed.far.hypercalls().msgqConfigureReceive(queue, 8, -1)).isEqualTo(GunyahError.OK);

        channel.sendMessage(MsgqMessage.of(bytes("first"), 0, 5, false));
        channel.sendMessage(MsgqMessage.of(bytes("second"), 0, 6, false));
        bed.scheduler.runUntilIdle();
        assertThat(peer.received).isEmpty();
        channel.sendMessage(MsgqMessage.of(bytes("last"), 0, 4, true));
        bed.scheduler.runUntilIdle();

        assertThat(peer.received).containsExactly("first", "second", "last");
    }

    @Test
    @DisplayName("C4 fragments go out without another sender's in between")
    void fragmentsGoOutTogether() {
        Pair pair = bed.pair(1);
        MailboxChannel channel = near.requestChannel(client, pair.near());
        far.requestChannel(peer, pair.far());
        for (String sender : List.of("a", "b", "c")) {
            bed.scheduler.spawn(
                    () -> channel.sendAll(List.of(message(sender + 1), message(sender + 2), message(sender + 3))));
        }

        bed.scheduler.runUntilIdle();

        assertThat(String.join("", peer.received)).hasSize(18).contains("a1a2a3", "b1b2b3", "c1c2c3");
    }

    @Test
    @DisplayName("C5 the receive callback may not keep the buffer, the copying variant may")
    void receiveCallbackMayKeepOnlyACopy() {
        Pair pair = bed.pair(8);
        List<ByteBuffer> kept = new ArrayList<>();
        MailboxClient keeping = new MailboxClient() {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                kept.add((ByteBuffer) Objects.requireNonNull(message));
            }
        };

        MailboxChannel bare = near.requestChannel(keeping, pair.near());
        receiveOneAndTwo(pair);
        bare.close();
        near.requestChannel(new CopyingClient(keeping), pair.near());
        receiveOneAndTwo(pair);

        assertThat(kept).allSatisfy(buffer -> assertThat(buffer.isReadOnly()).isTrue());
        assertThat(kept.get(0).get(0)).as("used again").isEqualTo((byte) 't');
        assertThat(kept.subList(2, 4)).containsExactly(ByteBuffer.wrap(bytes("one")), ByteBuffer.wrap(bytes("two")));
    }

    private void receiveOneAndTwo(Pair pair) {
        bed.rawSend(pair.farToNear(), bytes("one"));
        bed.rawSend(pair.farToNear(), bytes("two"));
        bed.scheduler.runUntilIdle();
    }

    @Test
    @DisplayName("C6 blocking send with a timeout, send that never waits, queued send with completion")
    void waysToSend() {
        Pair pair = bed.pair(1);
        MailboxChannel blocking =
                near.requestChannel(new Waiting(ClientOptions.blocking(Duration.ofMillis(50))), pair.near());
        assertThat(blocking.sendMessage(message("timed out"))).isEqualTo(-Errno.ETIME);
        assertThat(bed.scheduler.elapsed()).isEqualTo(Duration.ofMillis(50));
        bed.rawReceive(pair.nearToFar());
        blocking.close();
        MailboxChannel channel = near.requestChannel(client, pair.near());

        CompletableFuture<Integer> queued = channel.sendMessageAsync(message("completes"));
        for (int i = 0; i < MailboxChannel.TX_QUEUE_LENGTH; i++) {
            assertThat(channel.sendMessage(message("queued"))).isNotNegative();
        }
        assertThat(channel.sendMessage(message("no room"))).isEqualTo(-Errno.ENOBUFS);
        assertThat(queued).isNotDone();
        bed.rawReceive(pair.nearToFar());
        bed.scheduler.runDue();

        assertThat(queued).isCompleted();
    }

    @Test
    @DisplayName("C7 peer or VM gone: who waits is released, with a distinct cause")
    void whoWaitsIsReleasedWithADistinctCause() {
        List<String> ends = new ArrayList<>();
        List<Waiting> listeners = new ArrayList<>();
        for (String cause : List.of("reset", "revoked", "closed")) {
            Pair pair = bed.pair(1);
            Waiting waiting = new Waiting(ClientOptions.blocking(Duration.ofMinutes(9)));
            listeners.add(waiting);
            MailboxChannel channel = near.requestChannel(waiting, pair.near());
            bed.scheduler.spawn(() -> ends.add(cause + " " + Errno.name(channel.sendMessage(message("waits")))));
            bed.scheduler.runDue();
            switch (cause) {
                case "reset" -> near.peerReset(channel);
                case "revoked" -> bed.revokeAll(pair.nearToFar());
                default -> channel.close();
            }
            bed.scheduler.advance(GunyahMsgqController.DEFAULT_RETRY_DELAY);
        }

        assertThat(ends).containsExactly("reset ECONNRESET", "revoked EACCES", "closed ESHUTDOWN");
        assertThat(listeners.get(0).events).containsExactly(ChannelEvent.PEER_RESET);
        assertThat(listeners.get(1).events).containsExactly(ChannelEvent.PEER_RESET);
        assertThat(listeners.get(2).events).containsExactly(ChannelEvent.ABANDONED, ChannelEvent.CLOSED);
    }

    @Test
    @DisplayName("C8 messages present before the receiver is attached are delivered after it")
    void messagesPresentBeforeAreDelivered() {
        Pair pair = bed.pair(8);
        bed.rawSend(pair.farToNear(), bytes("one"));
        bed.rawSend(pair.farToNear(), bytes("two"));
        bed.near.interrupts().attach(pair.near().rxVirq(), () -> {}); // somebody has heard the interrupt already
        bed.scheduler.runUntilIdle();
        bed.near.interrupts().detach(pair.near().rxVirq());

        near.requestChannel(client, pair.near());
        bed.scheduler.runUntilIdle();

        assertThat(client.received).containsExactly("one", "two");
    }

    @Test
    @DisplayName("C9 a receive loop is bounded and yields")
    void receiveLoopIsBoundedAndYields() {
        Pair busy = bed.pair(8);
        Pair quiet = bed.pair(8);
        GunyahMsgqController bounded = bed.controller(bed.near).drainLimit(4).build();
        List<String> order = new ArrayList<>();
        RecordingClient flooded = new RecordingClient() {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                order.add("busy");
                if (order.size() < 500) {
                    bed.rawSend(busy.farToNear(), bytes("more"));
                }
            }
        };
        RecordingClient other = new RecordingClient() {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                order.add("quiet");
            }
        };
        bounded.requestChannel(flooded, busy.near());
        bounded.requestChannel(other, quiet.near());
        bed.scheduler.runUntilIdle();

        bed.rawSend(busy.farToNear(), bytes("first"));
        bed.rawSend(quiet.farToNear(), bytes("me, too"));
        bed.scheduler.runUntilIdle();

        assertThat(order.indexOf("quiet")).isBetween(1, 16);
        assertThat(order).hasSizeGreaterThan(400);
    }

    // ---- embedders ----

    @Test
    @DisplayName("V1 one hypercall interface: the same client on the hypervisor and on a second implementation")
    void sameClientOnTwoImplementations() {
        Pair pair = bed.pair(2);
        MailboxChannel first = near.requestChannel(client, pair.near());
        first.sendMessage(message("out"));
        bed.rawSend(pair.farToNear(), bytes("in"));
        bed.scheduler.runUntilIdle();
        byte[] sent = bed.rawReceive(pair.nearToFar());

        VirtualScheduler time = new VirtualScheduler();
        FakeGunyah fake = FakeGunyah.create(time);
        FakeQueue out = fake.queue("out", 1, 2).depth(2);
        FakeQueue in = fake.queue("in", 3, 4).depth(2);
        MailboxChannel second = GunyahMsgqController.builder(fake.hypercalls(), fake.interrupts(), time)
                .build()
                .requestChannel(peer, fake.endpoint(out, in));
        second.sendMessage(message("out"));
        in.peerSends(bytes("in"));
        time.runUntilIdle();

        assertThat(out.peerReads()).isEqualTo(sent).isEqualTo(bytes("out"));
        assertThat(peer.received).isEqualTo(client.received).containsExactly("in");
        assertThat(peer.done).isEqualTo(client.done).containsExactly("ok");
    }

    @Test
    @DisplayName("V2 a masked interrupt is delivered exactly once after unmask, when the embedder says so")
    void maskedInterruptIsDeliveredOnceAfterUnmask() {
        Queue<Runnable> deliveries = new ArrayDeque<>();
        QueuePairBed held = new QueuePairBed(SoftwareHypervisor.builder()
                .schedulers(vmid -> bed.scheduler)
                .interruptDelivery(vmid -> deliveries::add));
        Pair pair = held.pair(8);
        AtomicInteger runs = new AtomicInteger();
        int virq = pair.near().rxVirq();
        held.near.interrupts().attach(virq, runs::incrementAndGet);

        held.near.interrupts().mask(virq);
        held.near.interrupts().raise(virq);
        held.near.interrupts().raise(virq);
        deliveries.forEach(Runnable::run);
        deliveries.clear();
        assertThat(runs).hasValue(0);
        held.near.interrupts().unmask(virq);
        assertThat(runs).hasValue(0);
        deliveries.forEach(Runnable::run);

        assertThat(runs).hasValue(1);
    }

    @Test
    @DisplayName("V3 no hidden threads")
    void noHiddenThreads() {
        Set<Thread> before = Set.copyOf(Thread.getAllStackTraces().keySet());

        QueuePairBed fresh = new QueuePairBed();
        Pair pair = fresh.pair(1);
        GunyahMsgqController controller =
                fresh.controller(fresh.near).fullBudget(Duration.ofSeconds(1)).build();
        MailboxChannel channel = controller.requestChannel(client, pair.near());
        CompletableFuture<MailboxChannel> reserved =
                controller.reserve(client, ReservationKey.anyPartner(1), Duration.ofSeconds(1));
        channel.sendMessage(message("a"));
        channel.sendMessage(message("b"));
        fresh.rawSend(pair.farToNear(), bytes("c"));
        fresh.scheduler.advance(Duration.ofSeconds(2));
        assertThat(reserved).isCompletedExceptionally();
        Set<Thread> during = Set.copyOf(Thread.getAllStackTraces().keySet());
        controller.close();
        fresh.hypervisor.close();

        assertThat(during).isSubsetOf(before);
        assertThat(Thread.getAllStackTraces().keySet()).isSubsetOf(before);
    }

    @Test
    @DisplayName("V4 any vCPU thread, concurrently, re-entrantly from callbacks")
    @Timeout(value = 1, unit = TimeUnit.MINUTES)
    void anyThreadAndReentrantly() throws Exception {
        QueuePairBed inline = new QueuePairBed(SoftwareHypervisor.builder()
                .schedulers(vmid -> new CallerRunsScheduler())
                .interruptDelivery(vmid -> Runnable::run));
        GunyahMsgqController controller =
                inline.controller(inline.near).slots(1).growing(4).build();
        AtomicInteger heard = new AtomicInteger();
        ExecutorService vcpus = Executors.newFixedThreadPool(4);
        List<Future<?>> running = new ArrayList<>();
        for (int vcpu = 0; vcpu < 4; vcpu++) {
            Pair pair = inline.pair(4);
            RecordingClient reopening = new RecordingClient() {
                @Override
                public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                    heard.incrementAndGet();
                    channel.sendMessage(message("answer"));
                    channel.close();
                    controller.requestChannel(this, pair.near());
                }
            };
            controller.requestChannel(reopening, pair.near());
            running.add(vcpus.submit(() -> {
                for (int i = 0; i < 500; i++) {
                    inline.rawSend(pair.farToNear(), bytes("m"));
                    assertThat(inline.rawReceive(pair.nearToFar())).isEqualTo(bytes("answer"));
                }
            }));
        }
        for (Future<?> each : running) {
            each.get();
        }
        vcpus.shutdown();

        assertThat(heard).hasValue(4 * 500);
        controller.close();
        assertThat(controller.freeSlots()).isEqualTo(controller.slots());
    }

    @Test
    @DisplayName("V5 life of a VM: reset with messages in flight, and the survivor sees one definite event")
    void survivorSeesOneEvent() {
        List<Runnable> onChange = new ArrayList<>();
        QueuePairBed told = new QueuePairBed(SoftwareHypervisor.builder()
                .schedulers(vmid -> bed.scheduler)
                .lifeCycle((vm, state) -> onChange.forEach(Runnable::run)));
        Pair pair = told.pair(1);
        GunyahMsgqController controller = told.controller(told.near).build();
        Waiting survivor = new Waiting(ClientOptions.NON_BLOCKING);
        MailboxChannel channel = controller.requestChannel(survivor, pair.near());
        onChange.add(() -> controller.peerReset(channel));
        channel.sendMessage(message("in flight"));
        channel.sendMessage(message("queued"));

        told.far.reset(StaleMessages.KEEP);
        bed.scheduler.runUntilIdle();
        told.far.reset(StaleMessages.KEEP);
        bed.scheduler.runUntilIdle();
        told.far.destroy();
        bed.scheduler.runUntilIdle();

        assertThat(survivor.events).containsExactly(ChannelEvent.PEER_RESET);
        assertThat(survivor.done).containsExactly("ECONNRESET", "ECONNRESET");
        assertThat(channel.isClosed()).isFalse();
    }

    @Test
    @DisplayName("V6 two VMs with equal capability and interrupt numbers never collide")
    void equalNumbersNeverCollide() {
        Pair pair = bed.pair(8);
        assertThat(pair.near().rxVirq()).isEqualTo(pair.far().rxVirq());
        CapabilityId tx = CapabilityId.of(0x77);
        CapabilityId rx = CapabilityId.of(0x78);
        CapabilityId out = CapabilityId.of(pair.nearToFar());
        CapabilityId in = CapabilityId.of(pair.farToNear());
        bed.near.installCapability(tx, bed.manager, out, GunyahRights.MSGQ_SEND);
        bed.near.installCapability(rx, bed.manager, in, GunyahRights.MSGQ_RECEIVE);
        bed.far.installCapability(tx, bed.manager, in, GunyahRights.MSGQ_SEND);
        bed.far.installCapability(rx, bed.manager, out, GunyahRights.MSGQ_RECEIVE);
        var same = new MsgqEndpoint(tx, pair.near().txVirq(), rx, pair.near().rxVirq(), 240);

        MailboxChannel here = near.requestChannel(client, same);
        MailboxChannel there = far.requestChannel(peer, same);
        here.sendMessage(message("to far"));
        there.sendMessage(message("to near"));
        bed.scheduler.runUntilIdle();

        assertThat(peer.received).containsExactly("to far");
        assertThat(client.received).containsExactly("to near");
    }

    @Test
    @DisplayName("V7 several hypervisors in one JVM")
    void severalHypervisors() {
        QueuePairBed other = new QueuePairBed();
        Pair here = bed.pair(8);
        Pair there = other.pair(8);
        MailboxChannel channel = near.requestChannel(client, here.near());
        MailboxChannel twin = other.controller(other.near).build().requestChannel(peer, there.near());
        assertThat(here.near().txVirq()).isEqualTo(there.near().txVirq());

        channel.sendMessage(message("here"));
        twin.sendMessage(message("there"));
        other.rawSend(there.farToNear(), bytes("twin"));
        other.scheduler.runUntilIdle();
        bed.scheduler.runUntilIdle();
        assertThat(client.received).isEmpty();
        assertThat(peer.received).containsExactly("twin");
        assertThat(other.rawReceive(there.nearToFar())).isEqualTo(bytes("there"));
        other.hypervisor.close();

        assertThat(bed.rawReceive(here.nearToFar())).isEqualTo(bytes("here"));
        channel.sendMessage(message("goes on"));
        assertThat(bed.rawReceive(here.nearToFar())).isEqualTo(bytes("goes on"));
    }

    @Test
    @DisplayName("V8 all timeouts go by the scheduler's clock: ten seconds take none")
    void tenSecondsTakeNone() {
        Pair pair = bed.pair(1);
        MailboxChannel channel =
                near.requestChannel(new Waiting(ClientOptions.blocking(Duration.ofSeconds(10))), pair.near());

        assertThat(channel.sendMessage(message("nobody takes it"))).isEqualTo(-Errno.ETIME);

        assertThat(bed.scheduler.elapsed()).isEqualTo(Duration.ofSeconds(10));
    }

    @Test
    @DisplayName("V9 every refusal is typed and explained")
    void everyRefusalIsTypedAndExplained() {
        MsgqEndpoint used = bed.pair(8).near();
        near.requestChannel(client, used);
        Pair revoked = bed.pair(8);
        bed.revokeAll(revoked.nearToFar());
        MsgqEndpoint free = bed.pair(8).near();
        CapabilityId idle = bed.give(bed.near, bed.inactiveQueue());
        CapabilityId bell = bed.near.createOpaqueObject(ObjectType.DOORBELL);
        GunyahMsgqController full =
                bed.controller(bed.near).name("full").slots(1).build();
        full.requestChannel(client, free);
        var key = new ReservationKey(3, 1);
        near.reserve(client, key, Duration.ofSeconds(1)).isDone();
        GunyahMsgqController closed = bed.controller(bed.near).name("shut").build();
        closed.close();
        int virq = 900; // no pair of the bed has it

        Map<String, Runnable> catalogue = Map.of(
                "EBUSY|txCapability|" + used.txCapability() + "|gunyah-msgq/0",
                () -> near.requestChannel(peer, used),
                "EACCES|txCapability|CSPACE_CAP_REVOKED|51|gunyah-msgq/2",
                () -> near.requestChannel(peer, revoked.near()),
                "EPROBE_DEFER|txCapability|OBJECT_STATE|33|" + idle,
                () -> near.requestChannel(peer, MsgqEndpoint.sendOnly(idle, virq, 240)),
                "EACCES|txCapability|CSPACE_WRONG_OBJECT_TYPE|52|" + bell,
                () -> near.requestChannel(peer, MsgqEndpoint.sendOnly(bell, virq, 240)),
                "EBUSY|slots|all 1|full",
                () -> full.requestChannel(peer, bed.pair(8).near()),
                "EBUSY|label 0x1 of vm 3|gunyah-msgq/1",
                () -> near.reserve(peer, key, Duration.ofSeconds(1)).isDone(),
                "EINVAL|rxVirq|31|32..1019",
                () -> MsgqEndpoint.receiveOnly(CapabilityId.of(1), 31, 240),
                "EINVAL|maxMessageSize|1024",
                () -> MsgqEndpoint.sendOnly(CapabilityId.of(1), 40, 1024),
                "EOPNOTSUPP|completionLevel|TAKEN",
                () -> near.requestChannel(
                        peer, MsgqEndpoint.receiveOnly(CapabilityId.of(1), 40, 240), CompletionLevel.TAKEN),
                "ESHUTDOWN|closed|shut",
                () -> closed.requestChannel(peer, used));

        catalogue.forEach((words, refused) -> {
            MailboxException refusal = catchThrowableOfType(MailboxException.class, refused::run);
            assertThat(refusal).as(words).isNotNull();
            assertThat(words).startsWith(Errno.name(refusal.errno()) + "|");
            assertThat(refusal).hasMessageContainingAll(words.split("\\|"));
        });
    }

    @Test
    @DisplayName("V10 close is idempotent, ordered and complete, also after failure half-way through open")
    void closeIsIdempotentOrderedAndComplete() {
        Pair pair = bed.pair(1);
        bed.near.interrupts().attach(pair.near().rxVirq(), () -> {});
        assertThat(catchThrowableOfType(RequestRefusedException.class, () -> near.requestChannel(client, pair.near())))
                .isNotNull();
        bed.near.interrupts().detach(pair.near().rxVirq());
        assertThat(bed.hypervisor.census().attachedHandlers()).isZero();
        Waiting listener = new Waiting(ClientOptions.NON_BLOCKING);
        MailboxChannel channel = near.requestChannel(listener, pair.near());
        assertThat(bed.hypervisor.census().attachedHandlers()).isEqualTo(2);
        bed.rawSend(pair.nearToFar(), bytes("full"));
        channel.sendMessage(message("refused"));

        channel.close();
        channel.close();
        near.close();
        near.close();

        assertThat(listener.events).containsExactly(ChannelEvent.ABANDONED, ChannelEvent.CLOSED);
        assertThat(bed.hypervisor.census().attachedHandlers()).isZero();
        assertThat(near.freeSlots()).isEqualTo(near.slots());
        bed.scheduler.runDue();
        assertThat(bed.scheduler.pending()).isEmpty();
        assertThat(bed.scheduler.failures()).isEmpty();
    }

    private static void giveMemory(VirtualMachine vm) {
        vm.memory().map(RAM + GuestAddressSpace.PAGE_SIZE, MemoryExtent.allocate(GuestAddressSpace.PAGE_SIZE));
        vm.memory().map(RAM, MemoryExtent.allocate(GuestAddressSpace.PAGE_SIZE));
    }

    private static long[] hvc(VirtualMachine vm, int function, long... arguments) {
        long[] x = Arrays.copyOf(arguments, 8);
        vm.registerCalls().call(Conduit.HVC, 0x6000 + function, x);
        return x;
    }

    @Test
    @DisplayName("V26 register-level entry: an emulated guest talks to the controller")
    void emulatedGuestTalksToTheController() {
        Pair pair = bed.pair(8);
        giveMemory(bed.far);
        MailboxChannel channel = near.requestChannel(client, pair.near());
        bed.far.memory().write(RAM, bytes("by hvc"), 0, 6);

        assertThat(hvc(bed.far, 0x1B, pair.far().txCapability().value(), 6, RAM, 1, 0))
                .startsWith(0, 1);
        channel.sendMessage(message("answer"));
        bed.scheduler.runUntilIdle();

        assertThat(client.received).containsExactly("by hvc");
        assertThat(hvc(bed.far, 0x1C, pair.far().rxCapability().value(), RAM, 240, 0))
                .startsWith(0, 6, 0);
        byte[] read = new byte[6];
        assertThat(bed.far.memory().read(RAM, read, 0, 6)).isZero();
        assertThat(read).isEqualTo(bytes("answer"));
    }

    @Test
    @DisplayName("V27 guest memory: buffers that cross pages, and buffers that fault")
    void buffersThatCrossPagesAndFault() {
        Pair pair = bed.pair(8);
        giveMemory(bed.far);
        long border = RAM + GuestAddressSpace.PAGE_SIZE - 3;
        long end = RAM + 2L * GuestAddressSpace.PAGE_SIZE - 3;
        MailboxChannel channel = near.requestChannel(client, pair.near());
        bed.far.memory().write(border, bytes("crosses"), 0, 7);
        long tx = pair.far().txCapability().value();
        long rx = pair.far().rxCapability().value();

        assertThat(hvc(bed.far, 0x1B, tx, 7, border, 1, 0)).startsWith(0, 1);
        assertThat(hvc(bed.far, 0x1B, tx, 7, end, 1, 0)[0]).isEqualTo(GunyahError.ADDR_INVALID);
        channel.sendMessage(message("crosses, too"));
        assertThat(hvc(bed.far, 0x1C, rx, end, 240, 0)[0]).isEqualTo(GunyahError.ADDR_INVALID);
        assertThat(hvc(bed.far, 0x1C, rx, border, 240, 0)).startsWith(0, 12, 0);
        bed.scheduler.runUntilIdle();

        assertThat(client.received).containsExactly("crosses");
        byte[] read = new byte[12];
        assertThat(bed.far.memory().read(border, read, 0, 12)).isZero();
        assertThat(read).isEqualTo(bytes("crosses, too"));
        assertThat(GunyahHypercalls.status(bed.far.hypercalls().msgqReceive(rx, read, 0, 12)))
                .isEqualTo(GunyahError.MSGQUEUE_EMPTY);
    }
}
