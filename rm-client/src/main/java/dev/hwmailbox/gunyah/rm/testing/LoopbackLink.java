// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.testing;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.gunyah.rm.RmFrameCarrier;
import org.jspecify.annotations.Nullable;

/** A mailbox controller of two channels, each of which delivers what the other sends. Its messages are frames. */
final class LoopbackLink implements FrameLink, ChannelOps {
    private static final int NEAR = 0;
    private static final int FAR = 1;

    private final MailboxScheduler scheduler;
    private final MailboxController controller;

    LoopbackLink(MailboxScheduler scheduler) {
        this.scheduler = scheduler;
        controller = MailboxController.builder(this, scheduler)
                .name("loop-back")
                .channelCount(2)
                .txDoneMethod(TxDoneMethod.IRQ)
                .build();
    }

    @Override
    public RmFrameCarrier carrier() {
        return RmFrameCarrier.FRAMES;
    }

    @Override
    public MailboxChannel requestNear(MailboxClient client) {
        return controller.channel(NEAR).bindClient(client);
    }

    @Override
    public MailboxChannel requestFar(MailboxClient client) {
        return controller.channel(FAR).bindClient(client);
    }

    @Override
    public void reset(MailboxChannel near) {
        controller.channel(NEAR).raiseEvent(ChannelEvent.PEER_RESET);
    }

    @Override
    public void close() {
        controller.close();
    }

    @Override
    public int sendData(ControllerChannel from, @Nullable Object message, long txId) {
        ControllerChannel to = controller.channel(from.index() == NEAR ? FAR : NEAR);
        scheduler.execute(() -> {
            from.txDone(txId, 0);
            to.receivedData(message);
        });
        return 0;
    }
}
