// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A binding that never gets stuck: whatever a message waits for, a timer looks after it, too.
 *
 * <pre>
 *         send   ┌─ accepted, and that is enough ─────▶ done at once
 *  IDLE ────────▶┼─ accepted ─▶ WAITING ── interrupt ──▶ done, IDLE
 *                │                      └─ timer ──────▶ failed if the queue is out of reach; else it is asked to say
 *                │                                       again whether there is room
 *                └─ full ─────▶ REFUSED ── interrupt ──▶ the framework sends it again
 *                                       └─ timer ──────▶ the same, until the budget is used up: failed
 * </pre>
 */
final class SelfHealingBinding extends MsgqBinding {
    private static final Logger LOG = LoggerFactory.getLogger(SelfHealingBinding.class);

    private static final long NONE = Long.MIN_VALUE;

    /** Argument of the threshold calls: leave it, and only say whether the capability is of use. */
    private static final int UNCHANGED = -1;

    private static final int NO_DELAY = -1;

    private final CompletionLevel level;
    private final boolean canSend;
    private final long txCapability;
    private final int maxMessageSize;
    private final Receiver receiver;
    private final MailboxScheduler.Timer timer;
    private final Runnable awaitRoomTask = guarded(this::awaitRoom);

    /** The message that was accepted and is not done yet, or {@link #NONE}. */
    private final AtomicLong waiting = new AtomicLong(NONE);

    /** How many of the next messages end without being sent, because the other side was reset. */
    private final AtomicInteger failing = new AtomicInteger();

    /** Whether the message first in line found the queue full. */
    private volatile boolean refused;

    // Used while a message is being sent only: which message that is, and since when, by the scheduler's clock.
    private @Nullable Object refusedMessage;
    private long refusedSince;

    /** Whether the timer looks after {@link #waiting}. It is not cancelled: messages come faster than it expires. */
    private volatile boolean watching;

    // Used by the timer only: the message that was waiting at the last expiry and since when, and the threshold that
    // has the queue say when there is room, once that is known.
    private long watched = NONE;
    private long watchedSince;
    private int roomThreshold = UNCHANGED;

    /** With {@link CompletionLevel#TAKEN}: the queue has been empty since its threshold was set. */
    private volatile boolean emptied;

    /** Whether a message is on its way into the queue. Plain: another thread may see it late, and fail one too many. */
    private boolean attempting;

    private byte @Nullable [] txCopy;

    SelfHealingBinding(
            ControllerSettings settings,
            ControllerChannel channel,
            MsgqEndpoint endpoint,
            CompletionLevel level,
            Runnable released) {
        super(settings, channel, endpoint, released);
        this.level = level;
        canSend = endpoint.canSend();
        txCapability = endpoint.txCapability().value();
        maxMessageSize = endpoint.maxMessageSize();
        receiver = new Receiver(this);
        timer = settings.scheduler().timer("retry " + channel, guarded(this::expire));
    }

    // ---- set-up ----

    @Override
    void prepare() {
        if (endpoint.canSend()) {
            boolean taken = level == CompletionLevel.TAKEN;
            check("txCapability", endpoint.txCapability(), configureSend(taken ? 0 : UNCHANGED));
        }
        if (endpoint.canReceive()) {
            long capability = endpoint.rxCapability().value();
            int error = hypercalls.msgqConfigureReceive(capability, UNCHANGED, NO_DELAY);
            check("rxCapability", endpoint.rxCapability(), error);
        }
    }

    private int configureSend(int threshold) {
        return hypercalls.msgqConfigureSend(txCapability, threshold, NO_DELAY);
    }

    private void check(String field, CapabilityId capability, int error) {
        // A hypervisor without these calls cannot be asked; whether it knows the queue will show.
        boolean known =
                error == GunyahError.OK || (error == GunyahError.UNIMPLEMENTED && level != CompletionLevel.TAKEN);
        if (!known) {
            throw RequestRefusedException.unusable(field, capability, error, channel);
        }
    }

    @Override
    void attached() {
        if (level != CompletionLevel.TAKEN) {
            interrupts.mask(endpoint.txVirq());
        }
    }

    @Override
    void opened(MailboxChannel face) {
        super.opened(face);
        if (endpoint.canReceive() && !isSuspended()) {
            receiver.drainSoon();
        }
    }

    @Override
    void stopDeferred() {
        timer.cancel();
        receiver.close();
    }

    // ---- receiving ----

    @Override
    boolean peekData() {
        if (!endpoint.canReceive() || !enter()) {
            return false;
        }
        try {
            return receiver.drain();
        } finally {
            leave();
        }
    }

    // ---- sending ----

    @Override
    int sendData(@Nullable Object message, long txId) {
        // The one that was refused may have left: its sender gave up.
        if (refusedMessage != null && message != refusedMessage) {
            accept();
        }
        int result = offerSafely(message, txId);
        if (result != 0) {
            refusedMessage = message;
        }
        return result;
    }

    private int offerSafely(@Nullable Object message, long txId) {
        try {
            return offer(message, txId);
        } catch (RuntimeException e) { // as a refused message it would wait for the client's next one
            LOG.warn("send threw ({})", channel, e);
            waiting.compareAndSet(txId, NONE);
            return fail(txId, -Errno.EIO);
        }
    }

    private int offer(@Nullable Object message, long txId) {
        if (!canSend) {
            return done(txId, -Errno.EOPNOTSUPP);
        }
        if (failing.get() > 0 && failing.getAndDecrement() > 0) {
            return fail(txId, -Errno.ECONNRESET);
        }
        if (isSuspended()) {
            return settings.suspension().parks() ? park() : fail(txId, -Errno.EAGAIN);
        }
        if (message instanceof MsgqMessage m) {
            return transmit(m.buffer(), m.offset(), m.length(), m.push(), txId);
        }
        if (message instanceof ByteBuffer bytes) {
            return transmit(bytes, txId);
        }
        return fail(txId, -Errno.EINVAL);
    }

    private int transmit(ByteBuffer bytes, long txId) {
        int length = bytes.remaining();
        if (bytes.hasArray()) {
            return transmit(bytes.array(), bytes.arrayOffset() + bytes.position(), length, true, txId);
        }
        if (length > maxMessageSize) {
            return fail(txId, -Errno.EMSGSIZE);
        }
        if (txCopy == null) {
            txCopy = new byte[maxMessageSize];
        }
        bytes.get(bytes.position(), txCopy, 0, length);
        return transmit(txCopy, 0, length, true, txId);
    }

    private int transmit(byte[] buffer, int offset, int length, boolean push, long txId) {
        if (length < 1 || length > maxMessageSize) {
            return fail(txId, -Errno.EMSGSIZE);
        }
        if (level == CompletionLevel.TAKEN && !emptied) {
            return refuse(txId);
        }
        attempting = true;
        try {
            return attempt(buffer, offset, length, push, txId);
        } finally {
            attempting = false;
        }
    }

    private int attempt(byte[] buffer, int offset, int length, boolean push, long txId) {
        long result = hypercalls.msgqSend(txCapability, buffer, offset, length, push);
        int status = GunyahHypercalls.status(result);
        if (status == GunyahError.MSGQUEUE_FULL) {
            return refuse(txId);
        }
        if (status != GunyahError.OK) {
            noteLoss(status);
            return fail(txId, -GunyahError.toErrno(status));
        }
        accept();
        if (level == CompletionLevel.ACCEPTED || (level == CompletionLevel.READY && GunyahHypercalls.notFull(result))) {
            return done(txId, 0);
        }
        waiting.set(txId);
        watch();
        interrupts.unmask(endpoint.txVirq());
        return 0;
    }

    /** The message leaves the line without having been sent. */
    private int fail(long txId, int status) {
        accept();
        return done(txId, status);
    }

    /** The message stays first in line, and its time to find room begins when it is sent again. */
    private int park() {
        accept();
        return -Errno.EAGAIN;
    }

    private void accept() {
        if (refused) {
            refused = false;
            refusedMessage = null;
            timer.cancel();
            watching = false;
        }
    }

    private int refuse(long txId) {
        long now = settings.scheduler().nanoTime();
        if (!refused) {
            refused = true;
            refusedSince = now;
        }
        long left = settings.fullBudgetNanos() - (now - refusedSince);
        if (left <= 0) {
            return fail(txId, -Errno.EAGAIN);
        }
        timer.arm(Math.min(settings.retryDelayNanos(), left));
        // Deferred: a retry that is reported from inside the refused send would be dropped.
        settings.scheduler().execute(awaitRoomTask);
        return -Errno.EAGAIN;
    }

    private void awaitRoom() {
        interrupts.unmask(endpoint.txVirq());
    }

    private void watch() {
        if (!watching) {
            watching = true;
            timer.arm(settings.retryDelayNanos());
        }
    }

    @Override
    void txInterrupt() {
        // First of all: what follows may fill the queue again and unmask.
        interrupts.mask(endpoint.txVirq());
        emptied = true;
        if (isSuspended()) {
            return; // one that was taken before; the timer asks the queue again when it matters
        }
        finishWaiting(waiting.get(), 0);
        sendRefusedAgain();
    }

    private void finishWaiting(long txId, int status) {
        if (txId != NONE && waiting.compareAndSet(txId, NONE)) {
            channel.txDone(txId, status);
        }
    }

    private void sendRefusedAgain() {
        if (refused) {
            channel.resubmit();
        }
    }

    private void expire() {
        watching = false; // before looking: whoever resumes has it watched again
        if (isSuspended()) {
            watched = NONE;
            endWaits();
            return;
        }
        long txId = waiting.get();
        if (txId != NONE) {
            lookAfter(txId);
        } else if (level == CompletionLevel.TAKEN && !emptied) {
            // Has the queue say again that it is empty, if it is. One that is out of reach tells the message itself.
            if (configureSend(0) != GunyahError.OK) {
                emptied = true;
            }
        }
        sendRefusedAgain();
    }

    /** A message waits, and nothing has been heard of its queue for some time. */
    private void lookAfter(long txId) {
        long now = settings.scheduler().nanoTime();
        if (txId != watched) {
            watched = txId;
            watchedSince = now;
        }
        int error = configureSend(UNCHANGED);
        if (error != GunyahError.OK && error != GunyahError.UNIMPLEMENTED) {
            finishWaiting(txId, -GunyahError.toErrno(error));
            noteLoss(error);
        } else if (now - watchedSince >= settings.fullBudgetNanos()) {
            giveUp(txId);
        } else {
            askAgain();
        }
        if (waiting.get() != NONE) {
            watch();
        }
    }

    /** The queue has the message, and the next one has a budget of its own. */
    private void giveUp(long txId) {
        boolean untaken = level == CompletionLevel.TAKEN;
        if (untaken) {
            emptied = false;
        }
        finishWaiting(txId, untaken ? -Errno.ETIME : 0);
    }

    /**
     * Setting a threshold makes the queue interrupt at once if its level is right: the interrupt may have been lost.
     */
    private void askAgain() {
        if (level == CompletionLevel.TAKEN) {
            configureSend(0);
        } else if (roomThreshold == UNCHANGED) {
            roomThreshold = highestThreshold();
        } else {
            configureSend(roomThreshold);
        }
    }

    /**
     * Finds the highest not-full threshold, which is one less than the queue's depth and what a queue starts with, by
     * setting lower ones, and leaves it set.
     */
    private int highestThreshold() {
        int highest = UNCHANGED;
        for (int bit = 1 << 7; bit > 0; bit >>= 1) {
            int candidate = Math.max(highest, 0) | bit;
            if (configureSend(candidate) == GunyahError.OK) {
                highest = candidate;
            }
        }
        if (highest == UNCHANGED && configureSend(0) == GunyahError.OK) {
            highest = 0;
        }
        return highest;
    }

    /** The other side was reset: what waits ends now. */
    void peerReset() {
        if (!enter()) {
            return;
        }
        try {
            if (endpoint.canSend()) {
                int queued = channel.queued();
                failing.set(attempting && queued > 0 ? queued - 1 : queued);
                finishWaiting(waiting.get(), -Errno.ECONNRESET);
                channel.resubmit();
                if (channel.queued() == 0) {
                    failing.set(0);
                }
            }
            channel.raiseEvent(ChannelEvent.PEER_RESET);
        } finally {
            leave();
        }
    }

    /** Tells the client, once, if a status says that a queue is out of reach for good. */
    void noteLoss(int status) {
        if (isLoss(status)) {
            channel.raiseEvent(ChannelEvent.PEER_RESET);
        }
    }

    /** Whether a status says that a queue is out of reach for good. */
    static boolean isLoss(int status) {
        return switch (status) {
            case GunyahError.ARGUMENT_INVALID,
                    GunyahError.OBJECT_STATE,
                    GunyahError.CSPACE_CAP_NULL,
                    GunyahError.CSPACE_CAP_REVOKED,
                    GunyahError.CSPACE_WRONG_OBJECT_TYPE,
                    GunyahError.CSPACE_INSUFFICIENT_RIGHTS -> true;
            default -> false;
        };
    }

    // ---- suspended ----

    @Override
    void suspend() {
        if (!enter()) {
            return;
        }
        try {
            if (canSend) {
                interrupts.mask(endpoint.txVirq());
                endWaits();
            }
            if (endpoint.canReceive() && !endpoint.wakesUp()) {
                receiver.hold();
            }
        } finally {
            leave();
        }
        if (!isSuspended()) {
            resume(); // meanwhile, and what came after that must not stay held
        }
    }

    /** What waits is parked, or ends. */
    private void endWaits() {
        long txId = waiting.get();
        if (txId != NONE && !settings.suspension().parks()) {
            giveUp(txId);
        }
        channel.resubmit();
    }

    @Override
    void resume() {
        settings.scheduler().execute(guarded(this::goOn));
    }

    private void goOn() {
        if (isSuspended() || face() == null) {
            return; // again, or not yet
        }
        if (canSend && (level == CompletionLevel.TAKEN || waiting.get() != NONE)) {
            interrupts.unmask(endpoint.txVirq());
        }
        if (waiting.get() != NONE) {
            watch();
        }
        channel.resubmit();
        if (endpoint.canReceive()) {
            receiver.drain();
        }
    }

    // ---- receiving ----

    @Override
    void rxInterrupt() {
        receiver.interrupt();
    }
}
