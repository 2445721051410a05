// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.serial;

import dev.hwmailbox.examples.calls.Refusals;

/** What went over a line, and what did not. Context: the VM's scheduler. */
final class SerialCounters {
    private final Refusals<SerialField> refused = new Refusals<>(SerialField.class);
    private long sent;
    private long received;
    private long windows;
    private long overrun;
    private long stale;
    private long lost;

    void refuse(SerialField field) {
        refused.add(field);
    }

    void sent(SerialRecord record) {
        if (record.kind() == SerialKind.DATA) {
            sent += record.bytes().length;
        } else if (record.kind() == SerialKind.WINDOW) {
            windows++;
        }
    }

    void received(int bytes) {
        received += bytes;
    }

    /** Bytes that the other side had no credit for. */
    void overran(int bytes) {
        overrun += bytes;
    }

    void foundStale() {
        stale++;
    }

    /** A record that the channel did not take, or gave up. */
    void lost() {
        lost++;
    }

    long sentBytes() {
        return sent;
    }

    long receivedBytes() {
        return received;
    }

    long windows() {
        return windows;
    }

    @Override
    public String toString() {
        return "sent %d, received %d, windows %d, refused %s, overrun %d, stale %d, lost %d"
                .formatted(sent, received, windows, refused, overrun, stale, lost);
    }
}
