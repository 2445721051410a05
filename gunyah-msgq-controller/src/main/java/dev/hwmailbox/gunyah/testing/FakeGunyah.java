// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import static dev.hwmailbox.gunyah.GunyahHypercalls.receiveResult;
import static dev.hwmailbox.gunyah.GunyahHypercalls.sendResult;

import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.NewCapability;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Hypercalls and interrupts without a hypervisor: message queues in memory that answer what the test says, and a log of
 * all calls and interrupts. Both ends of a queue are there, so the test can also be the other side.
 *
 * <pre>{@code
 * FakeGunyah gunyah = FakeGunyah.create(scheduler);
 * FakeQueue out = gunyah.queue("out", 0x10, 0x11).depth(2);
 * FakeQueue in = gunyah.queue("in", 0x20, 0x21);
 * var controller = GunyahMsgqController.builder(gunyah.hypercalls(), gunyah.interrupts(), scheduler).build();
 * MailboxChannel channel = controller.requestChannel(client, gunyah.endpoint(out, in));
 *
 * out.onSend(CallAnswer.full().interruptAfter(Duration.ofMillis(1)));
 * }</pre>
 *
 * <p>Send, receive, flush, both thresholds, bind and unbind work as on the software hypervisor, with edge-triggered
 * lines and the documented errors; the interrupt-controller capability of a bind is not looked at. Deleting a
 * capability works, with any capability space. Creating, configuring, activating, copying and revoking answer
 * UNIMPLEMENTED. {@link #answers} scripts the status of every call but send and receive, which {@link FakeQueue} does.
 *
 * <p>Interrupt handlers are tasks of the scheduler, or run inside the call, see {@link #deliveringInsideCalls}. There
 * is nothing to close.
 *
 * <p>Context: any thread; holds no lock while handlers run.
 *
 * @since 0.1
 */
public final class FakeGunyah {
    private final MailboxScheduler scheduler;
    private final boolean inside;
    private final FakeLog log;
    private final FakeInterrupts interrupts;
    private final GunyahHypercalls hypercalls = new Calls();

    // guards: everything below, and what its queues hold
    private final ReentrantLock lock = new ReentrantLock();
    private final List<FakeQueue> queues = new ArrayList<>();
    private final Map<Long, FakeQueue> senders = new LinkedHashMap<>();
    private final Map<Long, FakeQueue> receivers = new LinkedHashMap<>();
    private final Set<Long> revoked = new HashSet<>();
    private final Map<Hypercall, Deque<Integer>> scripts = new EnumMap<>(Hypercall.class);

    private FakeGunyah(MailboxScheduler scheduler, boolean inside) {
        this.scheduler = Objects.requireNonNull(scheduler, "scheduler");
        this.inside = inside;
        log = new FakeLog(scheduler);
        interrupts = new FakeInterrupts(inside ? Runnable::run : scheduler::execute, log);
    }

    /**
     * Makes one without queues, whose interrupt handlers are tasks of the scheduler.
     *
     * @param scheduler time and tasks
     * @return a fake
     */
    public static FakeGunyah create(MailboxScheduler scheduler) {
        return new FakeGunyah(scheduler, false);
    }

    /**
     * Makes one without queues, whose interrupt handlers run on the asserting thread before its call returns.
     *
     * @param scheduler time, for interrupts that come later
     * @return a fake
     */
    public static FakeGunyah deliveringInsideCalls(MailboxScheduler scheduler) {
        return new FakeGunyah(scheduler, true);
    }

    /**
     * Makes a queue, with the next two free interrupt numbers.
     *
     * @param name for the log
     * @param sendCapability the ID to send with
     * @param receiveCapability the ID to receive with; may be the same
     * @return the queue
     * @throws IllegalArgumentException if an ID is that of another queue, or INVALID
     */
    public FakeQueue queue(String name, long sendCapability, long receiveCapability) {
        Objects.requireNonNull(name, "name");
        return locked(() -> {
            checkFree(sendCapability);
            checkFree(receiveCapability);
            int sendVirq = freeVirq(InterruptController.FIRST_SHARED_VIRQ);
            var queue = new FakeQueue(
                    this,
                    name,
                    CapabilityId.of(sendCapability),
                    CapabilityId.of(receiveCapability),
                    sendVirq,
                    freeVirq(sendVirq + 1));
            queues.add(queue);
            senders.put(sendCapability, queue);
            receivers.put(receiveCapability, queue);
            return queue;
        });
    }

    private void checkFree(long capability) {
        if (senders.containsKey(capability) || receivers.containsKey(capability) || capability == -1) {
            throw new IllegalArgumentException("capability is not free: " + CapabilityId.toString(capability));
        }
    }

    private int freeVirq(int from) {
        int virq = from;
        while (isTaken(virq)) {
            virq++;
        }
        return virq;
    }

    boolean isTaken(int virq) {
        return queues.stream().anyMatch(queue -> queue.sendVirq() == virq || queue.receiveVirq() == virq);
    }

    /**
     * What to answer to the next calls of one kind, one after the other, in place of carrying them out.
     *
     * @param call which; not a send or receive
     * @param next raw Gunyah error numbers
     * @return this
     * @throws IllegalArgumentException if the call is a send or receive
     */
    public FakeGunyah answers(Hypercall call, int... next) {
        if (call.movesMessage()) {
            throw new IllegalArgumentException("a queue answers " + call);
        }
        locked(() -> scripts.computeIfAbsent(call, key -> new ArrayDeque<>())
                .addAll(Arrays.stream(next).boxed().toList()));
        return this;
    }

    /**
     * The hypercalls, for all ends of all queues.
     *
     * @return what a driver calls
     */
    public GunyahHypercalls hypercalls() {
        return hypercalls;
    }

    /**
     * The interrupts of all ends of all queues.
     *
     * @return an interrupt controller with edge-triggered lines
     */
    public InterruptController interrupts() {
        return interrupts;
    }

    /**
     * The endpoint that sends on one queue and receives from another. That of the other side has them the other way
     * round.
     *
     * @param out where it sends
     * @param in where it receives
     * @return the endpoint
     * @throws dev.hwmailbox.MailboxException EINVAL if an interrupt is not bound
     */
    public MsgqEndpoint endpoint(FakeQueue out, FakeQueue in) {
        return new MsgqEndpoint(
                out.sendCapability(),
                out.sendVirq(),
                in.receiveCapability(),
                in.receiveVirq(),
                Math.max(out.maxMessageSize(), in.maxMessageSize()));
    }

    // ---- the log ----

    /**
     * All calls so far, since the start or the last {@link #forget}.
     *
     * @return lines such as {@code +0.000 ms  out send bytes[2] 01 02 push -> OK, room}
     */
    public List<String> calls() {
        return log.calls();
    }

    /**
     * All interrupts so far, since the start or the last {@link #forget}: each when it is asserted or lost, and when
     * its handler is about to run.
     *
     * @return lines such as {@code +1.000 ms  interrupt 32 of out/send}
     */
    public List<String> interruptLog() {
        return log.interrupts();
    }

    /** Forgets the log so far. */
    public void forget() {
        log.clear();
    }

    /**
     * Checks all calls since the start or the last {@link #forget}.
     *
     * @param expected one line for each, as {@link #calls} has it; the time may be left out
     * @throws AssertionError if there are others, with both lists and the first difference marked
     */
    public void assertCalls(String... expected) {
        KitText.compare("calls", List.of(expected), log.calls());
    }

    /**
     * Checks all interrupts since the start or the last {@link #forget}.
     *
     * @param expected one line for each, as {@link #interruptLog} has it; the time may be left out
     * @throws AssertionError if there are others, with both lists and the first difference marked
     */
    public void assertInterrupts(String... expected) {
        KitText.compare("interrupts", List.of(expected), log.interrupts());
    }

    /**
     * Describes everything, for a failed test.
     *
     * @return queues, lines and the log, one line for each
     */
    @Override
    public String toString() {
        List<String> lines = new ArrayList<>(List.of("FakeGunyah"));
        locked(() -> lines.addAll(queues.stream().map(FakeQueue::toString).toList()));
        lines.add(interrupts.toString());
        lines.addAll(log.all());
        return String.join("\n  ", lines);
    }

    // ---- for queues ----

    FakeLog log() {
        return log;
    }

    <T extends @Nullable Object> T locked(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    void raise(int virq) {
        interrupts.raise(virq);
    }

    void after(long delayNanos, String name, Runnable task) {
        scheduler.timer(name, task).arm(delayNanos);
    }

    /** Handlers of earlier interrupts, if they can run, have run then. */
    void afterHandling(Runnable task) {
        if (inside) {
            task.run();
        } else {
            scheduler.execute(task);
        }
    }

    void revoke(FakeQueue queue) {
        locked(() -> {
            revoked.add(queue.sendCapability().value());
            return revoked.add(queue.receiveCapability().value());
        });
    }

    /** The status of a capability. */
    private int refusal(Map<Long, FakeQueue> holders, long capability) {
        return locked(() -> {
            if (holders.containsKey(capability)) {
                return revoked.contains(capability) ? GunyahError.CSPACE_CAP_REVOKED : GunyahError.OK;
            }
            boolean known = senders.containsKey(capability) || receivers.containsKey(capability);
            return known ? GunyahError.CSPACE_INSUFFICIENT_RIGHTS : GunyahError.CSPACE_CAP_NULL;
        });
    }

    private final class Calls implements GunyahHypercalls {
        @Override
        public long msgqSend(long capability, byte[] buffer, int offset, int length, boolean push) {
            int refusal = refusal(senders, capability);
            FakeQueue queue = locked(() -> senders.get(capability));
            if (refusal != GunyahError.OK || queue == null) {
                return sendResult(logged(Hypercall.SEND, capability, "", refusal), false);
            }
            return queue.send(buffer, offset, length, push);
        }

        @Override
        public long msgqReceive(long capability, byte[] buffer, int offset, int length) {
            int refusal = refusal(receivers, capability);
            FakeQueue queue = locked(() -> receivers.get(capability));
            if (refusal != GunyahError.OK || queue == null) {
                return receiveResult(logged(Hypercall.RECEIVE, capability, "", refusal), 0, false);
            }
            return queue.receive(buffer, offset, length);
        }

        @Override
        public int msgqFlush(long capability) {
            return onQueue(Hypercall.FLUSH, receivers, capability, "", FakeQueue::flush);
        }

        @Override
        public int msgqConfigureSend(long capability, int threshold, int delay) {
            return onQueue(
                    Hypercall.CONFIGURE_SEND,
                    senders,
                    capability,
                    " " + threshold,
                    queue -> queue.configureSend(threshold, delay));
        }

        @Override
        public int msgqConfigureReceive(long capability, int threshold, int delay) {
            return onQueue(
                    Hypercall.CONFIGURE_RECEIVE,
                    receivers,
                    capability,
                    " " + threshold,
                    queue -> queue.configureReceive(threshold, delay));
        }

        @Override
        public int msgqBindSendVirq(long capability, long vicCapability, int virq) {
            return onQueue(Hypercall.BIND_SEND, senders, capability, " " + virq, queue -> queue.bind(true, virq));
        }

        @Override
        public int msgqBindReceiveVirq(long capability, long vicCapability, int virq) {
            return onQueue(Hypercall.BIND_RECEIVE, receivers, capability, " " + virq, queue -> queue.bind(false, virq));
        }

        @Override
        public int msgqUnbindSendVirq(long capability) {
            return onQueue(Hypercall.UNBIND_SEND, senders, capability, "", queue -> queue.unbind(true));
        }

        @Override
        public int msgqUnbindReceiveVirq(long capability) {
            return onQueue(Hypercall.UNBIND_RECEIVE, receivers, capability, "", queue -> queue.unbind(false));
        }

        private int onQueue(
                Hypercall call,
                Map<Long, FakeQueue> holders,
                long capability,
                String argument,
                ToIntFunction<FakeQueue> action) {
            int refusal = refusal(holders, capability);
            FakeQueue queue = locked(() -> holders.get(capability));
            if (refusal != GunyahError.OK || queue == null) {
                return logged(call, capability, argument, refusal);
            }
            Integer scripted = nextAnswer(call);
            return logged(call, capability, argument, scripted == null ? action.applyAsInt(queue) : scripted);
        }

        @Override
        public int partitionCreateMsgq(long partitionCapability, long cspaceCapability, NewCapability result) {
            return answered(Hypercall.CREATE, partitionCapability);
        }

        @Override
        public int msgqConfigure(long capability, int depth, int maxMessageSize) {
            return answered(Hypercall.CONFIGURE, capability);
        }

        @Override
        public int objectActivate(long capability) {
            return answered(Hypercall.ACTIVATE, capability);
        }

        @Override
        public int cspaceDeleteCapability(long cspaceCapability, long capability) {
            Integer scripted = nextAnswer(Hypercall.DELETE);
            int status = scripted != null
                    ? scripted
                    : locked(() -> {
                        boolean sender = senders.remove(capability) != null;
                        boolean receiver = receivers.remove(capability) != null;
                        return sender || receiver ? GunyahError.OK : GunyahError.CSPACE_CAP_NULL;
                    });
            return logged(Hypercall.DELETE, capability, "", status);
        }

        @Override
        public int cspaceCopyCapability(
                long cspaceCapability,
                long capability,
                long destinationCspaceCapability,
                int rightsMask,
                NewCapability result) {
            return answered(Hypercall.COPY, capability);
        }

        @Override
        public int cspaceRevokeCapabilities(long cspaceCapability, long capability) {
            return answered(Hypercall.REVOKE, capability);
        }

        private int answered(Hypercall call, long capability) {
            Integer scripted = nextAnswer(call);
            return logged(call, capability, "", scripted == null ? GunyahError.UNIMPLEMENTED : scripted);
        }

        private @Nullable Integer nextAnswer(Hypercall call) {
            return FakeGunyah.this.<@Nullable Integer>locked(() -> {
                Deque<Integer> script = scripts.get(call);
                return script == null ? null : script.poll();
            });
        }

        private int logged(Hypercall call, long capability, String argument, int status) {
            String verb = call.name().toLowerCase(Locale.ROOT).replace('_', ' ');
            log.call(subject(capability) + " " + verb + argument + " -> " + GunyahError.name(status));
            return status;
        }

        private String subject(long capability) {
            return locked(() -> {
                FakeQueue queue = senders.containsKey(capability) ? senders.get(capability) : receivers.get(capability);
                return queue == null ? CapabilityId.toString(capability) : queue.name();
            });
        }
    }
}
