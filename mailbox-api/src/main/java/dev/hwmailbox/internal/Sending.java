// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** The ways to send on a bound channel: at once, waiting, several together, or with a future. */
abstract class Sending extends Transmission {
    private final long txTimeoutNanos; // negative: sends do not block

    Sending(MailboxClient client, ClientOptions options, TxDoneMethod method, int ringLength) {
        super(client, options, method, ringLength);
        txTimeoutNanos = options.txBlock() ? Nanos.of(longestWait(options), "txTimeout") : -1;
    }

    private static Duration longestWait(ClientOptions options) {
        return options.txTimeout().isZero() ? ClientOptions.LONGEST_TX_TIMEOUT : options.txTimeout();
    }

    /**
     * Queues a message, hands the oldest one over if none is on its way, and waits if the client does.
     *
     * @param message the message
     * @return slot or negative errno
     */
    public final int send(@Nullable Object message) {
        if (txTimeoutNanos < 0) {
            return enqueue(message);
        }
        var sender = new BlockedSender(message);
        int slot = orGiveUp(() -> enqueue(sender), sender);
        return slot < 0 ? slot : await(sender, txTimeoutNanos);
    }

    /**
     * Sends several messages with nothing in between, or none of them, and waits for all if the client does.
     *
     * @param messages the messages
     * @return slot of the first, or negative errno
     */
    public final int sendAll(List<? extends @Nullable Object> messages) {
        @Nullable Object[] entries = messages.toArray();
        if (entries.length == 0) {
            return -Errno.EINVAL;
        }
        if (entries.length > queueLength()) {
            return -Errno.EMSGSIZE;
        }
        if (txTimeoutNanos < 0) {
            return enqueueAll(entries);
        }
        BlockedSender[] senders = new BlockedSender[entries.length];
        for (int i = 0; i < senders.length; i++) {
            senders[i] = new BlockedSender(entries[i]);
        }
        int slot = orGiveUp(() -> enqueueAll(senders), senders);
        return slot < 0 ? slot : awaitAll(senders);
    }

    /**
     * Sends, and tells a future what becomes of it, whether the client waits or not. Whoever else ends the future takes
     * the message off the channel.
     *
     * @param message the message
     * @param timeoutNanos longest time until the report
     * @return a future of what a blocking send answers
     */
    public final CompletableFuture<Integer> sendAsync(@Nullable Object message, long timeoutNanos) {
        var sender = new FutureSender(message, this);
        int slot = orGiveUp(() -> enqueue(sender), sender);
        if (slot < 0) {
            sender.answer(slot);
        } else if (!sender.future.isDone()) {
            watch(sender, timeoutNanos);
        }
        return sender.future;
    }

    /**
     * An error that ends the call takes its messages with it, the last first: nobody would be told what became of them.
     */
    private int orGiveUp(IntSupplier enqueuing, Sender... senders) {
        try {
            return enqueuing.getAsInt();
        } catch (Error e) { // a callback's, or the driver's
            for (int i = senders.length - 1; i >= 0; i--) {
                try {
                    giveUp(senders[i], -Errno.EIO);
                } catch (Error another) {
                    e.addSuppressed(another);
                }
            }
            throw e;
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // what depends on the future here only tidies up
    private void watch(FutureSender sender, long timeoutNanos) {
        MailboxScheduler.Timer timer = scheduler().timer(this + " send", () -> timeOut(sender));
        if (timeoutNanos < Nanos.FOREVER) {
            timer.arm(timeoutNanos);
        }
        sender.future.whenComplete((result, failure) -> {
            timer.cancel();
            giveUp(sender, -Errno.ECANCELED);
        });
    }

    private void timeOut(FutureSender sender) {
        try {
            giveUp(sender, -Errno.ETIME);
        } finally { // whatever the next message's callbacks throw
            sender.answer(sender.result());
        }
    }

    /**
     * Takes no more messages, and waits until all there are have been reported.
     *
     * @param timeoutNanos longest wait
     * @return 0; {@code -EDEADLK} or {@code -EINVAL} at once, see {@link #drain}; {@code -ETIME} or {@code -EINTR} if
     *     some are left, {@code -ESHUTDOWN} if the channel was closed meanwhile
     */
    final int awaitDrained(long timeoutNanos) {
        var completion = new Completion();
        int refusal = drain(completion);
        if (refusal != 0) {
            return refusal;
        }
        if (scheduler().await(completion, timeoutNanos)) {
            return completion.status();
        }
        return Thread.currentThread().isInterrupted() ? -Errno.EINTR : -Errno.ETIME;
    }

    private int await(BlockedSender sender, long timeoutNanos) {
        // Inside a report callback of this channel it is this thread which has to report what was completed at once.
        reportDue();
        if (scheduler().await(sender.completion, timeoutNanos)) {
            return sender.result();
        }
        return giveUp(sender, Thread.currentThread().isInterrupted() ? -Errno.EINTR : -Errno.ETIME);
    }

    /** From the last to the first: if the first must give up, what is queued behind it is gone already. */
    private int awaitAll(BlockedSender[] senders) {
        long deadline = scheduler().nanoTime() + txTimeoutNanos;
        int answer = 0;
        Error failure = null;
        for (int i = senders.length - 1; i >= 0; i--) {
            try {
                int result = await(senders[i], deadline - scheduler().nanoTime());
                answer = result < 0 || answer >= 0 ? result : answer;
            } catch (Error e) { // a callback's: the others must not stay behind
                failure = failure == null ? e : failure;
            }
        }
        Failures.rethrow(failure);
        return answer;
    }
}
