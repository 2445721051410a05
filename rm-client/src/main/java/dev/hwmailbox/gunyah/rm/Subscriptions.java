// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All subscriptions, one for each key, and which queues they get. {@link #offer} and {@link #gone} are called by serial
 * tasks only; the others by anybody.
 */
final class Subscriptions {
    private static final Logger LOG = LoggerFactory.getLogger(Subscriptions.class);

    private final GunyahMsgqController controller;
    private final SerialTasks tasks;

    private final ReentrantLock lock = new ReentrantLock(); // guards: the fields below
    private final Map<ReservationKey, ChannelSubscription> byKey = new LinkedHashMap<>();
    private boolean closed;

    Subscriptions(GunyahMsgqController controller, SerialTasks tasks) {
        this.controller = controller;
        this.tasks = tasks;
    }

    /** Takes a subscription in and has a slot reserved for it; leaves nothing behind if that fails. */
    void add(ChannelSubscription subscription) {
        lock.lock();
        try {
            if (closed) {
                throw new MailboxException(Errno.ESHUTDOWN, "channels are no longer looked after");
            }
            if (byKey.putIfAbsent(subscription.key(), subscription) != null) {
                throw new MailboxException(Errno.EBUSY, "there is a subscription already: " + subscription.key());
            }
        } finally {
            lock.unlock();
        }
        try {
            subscription.arm(controller);
        } catch (RuntimeException e) {
            remove(subscription);
            throw e;
        }
    }

    void remove(ChannelSubscription subscription) {
        lock.lock();
        try {
            byKey.remove(subscription.key(), subscription);
        } finally {
            lock.unlock();
        }
    }

    /** Gives queues to whoever waits for them: a subscription, or a bare reservation of the controller's. */
    void offer(VmChannel queues) {
        if (!holders(queues).isEmpty()) {
            return;
        }
        ChannelSubscription waiting = waitingFor(queues);
        try {
            if (waiting != null && !waiting.isArmed()) {
                waiting.arm(controller);
            }
            supply(queues);
        } catch (MailboxException e) {
            LOG.debug("no channel to {}", queues, e);
            if (waiting != null) {
                waiting.refused(queues, e);
            }
        }
    }

    private void supply(VmChannel queues) {
        Optional<MailboxChannel> made = controller.supply(queues.partner(), queues.label(), queues.endpoint());
        made.ifPresent(channel -> all().stream()
                .filter(subscription -> subscription.wasSupplied(channel))
                .findFirst()
                .ifPresent(subscription -> subscription.bound(channel, queues)));
    }

    private @Nullable ChannelSubscription waitingFor(VmChannel queues) {
        ChannelSubscription exact = get(queues.key());
        if (exact != null && exact.isWaiting()) {
            return exact;
        }
        ChannelSubscription any = get(ReservationKey.anyPartner(queues.label()));
        return any != null && any.isWaiting() ? any : null;
    }

    /** Takes the channels to queues away; whoever had one waits for others, with a slot of its own if there is one. */
    void gone(VmChannel queues) {
        for (ChannelSubscription subscription : holders(queues)) {
            if (subscription.lost(queues) && subscription.isWaiting()) {
                rearm(subscription, queues);
            }
        }
    }

    private void rearm(ChannelSubscription subscription, VmChannel lost) {
        try {
            subscription.arm(controller);
        } catch (MailboxException e) { // tried again when there are queues
            subscription.refused(lost, e);
        }
    }

    /** A reservation has ended, in whatever way; what follows is told by a task, in order. */
    void reservationOver(ChannelSubscription subscription, @Nullable Throwable failure) {
        if (failure instanceof CancellationException) {
            return; // the subscription's own close
        }
        tasks.add(() -> {
            boolean over = failure == null ? subscription.handedOver() : subscription.end();
            if (over) {
                remove(subscription);
                subscription.ended(
                        failure instanceof MailboxException cause
                                ? cause
                                : new MailboxException(
                                        Errno.ECANCELED, "somebody else supplied queues (" + subscription.key() + ")"));
            }
        });
    }

    /** An Error of a subscriber's: the others are looked after first. */
    void throwOn(Error error) {
        tasks.addThrowing(error);
    }

    /** Ends all of them, and refuses further ones. */
    void close() {
        List<ChannelSubscription> ended;
        lock.lock();
        try {
            closed = true;
            ended = new ArrayList<>(byKey.values());
            byKey.clear();
        } finally {
            lock.unlock();
        }
        var cause = new MailboxException(Errno.ESHUTDOWN, "channels are no longer looked after");
        for (ChannelSubscription subscription : ended) {
            if (subscription.end()) {
                tasks.add(() -> subscription.ended(cause));
            }
        }
    }

    private List<ChannelSubscription> holders(VmChannel queues) {
        return all().stream().filter(subscription -> subscription.holds(queues)).toList();
    }

    /** The channels that subscriptions have to queues. */
    List<MailboxChannel> channelsTo(VmChannel queues) {
        return holders(queues).stream()
                .flatMap(subscription -> subscription.channel().stream())
                .toList();
    }

    private @Nullable ChannelSubscription get(ReservationKey key) {
        lock.lock();
        try {
            return byKey.get(key);
        } finally {
            lock.unlock();
        }
    }

    private List<ChannelSubscription> all() {
        lock.lock();
        try {
            return new ArrayList<>(byKey.values());
        } finally {
            lock.unlock();
        }
    }
}
