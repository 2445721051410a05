// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.controller.MailboxController;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A controller under test, in virtual time, together with what the {@link ControllerContract} needs to play the other
 * side of it: its hardware and its peer. Every check uses one of its own, so it starts fresh.
 *
 * <p>Messages are known by numbers from 0 to 19 999. The fixture turns a number into a message of the controller's
 * kind, and says which numbers have reached the other side; in the other direction it sends a number and recognises
 * what the client gets. Channels are known by their index: 0, and 1 unless the controller has only one.
 *
 * <p>The five methods without default are needed always. {@link #bind}, {@link #patience} and {@link #close} suit most
 * controllers; each of the others belongs to a {@link ControllerTrait}, and is needed unless that trait is declared:
 * the default throws {@link UnsupportedOperationException}, which fails the check.
 *
 * <p>Context: one thread, also from inside client callbacks; nothing blocks.
 *
 * @since 0.1
 */
public interface ControllerFixture extends AutoCloseable {
    /**
     * The time the controller lives in.
     *
     * @return always the same scheduler
     */
    VirtualScheduler scheduler();

    /**
     * The controller.
     *
     * @return always the same controller; its channels are asked for by {@link #bind} only
     */
    MailboxController controller();

    /**
     * Binds a client, as the controller's users do it. Overridden for controllers with a request function of their own.
     *
     * @param index the channel
     * @param client the new owner
     * @return the channel for the client
     * @throws dev.hwmailbox.MailboxException if the channel is not to be had
     */
    default MailboxChannel bind(int index, MailboxClient client) {
        return controller().channel(index).bindClient(client);
    }

    /**
     * A message for the controller.
     *
     * @param number which
     * @return a new message each time, never null unless {@link ControllerTrait#ANONYMOUS_MESSAGES} is declared
     */
    @Nullable
    Object message(int number);

    /**
     * What has reached the other side of a channel, in order: a message is there at the latest when {@link #complete}
     * has completed it, before the controller hears of that.
     *
     * @param index the channel
     * @return the messages' numbers since the fixture was made, whoever owned the channel; any numbers, as many as
     *     there were messages, if {@link ControllerTrait#ANONYMOUS_MESSAGES} is declared
     */
    List<Integer> transmitted(int index);

    /**
     * Lets the hardware of a channel finish the message it is working on, so that the controller learns of it as it
     * usually does: its interrupt is raised, its register changes. Where {@link ControllerTrait#COMPLETES_INSIDE_SEND}
     * or {@link ControllerTrait#MAY_REPORT_EARLY} is declared it lets the other side take what is there. It is called
     * for idle and for unbound channels too, then with no effect on the other side, and has no effect while the
     * hardware refuses.
     *
     * @param index the channel
     */
    void complete(int index);

    /**
     * Makes the hardware of a channel unable to take a message, or able again. Asked for only while no message is in
     * flight. Belongs to {@link ControllerTrait#REFUSES_NEVER}.
     *
     * @param index the channel
     * @param refusing true if it takes none from now on
     */
    default void refuse(int index, boolean refusing) {
        throw missing("refuse", ControllerTrait.REFUSES_NEVER);
    }

    /**
     * Lets the other side send, also to an unbound channel. If it cannot send now, it runs what is due on the scheduler
     * first; time does not move. Belongs to {@link ControllerTrait#RECEIVES_NOTHING}.
     *
     * @param index the channel
     * @param number the message
     */
    default void deliver(int index, int number) {
        throw missing("deliver", ControllerTrait.RECEIVES_NOTHING);
    }

    /**
     * Recognises what the other side has sent. Belongs to {@link ControllerTrait#RECEIVES_NOTHING}.
     *
     * @param message what the client got; it is looked at only inside the callback
     * @return its number; anything if {@link ControllerTrait#ANONYMOUS_MESSAGES} is declared
     */
    default int received(@Nullable Object message) {
        throw missing("received", ControllerTrait.RECEIVES_NOTHING);
    }

    /**
     * Lets the other side send so that the controller finds it only when it is asked to look. Belongs to
     * {@link ControllerTrait#NO_PEEK}.
     *
     * @param index the channel
     * @param number the message
     */
    default void deliverQuietly(int index, int number) {
        throw missing("deliverQuietly", ControllerTrait.NO_PEEK);
    }

    /**
     * Messages that the controller can never send: of a wrong type, too long, empty. Belongs to
     * {@link ControllerTrait#TAKES_ANYTHING}.
     *
     * @return at least one
     */
    default List<Object> badMessages() {
        throw missing("badMessages", ControllerTrait.TAKES_ANYTHING);
    }

    /**
     * Makes the next startup of a channel fail, or succeed again. Belongs to {@link ControllerTrait#STARTS_ALWAYS}.
     *
     * @param index the channel
     * @param failing true if it fails from now on
     */
    default void failStartup(int index, boolean failing) {
        throw missing("failStartup", ControllerTrait.STARTS_ALWAYS);
    }

    /**
     * Tells whether a channel holds nothing outside the controller: its interrupt is free, its hardware off. Belongs to
     * {@link ControllerTrait#HOLDS_NOTHING}.
     *
     * @param index the channel
     * @return true if nothing is held
     */
    default boolean released(int index) {
        throw missing("released", ControllerTrait.HOLDS_NOTHING);
    }

    /**
     * How long the controller may take for one step, such as noticing that there is room again. What must not happen is
     * waited for that long.
     *
     * @return virtual time; one second by default
     */
    default Duration patience() {
        return Duration.ofSeconds(1);
    }

    /** Ends the test of this controller; closes it, by default. */
    @Override
    default void close() {
        controller().close();
    }

    private static UnsupportedOperationException missing(String method, ControllerTrait trait) {
        return new UnsupportedOperationException(
                "the fixture has no " + method + "(): implement it, or declare ControllerTrait." + trait);
    }
}
