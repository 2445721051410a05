// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import dev.hwmailbox.Errno;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.msgq.RequestRefusedException.Reason;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A binding that behaves as the driver published for Linux, defects included: for comparison.
 *
 * <p>What the queue answers at once is reported by a tasklet; any transmit interrupt reports whatever is in flight; a
 * message that finds the queue full waits for luck; sizes are the hypervisor's business; the receive buffer has 240
 * bytes, and an answer of no bytes is a message. Differs: an endless loop in the receiver leaves the thread from time
 * to time, and what a closed channel has scheduled touches nothing.
 *
 * <p>Linux counterpart: drivers/mailbox/gunyah-msgq.c (Linux patch series).
 */
final class PublishedBinding extends MsgqBinding {
    /** Bytes of the driver's receive buffer. */
    static final int BUFFER_SIZE = 240;

    private static final Logger LOG = LoggerFactory.getLogger(PublishedBinding.class);

    private final byte[] rxBuffer = new byte[BUFFER_SIZE];
    private final ByteBuffer rxView = ByteBuffer.wrap(rxBuffer).asReadOnlyBuffer();
    private final Runnable tasklet = guarded(this::runTasklet);
    private final AtomicBoolean taskletScheduled = new AtomicBoolean();
    private volatile int lastResult;

    PublishedBinding(ControllerSettings settings, ControllerChannel channel, MsgqEndpoint endpoint, Runnable released) {
        super(settings, channel, endpoint, released);
    }

    /** The original is told what kind of resource it gets; here only the hypervisor knows. */
    @Override
    void prepare() {
        if (endpoint.canSend()) {
            long capability = endpoint.txCapability().value();
            refuseOtherKind("txCapability", endpoint.txCapability(), hypercalls.msgqConfigureSend(capability, -1, -1));
        }
        if (endpoint.canReceive()) {
            long capability = endpoint.rxCapability().value();
            refuseOtherKind(
                    "rxCapability", endpoint.rxCapability(), hypercalls.msgqConfigureReceive(capability, -1, -1));
        }
    }

    private void refuseOtherKind(String field, CapabilityId capability, int error) {
        if (error == GunyahError.CSPACE_WRONG_OBJECT_TYPE) {
            throw new RequestRefusedException(
                    Reason.INVALID, field, field + " " + capability + " is no message queue (" + channel + ")");
        }
    }

    @Override
    int sendData(@Nullable Object message, long txId) {
        if (!endpoint.canSend()) {
            return -Errno.EOPNOTSUPP;
        }
        if (!(message instanceof MsgqMessage m)) {
            return done(txId, -Errno.EINVAL);
        }
        long capability = endpoint.txCapability().value();
        long result = hypercalls.msgqSend(capability, m.buffer(), m.offset(), m.length(), m.push());
        int status = GunyahHypercalls.status(result);
        if (status == GunyahError.MSGQUEUE_FULL) {
            return -Errno.EAGAIN;
        }
        lastResult = -GunyahError.toErrno(status);
        if (status != GunyahError.OK) {
            LOG.warn("send failed: {} ({})", GunyahError.name(status), channel);
        }
        if (status != GunyahError.OK || GunyahHypercalls.notFull(result)) {
            scheduleTasklet();
        }
        return 0;
    }

    private void scheduleTasklet() {
        boolean already = taskletScheduled.getAndSet(true);
        if (settings.observer() != null) {
            settings.observer().scheduled(already);
        }
        if (!already) {
            settings.scheduler().execute(tasklet);
        }
    }

    private void runTasklet() {
        if (taskletScheduled.getAndSet(false)) {
            if (settings.observer() != null) {
                settings.observer().runs();
            }
            channel.txDone(lastResult);
        }
    }

    @Override
    void txInterrupt() {
        channel.txDone(0);
    }

    @Override
    void rxInterrupt() {
        if (enter()) {
            interrupts.mask(endpoint.rxVirq());
            try {
                receive();
            } finally {
                interrupts.unmask(endpoint.rxVirq());
                leave();
            }
        }
    }

    private void receive() {
        boolean more = true;
        for (int received = 0; more && !isClosed(); received++) {
            if (received == settings.drainLimit()) {
                settings.scheduler().execute(this::rxInterrupt);
                return;
            }
            long result = hypercalls.msgqReceive(endpoint.rxCapability().value(), rxBuffer, 0, BUFFER_SIZE);
            int status = GunyahHypercalls.status(result);
            if (status == GunyahError.OK) {
                channel.receivedData(rxView.limit(GunyahHypercalls.size(result)).position(0));
            } else if (status != GunyahError.MSGQUEUE_EMPTY) {
                LOG.warn("receive failed: {} ({})", GunyahError.name(status), channel);
            }
            more = status == GunyahError.OK && GunyahHypercalls.notEmpty(result);
        }
    }

    @Override
    void stopDeferred() {
        if (settings.observer() != null) {
            settings.observer().killed(taskletScheduled.get());
        }
        runTasklet();
    }
}
