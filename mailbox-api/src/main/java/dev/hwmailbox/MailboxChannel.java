// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.internal.BoundChannel;
import dev.hwmailbox.internal.Nanos;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A channel as its client sees it: one object for one binding, from bind to close.
 *
 * <p>Messages are queued, at most {@link #TX_QUEUE_LENGTH} by default, and handed to the controller one at a time, each
 * after the one before has been reported sent. The framework never looks into a message. Once closed, a channel stays
 * closed; binding again gives a new one.
 *
 * <p>Context: any thread, also from callbacks; never blocks, except {@link #sendMessage} of a client with
 * {@link ClientOptions#txBlock}, {@link #flush} and {@link #close(CloseMode, Duration)}.
 *
 * <p>Kernel counterpart: {@code struct mbox_chan} as include/linux/mailbox_client.h uses it (Linux 6.12). Differs: a
 * stale handle can never reach a later owner's messages.
 *
 * @since 0.1
 */
public final class MailboxChannel implements AutoCloseable {
    /** Messages a channel can queue unless its controller says otherwise; {@code MBOX_TX_QUEUE_LEN} of the kernel. */
    public static final int TX_QUEUE_LENGTH = 20;

    private final BoundChannel bound;

    /**
     * For the framework: channels come from binding.
     *
     * @param bound the state behind this face
     */
    @SuppressWarnings("exports") // the parameter's package is closed, so nobody else can call it
    public MailboxChannel(BoundChannel bound) {
        this.bound = Objects.requireNonNull(bound, "bound");
    }

    /**
     * Sends a message, behind those queued already. The caller does not touch the message until
     * {@link MailboxClient#txDone} for it, or until the channel is closed.
     *
     * <p>A client without {@link ClientOptions#txBlock} gets the answer at once. With it the call waits for the report
     * of this very message. A send that gives up takes its message with it: not transmitted yet, it leaves the queue
     * and is never reported; in flight, it is reported with the same status the call returns. Only when time runs out
     * in the middle of the report does the call return the reported status while {@link MailboxClient#txDone} may still
     * be running. Several threads may wait at once.
     *
     * <p>Context: any thread, also from callbacks; with {@link ClientOptions#txBlock} may block up to the timeout, and
     * is out of place in callbacks. An interrupt ends the wait with {@code -EINTR}; the flag is kept.
     *
     * <p>Kernel counterpart: {@code mbox_send_message}, drivers/mailbox/mailbox.c (Linux 6.12). Differs: each blocked
     * sender has its own status and its own deadline, and is told when the channel closes.
     *
     * @param message the message; null is legal, a bare signal
     * @return the queue slot used, 0 to the queue's length - 1, or
     *     <ul>
     *       <li>{@code -EINVAL}: the channel is closed;
     *       <li>{@code -ENOBUFS}: the queue is full; {@link MailboxClient#writable} tells when to try again;
     *       <li>blocking only, {@code -ETIME}: not reported in time;
     *       <li>blocking only, {@code -EINTR}: the waiting thread was interrupted;
     *       <li>blocking only, {@code -ESHUTDOWN}: the channel was closed meanwhile;
     *       <li>blocking only, any other negative errno: the status reported for the message.
     *     </ul>
     */
    public int sendMessage(@Nullable Object message) {
        return bound.send(message);
    }

    /**
     * Sends a message as {@link #sendMessage} does, for code that has no answer to a failure.
     *
     * <p>Context: as {@link #sendMessage}.
     *
     * @param message the message; null is legal
     * @return the queue slot used
     * @throws MailboxException with the errno that {@link #sendMessage} would have returned
     */
    public int sendMessageOrThrow(@Nullable Object message) {
        int result = sendMessage(message);
        if (result < 0) {
            throw new MailboxException(-result, "message not sent (" + this + ")");
        }
        return result;
    }

    /**
     * Sends a message, and answers when it is reported, without a limit in time.
     *
     * @param message the message; null is legal
     * @return as {@link #sendMessageAsync(Object, Duration)}
     */
    public CompletableFuture<Integer> sendMessageAsync(@Nullable Object message) {
        return sendMessageAsync(message, ClientOptions.NO_TIMEOUT);
    }

    /**
     * Sends a message, and answers when it is reported. Never blocks, whatever the client's {@link ClientOptions} say,
     * and can be mixed with the other ways to send.
     *
     * <p>The future ends after {@link MailboxClient#txDone}, on the thread that reported; what depends on it runs there
     * and must not block. Cancelling it, or ending it in any other way, takes the message off the channel: not
     * transmitted yet, it never is; in flight, it is reported with {@code -ECANCELED}. When time runs out in the middle
     * of the attempt or of a report, the future ends at once, on the scheduler, and {@link MailboxClient#txDone} may
     * come after it.
     *
     * @param message the message; null is legal
     * @param timeout longest time until the report, not negative; {@link ClientOptions#NO_TIMEOUT} for none
     * @return the queue slot used, once the message is reported with a status of 0 or more; or a
     *     {@link MailboxException}: EINVAL if the channel is closed, ENOBUFS if its queue is full, both at once; ETIME
     *     after the timeout, ESHUTDOWN if the channel was closed meanwhile, or the negative status reported for the
     *     message
     * @throws IllegalArgumentException if the timeout is negative
     */
    public CompletableFuture<Integer> sendMessageAsync(@Nullable Object message, Duration timeout) {
        return bound.sendAsync(message, Nanos.of(timeout, "timeout"));
    }

    /**
     * Sends several messages with nothing in between, or none of them.
     *
     * <p>Context: as {@link #sendMessage}. A client with {@link ClientOptions#txBlock} waits until all are reported, up
     * to one timeout for all together; what is left then is given up, the last first.
     *
     * <p>Kernel counterpart: none; there another sender may come in between (Linux 6.12).
     *
     * @param messages the messages, in order; null is legal as a message
     * @return the queue slot of the first, the others follow it; or as {@link #sendMessage} and
     *     <ul>
     *       <li>{@code -EINVAL}: the list is empty, too;
     *       <li>{@code -EMSGSIZE}: there are more than the queue can ever hold;
     *       <li>{@code -ENOBUFS}: there is not room for all of them now;
     *       <li>blocking only: the first negative status in order of the messages.
     *     </ul>
     */
    public int sendAll(List<? extends @Nullable Object> messages) {
        return bound.sendAll(messages);
    }

    /**
     * Reports the message in flight as sent: for clients that find out by themselves, on channels whose method is
     * {@link TxDoneMethod#ACK}. On any other channel it is logged and does nothing. With nothing in flight it makes the
     * controller try a refused message again.
     *
     * <p>Kernel counterpart: {@code mbox_client_txdone}, drivers/mailbox/mailbox.c (Linux 6.12).
     *
     * @param status the message's status: 0, or a negative errno
     */
    public void clientTxDone(int status) {
        bound.reportByClient(status);
    }

    /**
     * Has the controller finish transmission now, by waiting for it. A negative result also ends the message in flight,
     * with that status.
     *
     * <p>Context: any thread, also from callbacks; may block up to the timeout, as the controller does it.
     *
     * <p>Kernel counterpart: {@code mbox_flush}, drivers/mailbox/mailbox.c (Linux 6.12). Differs: {@code -EINVAL} when
     * closed.
     *
     * @param timeout longest wait, not negative
     * @return the controller's answer, by custom 0; {@code -ENOTSUPP} if it cannot flush, {@code -ETIME} by custom if
     *     time was too short, {@code -EIO} if it threw, {@code -EINVAL} if the channel is closed
     * @throws IllegalArgumentException if the timeout is negative
     */
    public int flush(Duration timeout) {
        return bound.flush(Nanos.of(timeout, "timeout"));
    }

    /**
     * Has the controller deliver received data now, if there is any. A closed channel still asks: the data then goes to
     * whoever owns the channel.
     *
     * <p>Kernel counterpart: {@code mbox_client_peek_data}, drivers/mailbox/mailbox.c (Linux 6.12).
     *
     * @return true if there was data and it has been delivered
     */
    public boolean peekData() {
        return bound.peekData();
    }

    /**
     * How many messages can be queued right now.
     *
     * <p>Kernel counterpart: {@code mbox_chan_tx_slots_available}, drivers/mailbox/mailbox.c (Linux 7.1).
     *
     * @return free slots of the queue, or {@code -EINVAL} if the channel is closed
     */
    public int slotsAvailable() {
        return bound.slotsAvailable();
    }

    /**
     * Tells whether this binding has ended.
     *
     * @return true once a close has begun, here or by unregistering the controller
     */
    public boolean isClosed() {
        return bound.isClosed();
    }

    /**
     * Ends the binding, at once. The controller's {@code shutdown} runs, queued messages and the one in flight are
     * dropped without {@link MailboxClient#txDone} (with it, if the client's {@link ClientOptions#reportAbandoned} says
     * so), blocked senders return {@code -ESHUTDOWN} (the one in flight first, then in queue order), and the client is
     * told {@link ChannelEvent#ABANDONED} if something was dropped and {@link ChannelEvent#CLOSED}.
     *
     * <p>No call into the framework that begins after this has returned starts a callback. A thread that was inside one
     * already may start one more: what it has taken up to report, it reports. A second close does nothing, also when it
     * comes while the first is still at work.
     *
     * <p>Context: any thread, also from any callback; never waits. Called while another thread is inside the
     * controller's {@code startup}, it leaves the work to that thread.
     *
     * <p>Kernel counterpart: {@code mbox_free_channel}, drivers/mailbox/mailbox.c (Linux 6.12). Differs: blocked
     * senders are woken and the client is told.
     */
    @Override
    public void close() {
        bound.close();
    }

    /**
     * Ends the binding in the way asked for. With {@link CloseMode#DRAIN} the channel takes no more messages, waits
     * until those it has are reported, and closes; if time runs out first, it closes over the rest.
     *
     * <p>Context: any thread; DRAIN may block up to the timeout and is refused inside callbacks of this channel, which
     * it would wait for. An interrupt ends the wait and closes the channel; the flag is kept.
     *
     * <p>Kernel counterpart: {@code mbox_free_channel}, which does not wait, drivers/mailbox/mailbox.c (Linux 6.12).
     *
     * @param mode whether to wait
     * @param timeout longest wait of DRAIN, not negative
     * @return 0: closed, and with DRAIN every message has been reported
     *     <ul>
     *       <li>{@code -ETIME}, {@code -EINTR}: closed, over messages that were left;
     *       <li>{@code -ESHUTDOWN}: somebody else closed the channel meanwhile;
     *       <li>{@code -EDEADLK}: DRAIN inside a callback of this channel; nothing has changed;
     *       <li>{@code -EINVAL}: closed already, or somebody else is draining it.
     *     </ul>
     * @throws IllegalArgumentException if the timeout is negative
     */
    public int close(CloseMode mode, Duration timeout) {
        long nanos = Nanos.of(timeout, "timeout");
        if (mode == CloseMode.DRAIN) {
            return bound.closeDrained(nanos);
        }
        boolean closed = isClosed();
        close();
        return closed ? -Errno.EINVAL : 0;
    }

    /**
     * Names the channel, for logs.
     *
     * @return controller and index, such as {@code gunyah-msgq/3}
     */
    @Override
    public String toString() {
        return bound.toString();
    }
}
