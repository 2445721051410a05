// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.examples.proxy.ProxyRecord.Reply;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.gunyah.msgq.StaleMessage;
import dev.hwmailbox.gunyah.testing.GunyahTestBed;
import dev.hwmailbox.gunyah.testing.InterruptFault;
import dev.hwmailbox.gunyah.testing.Occurrence;
import dev.hwmailbox.gunyah.testing.QueuePairs;
import dev.hwmailbox.testing.Exploration;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The caller, with a trusted VM that is scripted and not always well behaved. */
class SmmuProxyTest {
    private static final Mapping GOOD = new Mapping(0x1000, 0x8000, Mapping.PAGE, Mapping.READ);
    private static final Duration PATIENCE = ProxyCall.APART.multipliedBy(ProxyCall.TRIES);

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final Lock lock = new Lock();
    private final SmmuProxy proxy = new SmmuProxy(scheduler, lock);
    private final List<Integer> outcomes = new ArrayList<>();
    private final List<Runnable> closers = new ArrayList<>();
    private final GunyahTestBed bed = GunyahTestBed.builder()
            .scheduler(scheduler)
            .nearClient(proxy)
            .scriptedPeer()
            .messagesMayStay()
            .build();

    /** Two acquisitions without a release in between would be a bug. */
    private static final class Lock implements WakeLock {
        private int acquired;
        private int held;

        @Override
        public void acquire() {
            acquired++;
            assertThat(++held).isEqualTo(1);
        }

        @Override
        public void release() {
            assertThat(--held).isZero();
        }

        @Override
        public boolean isSuspended() {
            return false;
        }
    }

    SmmuProxyTest() {
        proxy.open(bed.near().channel());
    }

    @AfterEach
    void close() {
        closers.forEach(Runnable::run);
        bed.close();
        assertThat(lock.held).isZero();
    }

    private void ask() {
        proxy.map(GOOD, outcomes::add);
        scheduler.runDue();
    }

    private int lastSequence() {
        List<byte[]> received = bed.peer().received();
        return ProxyRecord.decode(ByteBuffer.wrap(received.get(received.size() - 1)))
                .sequence();
    }

    private void reply(int sequence, int errno) {
        bed.peer().sends(new Reply(sequence, errno).encode());
        scheduler.runDue();
    }

    @Test
    void aCallEndsWithWhatTheTrustedVmSays() {
        ask();
        reply(lastSequence(), 0);
        ask();
        reply(lastSequence(), Errno.EBUSY);

        assertThat(outcomes).containsExactly(0, -Errno.EBUSY);
        assertThat(lock.acquired).isEqualTo(2);
        assertThat(scheduler.pending()).isEmpty();
    }

    @Test
    void callsTakeTheirTurn() {
        ask();
        ask();
        proxy.unmap(0x1000, Mapping.PAGE, outcomes::add);
        scheduler.runDue();
        assertThat(bed.peer().received()).as("one at a time").hasSize(1);

        reply(lastSequence(), 1);
        assertThat(bed.peer().received()).hasSize(2);
        reply(lastSequence(), 2);
        reply(lastSequence(), 3);

        assertThat(outcomes).containsExactly(-1, -2, -3);
    }

    @Test
    void oneCallTooManyIsRefused() {
        for (int i = 0; i <= SmmuProxy.MAX_WAITING + 1; i++) {
            ask();
        }

        assertThat(outcomes).containsExactly(-Errno.EBUSY);
        scheduler.runUntilIdle();
        assertThat(outcomes).hasSize(SmmuProxy.MAX_WAITING + 2).containsOnly(-Errno.EBUSY, -Errno.ETIMEDOUT);
        assertThat(scheduler.elapsed()).isEqualTo(PATIENCE.multipliedBy(SmmuProxy.MAX_WAITING + 1));
    }

    @Test
    void withoutReplyACallEndsAfterItsTries() {
        ask();
        scheduler.advance(PATIENCE.minusNanos(1));
        assertThat(outcomes).isEmpty();

        scheduler.advance(Duration.ofNanos(1));

        assertThat(outcomes).containsExactly(-Errno.ETIMEDOUT);
        assertThat(bed.peer().received()).as("asked once").hasSize(1);
    }

    @Test
    void aReplyBetweenTwoCallsIsDropped() {
        ask();
        scheduler.advance(PATIENCE);

        reply(lastSequence(), 0);

        assertThat(proxy.counters().unasked()).isEqualTo(1);
        assertThat(outcomes).containsExactly(-Errno.ETIMEDOUT);
    }

    @Test
    void aReplyThatIsInTheQueueWhenACallBeginsIsDrained() {
        ask();
        scheduler.advance(PATIENCE);
        bed.near().interrupts().inject(Occurrence.first(1), InterruptFault.delayed(Duration.ofMillis(5)));
        reply(lastSequence(), 0);
        assertThat(proxy.counters().unasked()).as("its interrupt is on its way").isZero();

        ask();

        assertThat(proxy.counters().drained()).isEqualTo(1);
        reply(lastSequence(), Errno.ENOSPC);
        scheduler.advance(Duration.ofMillis(5)); // the line has one interrupt for both
        assertThat(outcomes).containsExactly(-Errno.ETIMEDOUT, -Errno.ENOSPC);
    }

    @Test
    void aReplyOfAnEarlierCallIsNotTakenForThatOfThisOne() {
        ask();
        scheduler.advance(PATIENCE);
        int earlier = lastSequence();
        ask();

        reply(earlier, 0);
        assertThat(outcomes).as("goes on waiting").hasSize(1);
        reply(lastSequence(), Errno.ENOSPC);

        assertThat(outcomes).containsExactly(-Errno.ETIMEDOUT, -Errno.ENOSPC);
        assertThat(proxy.counters().stale()).isEqualTo(1);
    }

    @Test
    void aReplyWhoseInterruptIsLostIsFoundByLooking() {
        ask();
        bed.near().interrupts().inject(Occurrence.first(1), InterruptFault.dropped());

        reply(lastSequence(), 0);
        assertThat(outcomes).isEmpty();
        scheduler.advance(ProxyCall.APART);

        assertThat(outcomes).containsExactly(0);
    }

    @Test
    void repliesThatAreNoneEndTheirCall() {
        ask();
        bed.peer().sends(Arrays.copyOf(new Reply(lastSequence(), 0).encode(), 7));
        scheduler.runDue();
        ask();
        byte[] noReply = new Reply(lastSequence(), 0).encode();
        noReply[3] = 0x40;
        bed.peer().sends(noReply);
        scheduler.runDue();
        ask();
        reply(lastSequence(), Wire.MAX_ERRNO + 1);
        ask();
        reply(lastSequence(), -1);
        ask();
        bed.peer().sends(new ProxyRecord.Unmap(lastSequence(), 0, 0).encode());
        scheduler.runDue();

        assertThat(outcomes).hasSize(5).containsOnly(-Errno.EPROTO);
        assertThat(proxy.counters()).hasToString("refused {LENGTH=1, TYPE=2, STATUS=2}, drained 0, unasked 0, stale 0");
    }

    @Test
    void aReplyTooShortToHaveANumberEndsNothing() {
        ask();
        bed.peer().sends(new byte[] {1});
        scheduler.runDue();
        assertThat(outcomes).isEmpty();

        reply(lastSequence(), 0);

        assertThat(outcomes).containsExactly(0);
        assertThat(proxy.counters().stale()).isEqualTo(1);
    }

    @Test
    void aQueueThatIsFullForEverEndsTheCallAndTheRequestNeverArrives() {
        bed.peer().stalls();
        while (bed.near().channel().slotsAvailable() > 0) {
            bed.near().channel().sendMessage(MsgqMessage.of(new byte[] {9}));
        }

        ask();
        scheduler.advance(PATIENCE);
        assertThat(outcomes).containsExactly(-Errno.ETIMEDOUT);
        bed.peer().resumes();
        scheduler.runUntilIdle();

        assertThat(bed.peer().received())
                .allSatisfy(message -> assertThat(message).containsExactly(9));
    }

    @Test
    void aRequestThatWaitsInTheChannelIsTakenBack() {
        bed.peer().stalls();
        for (int i = 0; i < 10; i++) {
            bed.near().channel().sendMessage(MsgqMessage.of(new byte[] {9}));
        }

        ask();
        scheduler.advance(PATIENCE);
        bed.peer().resumes();
        scheduler.runUntilIdle();

        assertThat(outcomes).containsExactly(-Errno.ETIMEDOUT);
        assertThat(bed.peer().received())
                .hasSize(10)
                .allSatisfy(message -> assertThat(message).containsExactly(9));
    }

    @Test
    void aRequestThatFindsTheChannelFullIsSentAtALaterTry() {
        bed.peer().stalls();
        while (bed.near().channel().slotsAvailable() > 0) {
            bed.near().channel().sendMessage(MsgqMessage.of(new byte[] {9}));
        }
        ask();
        scheduler.advance(ProxyCall.APART.multipliedBy(3));

        bed.peer().resumes();
        scheduler.advance(ProxyCall.APART);
        reply(lastSequence(), 0);

        assertThat(outcomes).containsExactly(0);
    }

    @Test
    void whenTheTrustedVmIsResetTheCallInTurnEndsAndTheNextOneIsMade() {
        ask();
        ask();

        bed.near().controller().peerReset(bed.near().channel());
        scheduler.runDue();

        assertThat(outcomes).containsExactly(-Errno.ECONNRESET);
        reply(lastSequence(), 0);
        assertThat(outcomes).containsExactly(-Errno.ECONNRESET, 0);
    }

    @Test
    void whenTheChannelIsClosedAllCallsEnd() {
        ask();
        ask();

        bed.near().channel().close();
        scheduler.runDue();
        ask();

        assertThat(outcomes).containsExactly(-Errno.ESHUTDOWN, -Errno.ENODEV, -Errno.ENODEV);
    }

    @Test
    void messagesOfAFormerLifeAreOnlyCounted() {
        ask();
        byte[] reply = new Reply(lastSequence(), 0).encode();

        bed.near().client().rxCallback(bed.near().channel(), new StaleMessage(ByteBuffer.wrap(reply)));

        assertThat(outcomes).isEmpty();
        assertThat(proxy.counters().stale()).isEqualTo(1);
        scheduler.advance(PATIENCE);
    }

    @Test
    void theBlockingFormWaitsAndTakesNoRealTime() {
        assertThat(proxy.map(GOOD)).isEqualTo(-Errno.ETIMEDOUT);
        assertThat(proxy.unmap(0x1000, Mapping.PAGE)).isEqualTo(-Errno.ETIMEDOUT);

        assertThat(scheduler.elapsed()).isEqualTo(PATIENCE.multipliedBy(2));
    }

    @Test
    void anInterruptEndsTheWaitAndNotTheCall() {
        Thread.currentThread().interrupt();

        assertThat(proxy.map(GOOD)).isEqualTo(-Errno.EINTR);

        assertThat(Thread.interrupted()).as("the flag is kept").isTrue();
        scheduler.runDue();
        assertThat(lock.held).isEqualTo(1);
        reply(lastSequence(), 0);
    }

    @Test
    void nobodyGetsTheOutcomeOfAnotherHoweverThreadsMeet() {
        int orders = Exploration.run(100, chance -> {
            IommuTable table = new IommuTable();
            SmmuProxy shared = new SmmuProxy(chance, new Lock());
            List<String> results = new ArrayList<>();
            try (GunyahTestBed two = GunyahTestBed.builder()
                    .scheduler(chance)
                    .nearClient(shared)
                    .farClient(new ProxyService(table))
                    .build()) {
                shared.open(two.near().channel());
                chance.spawn("a", () -> results.add("a " + shared.map(GOOD)));
                chance.spawn("b", () -> results.add("b " + shared.unmap(1, 0)));
                chance.spawn("c", () -> results.add("c " + shared.unmap(0x2000, Mapping.PAGE)));
                chance.runUntilIdle();
            }
            assertThat(results).containsExactlyInAnyOrder("a 0", "b -" + Errno.EINVAL, "c -" + Errno.ENOENT);
        });

        assertThat(orders).isGreaterThan(1);
    }

    // ---- suspend ----

    private record Sleeper(SmmuProxy proxy, PowerManager power) {}

    /** A caller on a queue pair of its own, whose receive interrupt wakes its VM. */
    private Sleeper sleeper(ProxyService.Worker worker) {
        QueuePairs.Pair pair = bed.pairs().make(bed.near().vm(), bed.far().vm(), 8, 240, Trigger.EDGE);
        PowerManager power = new PowerManager(bed.near().controller());
        SmmuProxy sleepy = new SmmuProxy(scheduler, power);
        sleepy.open(bed.near().controller().requestChannel(sleepy, pair.near().waking()));
        var peer = GunyahMsgqController.builder(
                        bed.far().hypercalls(), bed.far().interrupts(), scheduler)
                .build();
        peer.requestChannel(new ProxyService(new IommuTable(), worker), pair.far());
        closers.add(peer::close);
        return new Sleeper(sleepy, power);
    }

    @Test
    void theVmIsNotSuspendedDuringACall() {
        Sleeper vm = sleeper((request, answer) -> scheduler
                .timer("slow", () -> answer.accept(0))
                .arm(Duration.ofMillis(50).toNanos()));
        vm.proxy.map(GOOD, outcomes::add);
        scheduler.runDue();

        assertThat(vm.power.suspend()).isEqualTo(-Errno.EBUSY);
        scheduler.runUntilIdle();

        assertThat(outcomes).containsExactly(0);
        assertThat(vm.power.suspend()).isZero();
        vm.power.resume();
    }

    @Test
    void aReplyReachesACallerWhoseVmWasSuspendedAllTheSame() {
        Sleeper vm = sleeper((request, answer) -> scheduler
                .timer("slow", () -> answer.accept(0))
                .arm(Duration.ofMillis(50).toNanos()));
        vm.proxy.map(GOOD, outcomes::add);
        scheduler.runDue();

        vm.power.suspendAnyway();
        scheduler.advance(Duration.ofMillis(49));
        assertThat(bed.near().controller().isSuspended()).isTrue();
        scheduler.advance(Duration.ofMillis(1));

        assertThat(outcomes).containsExactly(0);
        assertThat(vm.power.wakeUps()).isEqualTo(1);
        assertThat(bed.near().controller().isSuspended()).isFalse();
    }

    @Test
    void aCallThatBeginsWhileSuspendedIsMadeAfterwards() {
        Sleeper vm = sleeper((request, answer) -> answer.accept(0));
        scheduler.runDue();
        vm.power.suspendAnyway();
        vm.proxy.map(GOOD, outcomes::add);
        scheduler.advance(Duration.ofMillis(100));
        assertThat(outcomes).isEmpty();

        vm.power.resume();
        scheduler.runUntilIdle();

        assertThat(outcomes).containsExactly(0);
    }

    @Test
    void noTimePassesForACallWhileItsVmIsSuspended() {
        Sleeper vm = sleeper((request, answer) -> {});
        vm.proxy.map(GOOD, outcomes::add);
        scheduler.runDue();
        vm.power.suspendAnyway();
        scheduler.advance(PATIENCE.multipliedBy(2));
        assertThat(outcomes).isEmpty();
        assertThat(vm.power.wakeUps()).as("nothing to read has come").isZero();

        vm.power.resume();
        scheduler.advance(PATIENCE);

        assertThat(outcomes).containsExactly(-Errno.ETIMEDOUT);
    }

    @Test
    void whoeverFloodsTheQueueHasTheCallRefused() {
        SmmuProxy flooded = new SmmuProxy(scheduler, lock);
        bed.near().client().onReceive((from, message) -> bed.peer().sends((byte) 1));
        bed.near().interrupts().inject(Occurrence.always(), InterruptFault.dropped());
        bed.peer().sends((byte) 1);

        flooded.open(bed.near().channel());
        flooded.map(GOOD, outcomes::add);
        scheduler.runDue();
        bed.near().client().onReceive((from, message) -> {});

        assertThat(outcomes).containsExactly(-Errno.EPROTO);
        assertThat(proxy.counters().unasked()).isBetween((long) ProxyCall.MAX_DRAINS, ProxyCall.MAX_DRAINS + 2L);
    }
}
