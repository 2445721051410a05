// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A message from the calling thread to another thread, and one back. */
abstract class RoundTrip implements AutoCloseable {
    private static final int DEPTH = 8;

    private final OwnThread other = new OwnThread(this::answerUntilClosed);
    private volatile boolean closed;

    final RoundTrip open() {
        other.start();
        return this;
    }

    final boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        closed = true;
        wakeOther(other);
        other.join();
    }

    /**
     * Sends and waits for the answer.
     *
     * @param tag what the first byte of the message is to be
     * @return what came back in the first byte of the answer
     */
    abstract byte exchange(byte tag);

    /** The other thread's life. */
    abstract void answerUntilClosed();

    void wakeOther(OwnThread thread) {}

    final Thread otherThread() {
        return other.thread();
    }

    /** Bytes through a pair of Disruptors, by threads that spin. */
    static final class Disruptors extends RoundTrip {
        private final DisruptorRing there = new DisruptorRing(DEPTH);
        private final DisruptorRing back = new DisruptorRing(DEPTH);
        private final byte[] message = GunyahMessageBenchmark.message();

        @Override
        byte exchange(byte tag) {
            message[0] = tag;
            there.put(message);
            while (!back.take()) {
                Thread.onSpinWait();
            }
            return back.received()[0];
        }

        @Override
        void answerUntilClosed() {
            while (!isClosed()) {
                if (there.take()) {
                    back.put(there.received());
                } else {
                    Thread.onSpinWait();
                }
            }
        }
    }

    /** Nothing but a token, by threads that park. */
    static final class Token extends RoundTrip {
        private static final int ASKED = 1 << 8;
        private volatile @Nullable Thread caller;
        private volatile int turn;

        @Override
        byte exchange(byte tag) {
            if (caller == null) {
                caller = Thread.currentThread();
            }
            turn = tag & 0xff | ASKED;
            LockSupport.unpark(otherThread());
            while (turn >= ASKED) {
                LockSupport.park(this);
            }
            return (byte) turn;
        }

        @Override
        void answerUntilClosed() {
            while (!isClosed()) {
                int asked = turn;
                if (asked >= ASKED) {
                    turn = asked & ASKED - 1;
                    LockSupport.unpark(caller);
                } else {
                    LockSupport.park(this);
                }
            }
        }

        @Override
        void wakeOther(OwnThread thread) {
            LockSupport.unpark(thread.thread());
        }
    }

    /** Messages from VM to VM and back; each VM's handlers run on its thread. */
    static final class Mailbox extends RoundTrip {
        private final Vcpu near;
        private final Vcpu far;
        private final TwoVms vms;
        private final byte[] request = GunyahMessageBenchmark.message();
        private final byte[] response = GunyahMessageBenchmark.message();
        private final MsgqMessage wrappedRequest = MsgqMessage.of(request);
        private final MsgqMessage wrappedResponse = MsgqMessage.of(response);
        private final MailboxChannel channel;
        private final Asker asker = new Asker();

        Mailbox(boolean parks) {
            near = new Vcpu(parks);
            far = new Vcpu(parks);
            vms = new TwoVms(near.processor(), far.processor(), 1);
            channel = vms.connect(DEPTH, asker, new Answerer()).near();
        }

        @Override
        byte exchange(byte tag) {
            request[0] = tag;
            asker.answered = false;
            TwoVms.ok(Math.min(channel.sendMessage(wrappedRequest), 0));
            while (!asker.answered) {
                near.runOneOrWait();
            }
            return asker.answer;
        }

        @Override
        void answerUntilClosed() {
            far.run();
        }

        @Override
        void wakeOther(OwnThread thread) {
            far.stop();
        }

        @Override
        public void close() {
            super.close();
            vms.close();
        }

        private static ByteBuffer bytes(@Nullable Object message) {
            return (ByteBuffer) Objects.requireNonNull(message, "message");
        }

        /** Its handlers run on the thread that asks. */
        private static final class Asker implements MailboxClient {
            private boolean answered;
            private byte answer;

            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                answer = bytes(message).get(0);
                answered = true;
            }
        }

        private final class Answerer implements MailboxClient {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                response[0] = bytes(message).get(0);
                TwoVms.ok(Math.min(channel.sendMessage(wrappedResponse), 0));
            }
        }
    }
}
