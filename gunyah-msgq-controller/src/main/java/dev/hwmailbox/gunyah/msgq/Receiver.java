// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes messages out of a binding's queue and delivers them, one thread at a time. Whoever comes while another is at it
 * has that one look again.
 */
final class Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(Receiver.class);

    // The state: bits.
    private static final int DRAINING = 1;
    private static final int AGAIN = 2;
    private static final int CLOSED = 4;

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Receiver.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SelfHealingBinding binding;
    private final MsgqEndpoint endpoint;
    private final GunyahHypercalls hypercalls;
    private final long capability;
    private final int drainLimit;
    private final MailboxScheduler.Timer retryTimer;
    private volatile int state;

    /** Whether the line is masked until whoever drains is through. Set after masking, cleared before unmasking. */
    private volatile boolean held;

    // Used by the one that drains.
    private byte[] buffer;
    private ByteBuffer view;
    private boolean delivered;

    Receiver(SelfHealingBinding binding) {
        this.binding = binding;
        endpoint = binding.endpoint;
        hypercalls = binding.hypercalls;
        capability = endpoint.rxCapability().value();
        drainLimit = binding.settings.drainLimit();
        retryTimer = binding.settings.scheduler().timer("receive " + binding.channel, binding.guarded(this::retry));
        buffer = new byte[endpoint.canReceive() ? endpoint.maxMessageSize() : 0];
        view = ByteBuffer.wrap(buffer).asReadOnlyBuffer();
    }

    /** Looks at the queue, in which there may be nothing. */
    void drainSoon() {
        binding.settings.scheduler().execute(this::drain);
    }

    void interrupt() {
        if (((state & DRAINING) != 0 || binding.isSuspended()) && binding.enter()) {
            try {
                hold();
            } finally {
                binding.leave();
            }
        }
        drain(true);
    }

    /** Keeps a level line from coming back at once, and again, while its messages wait for somebody else. */
    void hold() {
        binding.interrupts.mask(endpoint.rxVirq());
        held = true;
    }

    private void release() {
        if (held && binding.enter()) {
            try {
                held = false;
                binding.interrupts.unmask(endpoint.rxVirq());
            } finally {
                binding.leave();
            }
        }
    }

    /** Delivers what there is; true if there was something, and nobody else was at it. */
    boolean drain() {
        return drain(false);
    }

    /** The same; {@code told} if it is known that there is something. */
    private boolean drain(boolean told) {
        if (isPutOff(told) || !begin()) {
            return false;
        }
        boolean finished = false;
        boolean some;
        delivered = false;
        try {
            do {
                boolean all = drainUpToLimit(told);
                some = delivered;
                if (!all) {
                    return some;
                }
            } while (!finished());
            finished = true;
        } finally {
            // The limit is reached, whoever has asked to look again; or the client has thrown an Error, and what is
            // left must not wait for ever.
            if (finished) {
                release();
            } else {
                leaveTheRest();
            }
        }
        return some;
    }

    private void leaveTheRest() {
        hold();
        finishAnyhow();
        try {
            binding.settings.scheduler().execute(() -> drain(true));
        } catch (RuntimeException e) { // the scheduler is closed: a level line can still do without it
            release();
            throw e;
        }
    }

    /**
     * Nothing is taken while the controller is suspended; whoever resumes it looks at every queue. What is known to be
     * there may wake it.
     */
    private boolean isPutOff(boolean told) {
        boolean suspended = binding.isSuspended();
        if (suspended && told) {
            binding.settings.suspension().interrupted(binding);
        }
        return suspended;
    }

    private boolean begin() {
        while (true) {
            int now = state;
            if (now == 0) {
                if (STATE.compareAndSet(this, 0, DRAINING)) {
                    return true;
                }
            } else if ((now & (CLOSED | AGAIN)) != 0 || STATE.compareAndSet(this, now, now | AGAIN)) {
                return false;
            }
        }
    }

    /** Leaves, unless somebody has asked to look again. */
    private boolean finished() {
        if (STATE.compareAndSet(this, DRAINING, 0)) {
            return true;
        }
        if (STATE.compareAndSet(this, DRAINING | AGAIN, DRAINING)) {
            return false;
        }
        finishAnyhow();
        return true;
    }

    private void finishAnyhow() {
        int before = (int) STATE.getAndBitwiseAnd(this, CLOSED);
        if ((before & CLOSED) != 0) {
            binding.leave();
        }
    }

    /** Stops: no more is delivered. The binding waits for whoever drains now. */
    void close() {
        retryTimer.cancel();
        int before = (int) STATE.getAndBitwiseOr(this, CLOSED);
        if ((before & DRAINING) != 0) {
            binding.awaitAnother();
        }
    }

    /** True if there is nothing left to do, false at the limit. */
    private boolean drainUpToLimit(boolean told) {
        for (int taken = 0; taken < drainLimit; taken++) {
            if ((state & CLOSED) != 0 || isPutOff(told || taken > 0)) {
                return true;
            }
            long result = receive();
            int status = GunyahHypercalls.status(result);
            int size = GunyahHypercalls.size(result);
            if (status == GunyahError.OK && size > 0) {
                delivered = true;
                ByteBuffer bytes = view.limit(size).position(0);
                binding.channel.receivedData(GunyahHypercalls.stale(result) ? new StaleMessage(bytes) : bytes);
                if (!GunyahHypercalls.notEmpty(result)) {
                    return true;
                }
            } else if (status == GunyahError.MSGQUEUE_EMPTY) {
                return true;
            } else if (!growBuffer(status)) {
                stop(status);
                return true;
            }
        }
        return false;
    }

    private long receive() {
        try {
            return hypercalls.msgqReceive(capability, buffer, 0, buffer.length);
        } catch (RuntimeException e) { // trying again at once would not end
            LOG.warn("receive threw ({})", binding.channel, e);
            return GunyahHypercalls.receiveResult(GunyahError.FAILURE, 0, false);
        }
    }

    /** A message may be larger than the endpoint said; it must not block the queue for ever. */
    private boolean growBuffer(int status) {
        boolean tooSmall = status == GunyahError.ADDR_OVERFLOW || status == GunyahError.OK;
        if (!tooSmall || buffer.length == MsgqEndpoint.MAX_MESSAGE_SIZE) {
            return false;
        }
        LOG.warn("message larger than the endpoint's {} bytes ({})", endpoint.maxMessageSize(), binding.channel);
        buffer = new byte[MsgqEndpoint.MAX_MESSAGE_SIZE];
        view = ByteBuffer.wrap(buffer).asReadOnlyBuffer();
        return true;
    }

    private void stop(int status) {
        // A level line would be delivered again for ever.
        binding.interrupts.mask(endpoint.rxVirq());
        if (SelfHealingBinding.isLoss(status)) {
            LOG.warn("receive failed, channel receives no more: {} ({})", GunyahError.name(status), binding.channel);
            binding.noteLoss(status);
        } else {
            LOG.warn("receive failed, tried again later: {} ({})", GunyahError.name(status), binding.channel);
            retryTimer.arm(binding.settings.retryDelayNanos());
        }
    }

    /** The message is still there, and no interrupt will tell of it. */
    private void retry() {
        binding.interrupts.unmask(endpoint.rxVirq());
        drain();
    }
}
