// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One controller with a scripted driver, in virtual time. Driver and clients write what happens to them into one log,
 * in order; each kind of call can be given something to do, once, by {@link #on}.
 */
final class World implements AutoCloseable {
    public final VirtualScheduler scheduler = new VirtualScheduler();
    public final List<String> log = new ArrayList<>();
    public final Driver driver = new Driver();
    public final MailboxController controller;

    private final Map<String, Deque<Consumer<@Nullable Object>>> hooks = new HashMap<>();

    public World(TxDoneMethod method) {
        this(builder -> builder.txDoneMethod(method));
    }

    public World(Consumer<MailboxController.Builder> settings) {
        this(settings, null);
    }

    /** In another scheduler's time; {@link #scheduler} is idle then. */
    public World(Consumer<MailboxController.Builder> settings, @Nullable MailboxScheduler other) {
        var builder = MailboxController.builder(driver, other != null ? other : scheduler)
                .name("c")
                .channelCount(4)
                .pollPeriod(Duration.ofMillis(2));
        settings.accept(builder);
        controller = builder.build();
    }

    /** Binds a new client to channel 0. */
    public MailboxChannel bind() {
        return bind(0, ClientOptions.NON_BLOCKING);
    }

    public MailboxChannel bind(ClientOptions options) {
        return bind(0, options);
    }

    public MailboxChannel bind(int index, ClientOptions options) {
        MailboxChannel channel = controller.channel(index).bindClient(new LoggingClient(options));
        log.clear();
        return channel;
    }

    public ControllerChannel hardware() {
        return controller.channel(0);
    }

    /**
     * What to do inside the next call of a kind that has nothing to do yet; the argument is its message, if it has one.
     */
    public World on(String call, Consumer<@Nullable Object> action) {
        hooks.computeIfAbsent(call, key -> new ArrayDeque<>()).add(action);
        return this;
    }

    public World on(String call, Runnable action) {
        return on(call, message -> action.run());
    }

    /** The log since the last look. */
    public List<String> takeLog() {
        List<String> taken = List.copyOf(log);
        log.clear();
        return taken;
    }

    private void happens(String call, String entry, @Nullable Object message) {
        log.add(entry);
        Deque<Consumer<@Nullable Object>> actions = hooks.get(call);
        Consumer<@Nullable Object> action = actions == null ? null : actions.poll();
        if (action != null) {
            action.accept(message);
        }
    }

    static String name(int result) {
        return result < 0 ? "-" + Errno.name(result) : Integer.toString(result);
    }

    @Override
    public void close() {
        scheduler.close();
    }

    /** The driver: answers from its lists as long as they last, then 0, true or "nothing there". */
    final class Driver implements ChannelOps {
        public final Deque<Integer> sendResults = new ArrayDeque<>();
        public final Deque<Boolean> lastTxDoneResults = new ArrayDeque<>();
        public final List<Long> txIds = new ArrayList<>();
        public int startupResult;
        public int flushResult;
        public boolean canFlush = true;
        public boolean canPoll = true;

        public long lastTxId() {
            return txIds.get(txIds.size() - 1);
        }

        @Override
        public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
            int result = sendResults.isEmpty() ? 0 : sendResults.poll();
            txIds.add(txId);
            happens("sendData", "sendData " + message + " -> " + name(result), message);
            return result;
        }

        @Override
        public int startup(ControllerChannel channel) {
            happens("startup", "startup", null);
            return startupResult;
        }

        @Override
        public void shutdown(ControllerChannel channel) {
            happens("shutdown", "shutdown", null);
        }

        @Override
        public boolean lastTxDone(ControllerChannel channel) {
            boolean done = lastTxDoneResults.isEmpty() || lastTxDoneResults.poll();
            happens("lastTxDone", "lastTxDone " + channel.index() + " -> " + done, null);
            return done;
        }

        @Override
        public int flush(ControllerChannel channel, long timeoutNanos) {
            happens("flush", "flush " + timeoutNanos, null);
            return flushResult;
        }

        @Override
        public boolean peekData(ControllerChannel channel) {
            int before = log.size();
            happens("peekData", "peekData", null);
            return log.size() > before + 1;
        }

        @Override
        public boolean canPoll() {
            return canPoll;
        }

        @Override
        public boolean canFlush() {
            return canFlush;
        }
    }

    /** A client that logs. */
    final class LoggingClient implements MailboxClient {
        private final ClientOptions options;

        public LoggingClient(ClientOptions options) {
            this.options = options;
        }

        @Override
        public ClientOptions options() {
            return options;
        }

        @Override
        public void rxCallback(MailboxChannel channel, @Nullable Object message) {
            happens("rx", "rx " + message, message);
        }

        @Override
        public void txPrepare(MailboxChannel channel, @Nullable Object message) {
            happens("prepare", "prepare " + message, message);
        }

        @Override
        public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
            happens("txDone", "txDone " + message + " " + name(status), message);
        }

        @Override
        public void writable(MailboxChannel channel) {
            happens("writable", "writable", null);
        }

        @Override
        public void refused(MailboxChannel channel, @Nullable Object message, int errno) {
            happens("refused", "refused " + message + " " + name(errno), message);
        }

        @Override
        public void event(MailboxChannel channel, ChannelEvent event) {
            happens("event " + event, "event " + event, null);
        }
    }
}
