// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.testing.VirtualScheduler;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Two virtual machines that talk, in one line: virtual time, a software hypervisor, a queue pair, and in each VM a
 * controller with a bound channel and a recorded client. Closing it fails the test if something is left over.
 *
 * <pre>{@code
 * try (GunyahTestBed bed = GunyahTestBed.create()) {
 *     bed.near().channel().sendMessage(MsgqMessage.of(new byte[] {1, 2, 3}));
 *     bed.scheduler().runUntilIdle();
 *     bed.far().client().assertReceived(new byte[] {1, 2, 3});
 * }
 * }</pre>
 *
 * <p>Between each controller and its VM are {@link FaultyHypercalls} and {@link FaultyInterrupts}, without faults at
 * first. The second VM can have a {@link ScriptedPeer} instead.
 *
 * <p>Context: the thread of the test, as {@link VirtualScheduler} is.
 *
 * @since 0.1
 */
public final class GunyahTestBed implements AutoCloseable {
    private static final int MANAGER = 255;
    private static final int NEAR = 1;
    private static final int FAR = 2;

    private final VirtualScheduler scheduler;
    private final SoftwareHypervisor hypervisor;
    private final QueuePairs pairs;
    private final GunyahSide near;
    private final GunyahSide far;
    private final boolean messagesMayStay;
    private final boolean tasksMayStayPending;
    private final boolean exceptionsAreExpected;
    private boolean closed;

    private GunyahTestBed(Builder builder) {
        scheduler = builder.scheduler != null ? builder.scheduler : new VirtualScheduler();
        hypervisor = SoftwareHypervisor.builder()
                .seed(builder.seed)
                .schedulers(vmid -> scheduler)
                .build();
        messagesMayStay = builder.messagesMayStay;
        tasksMayStayPending = builder.tasksMayStayPending;
        exceptionsAreExpected = builder.exceptionsAreExpected;
        pairs = new QueuePairs(hypervisor.createManagerVm(MANAGER));
        VirtualMachine first = hypervisor.createVm(NEAR);
        VirtualMachine second = hypervisor.createVm(FAR);
        QueuePairs.Pair pair = pairs.make(first, second, builder.depth, builder.maxMessageSize, builder.trigger);
        near = new GunyahSide("near", first, pair.near(), scheduler);
        far = new GunyahSide("far", second, pair.far(), scheduler);
        near.open(builder.nearClient, builder.controller);
        if (builder.scriptedPeer) {
            far.openPeer();
        } else {
            far.open(builder.farClient, builder.controller);
        }
    }

    /**
     * Makes a test bed with all defaults.
     *
     * @return a bed with everything
     */
    public static GunyahTestBed create() {
        return builder().build();
    }

    /**
     * Starts a test bed with other settings.
     *
     * @return a builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Time and tasks of both VMs.
     *
     * @return the scheduler
     */
    public VirtualScheduler scheduler() {
        return scheduler;
    }

    /**
     * The hypervisor.
     *
     * @return with a manager VM and the two others
     */
    public SoftwareHypervisor hypervisor() {
        return hypervisor;
    }

    /**
     * Makes further queue pairs, between these VMs or others.
     *
     * @return on behalf of the bed's manager VM
     */
    public QueuePairs pairs() {
        return pairs;
    }

    /**
     * The first VM.
     *
     * @return VM 1
     */
    public GunyahSide near() {
        return near;
    }

    /**
     * The second VM.
     *
     * @return VM 2
     */
    public GunyahSide far() {
        return far;
    }

    /**
     * The other side, if it is scripted.
     *
     * @return what plays VM 2
     * @throws IllegalStateException unless the bed was built with {@link Builder#scriptedPeer}
     */
    public ScriptedPeer peer() {
        return far.peer();
    }

    /**
     * Describes who waits for whom, for a test that hangs.
     *
     * @return the hypervisor's {@link SoftwareHypervisor#dump dump}, and for each side the messages queued and in
     *     flight on its channel
     */
    public String dump() {
        return hypervisor.dump() + "\n" + near + "\n" + far + "\n" + scheduler;
    }

    /**
     * Ends everything: what is due, channels, VMs. Then it fails if it has found
     *
     * <ul>
     *   <li>messages in the queues, queued or in flight on the channels, or not sent by the scripted peer, unless they
     *       may stay
     *   <li>simulated threads that wait
     *   <li>interrupt handlers other than the bed's own, and objects of the hypervisor that outlive all VMs
     *   <li>tasks and timers that are pending after all this, unless they may stay
     *   <li>exceptions of tasks and clients, which have only been logged so far, unless they are expected
     * </ul>
     *
     * <p>If the test fails first, a try-with-resources statement makes this failure a suppressed one. Closing again
     * does nothing.
     *
     * @throws AssertionError if something was left over, with a dump taken before; all of it is released all the same
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        List<String> leftOver = new ArrayList<>();
        List<Throwable> thrown = new ArrayList<>();
        Set<String> waiting = new LinkedHashSet<>(scheduler.waitingThreads());
        attempt(scheduler::runDue, thrown);
        waiting.addAll(scheduler.waitingThreads());
        waiting.forEach(thread -> leftOver.add("thread '" + thread + "' still waits"));
        String before = dump();
        findMessages(leftOver, thrown);
        attempt(scheduler::runDue, thrown);
        SoftwareHypervisor.Census census = hypervisor.census();
        if (census.attachedHandlers() > 0) {
            leftOver.add(census.attachedHandlers() + " interrupt handlers are still attached");
        }
        attempt(hypervisor::close, thrown);
        attempt(scheduler::runDue, thrown);
        if (!hypervisor.census().isEmpty()) {
            leftOver.add("the hypervisor still has " + hypervisor.census());
        }
        attempt(scheduler::close, thrown);
        if (!tasksMayStayPending) {
            scheduler.pending().forEach(task -> leftOver.add("pending: " + task.name() + ", due in " + task.dueIn()));
        }
        report(leftOver, thrown, before);
    }

    private void findMessages(List<String> leftOver, List<Throwable> thrown) {
        int queued = hypervisor.census().queuedMessages();
        List<String> found = new ArrayList<>();
        if (queued > 0) {
            found.add(queued + " messages are still in the queues");
        }
        for (GunyahSide side : List.of(near, far)) {
            if (side.hasMessages()) {
                found.add(side.toString());
            }
            attempt(side::close, thrown);
        }
        if (!messagesMayStay) {
            leftOver.addAll(found);
        }
    }

    private void report(List<String> leftOver, List<Throwable> thrown, String before) {
        if (!exceptionsAreExpected) {
            thrown.addAll(scheduler.failures());
            thrown.addAll(near.failures());
            thrown.addAll(far.failures());
        }
        thrown.forEach(failure -> leftOver.add("thrown: " + failure));
        if (!leftOver.isEmpty()) {
            var failure = new AssertionError(
                    "left over at the end of the test:\n  - " + String.join("\n  - ", leftOver) + "\n" + before);
            thrown.forEach(failure::addSuppressed);
            throw failure;
        }
    }

    private static void attempt(Runnable step, List<Throwable> thrown) {
        try {
            step.run();
        } catch (RuntimeException | Error e) {
            thrown.add(e);
        }
    }

    /**
     * Describes everything, for a failed test.
     *
     * @return as {@link #dump}
     */
    @Override
    public String toString() {
        return dump();
    }

    /**
     * Collects what a test bed is made of.
     *
     * <p>Context: one thread.
     *
     * @since 0.1
     */
    public static final class Builder {
        private @Nullable VirtualScheduler scheduler;
        private long seed;
        private int depth = FakeQueue.DEFAULT_DEPTH;
        private int maxMessageSize = FakeQueue.DEFAULT_MAX_MESSAGE_SIZE;
        private Trigger trigger = Trigger.EDGE;
        private MailboxClient nearClient = new MailboxClient() {};
        private MailboxClient farClient = new MailboxClient() {};
        private Consumer<GunyahMsgqController.Builder> controller = settings -> {};
        private boolean scriptedPeer;
        private boolean messagesMayStay;
        private boolean tasksMayStayPending;
        private boolean exceptionsAreExpected;

        private Builder() {}

        /**
         * Sets the scheduler; a new one in the default order by default.
         *
         * @param scheduler time and tasks, such as {@link dev.hwmailbox.testing.Exploration} gives; closed with the bed
         * @return this
         */
        public Builder scheduler(VirtualScheduler scheduler) {
            this.scheduler = Objects.requireNonNull(scheduler, "scheduler");
            return this;
        }

        /**
         * Sets the seed of the capability IDs, 0 by default.
         *
         * @param seed any number
         * @return this
         */
        public Builder seed(long seed) {
            this.seed = seed;
            return this;
        }

        /**
         * Sets how many messages each queue holds, {@value FakeQueue#DEFAULT_DEPTH} by default.
         *
         * @param depth 1..255
         * @return this
         */
        public Builder depth(int depth) {
            this.depth = depth;
            return this;
        }

        /**
         * Sets the largest message, {@value FakeQueue#DEFAULT_MAX_MESSAGE_SIZE} bytes by default.
         *
         * @param maxMessageSize 1..1023 bytes
         * @return this
         */
        public Builder maxMessageSize(int maxMessageSize) {
            this.maxMessageSize = maxMessageSize;
            return this;
        }

        /**
         * Sets how the interrupt lines follow the queues, by edge by default.
         *
         * @param trigger the trigger of all lines
         * @return this
         */
        public Builder trigger(Trigger trigger) {
            this.trigger = Objects.requireNonNull(trigger, "trigger");
            return this;
        }

        /**
         * Sets the client under test in the first VM; one that only listens by default.
         *
         * @param client gets a recorder before it
         * @return this
         */
        public Builder nearClient(MailboxClient client) {
            nearClient = Objects.requireNonNull(client, "client");
            return this;
        }

        /**
         * Sets the client in the second VM; one that only listens by default.
         *
         * @param client gets a recorder before it
         * @return this
         */
        public Builder farClient(MailboxClient client) {
            farClient = Objects.requireNonNull(client, "client");
            return this;
        }

        /**
         * Changes both controllers, which are otherwise as their builder makes them.
         *
         * @param settings changes what it likes, and takes the place of those given before
         * @return this
         */
        public Builder controller(Consumer<GunyahMsgqController.Builder> settings) {
            controller = Objects.requireNonNull(settings, "settings");
            return this;
        }

        /**
         * Puts a {@link ScriptedPeer} into the second VM, in place of controller and client.
         *
         * @return this
         */
        public Builder scriptedPeer() {
            scriptedPeer = true;
            return this;
        }

        /**
         * Lets the test leave messages in queues and channels at its end.
         *
         * @return this
         */
        public Builder messagesMayStay() {
            messagesMayStay = true;
            return this;
        }

        /**
         * Lets the test leave tasks and timers pending at its end.
         *
         * @return this
         */
        public Builder tasksMayStayPending() {
            tasksMayStayPending = true;
            return this;
        }

        /**
         * Lets tasks and clients throw exceptions, which the scheduler and the framework log.
         *
         * @return this
         */
        public Builder exceptionsAreExpected() {
            exceptionsAreExpected = true;
            return this;
        }

        /**
         * Makes the test bed.
         *
         * @return a bed with everything
         * @throws dev.hwmailbox.gunyah.GunyahException ARGUMENT_INVALID (depth or message size)
         */
        public GunyahTestBed build() {
            return new GunyahTestBed(this);
        }
    }
}
