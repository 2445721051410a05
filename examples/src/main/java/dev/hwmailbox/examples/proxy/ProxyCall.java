// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.proxy;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The call whose turn it is: drains the queue of what other calls have left there, sends, and looks for the reply,
 * {@link #TRIES} times and {@link #APART} apart. A reply that comes with its interrupt ends the call at once; looking
 * is for one whose interrupt is late or lost. A request that the channel did not take is sent again at the next try.
 *
 * <p>Ours: the reading of the public numbers as one budget for the whole call, and that a request still in the channel
 * when it runs out is taken back. Otherwise it would be done when nobody expects it any more. Ours, too: while the VM
 * is suspended the tries do not go on, as those of a frozen task do not.
 *
 * <p>Context: the VM's scheduler.
 */
final class ProxyCall {
    static final int TRIES = 10;
    static final Duration APART = Duration.ofMillis(30);

    /** Drains before a call; whoever keeps the queue full beyond it has its call refused. Ours. */
    static final int MAX_DRAINS = 64;

    /** Told when the turn is over. */
    @FunctionalInterface
    interface Ended {
        void ended(IntConsumer told, int status);
    }

    private final MailboxChannel channel;
    private final WakeLock wakeLock;
    private final int sequence;
    private final byte[] request;
    private final Ended ended;
    private final MailboxScheduler.Timer timer;
    private @Nullable IntConsumer told;
    private @Nullable CompletableFuture<Integer> transmission;
    private boolean asked;
    private int tries;

    ProxyCall(
            MailboxChannel channel,
            MailboxScheduler scheduler,
            WakeLock wakeLock,
            int sequence,
            byte[] request,
            Ended ended) {
        this.channel = channel;
        this.wakeLock = wakeLock;
        this.sequence = sequence;
        this.request = request;
        this.ended = ended;
        timer = scheduler.timer("reply of call " + sequence, this::look);
    }

    int sequence() {
        return sequence;
    }

    /** Whether a reply can be for this call: what comes before is what others have left. */
    boolean isAsked() {
        return asked;
    }

    void begin(IntConsumer outcome) {
        told = outcome;
        timer.arm(APART.toNanos());
        if (!wakeLock.isSuspended()) {
            ask();
        }
    }

    private void ask() {
        for (int drains = 0; channel.peekData(); drains++) {
            if (drains == MAX_DRAINS) {
                end(-Errno.EPROTO);
                return;
            }
        }
        if (told != null) { // or the channel was closed meanwhile
            asked = true;
            send();
        }
    }

    private void send() {
        transmission = channel.sendMessageAsync(MsgqMessage.of(request));
    }

    private void look() {
        boolean awake = !wakeLock.isSuspended();
        if (awake) {
            lookNow();
        }
        if (told == null) {
            return; // it was there
        }
        if (awake && ++tries == TRIES) {
            end(-Errno.ETIMEDOUT);
        } else {
            timer.arm(APART.toNanos());
        }
    }

    private void lookNow() {
        if (!asked) {
            ask();
        } else if (transmission != null && transmission.isCompletedExceptionally()) {
            send();
        } else {
            channel.peekData();
        }
    }

    /** Ends the call, unless it has ended. */
    void end(int status) {
        IntConsumer outcome = told;
        if (outcome != null) {
            told = null;
            timer.cancel();
            if (transmission != null) {
                transmission.cancel(false);
            }
            ended.ended(outcome, status);
        }
    }
}
