// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import dev.hwmailbox.devicetree.Node;
import org.jspecify.annotations.Nullable;

/**
 * Whoever owns channels: what the framework calls on it. Everything has a default, so a client implements only what it
 * wants to hear.
 *
 * <p>A client may own several channels; each callback says which one it is about. Callbacks of one channel that report
 * messages come in the order of the messages, and one at a time; {@link #rxCallback} comes when data comes, on the
 * controller's thread, and may overlap with them.
 *
 * <p>Context: callback, on the thread that caused it and with no lock held; must not block, must not throw. May send
 * without blocking, report completion, peek, flush, close the channel and bind another. What a callback throws is
 * logged and goes no further; an {@link Error} is thrown on once the channel is in order.
 *
 * <pre>{@code
 * MailboxClient echo = new MailboxClient() {
 *     public void rxCallback(MailboxChannel channel, Object message) {
 *         channel.sendMessage(message);
 *     }
 * };
 * MailboxChannel channel = controller.channel(0).bindClient(echo);
 * }</pre>
 *
 * <p>Kernel counterpart: {@code struct mbox_client}, include/linux/mailbox_client.h (Linux 6.12). Differs: callbacks
 * are told the channel; {@link #writable}, {@link #refused} and {@link #event} are new, because there a client can
 * learn none of the three.
 *
 * @since 0.1
 */
public interface MailboxClient {
    /**
     * How this client sends. Asked once per binding.
     *
     * @return the options; by default {@link ClientOptions#NON_BLOCKING}
     */
    default ClientOptions options() {
        return ClientOptions.NON_BLOCKING;
    }

    /**
     * The devicetree node of the client's device, where its channels are listed.
     *
     * @return the node; null, the default, for a client that is bound directly
     */
    default @Nullable Node node() {
        return null;
    }

    /**
     * Data has arrived.
     *
     * @param channel the channel
     * @param message what the controller delivers; null for a bare signal. Controllers say how long it is valid
     */
    default void rxCallback(MailboxChannel channel, @Nullable Object message) {}

    /**
     * A message is about to be handed to the controller: the place to copy the payload where the other side looks for
     * it. Called before each attempt, so several times for a message that is refused at first. Messages sent from here
     * are queued; reports made from here count if the attempt succeeds.
     *
     * @param channel the channel
     * @param message the message
     */
    default void txPrepare(MailboxChannel channel, @Nullable Object message) {}

    /**
     * A message that the controller had accepted is done, well or not; the client may touch it again. The next queued
     * message has been handed over before this is called. A blocked sender gets its result afterwards.
     *
     * @param channel the channel
     * @param message the message
     * @param status as reported: by custom 0, or a negative errno; {@code -ETIME} or {@code -EINTR} if its blocking
     *     sender gave up
     */
    default void txDone(MailboxChannel channel, @Nullable Object message, int status) {}

    /**
     * There is room again: a send on the channel had returned {@code -ENOBUFS}, and since then a message has left the
     * queue. Told once for any number of such sends.
     *
     * @param channel the channel
     */
    default void writable(MailboxChannel channel) {}

    /**
     * The controller has refused a message for now. It stays the first of the queue, and is tried again by the next
     * send or completion on the channel, or when the controller asks for it. Like {@link #txPrepare}, called inside the
     * attempt.
     *
     * @param channel the channel
     * @param message the message
     * @param errno what the controller answered: by custom a negative errno, such as {@code -EBUSY}
     */
    default void refused(MailboxChannel channel, @Nullable Object message, int errno) {}

    /**
     * Something has happened to the channel as a whole.
     *
     * @param channel the channel
     * @param event what; each at most once per binding
     */
    default void event(MailboxChannel channel, ChannelEvent event) {}
}
