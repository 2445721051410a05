// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.Mailboxes;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.testing.RecordedEvent.Kind;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Everything a test of a mailbox client needs, in one line: a registry, virtual time, a {@link FakeController}
 * registered there, and a {@link RecordingClient}. Closing it fails the test if something is left over.
 *
 * <pre>{@code
 * try (MailboxTestBed bed = MailboxTestBed.create()) {
 *     MailboxChannel channel = bed.bind();
 *     channel.sendMessage("hello");
 *     bed.client().assertEvents("txDone 'hello' 0");
 *     channel.close();
 * }
 * }</pre>
 *
 * <p>It needs no test framework; with JUnit, a field annotated {@code @AutoClose} will do.
 *
 * <p>Context: the thread of the test, as {@link VirtualScheduler} is.
 *
 * @since 0.1
 */
public final class MailboxTestBed implements AutoCloseable {
    private final VirtualScheduler scheduler;
    private final Mailboxes mailboxes = new Mailboxes();
    private final FakeController controller;
    private final KitClock clock;
    private final EventLog log = new EventLog();
    private final RecordingClient client;
    private final boolean channelsMayStayOpen;
    private final boolean tasksMayStayPending;
    private final boolean exceptionsAreExpected;
    private boolean closed;

    private MailboxTestBed(Builder builder) {
        scheduler = builder.scheduler != null ? builder.scheduler : new VirtualScheduler();
        controller = FakeController.create(scheduler, builder.controller);
        clock = new KitClock(scheduler);
        client = new RecordingClient(clock, log, new MailboxClient() {});
        channelsMayStayOpen = builder.channelsMayStayOpen;
        tasksMayStayPending = builder.tasksMayStayPending;
        exceptionsAreExpected = builder.exceptionsAreExpected;
        mailboxes.register(controller.controller());
    }

    /**
     * Makes a test bed in the default order.
     *
     * @return a bed with everything
     */
    public static MailboxTestBed create() {
        return builder().build();
    }

    /**
     * Makes a test bed over a scheduler, such as {@link Exploration} gives.
     *
     * @param scheduler time and threads; closed with the bed
     * @return a bed with everything
     */
    public static MailboxTestBed create(VirtualScheduler scheduler) {
        return builder().scheduler(scheduler).build();
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
     * Time and threads.
     *
     * @return the scheduler
     */
    public VirtualScheduler scheduler() {
        return scheduler;
    }

    /**
     * The registry, for clients that ask for their channels themselves. Those are not recorded; what they send,
     * {@link FakeChannel#sent} shows.
     *
     * @return the registry in which the controller is registered
     */
    public Mailboxes mailboxes() {
        return mailboxes;
    }

    /**
     * The controller.
     *
     * @return the fake, already registered
     */
    public FakeController controller() {
        return controller;
    }

    /**
     * What the test tells the first channel to do, and sees of it.
     *
     * @return channel 0 of the controller
     */
    public FakeChannel channel() {
        return controller.channel(0);
    }

    /**
     * The client that {@link #bind()} binds. Its log also has what happens to clients bound by
     * {@link #bind(MailboxClient)}, whose options, node and reactions are their own.
     *
     * @return the client
     */
    public RecordingClient client() {
        return client;
    }

    /**
     * Binds {@link #client} to channel 0.
     *
     * @return the channel for the client
     * @throws dev.hwmailbox.MailboxException as {@link ControllerChannel#bindClient} throws it
     */
    public MailboxChannel bind() {
        return bind(0);
    }

    /**
     * Binds {@link #client} to a channel.
     *
     * @param index the channel's number
     * @return the channel for the client
     * @throws dev.hwmailbox.MailboxException as {@link ControllerChannel#bindClient} throws it
     * @throws IndexOutOfBoundsException if there is no such channel
     */
    public MailboxChannel bind(int index) {
        return controller.channel(index).hardware().bindClient(client);
    }

    /**
     * Binds the client under test to channel 0, with a recorder before it.
     *
     * @param underTest the client
     * @return the channel for the client
     * @throws dev.hwmailbox.MailboxException as {@link ControllerChannel#bindClient} throws it
     */
    public MailboxChannel bind(MailboxClient underTest) {
        return bind(0, underTest);
    }

    /**
     * Binds the client under test to a channel, with a recorder before it.
     *
     * @param index the channel's number
     * @param underTest the client
     * @return the channel for the client
     * @throws dev.hwmailbox.MailboxException as {@link ControllerChannel#bindClient} throws it
     * @throws IndexOutOfBoundsException if there is no such channel
     */
    public MailboxChannel bind(int index, MailboxClient underTest) {
        Objects.requireNonNull(underTest, "underTest");
        return controller.channel(index).hardware().bindClient(new RecordingClient(clock, log, underTest));
    }

    /**
     * Ends everything: registry, channels, what is due, simulated threads. Then it fails if it has found
     *
     * <ul>
     *   <li>channels that the test has not closed, unless they may stay open
     *   <li>messages queued or in flight on such channels, even if they may stay open, if their client was bound here
     *   <li>simulated threads that wait, in a blocking send for example
     *   <li>tasks and timers that still wait for their time when all channels are closed, unless they may stay pending
     *   <li>exceptions of tasks and of clients bound here, which have only been logged so far, unless they are expected
     * </ul>
     *
     * <p>If the test fails first, a try-with-resources statement makes this failure a suppressed one. Closing again
     * does nothing.
     *
     * @throws AssertionError if something was left over, or closing itself failed; all of it is released all the same
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
        List<String> open = new ArrayList<>();
        closeChannels(open, thrown);
        attempt(scheduler::runDue, thrown);
        waiting.addAll(scheduler.waitingThreads()); // those too that a seed has let begin only now
        waiting.forEach(thread -> leftOver.add("thread '" + thread + "' still waits"));
        leftOver.addAll(open);
        attempt(scheduler::close, thrown);
        if (!tasksMayStayPending) {
            scheduler.pending().forEach(task -> leftOver.add("pending: " + task.name() + ", due in " + task.dueIn()));
        }
        if (!exceptionsAreExpected) {
            thrown.addAll(scheduler.failures());
            thrown.addAll(log.failures());
        }
        thrown.forEach(failure -> leftOver.add("thrown: " + failure));
        if (!leftOver.isEmpty()) {
            var failure =
                    new AssertionError("left over at the end of the test:\n  - " + String.join("\n  - ", leftOver));
            thrown.forEach(failure::addSuppressed);
            throw failure;
        }
    }

    private void closeChannels(List<String> leftOver, List<Throwable> thrown) {
        MailboxController real = controller.controller();
        for (int i = 0; i < real.channelCount(); i++) {
            ControllerChannel channel = real.channel(i);
            if (channel.isBound() && !channelsMayStayOpen) {
                leftOver.add("channel " + channel + " is still open");
            }
        }
        int before = log.events().size();
        attempt(mailboxes::close, thrown);
        attempt(real::close, thrown);
        log.events().stream()
                .skip(before)
                .filter(event -> event.kind() == Kind.EVENT && event.message() == ChannelEvent.ABANDONED)
                .forEach(event -> leftOver.add("messages queued or in flight on " + event.channel()));
    }

    private static void attempt(Runnable step, List<Throwable> thrown) {
        try {
            step.run();
        } catch (RuntimeException | Error e) {
            thrown.add(e);
        }
    }

    /**
     * Lists what is there, for a failed test.
     *
     * @return scheduler and registry, and the events so far, one line for each
     */
    @Override
    public String toString() {
        return "MailboxTestBed[" + scheduler + ", " + mailboxes + "]\n" + client;
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
        private Consumer<MailboxController.Builder> controller = settings -> {};
        private boolean channelsMayStayOpen;
        private boolean tasksMayStayPending;
        private boolean exceptionsAreExpected;

        private Builder() {}

        /**
         * Sets the scheduler; a new one in the default order by default.
         *
         * @param scheduler time and threads; closed with the bed
         * @return this
         */
        public Builder scheduler(VirtualScheduler scheduler) {
            this.scheduler = Objects.requireNonNull(scheduler, "scheduler");
            return this;
        }

        /**
         * Changes the controller, which is otherwise as {@link FakeController#create(dev.hwmailbox.MailboxScheduler)}
         * makes it.
         *
         * @param settings changes what it likes, and takes the place of those given before
         * @return this
         */
        public Builder controller(Consumer<MailboxController.Builder> settings) {
            controller = Objects.requireNonNull(settings, "settings");
            return this;
        }

        /**
         * Lets the test leave channels open at its end, but no messages on them.
         *
         * @return this
         */
        public Builder channelsMayStayOpen() {
            channelsMayStayOpen = true;
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
         * @throws dev.hwmailbox.MailboxException EINVAL if there would be no channel
         * @throws IllegalArgumentException if the ring length or the polling period is not positive
         */
        public MailboxTestBed build() {
            return new MailboxTestBed(this);
        }
    }
}
