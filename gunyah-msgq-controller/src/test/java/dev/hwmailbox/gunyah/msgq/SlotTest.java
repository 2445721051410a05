// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static dev.hwmailbox.gunyah.msgq.RecordingClient.bytes;
import static dev.hwmailbox.gunyah.msgq.RecordingClient.message;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.Mailboxes;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.msgq.QueuePairBed.Pair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which slot a request gets, controllers that grow, and what a slot's last owner cannot do to its next. */
final class SlotTest {
    private final QueuePairBed bed = new QueuePairBed();

    private MailboxChannel request(GunyahMsgqController controller) {
        return controller.requestChannel(new RecordingClient(), bed.pair(8).near());
    }

    @ParameterizedTest
    @CsvSource({"FIRST_FREE, 0 1 0 1 2 0", "ROUND_ROBIN, 0 1 2 3 0 1", "LEAST_RECENT, 0 1 2 3 0 1"})
    void policyChoosesAmongFreeSlots(SlotPolicy policy, String expected) {
        GunyahMsgqController controller =
                bed.controller(bed.near).slots(4).slotPolicy(policy).build();
        List<MailboxChannel> given = new ArrayList<>();

        given.add(request(controller));
        given.add(request(controller));
        given.get(0).close();
        given.get(1).close();
        for (int i = 0; i < 3; i++) {
            given.add(request(controller));
        }
        given.get(2).close();
        given.add(request(controller));

        assertThat(given.stream().map(MailboxChannel::toString))
                .containsExactly(expected.isEmpty() ? new String[0] : names(expected));
    }

    private static String[] names(String numbers) {
        return List.of(numbers.split(" ")).stream().map(n -> "gunyah-msgq/" + n).toArray(String[]::new);
    }

    @Test
    void leastRecentIsTheOneThatHasBeenFreeForLongest() {
        GunyahMsgqController controller = bed.controller(bed.near)
                .slots(3)
                .slotPolicy(SlotPolicy.LEAST_RECENT)
                .build();
        List<MailboxChannel> given = List.of(request(controller), request(controller), request(controller));

        given.get(2).close();
        given.get(0).close();
        given.get(1).close();

        assertThat(List.of(request(controller), request(controller), request(controller)))
                .extracting(MailboxChannel::toString)
                .containsExactly(names("2 0 1"));
    }

    @Test
    void roundRobinSkipsWhatIsInUse() {
        GunyahMsgqController controller = bed.controller(bed.near)
                .slots(3)
                .slotPolicy(SlotPolicy.ROUND_ROBIN)
                .build();
        request(controller);
        MailboxChannel second = request(controller);
        request(controller);

        second.close();

        assertThat(request(controller)).hasToString("gunyah-msgq/1");
    }

    @Test
    void growsBySegmentsWhenAllAreInUseAndNotBefore() {
        GunyahMsgqController controller =
                bed.controller(bed.near).slots(1).growing(3).build();

        MailboxChannel first = request(controller);
        assertThat(controller.slots()).isEqualTo(1);
        MailboxChannel second = request(controller);
        assertThat(controller.slots()).isEqualTo(4);
        assertThat(controller.freeSlots()).isEqualTo(2);
        second.close();
        request(controller);

        assertThat(controller.slots()).isEqualTo(4);
        assertThat(controller).hasToString("gunyah-msgq[2 of 4 slots in use]");
        assertThat(first.isClosed()).isFalse();
    }

    @Test
    void growsWhenRegisteredAndLosesNothingOfALiveChannel() {
        GunyahMsgqController controller =
                bed.controller(bed.near).slots(1).growing(1).build();
        new Mailboxes().register(controller.controller());
        Pair live = bed.pair(1);
        RecordingClient client = new RecordingClient();
        MailboxChannel channel = controller.requestChannel(client, live.near());
        channel.sendMessage(message("in flight"));
        channel.sendMessage(message("queued"));

        for (int i = 0; i < 20; i++) {
            request(controller);
        }
        bed.rawSend(live.farToNear(), bytes("comes in"));
        bed.scheduler.runDue();
        assertThat(bed.rawReceive(live.nearToFar())).isEqualTo(bytes("in flight"));
        bed.scheduler.runDue();

        assertThat(bed.rawReceive(live.nearToFar())).isEqualTo(bytes("queued"));
        assertThat(client.received).containsExactly("comes in");
        assertThat(controller.slots()).isEqualTo(21);
    }

    @Test
    void trafficOfALiveChannelGoesOnWhileOtherThreadsMakeTheControllerGrow() throws Exception {
        QueuePairBed inline = new QueuePairBed(SoftwareHypervisor.builder()
                .schedulers(vmid -> new dev.hwmailbox.CallerRunsScheduler())
                .interruptDelivery(vmid -> Runnable::run));
        GunyahMsgqController controller =
                inline.controller(inline.near).slots(1).growing(2).build();
        Pair live = inline.pair(4);
        RecordingClient client = new RecordingClient();
        MailboxChannel channel = controller.requestChannel(client, live.near());
        List<MsgqEndpoint> endpoints = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            endpoints.add(inline.pair(1).near());
        }
        ExecutorService threads = Executors.newFixedThreadPool(2);
        var go = new CountDownLatch(1);
        List<Future<?>> growing = new ArrayList<>();
        for (int part = 0; part < 2; part++) {
            List<MsgqEndpoint> mine = endpoints.subList(part * 100, part * 100 + 100);
            growing.add(threads.submit(() -> {
                go.await();
                mine.forEach(endpoint -> controller.requestChannel(new RecordingClient(), endpoint));
                return null;
            }));
        }
        go.countDown();
        for (int i = 0; i < 20_000; i++) {
            channel.sendMessage(message("m"));
            inline.rawReceive(live.nearToFar());
        }
        for (Future<?> each : growing) {
            each.get();
        }
        threads.shutdown();

        assertThat(client.done).hasSize(20_000).containsOnly("ok");
        assertThat(controller.slots() - controller.freeSlots()).isEqualTo(201);
    }

    @Test
    void staleHandleCannotTouchTheNextOwner() {
        GunyahMsgqController controller = bed.controller(bed.near).slots(1).build();
        Pair pair = bed.pair(8);
        MailboxChannel stale = controller.requestChannel(new RecordingClient(), pair.near());
        stale.close();
        RecordingClient client = new RecordingClient();
        MailboxChannel next = controller.requestChannel(client, pair.near());

        stale.close();
        stale.sendMessage(message("stale"));
        controller.peerReset(stale);
        stale.flush(Duration.ZERO);

        assertThat(next.isClosed()).isFalse();
        next.sendMessage(message("mine"));
        assertThat(bed.rawReceive(pair.nearToFar())).isEqualTo(bytes("mine"));
        assertThat(client.done).containsExactly("ok");
    }

    @Test
    void lateTimerAndTaskCannotTouchTheNextOwner() {
        GunyahMsgqController controller = bed.controller(bed.near).slots(1).build();
        Pair pair = bed.pair(1);
        MailboxChannel refused = controller.requestChannel(new RecordingClient(), pair.near());
        bed.rawSend(pair.nearToFar(), bytes("someone else's"));
        refused.sendMessage(message("refused")); // leaves a timer and a task
        bed.rawSend(pair.farToNear(), bytes("for the next"));
        refused.close();
        RecordingClient client = new RecordingClient();
        MailboxChannel next = controller.requestChannel(client, pair.near());
        next.sendMessage(message("mine"));
        int sends = bed.sends.get();

        bed.scheduler.advance(GunyahMsgqController.DEFAULT_RETRY_DELAY.minusNanos(1));

        assertThat(bed.sends.get()).isEqualTo(sends);
        assertThat(client.received).containsExactly("for the next");
        assertThat(client.done).isEmpty();
    }

    @Test
    void lateInterruptOfAReusedLineFindsTheNextOwnerOnly() {
        GunyahMsgqController controller = bed.controller(bed.near).slots(1).build();
        Pair pair = bed.pair(8);
        RecordingClient first = new RecordingClient();
        MailboxChannel channel = controller.requestChannel(first, pair.near());
        bed.scheduler.runUntilIdle();
        bed.rawSend(pair.farToNear(), bytes("on its way")); // the handler is due, not run
        channel.close();
        RecordingClient second = new RecordingClient();
        controller.requestChannel(second, pair.near());

        bed.scheduler.runUntilIdle();

        assertThat(first.received).isEmpty();
        assertThat(second.received).containsExactly("on its way");
    }

    @Test
    void slotIsFreeOnlyOnceTheLastHandlerHasLeft() {
        GunyahMsgqController controller = bed.controller(bed.near).slots(1).build();
        Pair pair = bed.pair(1);
        List<Integer> free = new ArrayList<>();
        MailboxClient closing = new MailboxClient() {
            @Override
            public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
                channel.close();
                free.add(controller.freeSlots());
            }
        };
        MailboxChannel channel = controller.requestChannel(closing, pair.near());
        channel.sendMessage(message("fills"));
        bed.rawReceive(pair.nearToFar());

        bed.scheduler.runDue(); // the transmit interrupt reports, and is still inside when the client closes

        assertThat(free).containsExactly(0);
        assertThat(controller.freeSlots()).isEqualTo(1);
    }

    @Test
    void slotIsFreeOnlyOnceTheLastSendHasLeft() {
        GunyahMsgqController controller = bed.controller(bed.near).slots(1).build();
        List<Integer> free = new ArrayList<>();
        MailboxClient closing = new MailboxClient() {
            @Override
            public void txPrepare(MailboxChannel channel, @Nullable Object message) {
                channel.close();
                free.add(controller.freeSlots());
            }
        };

        controller.requestChannel(closing, bed.pair(1).near()).sendMessage(message("never goes"));

        assertThat(free).containsExactly(0);
        assertThat(controller.freeSlots()).isEqualTo(1);
        assertThat(bed.sends.get()).isZero();
    }
}
