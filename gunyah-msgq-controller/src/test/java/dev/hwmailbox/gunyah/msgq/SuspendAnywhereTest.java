// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.testing.FakeGunyah;
import dev.hwmailbox.gunyah.testing.FakeQueue;
import dev.hwmailbox.testing.VirtualScheduler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One side of an exchange is suspended before and after each of its hypercalls, interrupt calls and callbacks in turn,
 * for a while, and then resumed: asleep it does nothing, and in the end nothing is lost, doubled or out of order.
 */
final class SuspendAnywhereTest {
    private static final int MESSAGES = 7;
    private static final int DEPTH = 2;

    /** Some retry delays. */
    private static final Duration WHILE = Duration.ofMillis(50);

    private enum Below {
        HYPERVISOR_EDGE,
        HYPERVISOR_LEVEL,
        FAKE,
        FAKE_INSIDE
    }

    static Stream<Arguments> worlds() {
        return Stream.of(Below.values())
                .flatMap(below -> Stream.of(SuspendPolicy.values())
                        .flatMap(policy -> Stream.of(CompletionLevel.values())
                                .flatMap(level -> Stream.of(true, false)
                                        .map(wakes -> Arguments.of(below, policy, level, wakes)))));
    }

    @ParameterizedTest
    @MethodSource("worlds")
    void nothingIsLostWhereverItIsSuspended(Below below, SuspendPolicy policy, CompletionLevel level, boolean wakes) {
        int point = 0;
        World world;
        do {
            world = new World(below, policy, level, wakes, point);
            world.run();
            point++;
        } while (world.wasSuspended);
        assertThat(point).isGreaterThan(8 * MESSAGES);
    }

    private static final class World {
        private final SuspendPolicy policy;
        private final boolean wakes;
        private final int suspendAt;
        private final String name;
        private final VirtualScheduler scheduler;
        private final GunyahMsgqController near;
        private final GunyahMsgqController far;
        private final MsgqEndpoint nearEnd;
        private final MsgqEndpoint farEnd;
        private final List<Integer> echoes = new ArrayList<>();
        private final List<Integer> received = new ArrayList<>();
        private final List<Integer> sentWell = new ArrayList<>();
        private final List<Integer> refused = new ArrayList<>();
        private final List<MailboxChannel> alarms = new ArrayList<>();
        private int points;
        private int activity;
        private boolean wasSuspended;

        World(Below below, SuspendPolicy policy, CompletionLevel level, boolean wakes, int suspendAt) {
            this.policy = policy;
            this.wakes = wakes;
            this.suspendAt = suspendAt;
            name = below + " " + policy + " " + level + " wakes " + wakes + ", at " + suspendAt;
            GunyahHypercalls farCalls;
            InterruptController farInterrupts;
            if (below == Below.FAKE || below == Below.FAKE_INSIDE) {
                scheduler = new VirtualScheduler();
                FakeGunyah gunyah = below == Below.FAKE
                        ? FakeGunyah.create(scheduler)
                        : FakeGunyah.deliveringInsideCalls(scheduler);
                FakeQueue there = gunyah.queue("there", 0x20, 0x120).depth(DEPTH);
                FakeQueue back = gunyah.queue("back", 0x21, 0x121).depth(DEPTH);
                nearEnd = gunyah.endpoint(there, back);
                farEnd = gunyah.endpoint(back, there);
                near = GunyahMsgqController.builder(gunyah.hypercalls(), gunyah.interrupts(), scheduler)
                        .build();
                farCalls = gunyah.hypercalls();
                farInterrupts = gunyah.interrupts();
            } else {
                var bed = new QueuePairBed();
                scheduler = bed.scheduler;
                Trigger trigger = below == Below.HYPERVISOR_EDGE ? Trigger.EDGE : Trigger.LEVEL;
                QueuePairBed.Pair pair = bed.pair(DEPTH, QueuePairBed.MAX_MESSAGE, trigger);
                nearEnd = pair.near();
                farEnd = pair.far();
                near = bed.controller(bed.near).build();
                farCalls = bed.far.hypercalls();
                farInterrupts = bed.far.interrupts();
            }
            far = GunyahMsgqController.builder(
                            watched(GunyahHypercalls.class, farCalls),
                            watched(InterruptController.class, farInterrupts),
                            scheduler)
                    .completionLevel(level)
                    .build();
        }

        private <T> T watched(Class<T> type, T real) {
            return type.cast(Proxy.newProxyInstance(
                    type.getClassLoader(), new Class<?>[] {type}, (proxy, method, args) -> {
                        point();
                        try {
                            return method.invoke(real, args);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        } finally {
                            point();
                        }
                    }));
        }

        private void point() {
            if (points++ == suspendAt) {
                wasSuspended = true;
                far.suspend(policy, alarms::add);
            }
        }

        void run() {
            MailboxChannel there = near.requestChannel(new Near(), nearEnd);
            far.requestChannel(new Echo(), wakes ? farEnd.waking() : farEnd);
            int afterOpening = points;
            for (int i = 0; i < MESSAGES; i++) {
                there.sendMessage(MsgqMessage.of(new byte[] {(byte) i}));
            }
            scheduler.advance(WHILE);
            int before = activity;
            scheduler.advance(WHILE);
            assertThat(activity).as("callbacks asleep, %s", name).isEqualTo(before);
            if (wasSuspended) {
                boolean mustWake = wakes && received.size() < MESSAGES && suspendAt >= afterOpening;
                assertThat(alarms).as("alarms, %s", name).hasSizeBetween(mustWake ? 1 : 0, wakes ? 1 : 0);
                far.resume();
                scheduler.advance(WHILE);
            }
            check();
            near.close();
            far.close();
            assertThat(scheduler.pending()).as(name).isEmpty();
            assertThat(scheduler.failures()).as(name).isEmpty();
        }

        private void check() {
            List<Integer> all = IntStream.range(0, MESSAGES).boxed().toList();
            assertThat(received).as("received, %s", name).isEqualTo(all);
            List<Integer> reported = new ArrayList<>(sentWell);
            reported.addAll(refused);
            assertThat(reported).as("reported, %s", name).containsExactlyInAnyOrderElementsOf(all);
            assertThat(echoes).as("echoes, %s", name).isEqualTo(sentWell);
            if (policy == SuspendPolicy.PARK) {
                assertThat(refused).as("refused, %s", name).isEmpty();
            }
        }

        private final class Near implements MailboxClient {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                echoes.add(number(message));
            }
        }

        private final class Echo implements MailboxClient {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                activity++;
                point();
                int number = number(message);
                received.add(number);
                channel.sendMessage(ByteBuffer.wrap(new byte[] {(byte) number}));
                point();
            }

            @Override
            public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
                activity++;
                int number = number(message);
                if (status == -Errno.EAGAIN) {
                    refused.add(number);
                } else {
                    sentWell.add(number); // at TAKEN, ETIME says that it stays in the queue
                    assertThat(status).as(name).isIn(0, -Errno.ETIME);
                }
                point(); // the report of the next message may come inside
            }
        }

        private static int number(@Nullable Object message) {
            ByteBuffer bytes = (ByteBuffer) Objects.requireNonNull(message);
            return bytes.get(bytes.position());
        }
    }
}
