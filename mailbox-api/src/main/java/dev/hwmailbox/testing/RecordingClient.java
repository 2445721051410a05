// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.testing.RecordedEvent.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A client that remembers what it is told, in order and with the time; alone, for tests of controllers, or around a
 * real client, for tests of that. Its assertions throw {@link AssertionError} and need no test framework.
 *
 * <pre>{@code
 * RecordingClient client = RecordingClient.create(scheduler).onReceive(MailboxChannel::sendMessage); // an echo
 * ...
 * client.assertEvents("received 'ping'", "txDone 'ping' 0");
 * }</pre>
 *
 * <p>Context: any thread; binds any number of channels. On simulated threads every callback is a
 * {@link VirtualScheduler#switchPoint}. What reactions and the real client throw is passed on to the framework;
 * exceptions, which the framework only logs, are kept in {@link #failures}.
 *
 * @since 0.1
 */
public final class RecordingClient implements MailboxClient {
    private final KitClock clock;
    private final EventLog log;
    private final MailboxClient real;
    private volatile @Nullable ClientOptions options;
    private volatile @Nullable Node node;
    private volatile boolean recordsPrepare;
    private volatile BiConsumer<MailboxChannel, @Nullable Object> onReceive = (channel, message) -> {};
    private volatile TxDoneReaction onTxDone = (channel, message, status) -> {};

    RecordingClient(KitClock clock, EventLog log, MailboxClient real) {
        this.clock = clock;
        this.log = log;
        this.real = real;
    }

    /**
     * Makes a client that only listens.
     *
     * @param scheduler what it reads the time from
     * @return a client
     */
    public static RecordingClient create(MailboxScheduler scheduler) {
        return around(scheduler, new MailboxClient() {});
    }

    /**
     * Makes a client that stands before another one: it records each callback and then passes it on.
     *
     * @param scheduler what it reads the time from
     * @param real the client, whose options and node count unless others are set here
     * @return a client
     */
    public static RecordingClient around(MailboxScheduler scheduler, MailboxClient real) {
        return new RecordingClient(new KitClock(scheduler), new EventLog(), Objects.requireNonNull(real, "real"));
    }

    /**
     * Sets how it sends. Counts for later bindings.
     *
     * @param options the options
     * @return this
     */
    public RecordingClient options(ClientOptions options) {
        this.options = Objects.requireNonNull(options, "options");
        return this;
    }

    /**
     * Sets its devicetree node. Counts for later requests.
     *
     * @param node where its channels are listed
     * @return this
     */
    public RecordingClient node(Node node) {
        this.node = Objects.requireNonNull(node, "node");
        return this;
    }

    /**
     * Records {@link MailboxClient#txPrepare} as well.
     *
     * @return this
     */
    public RecordingClient recordPrepare() {
        recordsPrepare = true;
        return this;
    }

    /**
     * Sets what to do inside {@link MailboxClient#rxCallback}, each time, after the real client if there is one.
     *
     * @param reaction told the channel and the message
     * @return this
     */
    public RecordingClient onReceive(BiConsumer<MailboxChannel, @Nullable Object> reaction) {
        onReceive = Objects.requireNonNull(reaction, "reaction");
        return this;
    }

    /**
     * Sets what to do inside {@link MailboxClient#txDone}, each time, after the real client if there is one.
     *
     * @param reaction told the channel, the message and its status
     * @return this
     */
    public RecordingClient onTxDone(TxDoneReaction reaction) {
        onTxDone = Objects.requireNonNull(reaction, "reaction");
        return this;
    }

    @Override
    public ClientOptions options() {
        ClientOptions own = options;
        return own != null ? own : real.options();
    }

    @Override
    public @Nullable Node node() {
        Node own = node;
        return own != null ? own : real.node();
    }

    @Override
    public void rxCallback(MailboxChannel channel, @Nullable Object message) {
        happened(Kind.RECEIVED, channel, message, 0, () -> {
            real.rxCallback(channel, message);
            onReceive.accept(channel, message);
        });
    }

    @Override
    public void txPrepare(MailboxChannel channel, @Nullable Object message) {
        if (recordsPrepare) {
            happened(Kind.PREPARED, channel, message, 0, () -> real.txPrepare(channel, message));
        } else {
            real.txPrepare(channel, message);
        }
    }

    @Override
    public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
        happened(Kind.TX_DONE, channel, message, status, () -> {
            real.txDone(channel, message, status);
            onTxDone.txDone(channel, message, status);
        });
    }

    @Override
    public void writable(MailboxChannel channel) {
        happened(Kind.WRITABLE, channel, null, 0, () -> real.writable(channel));
    }

    @Override
    public void refused(MailboxChannel channel, @Nullable Object message, int errno) {
        happened(Kind.REFUSED, channel, message, errno, () -> real.refused(channel, message, errno));
    }

    @Override
    public void event(MailboxChannel channel, ChannelEvent event) {
        happened(Kind.EVENT, channel, event, 0, () -> real.event(channel, event));
    }

    private void happened(Kind kind, MailboxChannel channel, @Nullable Object message, int status, Runnable then) {
        log.add(new RecordedEvent(clock.elapsed(), channel.toString(), kind, Shown.snapshot(message), status));
        clock.switchPoint();
        try {
            then.run();
        } catch (Exception e) { // checked ones too, other languages throw them anywhere
            log.failed(e);
            throw e;
        }
    }

    /**
     * What has happened, since the start or the last {@link #takeEvents}.
     *
     * @return a copy, in order
     */
    public List<RecordedEvent> events() {
        return log.events();
    }

    /**
     * What has happened, since the start or the last call; from now on it is forgotten.
     *
     * @return the events, in order
     */
    public List<RecordedEvent> takeEvents() {
        return log.take();
    }

    /**
     * What has been received, since the start or the last {@link #takeEvents}.
     *
     * @return the messages, in order; bytes are copies
     */
    public List<@Nullable Object> received() {
        return events().stream()
                .filter(event -> event.kind() == Kind.RECEIVED)
                .<@Nullable Object>map(RecordedEvent::message)
                .toList();
    }

    /**
     * What reactions and the real client have thrown so far.
     *
     * @return the exceptions, in order
     */
    public List<Throwable> failures() {
        return log.failures();
    }

    /**
     * Checks all events since the start or the last {@link #takeEvents}.
     *
     * @param expected one text for each event, as {@link RecordedEvent#toString} has it; time and channel may be left
     *     out
     * @throws AssertionError if there are others, with both lists and the first difference marked
     */
    public void assertEvents(String... expected) {
        List<RecordedEvent> actual = events();
        List<String> shown = actual.stream().map(RecordedEvent::toString).toList();
        compare("events", List.of(expected), shown, index -> actual.get(index).isLike(expected[index]));
    }

    /**
     * Checks what has been received, since the start or the last {@link #takeEvents}. Bytes are compared by content, an
     * array equals a buffer.
     *
     * @param expected all messages, in order; null, alone to be written {@code (Object) null}, for a bare signal
     * @throws AssertionError if there are others, with both lists and the first difference marked
     */
    public void assertReceived(@Nullable Object... expected) {
        List<@Nullable Object> actual = received();
        List<String> wanted =
                new ArrayList<>(Arrays.stream(expected).map(Shown::message).toList());
        List<String> shown = new ArrayList<>(actual.stream().map(Shown::message).toList());
        for (int i = 0; i < Math.min(expected.length, actual.size()); i++) {
            if (!Shown.same(expected[i], actual.get(i)) && wanted.get(i).equals(shown.get(i))) {
                wanted.set(i, Shown.difference(expected[i], actual.get(i)));
                shown.set(i, Shown.difference(actual.get(i), expected[i]));
            }
        }
        compare("received", wanted, shown, index -> Shown.same(expected[index], actual.get(index)));
    }

    /**
     * Checks that a message has been reported exactly once since the start or the last {@link #takeEvents}, and how.
     *
     * @param message the message; bytes are compared by content
     * @param status the expected status, 0 or a negative errno
     * @throws AssertionError if not, with all that has been reported
     */
    public void assertTxDone(@Nullable Object message, int status) {
        List<RecordedEvent> reports = events().stream()
                .filter(event -> event.kind() == Kind.TX_DONE && Shown.same(message, event.message()))
                .toList();
        if (reports.size() != 1 || reports.get(0).status() != status) {
            throw new AssertionError("expected one txDone " + Shown.message(message) + " " + Shown.status(status)
                    + ", all events are:"
                    + lines(events().stream().map(RecordedEvent::toString).toList(), -1));
        }
    }

    /**
     * Checks that no callback has come, since the start or the last {@link #takeEvents}.
     *
     * @throws AssertionError if one has
     */
    public void assertNothingHappened() {
        assertEvents();
    }

    private interface Matcher {
        boolean matches(int index);
    }

    private static void compare(String what, List<String> expected, List<String> actual, Matcher matcher) {
        int common = Math.min(expected.size(), actual.size());
        int first = IntStream.range(0, common)
                .filter(index -> !matcher.matches(index))
                .findFirst()
                .orElse(common);
        if (first < common || expected.size() != actual.size()) {
            throw new AssertionError(
                    what + " differ\n  expected:" + lines(expected, first) + "\n  but was:" + lines(actual, first));
        }
    }

    /** One line for each text, the marked one with an arrow; it may be one behind the last. */
    private static String lines(List<String> texts, int marked) {
        return IntStream.rangeClosed(0, texts.size())
                .filter(index -> index < texts.size() || index == Math.max(marked, 0))
                .mapToObj(index -> (index == marked ? "\n  > " : "\n    ")
                        + (index < texts.size() ? texts.get(index) : "(nothing)"))
                .collect(Collectors.joining());
    }

    /**
     * Lists the events, one line for each.
     *
     * @return lines such as {@code +1.500 ms  fake/0  txDone 'hello' ETIME}
     */
    @Override
    public String toString() {
        return events().stream().map(RecordedEvent::toString).collect(Collectors.joining("\n"));
    }

    /**
     * Something to do when a message is done.
     *
     * @since 0.1
     */
    @FunctionalInterface
    public interface TxDoneReaction {
        /**
         * A message is done.
         *
         * @param channel the channel
         * @param message the message
         * @param status as reported
         */
        void txDone(MailboxChannel channel, @Nullable Object message, int status);
    }
}
