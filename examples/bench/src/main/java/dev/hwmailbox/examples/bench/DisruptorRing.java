// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import com.lmax.disruptor.BusySpinWaitStrategy;
import com.lmax.disruptor.EventPoller;
import com.lmax.disruptor.EventPoller.PollState;
import com.lmax.disruptor.RingBuffer;

/** A Disruptor for one sender that carries the bytes of messages, and its one receiver, which polls. */
final class DisruptorRing {
    private final RingBuffer<byte[]> ring;
    private final EventPoller<byte[]> poller;
    private final byte[] received = new byte[TwoVms.MESSAGE_SIZE];
    private final EventPoller.Handler<byte[]> handler = (event, sequence, endOfBatch) -> {
        System.arraycopy(event, 0, received, 0, event.length);
        return true;
    };

    DisruptorRing(int depth) {
        ring = RingBuffer.createSingleProducer(() -> new byte[TwoVms.MESSAGE_SIZE], depth, new BusySpinWaitStrategy());
        poller = ring.newPoller();
        ring.addGatingSequences(poller.getSequence());
    }

    void put(byte[] message) {
        long sequence = ring.next();
        System.arraycopy(message, 0, ring.get(sequence), 0, message.length);
        ring.publish(sequence);
    }

    /** Whether there was something to take. */
    boolean take() {
        try {
            return poller.poll(handler) == PollState.PROCESSING;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** The message taken last. */
    byte[] received() {
        return received;
    }
}
