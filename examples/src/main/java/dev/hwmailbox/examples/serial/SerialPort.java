// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.serial;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.examples.calls.ProtocolEnd;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One end of a serial line over a pair of message queues. A queue pushes back by the message, and only while its
 * receiver takes none at all; this pushes back by the byte: whoever receives says how much may come, takes every
 * message at once, and a reader that stalls stops the writer and not the queue.
 *
 * <pre>
 *  write ─▶ transmit buffer ── credit? ──▶ queue ──▶ receive buffer ─▶ read
 *                  ▲                                        │
 *                  └──────── WINDOW: half is free ──────────┘
 * </pre>
 *
 * <p>Ours: the records, and that each side says its window and its modem lines when a channel begins. Bytes without
 * credit are dropped and counted. Records have no number of a life: where queues outlive the reset of a VM with
 * messages in them, the hypervisor must mark these as stale, or a window of the former life adds to that of the new.
 *
 * <p>Context: the VM's scheduler, on which all of it runs; calls from outside are not allowed. Nothing is locked, and
 * every listener may call the port.
 */
final class SerialPort extends ProtocolEnd {
    /** Bytes kept for the reader unless told otherwise: in full records fewer than a queue of 8 messages holds. */
    static final int DEFAULT_CAPACITY = 1024;

    private final SerialListener listener;
    private final ReceiveBuffer receive;
    private final TransmitBuffer transmit = new TransmitBuffer();
    private final Credit credit = new Credit();
    private final SerialCounters counters = new SerialCounters();
    private final MailboxScheduler.Timer pumpSoon;
    private int lines = SerialRecord.DTR;
    private int linesOfOther;
    private boolean linesChanged;
    private boolean refusedWriter;
    private boolean pumping;

    SerialPort(MailboxScheduler scheduler, int capacity, SerialListener listener) {
        this.listener = Objects.requireNonNull(listener, "listener");
        receive = new ReceiveBuffer(capacity);
        // What is written in one go leaves in full records.
        pumpSoon = scheduler.timer("serial", this::pump);
    }

    /**
     * Writes.
     *
     * @return how many bytes were taken, at least 1; {@code -EAGAIN} if there is no room, which
     *     {@link SerialListener#writable} ends; {@code -EPIPE} if there is no other side
     */
    int write(byte[] bytes, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        if (channel() == null) {
            return -Errno.EPIPE;
        }
        int taken = transmit.add(bytes, offset, length);
        if (taken < length) {
            refusedWriter = true;
        }
        pumpSoon.arm(0);
        return taken == 0 && length > 0 ? -Errno.EAGAIN : taken;
    }

    /** Reads what has come, up to so many bytes; {@code -EAGAIN} if nothing has. */
    int read(byte[] into, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, into.length);
        int count = receive.read(into, offset, length);
        if (receive.due() > 0) {
            pumpSoon.arm(0);
        }
        return count == 0 && length > 0 ? -Errno.EAGAIN : count;
    }

    /** Bytes that can be read. */
    int readable() {
        return receive.size();
    }

    /** Bytes that have been written and have not left. */
    int unsent() {
        return transmit.size();
    }

    /** Bytes that the other side will take now. */
    int credit() {
        return credit.left();
    }

    /** Sends a break behind all that was written; 0, or as {@link #write}. */
    int sendBreak() {
        if (channel() == null) {
            return -Errno.EPIPE;
        }
        if (!transmit.addBreak()) {
            refusedWriter = true;
            return -Errno.EAGAIN;
        }
        pumpSoon.arm(0);
        return 0;
    }

    /** Sets this side's modem lines; the other side hears the last of several that are set in one go. */
    void setModemLines(int mask) {
        if ((mask & ~SerialRecord.ALL_LINES) != 0) {
            throw new IllegalArgumentException("no such modem lines: 0x%x".formatted(mask));
        }
        lines = mask;
        linesChanged = true;
        pumpSoon.arm(0);
    }

    /** The other side's modem lines; none while there is no other side. */
    int modemLines() {
        return linesOfOther;
    }

    SerialCounters counters() {
        return counters;
    }

    // ---- sending ----

    private void pump() {
        if (pumping) {
            return; // a record may be done before sendMessage returns
        }
        pumping = true;
        try {
            MailboxChannel to = channel();
            while (to != null && to.slotsAvailable() > 0) {
                SerialRecord record = next();
                if (record == null) {
                    break;
                }
                send(to, record);
                to = channel();
            }
        } finally {
            pumping = false;
        }
        if (refusedWriter && transmit.room() > 0 && channel() != null) {
            refusedWriter = false;
            listener.writable();
        }
    }

    private @Nullable SerialRecord next() {
        int due = receive.due();
        if (due > 0) {
            receive.grant(due);
            return SerialRecord.window(due);
        }
        if (linesChanged) {
            linesChanged = false;
            return SerialRecord.modem(lines);
        }
        return transmit.next(credit);
    }

    private void send(MailboxChannel to, SerialRecord record) {
        counters.sent(record);
        if (to.sendMessage(MsgqMessage.of(record.encode())) < 0) {
            counters.lost();
        }
    }

    @Override
    public void txDone(MailboxChannel of, @Nullable Object message, int status) {
        if (status < 0) {
            counters.lost();
        }
        pump();
    }

    // ---- receiving ----

    @Override
    protected void opened(MailboxChannel opened) {
        begin();
        listener.opened();
    }

    private void begin() {
        credit.reset();
        receive.restart();
        transmit.clear();
        linesChanged = true;
        pumpSoon.arm(0);
    }

    @Override
    protected void received(MailboxChannel from, ByteBuffer message) {
        SerialRecord.Decoded decoded = SerialRecord.decode(message);
        if (decoded.refusal() != null) {
            counters.refuse(decoded.refusal());
        } else if (decoded.record() != null) {
            take(decoded.record());
        }
    }

    private void take(SerialRecord record) {
        switch (record.kind()) {
            case DATA -> takeData(record.bytes());
            case BREAK -> listener.breakReceived();
            case MODEM -> {
                linesOfOther = record.lines();
                listener.modemChanged(linesOfOther);
            }
            case WINDOW -> {
                if (credit.add(record.credit())) {
                    pump();
                } else {
                    counters.refuse(SerialField.WINDOW);
                }
            }
            case UNKNOWN -> counters.refuse(SerialField.KIND);
        }
    }

    private void takeData(byte[] bytes) {
        int taken = receive.add(bytes);
        counters.received(taken);
        counters.overran(bytes.length - taken);
        if (taken > 0) {
            listener.readable();
        }
    }

    @Override
    protected void receivedStale() {
        counters.foundStale();
    }

    @Override
    protected void ended(int status) {
        int unsent = transmit.size();
        refusedWriter = false;
        linesOfOther = 0;
        begin();
        listener.hungUp(status, unsent);
        receive.clear(); // what comes next is of another life
        if (channel() != null) {
            listener.opened(); // the other side was reset, and will come again
        }
    }
}
