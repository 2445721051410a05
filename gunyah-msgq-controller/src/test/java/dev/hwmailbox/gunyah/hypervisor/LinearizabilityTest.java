// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.ok;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.hypervisor.SequentialQueue.Call;
import dev.hwmailbox.gunyah.hypervisor.SequentialQueue.Call.Kind;
import dev.hwmailbox.gunyah.hypervisor.SequentialQueue.Outcome;
import dev.hwmailbox.gunyah.hypervisor.SequentialQueue.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether calls on one queue from several threads are answered, and interrupt, as if one had come after the other: for
 * each of many short histories an order is looked for that explains all outcomes, and has no call before one that was
 * over when it began.
 */
@Timeout(60)
class LinearizabilityTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");
    private static final int HISTORIES = 4_000;
    private static final int MAX_SIZE = 4;

    /** A call, between which ticks of a common clock it was under way, and what it gave. */
    private record Event(Call call, int began, int ended, Outcome outcome) {
        boolean isBefore(Event other) {
            return ended < other.began;
        }

        @Override
        public String toString() {
            return "[%d-%d] %s: %s".formatted(began, ended, call, outcome);
        }
    }

    /** Notes what each thread's own call says to the lines, and now and then lets others go first. */
    private static final class Notes implements QueueProbe, HypervisorObserver {
        private final ThreadLocal<Integer> lines = ThreadLocal.withInitial(() -> 0);
        private final AtomicInteger passes = new AtomicInteger();

        int take() {
            int taken = lines.get();
            lines.set(0);
            return taken;
        }

        @Override
        public void before(int queue, Operation operation) {
            letOthersGoFirst();
        }

        @Override
        public void inside(int queue, Operation operation) {
            letOthersGoFirst();
        }

        @Override
        public void after(int queue, Operation operation, long result) {
            letOthersGoFirst();
        }

        @SuppressWarnings("ThreadPriorityCheck") // to mix the threads, also on one processor
        private void letOthersGoFirst() {
            if (passes.incrementAndGet() % 4 == 0) {
                Thread.yield();
            }
        }

        @Override
        public void asserted(QueueEnd end, boolean bound) {
            note(end.isSending() ? SequentialQueue.ASSERT_SEND : SequentialQueue.ASSERT_RECEIVE);
        }

        @Override
        public void cleared(QueueEnd end, boolean bound) {
            note(end.isSending() ? SequentialQueue.CLEAR_SEND : SequentialQueue.CLEAR_RECEIVE);
        }

        private void note(int bit) {
            lines.set(lines.get() | bit);
        }

        @Override
        public void checked(QueueEnd end, boolean reasserted, boolean pending) {}

        @Override
        public void pending(int vmid, int virq) {}

        @Override
        public void destroyed(MessageQueue queue, MessageQueue.State was) {}
    }

    private final ExecutorService threads = Executors.newFixedThreadPool(3);
    private final Notes notes = new Notes();
    private final AtomicInteger clock = new AtomicInteger();
    private final HypervisorBed bed =
            new HypervisorBed(SoftwareHypervisor.builder().probe(notes).observer(notes));

    @AfterEach
    void noThreadStays() {
        threads.shutdownNow();
        bed.close();
    }

    @Test
    void everyHistoryOfSeveralThreadsHasAnOrderThatExplainsIt() throws Exception {
        int overlapping = 0;
        for (int seed = 0; seed < HISTORIES; seed++) {
            var random = new SplittableRandom(seed);
            int depth = 1 + random.nextInt(3);

            List<Event> history = history(random, depth);

            assertThat(isExplained(new SequentialQueue(depth, MAX_SIZE), history))
                    .as("seed %d, depth %d: %s", seed, depth, history)
                    .isTrue();
            overlapping += overlaps(history) ? 1 : 0;
        }

        TALLY.info("conformance linearizability: {} histories explained, {} overlapping", HISTORIES, overlapping);
        assertThat(overlapping).as("histories with calls at the same time").isPositive();
    }

    @Test
    void aHistoryThatNoOrderExplainsIsRefused() {
        var queue = new SequentialQueue(1, MAX_SIZE);
        var send = new Call(Kind.SEND, "a", 0, false);
        Outcome accepted = queue.step(send).outcome();

        assertThat(isExplained(queue, List.of(new Event(send, 0, 1, accepted)))).isTrue();
        assertThat(isExplained(queue, List.of(new Event(send, 0, 3, accepted), new Event(send, 1, 2, accepted))))
                .as("two messages in one slot")
                .isFalse();
        Outcome empty = queue.step(new Call(Kind.RECEIVE, "", MAX_SIZE, false)).outcome();
        var receive = new Call(Kind.RECEIVE, "", MAX_SIZE, false);
        assertThat(isExplained(queue, List.of(new Event(send, 0, 2, accepted), new Event(receive, 1, 3, empty))))
                .as("empty while the send was under way")
                .isTrue();
        assertThat(isExplained(queue, List.of(new Event(send, 0, 1, accepted), new Event(receive, 2, 3, empty))))
                .as("empty after the send")
                .isFalse();
    }

    /** What some threads have seen, and then what was left. */
    private List<Event> history(SplittableRandom random, int depth) throws InterruptedException, ExecutionException {
        long queue = bed.activeQueue(depth, MAX_SIZE);
        int count = 2 + random.nextInt(2);
        var missing = new AtomicInteger(count);
        List<Future<List<Event>>> results = new ArrayList<>();
        for (int thread = 0; thread < count; thread++) {
            List<Call> calls = calls(random, thread, depth, 8 / count);
            results.add(threads.submit(() -> run(queue, calls, missing)));
        }
        List<Event> history = new ArrayList<>();
        for (Future<List<Event>> result : results) {
            history.addAll(result.get());
        }
        Event last;
        do {
            last = event(queue, new Call(Kind.RECEIVE, "", MAX_SIZE, false));
            history.add(last);
        } while (GunyahHypercalls.status(last.outcome.result()) == GunyahError.OK);
        ok(bed.rmCalls.cspaceDeleteCapability(bed.rm.cspaceCapability().value(), queue));
        return history;
    }

    private static List<Call> calls(SplittableRandom random, int thread, int depth, int count) {
        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String message = Character.toString('a' + thread * 8 + i).repeat(random.nextInt(MAX_SIZE + 2));
            boolean push = random.nextInt(8) == 0;
            int threshold = random.nextInt(-2, depth + 2);
            calls.add(
                    switch (random.nextInt(10)) {
                        case 0, 1, 2, 3 -> new Call(Kind.SEND, message, 0, push);
                        case 4, 5, 6 -> new Call(Kind.RECEIVE, "", random.nextInt(1, MAX_SIZE + 1), false);
                        case 7 -> new Call(Kind.FLUSH, "", 0, false);
                        case 8 -> new Call(Kind.CONFIGURE_SEND, "", threshold, false);
                        default -> new Call(Kind.CONFIGURE_RECEIVE, "", threshold, false);
                    });
        }
        return calls;
    }

    @SuppressWarnings("ThreadPriorityCheck") // a parked thread would come too late for the others
    private List<Event> run(long queue, List<Call> calls, AtomicInteger missing) {
        missing.decrementAndGet();
        while (missing.get() > 0) {
            Thread.yield();
        }
        return calls.stream().map(call -> event(queue, call)).toList();
    }

    private Event event(long queue, Call call) {
        byte[] buffer = call.kind() == Kind.SEND ? call.message().getBytes(US_ASCII) : new byte[MAX_SIZE];
        int began = clock.getAndIncrement();
        long result = call(queue, call, buffer);
        int ended = clock.getAndIncrement();
        int size = call.kind() == Kind.RECEIVE ? GunyahHypercalls.size(result) : 0;
        return new Event(call, began, ended, new Outcome(result, new String(buffer, 0, size, US_ASCII), notes.take()));
    }

    private long call(long queue, Call call, byte[] buffer) {
        GunyahHypercalls calls = bed.rmCalls;
        return switch (call.kind()) {
            case SEND -> calls.msgqSend(queue, buffer, 0, buffer.length, call.push());
            case RECEIVE -> calls.msgqReceive(queue, buffer, 0, call.number());
            case FLUSH -> calls.msgqFlush(queue);
            case CONFIGURE_SEND -> calls.msgqConfigureSend(queue, call.number(), -1);
            case CONFIGURE_RECEIVE -> calls.msgqConfigureReceive(queue, call.number(), -1);
        };
    }

    @SuppressWarnings("ReferenceEquality") // two calls may look the same
    private static boolean isExplained(SequentialQueue queue, List<Event> left) {
        if (left.isEmpty()) {
            return true;
        }
        for (Event candidate : left) {
            if (left.stream().noneMatch(other -> other.isBefore(candidate))) {
                Step step = queue.step(candidate.call);
                List<Event> others =
                        left.stream().filter(other -> other != candidate).toList();
                if (step.outcome().equals(candidate.outcome) && isExplained(step.next(), others)) {
                    return true;
                }
            }
        }
        return false;
    }

    @SuppressWarnings("ReferenceEquality") // two calls may look the same
    private static boolean overlaps(List<Event> history) {
        return history.stream()
                .anyMatch(one -> history.stream()
                        .anyMatch(other -> one != other && !one.isBefore(other) && !other.isBefore(one)));
    }
}
