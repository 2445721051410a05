// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.gunyah.msgq.Registration;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmProtocolException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives notifications to those who want them, by message id and as typed records. All handlers of an id are told, in
 * the order of registration; a notification that no handler has been registered for, or that has not the layout its
 * handlers read, goes to the default handler.
 *
 * <pre>{@code
 * var news = new NotificationDispatcher();
 * news.on(RmMessageId.NOTIFY_VM_EXITED, VmExitedNotification::decode, exit -> restart(exit.vmid()));
 * resourceManager.addListener(news);
 * }</pre>
 *
 * <p>Context: any thread; never blocks. Handlers are called as {@link RmNotificationListener} says, may do what a
 * listener may, and register and remove handlers. What a handler throws is logged, and the others are told all the
 * same.
 *
 * <p>Linux counterpart: {@code gh_rm_notifier_register}, drivers/virt/gunyah/rsc_mgr.c (Linux patch series). Differs:
 * there every notifier is given every notification, and no length.
 *
 * @since 0.1
 */
public final class NotificationDispatcher implements RmNotificationListener {
    private static final Logger LOG = LoggerFactory.getLogger(NotificationDispatcher.class);

    /** Tells one handler. No record: equal registrations have places of their own. */
    private static final class Entry<T> {
        final int messageId;
        private final Function<RmMessage, T> decoder;
        private final Consumer<? super T> handler;

        Entry(int messageId, Function<RmMessage, T> decoder, Consumer<? super T> handler) {
            this.messageId = messageId;
            this.decoder = Objects.requireNonNull(decoder, "decoder");
            this.handler = Objects.requireNonNull(handler, "handler");
        }

        /** False if the notification has not the layout of its id. */
        boolean tell(RmMessage notification) {
            T decoded;
            try {
                decoded = decoder.apply(notification);
            } catch (RmProtocolException e) {
                LOG.debug("{} is not understood", notification, e);
                return false;
            } catch (RuntimeException e) {
                LOG.error("decoder failed on {}", notification, e);
                return false;
            }
            guard(() -> handler.accept(decoded));
            return true;
        }
    }

    /** No record, for the same reason. */
    private static final class RestartEntry {
        final IntConsumer handler;

        RestartEntry(IntConsumer handler) {
            this.handler = Objects.requireNonNull(handler, "handler");
        }
    }

    private final List<Entry<?>> entries = new CopyOnWriteArrayList<>();
    private final List<RestartEntry> restartEntries = new CopyOnWriteArrayList<>();
    private volatile @Nullable Consumer<RmMessage> otherwise;

    /** Makes a dispatcher without handlers. */
    public NotificationDispatcher() {}

    /**
     * Registers a handler for notifications of one id.
     *
     * @param <T> what they say, typed
     * @param messageId which, see {@link RmMessageId}
     * @param decoder reads them, as {@code VmExitedNotification::decode} does; {@code Function.identity()} for raw ones
     * @param handler is told of each
     * @return its place
     */
    public <T> Registration on(int messageId, Function<RmMessage, T> decoder, Consumer<? super T> handler) {
        var entry = new Entry<T>(messageId, decoder, handler);
        entries.add(entry);
        return () -> entries.remove(entry);
    }

    /**
     * Registers a handler for restarts of the Resource Manager.
     *
     * @param handler is told the {@linkplain RmNotificationListener#restarted generation} of each
     * @return its place
     */
    public Registration onRestart(IntConsumer handler) {
        RestartEntry entry = new RestartEntry(handler);
        restartEntries.add(entry);
        return () -> restartEntries.remove(entry);
    }

    /**
     * Sets who gets what no other handler does; without one it is passed over.
     *
     * @param handler the default handler, in place of an earlier one; null for none
     */
    public void otherwise(@Nullable Consumer<RmMessage> handler) {
        otherwise = handler;
    }

    @Override
    public void notified(RmMessage notification) {
        boolean told = false;
        for (Entry<?> entry : entries) {
            // An earlier handler may have removed it.
            if (entry.messageId == notification.messageId() && entries.contains(entry)) {
                told |= entry.tell(notification);
            }
        }
        Consumer<RmMessage> last = otherwise;
        if (!told && last != null) {
            guard(() -> last.accept(notification));
        }
    }

    @Override
    public void restarted(int generation) {
        for (RestartEntry entry : restartEntries) {
            // An earlier handler may have removed it.
            if (restartEntries.contains(entry)) {
                guard(() -> entry.handler.accept(generation));
            }
        }
    }

    private static void guard(Runnable handler) {
        try {
            handler.run();
        } catch (RuntimeException e) {
            LOG.error("handler failed", e);
        }
    }

    @Override
    public String toString() {
        return "NotificationDispatcher[" + entries.size() + " handlers]";
    }
}
