// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pcc;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.TxDoneMethod;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the controller does for one subspace, and what it remembers of it. */
final class PccLink implements PccHardware.InterruptHandler {
    private static final Logger LOG = LoggerFactory.getLogger(PccLink.class);

    private static final long NONE = 0;
    private static final long ABANDONED = -1;

    private final PccHardware hardware;
    private final PccSubspace subspace;
    private final ControllerChannel channel;
    private final int index;
    private final boolean reports;

    // The in-use flag: the transmission whose command the platform has. A completion carries its number, so that a
    // late one does not end somebody else's message.
    private final AtomicLong command = new AtomicLong(NONE);
    private volatile @Nullable ByteBuffer window;
    private volatile int status;

    PccLink(PccHardware hardware, PccSubspace subspace, ControllerChannel channel) {
        this.hardware = hardware;
        this.subspace = subspace;
        this.channel = channel;
        index = channel.index();
        reports = channel.controller().txDoneMethod(index) == TxDoneMethod.IRQ;
    }

    PccSubspace subspace() {
        return subspace;
    }

    /** The mapped window, or null without owner. */
    @Nullable
    ByteBuffer window() {
        return window;
    }

    /** What the error register said when the last command was complete. */
    int status() {
        return status;
    }

    int startup() {
        release(); // what a client has left that was evicted when the controller was registered
        ByteBuffer mapped = hardware.map(subspace.windowAddress(), subspace.windowSize());
        if (mapped == null) {
            throw new MailboxException(Errno.ENXIO, "no memory behind " + subspace + " (" + channel + ")");
        }
        window = mapped;
        status = 0;
        disown();
        int result = hardware.requestInterrupt(subspace.interrupt(), subspace.sharesInterrupt(), this);
        if (result != 0) {
            release();
        }
        return result;
    }

    /** A command that the last owner has left is nobody's, but keeps the platform busy until it is complete. */
    private void disown() {
        if (command.get() == NONE) {
            return;
        }
        if (hardware.commandComplete(index)) {
            hardware.acknowledgeInterrupt(index);
            command.set(NONE);
        } else {
            command.set(ABANDONED);
        }
    }

    void shutdown() {
        release();
    }

    /** Interrupt first: nobody is called any more who could look into the window. */
    private void release() {
        hardware.freeInterrupt(subspace.interrupt(), this);
        if (window != null) {
            window = null;
            hardware.unmap(subspace.windowAddress());
        }
    }

    int sendData(long txId) {
        if (subspace.role() == PccSubspace.Role.RESPONDER) {
            return reject(txId);
        }
        if (command.get() != NONE) { // of a sender that has gone; when it is complete, this one is tried again
            return -Errno.EBUSY;
        }
        // The register goes first: a neighbour's interrupt on a shared line finds no flag, or a command not complete.
        // The flag goes before the doorbell: a fast interrupt is not taken for a neighbour's.
        hardware.commandComplete(index, false);
        command.set(txId);
        int result = hardware.ringDoorbell(index);
        if (result != 0) {
            command.set(NONE);
            hardware.commandComplete(index, true);
        }
        return result;
    }

    /** Commands are the platform's here. Refused, the message would stay first in the queue for ever. */
    private int reject(long txId) {
        if (!reports) {
            return -Errno.EOPNOTSUPP;
        }
        channel.txDone(txId, -Errno.EOPNOTSUPP);
        return 0;
    }

    @Override
    public boolean handle() {
        hardware.acknowledgeInterrupt(index);
        boolean initiates = subspace.role() == PccSubspace.Role.INITIATOR;
        boolean neighbours = initiates && subspace.sharesInterrupt() && command.get() == NONE;
        if (neighbours || hardware.commandComplete(index) != initiates) {
            return false;
        }
        int error = hardware.takeError(index);
        status = error;
        // Before anybody is told: whoever is told may send the next command, and that one is in use.
        long done = command.getAndSet(NONE);
        try {
            if (done != ABANDONED) {
                channel.receivedData(null);
            }
        } finally { // what a client throws is not the platform's fault
            if (initiates) {
                completed(done, error);
            } else {
                answered();
            }
        }
        return true;
    }

    private void completed(long txId, int error) {
        if (reports) {
            channel.txDone(txId, error); // not in flight any more, or never: nothing happens
        }
        channel.resubmit(); // what was refused while the platform was busy with a command without sender
    }

    private void answered() {
        hardware.commandComplete(index, true);
        int result = hardware.ringDoorbell(index);
        if (result != 0) {
            LOG.warn("{}: the platform has not heard of an answer: {}", channel, Errno.name(result));
        }
    }

    @Override
    public String toString() {
        return channel + " (" + subspace + ")";
    }
}
