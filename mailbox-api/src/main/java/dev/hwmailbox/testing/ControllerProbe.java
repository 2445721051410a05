// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The client of a channel under test: sends numbers, and writes down what it hears. */
final class ControllerProbe implements MailboxClient {
    /** What a client throws to see whether the controller survives it. */
    static final class Deliberate extends Error {
        private static final long serialVersionUID = 1L;

        Deliberate() {
            super("thrown by the client on purpose");
        }
    }

    /** Refusals at one instant from which on it must be a controller that tries again without end. */
    private static final int ENDLESS = 10_000;

    final int index;
    final List<Integer> sent = new ArrayList<>();
    final List<Integer> statuses = new ArrayList<>();
    final List<Integer> received = new ArrayList<>();
    final List<Integer> refusals = new ArrayList<>();
    final List<ChannelEvent> events = new ArrayList<>();
    int attempts;
    int writable;

    Runnable onPrepare = ControllerProbe::nothing;
    Runnable onRefused = ControllerProbe::nothing;
    Runnable onTxDone = ControllerProbe::nothing;
    Runnable onReceived = ControllerProbe::nothing;
    Runnable onClosed = ControllerProbe::nothing;

    private final ControllerBench bench;
    private final ClientOptions options;
    private @Nullable MailboxChannel channel;
    private boolean gone;
    private Duration latestRefusal = Duration.ZERO;
    private int refusedNow;

    ControllerProbe(ControllerBench bench, int index, ClientOptions options) {
        this.bench = bench;
        this.index = index;
        this.options = options;
    }

    private static void nothing() {}

    void bound(MailboxChannel channel) {
        this.channel = channel;
    }

    MailboxChannel channel() {
        return Objects.requireNonNull(channel, "channel");
    }

    /** Sends messages that must find room in the queue. */
    void send(int... numbers) {
        for (int number : numbers) {
            int result = trySend(number);
            bench.expect(result >= 0, "sending " + number + " on channel " + index + " gave " + result);
        }
    }

    int trySend(int number) {
        return trySend(number, bench.fixture().message(number));
    }

    int trySend(int number, @Nullable Object message) {
        int[] result = {0}; // an error that a callback has thrown to this call says nothing about the message
        bench.survive(() -> result[0] = channel().sendMessage(message));
        if (result[0] >= 0) {
            sent.add(number);
        }
        bench.log(this, "sendMessage " + number + " -> " + result[0]);
        return result[0];
    }

    /** Sends as many messages as the queue is sure to hold, at most 20, and says how many. */
    int sendBurst() {
        return sendBurst(MailboxChannel.TX_QUEUE_LENGTH);
    }

    /** The same, with another limit. */
    int sendBurst(int most) {
        int count = Math.min(most, channel().slotsAvailable());
        for (int number = 0; number < count; number++) {
            send(number);
        }
        return count;
    }

    void close() {
        channel().close();
        gone();
    }

    /** From here on nothing may be heard. */
    void gone() {
        gone = true;
        bench.log(this, "closed");
    }

    @Override
    public ClientOptions options() {
        return options;
    }

    @Override
    public void rxCallback(MailboxChannel channel, @Nullable Object message) {
        heard("rxCallback");
        int number = number(message);
        received.add(number);
        bench.log(this, "rxCallback " + number);
        onReceived.run();
        int afterwards = number(message);
        if (afterwards != number && !bench.has(ControllerTrait.ANONYMOUS_MESSAGES)) {
            bench.violation("message " + number + " had turned into " + afterwards + " at the end of its callback");
        }
    }

    private int number(@Nullable Object message) {
        try {
            return bench.fixture().received(message);
        } catch (RuntimeException e) { // would end in the framework's log
            bench.violation("the fixture does not recognise the received " + message + ": " + e);
            return -1;
        }
    }

    @Override
    public void txPrepare(MailboxChannel channel, @Nullable Object message) {
        heard("txPrepare");
        attempts++;
        onPrepare.run();
    }

    @Override
    public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
        heard("txDone");
        statuses.add(status);
        bench.log(this, "txDone, status " + status);
        onTxDone.run();
    }

    @Override
    public void writable(MailboxChannel channel) {
        heard("writable");
        writable++;
    }

    @Override
    public void refused(MailboxChannel channel, @Nullable Object message, int errno) {
        heard("refused");
        refusals.add(errno);
        bench.log(this, "refused " + errno);
        Duration now = bench.elapsed();
        refusedNow = now.equals(latestRefusal) ? refusedNow + 1 : 1;
        latestRefusal = now;
        if (refusedNow == ENDLESS) {
            bench.violation("channel " + index + ": " + ENDLESS + " attempts in vain at one instant");
            channel.close(); // time would never go on
        }
        onRefused.run();
    }

    @Override
    public void event(MailboxChannel channel, ChannelEvent event) {
        heard("event " + event);
        events.add(event);
        bench.log(this, event.toString());
        if (event == ChannelEvent.CLOSED) {
            onClosed.run();
        }
    }

    private void heard(String callback) {
        if (gone) {
            bench.violation(callback + " on channel " + index + " after it was closed");
        }
    }
}
