// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.boot;

import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * One side of a two-way exchange: sends numbered messages as fast as the channel takes them, checks what it receives
 * byte for byte, and at the end tells the other side the checksum of all that arrived. Both sides send at the same
 * time.
 *
 * <p>All of it runs on the VM's scheduler, so nothing here is locked.
 */
final class Exchange implements MailboxClient {
    static final int MAX_SIZE = 240;

    private static final int REPORT_SIZE = 2 * Integer.BYTES;

    private final MailboxScheduler scheduler;
    private final int messages;
    private final int ownSeed;
    private final int peerSeed;
    private final Completion finished = new Completion();
    private final CRC32 sentChecksum = new CRC32();
    private final CRC32 receivedChecksum = new CRC32();
    private long bytesSent;
    private long bytesReceived;
    private int sent;
    private int received;
    private boolean reportSent;
    private boolean reportReceived;
    private boolean sending;
    private @Nullable MailboxChannel channel;
    private @Nullable String failure;

    Exchange(MailboxScheduler scheduler, int messages, int ownSeed, int peerSeed) {
        this.scheduler = scheduler;
        this.messages = messages;
        this.ownSeed = ownSeed;
        this.peerSeed = peerSeed;
    }

    /** Starts sending. */
    void begin(MailboxChannel opened) {
        channel = opened;
        send();
    }

    /** Done when both sides have received and verified everything, or at the first mismatch. */
    Completion finished() {
        return finished;
    }

    /** What went wrong, or null. */
    @Nullable
    String failure() {
        return failure;
    }

    int sent() {
        return sent;
    }

    int received() {
        return received;
    }

    long bytesSent() {
        return bytesSent;
    }

    long bytesReceived() {
        return bytesReceived;
    }

    @Override
    public void rxCallback(MailboxChannel from, @Nullable Object message) {
        ByteBuffer bytes = (ByteBuffer) Objects.requireNonNull(message, "message");
        if (received < messages) {
            check(bytes);
            send();
        } else if (!reportReceived) {
            checkReport(bytes);
        } else {
            fail("a message of " + bytes.remaining() + " bytes after the last one");
        }
        finishIfDone();
    }

    @Override
    public void txDone(MailboxChannel from, @Nullable Object message, int status) {
        if (status < 0) {
            fail("a message was not sent: " + Errno.name(status));
        }
        send();
        finishIfDone();
    }

    private void send() {
        // A message may be done before sendMessage returns, and then we come here from inside.
        if (sending || channel == null) {
            return;
        }
        sending = true;
        while (failure == null && sendNext(channel)) {}
        sending = false;
    }

    private boolean sendNext(MailboxChannel to) {
        boolean more = sent < messages;
        if (!more && (reportSent || received < messages)) {
            return false;
        }
        byte[] bytes = more ? message(ownSeed, sent) : report();
        int result = to.sendMessage(MsgqMessage.of(bytes));
        if (result == -Errno.ENOBUFS) {
            return false;
        }
        if (result < 0) {
            fail("message " + sent + " was refused: " + Errno.name(result));
            return false;
        }
        if (more) {
            sent++;
            bytesSent += bytes.length;
            sentChecksum.update(bytes);
        } else {
            reportSent = true;
        }
        return true;
    }

    private void check(ByteBuffer bytes) {
        byte[] expected = message(peerSeed, received);
        if (!bytes.equals(ByteBuffer.wrap(expected))) {
            fail("message %d has %d bytes, expected %d, or other contents"
                    .formatted(received, bytes.remaining(), expected.length));
        }
        received++;
        bytesReceived += bytes.remaining();
        receivedChecksum.update(bytes);
    }

    private byte[] report() {
        return ByteBuffer.allocate(REPORT_SIZE)
                .putInt(received)
                .putInt((int) receivedChecksum.getValue())
                .array();
    }

    private void checkReport(ByteBuffer bytes) {
        reportReceived = true;
        if (bytes.remaining() != REPORT_SIZE
                || bytes.getInt() != sent
                || bytes.getInt() != (int) sentChecksum.getValue()) {
            fail("the other side received something else than what was sent");
        }
    }

    private void fail(String reason) {
        if (failure == null) {
            failure = reason;
        }
    }

    private void finishIfDone() {
        if ((failure != null || (reportSent && reportReceived)) && finished.complete(0)) {
            scheduler.wake(finished);
        }
    }

    /**
     * Message number {@code index} of a side: sizes run through 1..240 in no simple order, contents differ everywhere.
     */
    static byte[] message(int seed, int index) {
        byte[] bytes = new byte[1 + (index * 37 + seed) % MAX_SIZE];
        int tag = seed * 100_000 + index;
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (tag * 131 + i * 17 + (i >> 8));
        }
        return bytes;
    }
}
