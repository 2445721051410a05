// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A controller of one channel, bound to one client. Driver and client note the messages they see as decimal digits: 12
 * is message 1, then message 2. These notes are plain fields on purpose: the framework promises that the calls come one
 * at a time and each sees what the one before has done, so a digit that gets lost is a finding.
 */
class Rig implements ChannelOps, MailboxClient {
    static final ClientOptions BLOCKING = ClientOptions.blocking(Duration.ofMillis(1));
    static final int RING_LENGTH = 4;

    final MailboxController controller;
    final ControllerChannel hardware;
    final MailboxChannel channel;
    private final ClientOptions options;

    // By the driver.
    volatile long lastTxId;
    int handedOver;
    private final AtomicInteger shutdowns = new AtomicInteger();

    // By the client.
    int reported;
    int lastStatus;
    final AtomicInteger writable = new AtomicInteger();
    final AtomicInteger abandoned = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();

    private volatile boolean closeHasReturned;
    private final Set<Thread> latecomers = ConcurrentHashMap.newKeySet();
    private final AtomicInteger late = new AtomicInteger();
    private final AtomicInteger tooLate = new AtomicInteger();

    Rig() {
        this(ClientOptions.NON_BLOCKING, RING_LENGTH);
    }

    @SuppressWarnings("this-escape") // the channel calls nobody before it is used
    Rig(ClientOptions options, int ringLength) {
        this.options = options;
        controller = MailboxController.builder(this, Impatience.INSTANCE)
                .txDoneMethod(TxDoneMethod.IRQ)
                .ringLength(ringLength)
                .build();
        hardware = controller.channel(0);
        channel = hardware.bindClient(this);
    }

    /** What the driver answers; by default it accepts and leaves completion to the actors. */
    int answer(long txId) {
        return 0;
    }

    /** Reports one message after the other until there is nothing left to report. */
    final void drain() {
        for (int before = -1; before != reported; ) {
            before = reported;
            hardware.txDone(0);
        }
    }

    /** A call into the framework by an actor that {@link #close} races with. */
    final void call(Runnable entry) {
        if (closeHasReturned) {
            latecomers.add(Thread.currentThread());
        }
        entry.run();
    }

    final void close() {
        channel.close();
        closeHasReturned = true;
    }

    /**
     * Three digits: how often CLOSED was told and the channel shut down, and whether it is still bound. 110 is right.
     */
    final int ending() {
        return closed.get() * 100 + shutdowns.get() * 10 + (hardware.isBound() ? 1 : 0);
    }

    /**
     * Two digits: callbacks that started after close had returned, in a call that began afterwards and in one that
     * began before. The first must be 0. The second is the look before the callback, which cannot be made one with it.
     */
    final int afterClose() {
        return tooLate.get() * 10 + late.get();
    }

    private void callbackStarts() {
        if (closeHasReturned) {
            (latecomers.contains(Thread.currentThread()) ? tooLate : late).incrementAndGet();
        }
    }

    @Override
    public final int sendData(ControllerChannel onChannel, @Nullable Object message, long txId) {
        lastTxId = txId;
        int answer = answer(txId);
        if (answer == 0) {
            handedOver = handedOver * 10 + (message instanceof Integer number ? number : 0);
        }
        return answer;
    }

    @Override
    public final void shutdown(ControllerChannel onChannel) {
        shutdowns.incrementAndGet();
    }

    @Override
    public final ClientOptions options() {
        return options;
    }

    @Override
    public final void txPrepare(MailboxChannel onChannel, @Nullable Object message) {
        callbackStarts();
    }

    @Override
    public final void txDone(MailboxChannel onChannel, @Nullable Object message, int status) {
        callbackStarts();
        reported(message instanceof Integer number ? number : 0, status);
    }

    void reported(int message, int status) {
        reported = reported * 10 + message;
        lastStatus = status;
    }

    @Override
    public final void refused(MailboxChannel onChannel, @Nullable Object message, int errno) {
        callbackStarts();
    }

    @Override
    public final void rxCallback(MailboxChannel onChannel, @Nullable Object message) {
        callbackStarts();
    }

    @Override
    public final void writable(MailboxChannel onChannel) {
        callbackStarts();
        writable.incrementAndGet();
    }

    @Override
    public final void event(MailboxChannel onChannel, ChannelEvent event) {
        callbackStarts();
        switch (event) {
            case ABANDONED -> abandoned.incrementAndGet();
            case CLOSED -> closed.incrementAndGet();
            case PEER_RESET -> {}
        }
    }
}
