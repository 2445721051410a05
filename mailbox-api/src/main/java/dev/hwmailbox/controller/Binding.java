// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.controller;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.internal.BoundChannel;
import dev.hwmailbox.internal.Complaint;
import org.jspecify.annotations.Nullable;

/** Joins the transmit state of one binding to the controller's operations. */
final class Binding extends BoundChannel {
    private final ControllerChannel channel;

    Binding(ControllerChannel channel, MailboxClient client, ClientOptions options) {
        super(
                client,
                options,
                channel.controller().txDoneMethod(channel.index()),
                channel.controller().ringLength());
        this.channel = channel;
    }

    @Override
    protected MailboxScheduler scheduler() {
        return channel.controller().scheduler();
    }

    @Override
    protected TxDoneMethod nativeMethod() {
        return channel.controller().txDoneMethod(channel.index());
    }

    private ChannelOps ops() {
        return channel.controller().ops();
    }

    @Override
    protected int startup() {
        return ops().startup(channel);
    }

    @Override
    protected void shutdown() {
        ops().shutdown(channel);
    }

    @Override
    protected int sendData(@Nullable Object message, long txId) {
        return ops().sendData(channel, message, txId);
    }

    @Override
    protected boolean lastTxDone() {
        return ops().lastTxDone(channel);
    }

    @Override
    protected boolean canFlush() {
        return ops().canFlush();
    }

    @Override
    protected int flushData(long timeoutNanos) {
        return ops().flush(channel, timeoutNanos);
    }

    @Override
    protected boolean pushReceived() {
        return ops().peekData(channel);
    }

    @Override
    protected void watchForTxDone() {
        channel.controller().poller().watch(channel.index());
    }

    @Override
    protected void unbind(long lastTxId) {
        channel.released(lastTxId);
    }

    @Override
    protected void releaseOwner() {
        ControllerOwner owner = channel.controller().owner();
        if (owner != null) {
            owner.release();
        }
    }

    @Override
    protected void complain(Complaint complaint, String detail) {
        channel.controller().diagnostics().complain(complaint, channel, detail);
    }

    @Override
    public String toString() {
        return channel.toString();
    }
}
