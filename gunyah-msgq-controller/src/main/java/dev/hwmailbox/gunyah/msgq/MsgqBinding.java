// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's use of one slot, from request to close. The slot's next client gets a new one, so nothing that is late
 * can touch it; and the slot is given back only when the last call through this binding has left.
 *
 * <pre>
 *         send   ┌─ not full ──▶ done at once
 *  IDLE ────────▶┼─ last room ─▶ FILLED  ── interrupt ─────────▶ done, IDLE
 *                └─ full ──────▶ REFUSED ── interrupt or timer ▶ the framework sends it again
 * </pre>
 */
final class MsgqBinding {
    private static final Logger LOG = LoggerFactory.getLogger(MsgqBinding.class);
    private static final long NONE = Long.MIN_VALUE;
    private static final int CLOSED = Integer.MIN_VALUE;

    private final GunyahMsgqController owner;
    private final int slot;
    private final ControllerChannel channel;
    private final MsgqEndpoint endpoint;
    private final GunyahHypercalls hypercalls;
    private final InterruptController interrupts;
    private final MailboxScheduler scheduler;
    private final MailboxScheduler.Timer retryTimer;
    private final Runnable drainTask = guarded(this::drain);
    private final Runnable awaitRoomTask = guarded(this::awaitRoom);

    /** Calls under way; {@link #CLOSED} is added once no more may enter. */
    private final AtomicInteger users = new AtomicInteger();

    /** Requests to drain; whoever makes the first one drains until all are served. */
    private final AtomicInteger drainRequests = new AtomicInteger();

    /** The message that took the last room and completes with the next interrupt, or {@link #NONE}. */
    private volatile long filledTxId = NONE;

    /** Whether the message first in line found the queue full. */
    private volatile boolean refused;

    private volatile boolean open;
    private boolean txAttached;
    private boolean rxAttached;
    private @Nullable MailboxException startupFailure;
    private byte @Nullable [] txCopy;
    private byte[] rxBuffer;
    private ByteBuffer rxView;

    MsgqBinding(GunyahMsgqController owner, int slot, ControllerChannel channel, MsgqEndpoint endpoint) {
        this.owner = owner;
        this.slot = slot;
        this.channel = channel;
        this.endpoint = endpoint;
        this.hypercalls = owner.hypercalls;
        this.interrupts = owner.interrupts;
        this.scheduler = owner.scheduler;
        this.retryTimer = scheduler.timer("retry " + channel, guarded(this::sendRefusedAgain));
        this.rxBuffer = new byte[endpoint.canReceive() ? endpoint.maxMessageSize() : 0];
        this.rxView = ByteBuffer.wrap(rxBuffer).asReadOnlyBuffer();
    }

    MsgqEndpoint endpoint() {
        return endpoint;
    }

    ControllerChannel channel() {
        return channel;
    }

    /** What made {@link #startup} fail, in full. */
    @Nullable
    MailboxException startupFailure() {
        return startupFailure;
    }

    /** The framework has bound the client. */
    void opened() {
        open = true;
    }

    /** The client has lost the channel without the controller being told, as registering does to earlier owners. */
    boolean isEvicted() {
        return open && !channel.isBound();
    }

    int startup() {
        try {
            if (endpoint.canSend()) {
                interrupts.attach(endpoint.txVirq(), guarded(this::txInterrupt));
                txAttached = true;
                interrupts.mask(endpoint.txVirq());
            }
            if (endpoint.canReceive()) {
                interrupts.attach(endpoint.rxVirq(), drainTask);
                rxAttached = true;
            }
            return 0;
        } catch (MailboxException e) {
            startupFailure = e;
            return -e.errno();
        }
    }

    /** Stops everything without waiting; the slot is free again once the last call has left. */
    void close() {
        int before = users.getAndUpdate(count -> count | CLOSED);
        if (before < 0) {
            return;
        }
        if (txAttached) {
            interrupts.detach(endpoint.txVirq());
        }
        if (rxAttached) {
            interrupts.detach(endpoint.rxVirq());
        }
        retryTimer.cancel();
        if (before == 0) {
            owner.released(slot);
        }
    }

    /** Called by one thread at a time; until it returns the framework keeps the channel from its next owner. */
    int sendData(@Nullable Object message, long txId) {
        if (!endpoint.canSend()) {
            return done(txId, -Errno.EOPNOTSUPP);
        }
        if (message instanceof MsgqMessage m) {
            return transmit(m.buffer(), m.offset(), m.length(), m.push(), txId);
        }
        if (message instanceof ByteBuffer bytes) {
            return transmit(bytes, txId);
        }
        return done(txId, -Errno.EINVAL);
    }

    private int transmit(ByteBuffer bytes, long txId) {
        int length = bytes.remaining();
        if (bytes.hasArray()) {
            return transmit(bytes.array(), bytes.arrayOffset() + bytes.position(), length, true, txId);
        }
        if (length > endpoint.maxMessageSize()) {
            return done(txId, -Errno.EMSGSIZE);
        }
        if (txCopy == null) {
            txCopy = new byte[endpoint.maxMessageSize()];
        }
        bytes.get(bytes.position(), txCopy, 0, length);
        return transmit(txCopy, 0, length, true, txId);
    }

    private int transmit(byte[] buffer, int offset, int length, boolean push, long txId) {
        if (length < 1 || length > endpoint.maxMessageSize()) {
            return done(txId, -Errno.EMSGSIZE);
        }
        long result = hypercalls.msgqSend(endpoint.txCapability().value(), buffer, offset, length, push);
        int status = GunyahHypercalls.status(result);
        if (status == GunyahError.MSGQUEUE_FULL) {
            refused = true;
            retryTimer.arm(owner.retryDelayNanos);
            // Deferred: a retry that is reported from inside the refused send would be dropped.
            scheduler.execute(awaitRoomTask);
            return -Errno.EAGAIN;
        }
        if (refused) {
            refused = false;
            retryTimer.cancel();
        }
        if (status != GunyahError.OK) {
            return done(txId, -GunyahError.toErrno(status));
        }
        if (GunyahHypercalls.notFull(result)) {
            return done(txId, 0);
        }
        filledTxId = txId;
        interrupts.unmask(endpoint.txVirq());
        return 0;
    }

    private int done(long txId, int status) {
        channel.txDone(txId, status);
        return 0;
    }

    private void awaitRoom() {
        interrupts.unmask(endpoint.txVirq());
    }

    private void txInterrupt() {
        // First of all: what follows may fill the queue again and unmask.
        interrupts.mask(endpoint.txVirq());
        long filled = filledTxId;
        filledTxId = NONE;
        if (filled != NONE) {
            channel.txDone(filled, 0);
        }
        sendRefusedAgain();
    }

    private void sendRefusedAgain() {
        if (refused) {
            channel.resubmit();
        }
    }

    void drainSoon() {
        scheduler.execute(drainTask);
    }

    private void drain() {
        if (!endpoint.canReceive() || drainRequests.getAndIncrement() != 0) {
            return;
        }
        boolean served = false;
        try {
            drainRequested();
            served = true;
        } finally {
            if (!served) { // the client has thrown an Error; what is left must not wait for ever
                drainRequests.set(0);
                drainSoon();
            }
        }
    }

    private void drainRequested() {
        int served;
        do {
            served = drainRequests.get();
            drainUpToLimit();
        } while (drainRequests.addAndGet(-served) != 0);
    }

    private void drainUpToLimit() {
        for (int taken = 0; taken < owner.drainLimit; taken++) {
            if (users.get() < 0) {
                return;
            }
            long result = hypercalls.msgqReceive(endpoint.rxCapability().value(), rxBuffer, 0, rxBuffer.length);
            int status = GunyahHypercalls.status(result);
            int size = GunyahHypercalls.size(result);
            if (status == GunyahError.MSGQUEUE_EMPTY) {
                return;
            }
            if (status == GunyahError.OK && size > 0) {
                channel.receivedData(rxView.limit(size).position(0));
                if (!GunyahHypercalls.notEmpty(result)) {
                    return;
                }
            } else if (!growBuffer(status)) {
                stopReceiving(status);
                return;
            }
        }
        drainSoon();
    }

    /** A message may be larger than the endpoint said; it must not block the queue for ever. */
    private boolean growBuffer(int status) {
        boolean tooSmall = status == GunyahError.ADDR_OVERFLOW || status == GunyahError.OK;
        if (!tooSmall || rxBuffer.length == MsgqEndpoint.MAX_MESSAGE_SIZE) {
            return false;
        }
        LOG.warn("message larger than the endpoint's {} bytes ({})", endpoint.maxMessageSize(), channel);
        rxBuffer = new byte[MsgqEndpoint.MAX_MESSAGE_SIZE];
        rxView = ByteBuffer.wrap(rxBuffer).asReadOnlyBuffer();
        return true;
    }

    private void stopReceiving(int status) {
        LOG.warn("receive failed, channel receives no more: {} ({})", GunyahError.name(status), channel);
        // A level line would be delivered again for ever.
        interrupts.mask(endpoint.rxVirq());
    }

    /** A call from outside: it does nothing once the binding is closed, and the slot stays taken while it runs. */
    private Runnable guarded(Runnable call) {
        return () -> {
            if (enter()) {
                try {
                    call.run();
                } finally {
                    leave();
                }
            }
        };
    }

    private boolean enter() {
        int count;
        do {
            count = users.get();
            if (count < 0) {
                return false;
            }
        } while (!users.compareAndSet(count, count + 1));
        return true;
    }

    private void leave() {
        if (users.decrementAndGet() == CLOSED) {
            owner.released(slot);
        }
    }
}
