// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static dev.hwmailbox.gunyah.msgq.RecordingClient.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.msgq.QueuePairBed.Pair;
import dev.hwmailbox.gunyah.msgq.RequestRefusedException.Reason;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Channels that are reserved before their queues exist. */
@SuppressWarnings("FutureReturnValueIgnored") // what depends on a future here only looks or disturbs
final class ReservationTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final int LABEL = 0x11;
    private static final int PARTNER = 3;

    private final QueuePairBed bed = new QueuePairBed();
    private final GunyahMsgqController controller =
            bed.controller(bed.near).slots(2).build();
    private final RecordingClient client = new RecordingClient();
    private final Pair pair = bed.pair(8);

    private CompletableFuture<MailboxChannel> reserve(ReservationKey key) {
        return controller.reserve(client, key, MINUTE);
    }

    private CompletableFuture<MailboxChannel> reserve() {
        return reserve(new ReservationKey(PARTNER, LABEL));
    }

    private Optional<MailboxChannel> supply() {
        return controller.supply(PARTNER, LABEL, pair.near());
    }

    private static void assertFails(CompletableFuture<MailboxChannel> future, int errno, String text) {
        assertThat(future).isCompletedExceptionally();
        Throwable failure = future.handle((channel, thrown) -> thrown).join();
        assertThat(failure).isInstanceOf(MailboxException.class).hasMessageContaining(text);
        assertThat(Errno.name(((MailboxException) failure).errno())).isEqualTo(Errno.name(errno));
    }

    @Test
    void becomesAChannelWhenTheQueuesAreSupplied() {
        CompletableFuture<MailboxChannel> reserved = reserve();
        assertThat(controller.freeSlots()).isEqualTo(1);
        assertThat(reserved).isNotDone();
        bed.rawSend(pair.farToNear(), bytes("early"));

        Optional<MailboxChannel> supplied = supply();
        bed.scheduler.runDue();

        assertThat(reserved).isCompletedWithValue(supplied.orElseThrow());
        assertThat(client.received).containsExactly("early");
        assertThat(controller.freeSlots()).isEqualTo(1);
        assertThat(bed.scheduler.pending()).isEmpty();
        supplied.orElseThrow().close();
        assertThat(controller.freeSlots()).isEqualTo(2);
    }

    @Test
    void isSuppliedOnceAndThenNoMore() {
        reserve();
        supply();

        assertThat(controller.supply(PARTNER, LABEL, bed.pair(8).near())).isEmpty();
    }

    @Test
    void forThisVeryVmGoesBeforeOneForAny() {
        CompletableFuture<MailboxChannel> any = reserve(ReservationKey.anyPartner(LABEL));
        CompletableFuture<MailboxChannel> exact = reserve();

        supply();
        assertThat(exact).isDone();
        assertThat(any).isNotDone();
        controller.supply(PARTNER, LABEL, bed.pair(8).near());

        assertThat(any).isDone();
    }

    @Test
    void isNotForAnotherLabelOrAnotherVm() {
        CompletableFuture<MailboxChannel> reserved = reserve();

        assertThat(controller.supply(PARTNER, LABEL + 1, pair.near())).isEmpty();
        assertThat(controller.supply(PARTNER + 1, LABEL, pair.near())).isEmpty();

        assertThat(reserved).isNotDone();
        assertThat(QueuePairBed.isFree(bed.near.interrupts(), pair.near().txVirq()))
                .isTrue();
    }

    @Test
    void suppliesNobodyWhoHasNotReserved() {
        assertThat(supply()).isEmpty();
        assertThat(controller.freeSlots()).isEqualTo(2);
    }

    @Test
    void givesItsSlotBackWhenCancelled() {
        CompletableFuture<MailboxChannel> reserved = reserve();

        reserved.cancel(false);

        assertThat(controller.freeSlots()).isEqualTo(2);
        assertThat(bed.scheduler.pending()).isEmpty();
        assertThat(supply()).isEmpty();
        assertThat(reserve()).isNotDone();
    }

    @Test
    void endsWithEtimeAndGivesItsSlotBackWhenTimeIsUp() {
        CompletableFuture<MailboxChannel> reserved = reserve();

        bed.scheduler.advance(MINUTE.minusNanos(1));
        assertThat(reserved).isNotDone();
        bed.scheduler.advance(Duration.ofNanos(1));

        assertFails(reserved, Errno.ETIME, "label 0x11 of vm 3");
        assertThat(controller.freeSlots()).isEqualTo(2);
        assertThat(supply()).isEmpty();
    }

    @Test
    void twiceForTheSameKeyIsRefused() {
        CompletableFuture<MailboxChannel> first = reserve();

        RequestRefusedException refusal = catchThrowableOfType(RequestRefusedException.class, this::reserve);

        assertThat(refusal.reason()).isEqualTo(Reason.BUSY);
        assertThat(refusal.field()).isEqualTo("key");
        assertThat(refusal).hasMessageContaining("label 0x11 of vm 3");
        assertThat(controller.freeSlots()).isEqualTo(1);
        supply();
        assertThat(first).isDone();
    }

    @Test
    void takesASlotAndIsRefusedWithoutOne() {
        reserve();
        reserve(ReservationKey.anyPartner(LABEL));

        RequestRefusedException refusal = catchThrowableOfType(
                RequestRefusedException.class, () -> reserve(ReservationKey.anyPartner(LABEL + 1)));

        assertThat(refusal.reason()).isEqualTo(Reason.EXHAUSTED);
        assertThatThrownBy(() -> controller.requestChannel(client, pair.near()))
                .isInstanceOf(RequestRefusedException.class);
    }

    @Test
    void staysWhenTheSupplyIsRefused() {
        MsgqEndpoint inUse = bed.pair(8).near();
        CompletableFuture<MailboxChannel> reserved = reserve();
        controller.requestChannel(new RecordingClient(), inUse);

        assertThatThrownBy(() -> controller.supply(PARTNER, LABEL, inUse))
                .isInstanceOfSatisfying(
                        RequestRefusedException.class,
                        e -> assertThat(e.field()).isEqualTo("txCapability"));
        bed.near.interrupts().attach(pair.near().rxVirq(), () -> {});
        assertThatThrownBy(this::supply)
                .isInstanceOfSatisfying(
                        RequestRefusedException.class,
                        e -> assertThat(e.field()).isEqualTo("rxVirq"));
        bed.near.interrupts().detach(pair.near().rxVirq());
        assertThat(reserved).isNotDone();
        supply();

        assertThat(reserved).isCompletedWithValueMatching(channel -> !channel.isClosed());
    }

    @Test
    void staysWhenItsLevelIsOutOfReach() {
        GunyahMsgqController taken =
                bed.controller(bed.near).completionLevel(CompletionLevel.TAKEN).build();
        CompletableFuture<MailboxChannel> reserved = taken.reserve(client, ReservationKey.anyPartner(LABEL), MINUTE);
        MsgqEndpoint both = pair.near();

        assertThatThrownBy(() ->
                        taken.supply(PARTNER, LABEL, MsgqEndpoint.receiveOnly(both.rxCapability(), both.rxVirq(), 240)))
                .isInstanceOf(RequestRefusedException.class);

        assertThat(taken.supply(PARTNER, LABEL, both)).isPresent();
        assertThat(reserved).isDone();
    }

    @Test
    void cancelledWhileSupplyIsAtWorkClosesTheChannelAgain() {
        List<CompletableFuture<MailboxChannel>> reserved = new ArrayList<>();
        GunyahMsgqController disturbed = disturbed(() -> reserved.get(0).cancel(false));
        reserved.add(disturbed.reserve(client, ReservationKey.anyPartner(LABEL), MINUTE));

        Optional<MailboxChannel> supplied = disturbed.supply(PARTNER, LABEL, pair.near());

        assertThat(supplied).isEmpty();
        assertThat(disturbed.freeSlots()).isEqualTo(16);
        assertThat(QueuePairBed.isFree(bed.near.interrupts(), pair.near().txVirq()))
                .isTrue();
    }

    @Test
    void cancelledWhileASupplyFailsGivesItsSlotBack() {
        List<CompletableFuture<MailboxChannel>> reserved = new ArrayList<>();
        GunyahMsgqController disturbed = disturbed(() -> {
            reserved.get(0).cancel(false);
            throw new IllegalStateException("on purpose");
        });
        reserved.add(disturbed.reserve(client, ReservationKey.anyPartner(LABEL), MINUTE));

        assertThatThrownBy(() -> disturbed.supply(PARTNER, LABEL, pair.near())).isInstanceOf(RuntimeException.class);

        assertThat(disturbed.freeSlots()).isEqualTo(16);
    }

    /** A controller whose first masking of a line, in the middle of a startup, does something else, too. */
    private GunyahMsgqController disturbed(Runnable disturbance) {
        var real = bed.near.interrupts();
        var once = new ArrayList<>(List.of(disturbance));
        var interrupts = (dev.hwmailbox.gunyah.InterruptController) Proxy.newProxyInstance(
                real.getClass().getClassLoader(),
                new Class<?>[] {dev.hwmailbox.gunyah.InterruptController.class},
                (proxy, method, args) -> {
                    if (method.getName().equals("mask") && !once.isEmpty()) {
                        once.remove(0).run();
                    }
                    return method.invoke(real, args);
                });
        return GunyahMsgqController.builder(bed.near.hypercalls(), interrupts, bed.scheduler)
                .build();
    }

    @Test
    void whoseClientClosesTheChannelBeforeSupplyReturnsLeaksNothing() {
        // This scheduler does at once what others do soon: the first look at the queue comes inside supply.
        var immediate = (MailboxScheduler) Proxy.newProxyInstance(
                MailboxScheduler.class.getClassLoader(),
                new Class<?>[] {MailboxScheduler.class},
                (proxy, method, args) -> {
                    if (method.getName().equals("execute")) {
                        ((Runnable) args[0]).run();
                        return null;
                    }
                    return method.invoke(bed.scheduler, args);
                });
        GunyahMsgqController small = GunyahMsgqController.builder(
                        bed.near.hypercalls(), bed.near.interrupts(), immediate)
                .slots(1)
                .build();
        RecordingClient closing = new RecordingClient() {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                super.rxCallback(channel, message);
                channel.close();
            }
        };
        var key = new ReservationKey(PARTNER, LABEL);
        CompletableFuture<MailboxChannel> reserved = small.reserve(closing, key, MINUTE);
        bed.rawSend(pair.farToNear(), bytes("only"));

        small.supply(PARTNER, LABEL, pair.near());

        assertThat(closing.received).containsExactly("only");
        assertThat(reserved).isCompletedWithValueMatching(MailboxChannel::isClosed);
        assertThat(small.freeSlots()).isEqualTo(1);
        assertThat(small.reserve(closing, key, MINUTE)).isNotDone();
    }

    @Test
    void endsWithEshutdownWhenTheControllerIsClosed() {
        CompletableFuture<MailboxChannel> reserved = reserve();

        controller.close();

        assertFails(reserved, Errno.ESHUTDOWN, "closed");
        assertThat(controller.freeSlots()).isEqualTo(2);
        assertThat(bed.scheduler.pending()).isEmpty();
        for (Runnable late : List.<Runnable>of(this::supply, this::reserve)) {
            assertThatThrownBy(late::run)
                    .isInstanceOfSatisfying(
                            MailboxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ESHUTDOWN));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1})
    void needsTime(long nanos) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> controller.reserve(client, ReservationKey.anyPartner(LABEL), Duration.ofNanos(nanos)))
                .withMessageContaining("timeout");
        assertThat(controller.freeSlots()).isEqualTo(2);
    }

    @Test
    void mayWaitForCenturies() {
        CompletableFuture<MailboxChannel> reserved =
                controller.reserve(client, ReservationKey.anyPartner(LABEL), Duration.ofSeconds(Long.MAX_VALUE));

        bed.scheduler.advance(Duration.ofDays(10_000));

        assertThat(reserved).isNotDone();
    }

    @Test
    void mayWaitWithoutATimer() {
        CompletableFuture<MailboxChannel> reserved =
                controller.reserve(client, ReservationKey.anyPartner(LABEL), ClientOptions.NO_TIMEOUT);

        assertThat(bed.scheduler.pending()).isEmpty();
        supply();

        assertThat(reserved).isDone();
    }

    @ParameterizedTest
    @ValueSource(ints = {-2, 0x10000})
    void isForAVmidOrForAny(int partner) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ReservationKey(partner, LABEL))
                .withMessageContaining("partner");
        assertThat(ReservationKey.anyPartner(-1)).hasToString("label 0xffffffff of any vm");
    }

    @Test
    void mayBeMadeAgainByWhatDependsOnItsEnd() {
        CompletableFuture<MailboxChannel> reserved = reserve();
        List<CompletableFuture<MailboxChannel>> again = new ArrayList<>();
        reserved.whenComplete((channel, failure) -> again.add(reserve()));

        bed.scheduler.advance(MINUTE);

        assertThat(again).hasSize(1);
        supply();
        assertThat(again.get(0)).isDone();
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.MINUTES)
    void cancelAgainstSupplyAgainstSupplyLeavesOneOutcomeAndNoSlotTaken() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        QueuePairBed real = new QueuePairBed(dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.builder()
                .schedulers(vmid -> new dev.hwmailbox.CallerRunsScheduler()));
        GunyahMsgqController small = real.controller(real.near).slots(1).build();
        Pair one = real.pair(1);
        Pair two = real.pair(1);
        for (int round = 0; round < 500; round++) {
            CompletableFuture<MailboxChannel> reserved =
                    small.reserve(client, ReservationKey.anyPartner(LABEL), MINUTE);
            var barrier = new CyclicBarrier(3);
            Future<Optional<MailboxChannel>> first = threads.submit(() -> {
                barrier.await();
                return small.supply(2, LABEL, one.near());
            });
            Future<Optional<MailboxChannel>> second = threads.submit(() -> {
                barrier.await();
                return small.supply(3, LABEL, two.near());
            });
            Future<Boolean> cancelling = threads.submit(() -> {
                barrier.await();
                return reserved.cancel(false);
            });

            boolean cancelled = cancelling.get();
            int supplied = (first.get().isPresent() ? 1 : 0) + (second.get().isPresent() ? 1 : 0);

            assertThat(supplied).as("round %d", round).isEqualTo(cancelled ? 0 : 1);
            if (!cancelled) {
                reserved.join().close();
            }
            assertThat(small.freeSlots()).as("round %d", round).isEqualTo(1);
        }
        threads.shutdown();
    }
}
