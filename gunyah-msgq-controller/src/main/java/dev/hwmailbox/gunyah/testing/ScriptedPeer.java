// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The other side of a queue pair, at the level of hypercalls: it reads when the test lets it, answers or not, and
 * remembers what it has read. It works over a {@link FakeGunyah} and over the hypercalls of any VM.
 *
 * <pre>{@code
 * ScriptedPeer peer = ScriptedPeer.create(gunyah.hypercalls(), gunyah.interrupts(), scheduler, endpoint).stalls();
 * channel.sendMessage(MsgqMessage.of(request));
 * peer.readsAfter(Duration.ofMillis(2), 1).sends(reply);
 * }</pre>
 *
 * <p>At first it reads whatever comes, at once, on its interrupt. What does not fit into the queue it sends later, in
 * order, when there is room again. A message that the hypervisor refuses for another reason is dropped; after such an
 * error of a receive it reads on when it is told something, and not by itself. Errors are remembered.
 *
 * <p>Context: any thread; hypercalls are made by the thread that calls, or by one that is at it already.
 *
 * @since 0.1
 */
public final class ScriptedPeer implements AutoCloseable {
    /** How an echo is altered, so that it cannot be taken for what was sent. */
    public static final int ECHO_MASK = 0x5a;

    private static final int UNLIMITED = Integer.MAX_VALUE;

    private final GunyahHypercalls hypercalls;
    private final InterruptController interrupts;
    private final MailboxScheduler scheduler;
    private final MsgqEndpoint endpoint;

    // Used by whoever is at work.
    private final byte[] buffer = new byte[MsgqEndpoint.MAX_MESSAGE_SIZE];
    private final Set<Integer> masked = new HashSet<>();

    /** Reasons to look at the queues that nobody has looked into yet. Whoever makes it 1 is at work. */
    private final AtomicInteger reasons = new AtomicInteger();

    // guards: everything below
    private final ReentrantLock lock = new ReentrantLock();
    private final List<byte[]> received = new ArrayList<>();
    private final Deque<byte[]> outbox = new ArrayDeque<>();
    private final List<String> failures = new ArrayList<>();
    private final List<MailboxScheduler.Timer> timers = new ArrayList<>();
    private int allowance = UNLIMITED;
    private boolean echoing;
    private boolean closed;

    private ScriptedPeer(
            GunyahHypercalls hypercalls,
            InterruptController interrupts,
            MailboxScheduler scheduler,
            MsgqEndpoint endpoint) {
        this.hypercalls = Objects.requireNonNull(hypercalls, "hypercalls");
        this.interrupts = Objects.requireNonNull(interrupts, "interrupts");
        this.scheduler = Objects.requireNonNull(scheduler, "scheduler");
        this.endpoint = Objects.requireNonNull(endpoint, "endpoint");
    }

    /**
     * Makes a peer that reads everything and says nothing, and attaches it to its interrupts.
     *
     * @param hypercalls those of its VM
     * @param interrupts those of its VM
     * @param scheduler time, for what it does later
     * @param endpoint the pair as the peer sees it; one direction may be missing
     * @return the peer
     * @throws dev.hwmailbox.MailboxException EBUSY if an interrupt has a handler, EINVAL if there is no such interrupt
     */
    public static ScriptedPeer create(
            GunyahHypercalls hypercalls,
            InterruptController interrupts,
            MailboxScheduler scheduler,
            MsgqEndpoint endpoint) {
        var peer = new ScriptedPeer(hypercalls, interrupts, scheduler, endpoint);
        peer.attach();
        return peer;
    }

    private void attach() {
        if (endpoint.canSend()) {
            interrupts.attach(endpoint.txVirq(), this::work);
        }
        try {
            if (endpoint.canReceive()) {
                interrupts.attach(endpoint.rxVirq(), this::work);
            }
        } catch (RuntimeException e) {
            interrupts.detach(endpoint.txVirq());
            throw e;
        }
        work();
    }

    // ---- reading ----

    /**
     * Reads no more, until it is told to. Its receive line is masked meanwhile.
     *
     * @return this
     */
    public ScriptedPeer stalls() {
        return change(() -> allowance = 0);
    }

    /**
     * Reads everything, what waits already and what comes.
     *
     * @return this
     */
    public ScriptedPeer resumes() {
        return change(() -> allowance = UNLIMITED);
    }

    /**
     * Reads a number of messages, what waits already and what comes, and then no more. A number that is still open adds
     * up with it.
     *
     * @param count messages, not negative
     * @return this
     * @throws IllegalArgumentException if the count is negative
     */
    public ScriptedPeer reads(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("negative count: " + count);
        }
        return change(() -> allowance = allowance == UNLIMITED ? count : allowance + count);
    }

    /**
     * Stalls at once, and {@link #reads} later, from a timer of the scheduler.
     *
     * @param delay how much later, not negative
     * @param count messages, not negative
     * @return this
     * @throws IllegalArgumentException if the delay or the count is negative
     */
    public ScriptedPeer readsAfter(Duration delay, int count) {
        if (count < 0) {
            throw new IllegalArgumentException("negative count: " + count);
        }
        later(delay, () -> reads(count));
        return change(() -> allowance = allowance == UNLIMITED ? 0 : allowance);
    }

    /**
     * Sends back every message that it reads from now on, altered as {@link #altered} does it.
     *
     * @return this
     */
    public ScriptedPeer echoes() {
        return change(() -> echoing = true);
    }

    /**
     * Sends nothing back from now on.
     *
     * @return this
     */
    public ScriptedPeer isSilent() {
        return change(() -> echoing = false);
    }

    /**
     * A message as an echo has it: each byte changed by exclusive or with {@link #ECHO_MASK}.
     *
     * @param message any bytes
     * @return a changed copy
     */
    public static byte[] altered(byte[] message) {
        byte[] copy = message.clone();
        for (int i = 0; i < copy.length; i++) {
            copy[i] ^= ECHO_MASK;
        }
        return copy;
    }

    // ---- sending ----

    /**
     * Sends a message, at once if there is room, otherwise as soon as there is.
     *
     * @param message what to send
     * @return this
     * @throws IllegalStateException if the peer only receives
     */
    public ScriptedPeer sends(byte... message) {
        requireSending();
        byte[] copy = message.clone();
        return change(() -> outbox.add(copy));
    }

    /**
     * Sends a message later, from a timer of the scheduler.
     *
     * @param delay how much later, not negative
     * @param message what to send
     * @return this
     * @throws IllegalStateException if the peer only receives
     * @throws IllegalArgumentException if the delay is negative
     */
    public ScriptedPeer sendsAfter(Duration delay, byte... message) {
        requireSending();
        byte[] copy = message.clone();
        later(delay, () -> sends(copy));
        return this;
    }

    private void requireSending() {
        if (!endpoint.canSend()) {
            throw new IllegalStateException("the peer only receives: " + endpoint);
        }
    }

    private void later(Duration delay, Runnable action) {
        MailboxScheduler.Timer timer = scheduler.timer("scripted peer", action);
        locked(() -> timers.add(timer));
        timer.arm(KitText.nanos(delay));
    }

    // ---- what it has seen ----

    /**
     * What it has read.
     *
     * @return copies, in order
     */
    public List<byte[]> received() {
        return locked(() -> received.stream().map(byte[]::clone).toList());
    }

    /**
     * How many messages it has not found room for.
     *
     * @return messages still to be sent
     */
    public int unsent() {
        return locked(outbox::size);
    }

    /**
     * What the hypervisor has refused, beside full and empty queues.
     *
     * @return texts such as {@code send CSPACE_CAP_REVOKED}, in order
     */
    public List<String> failures() {
        return locked(() -> List.copyOf(failures));
    }

    /**
     * Checks what it has read.
     *
     * @param expected all messages, in order
     * @throws AssertionError if there are others, with both lists and the first difference marked
     */
    public void assertReceived(byte[]... expected) {
        KitText.compareBytes("messages that the peer has read", List.of(expected), received());
    }

    // ---- at work ----

    private ScriptedPeer change(Supplier<?> change) {
        locked(change);
        work();
        return this;
    }

    private void work() {
        if (reasons.getAndIncrement() > 0) {
            return;
        }
        boolean done = false;
        try {
            int seen;
            do {
                seen = reasons.get();
                if (!locked(() -> closed)) {
                    readWhatIsAllowed();
                    sendWhatFits();
                }
            } while (reasons.addAndGet(-seen) > 0);
            done = true;
        } finally {
            if (!done) { // an Error of the other side's callback, with inline delivery: the next reason counts again
                reasons.set(0);
            }
        }
    }

    /** A line whose interrupt leads to nothing is masked: a level line would not rest. */
    private void readWhatIsAllowed() {
        if (!endpoint.canReceive()) {
            return;
        }
        int status = GunyahError.OK;
        while (status == GunyahError.OK && locked(() -> allowance > 0)) {
            status = readOne();
        }
        if (status == GunyahError.OK || status == GunyahError.MSGQUEUE_EMPTY) {
            enable(endpoint.rxVirq(), status == GunyahError.MSGQUEUE_EMPTY);
        } else {
            failed("receive", status);
            enable(endpoint.rxVirq(), false);
        }
    }

    private int readOne() {
        long result = hypercalls.msgqReceive(endpoint.rxCapability().value(), buffer, 0, buffer.length);
        int status = GunyahHypercalls.status(result);
        if (status == GunyahError.OK) {
            byte[] message = Arrays.copyOf(buffer, GunyahHypercalls.size(result));
            locked(() -> {
                allowance -= allowance == UNLIMITED ? 0 : 1;
                if (echoing && endpoint.canSend()) {
                    outbox.add(altered(message));
                }
                return received.add(message);
            });
        }
        return status;
    }

    private void sendWhatFits() {
        if (!endpoint.canSend()) {
            return;
        }
        byte[] next = nextToSend();
        while (next != null) {
            int status = GunyahError.OK; // also when the other side's Error comes out of the call: it has the message
            try {
                status = GunyahHypercalls.status(
                        hypercalls.msgqSend(endpoint.txCapability().value(), next, 0, next.length, true));
            } finally {
                if (status != GunyahError.MSGQUEUE_FULL) {
                    locked(outbox::remove);
                }
            }
            if (status == GunyahError.MSGQUEUE_FULL) {
                break;
            }
            if (status != GunyahError.OK) {
                failed("send", status);
            }
            next = nextToSend();
        }
        enable(endpoint.txVirq(), next != null);
    }

    private byte @Nullable [] nextToSend() {
        lock.lock();
        try {
            return outbox.peek();
        } finally {
            lock.unlock();
        }
    }

    /** Unmasking a level line that is not masked, inside its handler, would bring one more interrupt each time. */
    private void enable(int virq, boolean enabled) {
        if (!enabled && masked.add(virq)) {
            interrupts.mask(virq);
        } else if (enabled && masked.remove(virq)) {
            interrupts.unmask(virq);
        }
    }

    private void failed(String action, int status) {
        locked(() -> failures.add(action + " " + GunyahError.name(status)));
    }

    private <T> T locked(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    /** Detaches it from its interrupts, and forgets what it was to do. Closing again does nothing. */
    @Override
    public void close() {
        boolean first = locked(() -> {
            boolean open = !closed;
            closed = true;
            timers.forEach(MailboxScheduler.Timer::cancel);
            return open;
        });
        if (first && endpoint.canSend()) {
            interrupts.detach(endpoint.txVirq());
        }
        if (first && endpoint.canReceive()) {
            interrupts.detach(endpoint.rxVirq());
        }
    }

    @Override
    public String toString() {
        return locked(() -> "ScriptedPeer[" + endpoint + ", " + received.size() + " read, "
                + (allowance == UNLIMITED ? "reads all" : allowance == 0 ? "stalled" : "reads " + allowance + " more")
                + ", " + outbox.size() + " to send" + (failures.isEmpty() ? "" : ", " + failures) + "]");
    }
}
