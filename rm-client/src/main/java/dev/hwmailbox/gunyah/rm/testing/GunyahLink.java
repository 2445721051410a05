// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.testing;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.rm.RmFrameCarrier;
import dev.hwmailbox.gunyah.testing.FakeGunyah;
import dev.hwmailbox.gunyah.testing.FakeQueue;

/** Two message queues, and one controller for all of their ends. */
final class GunyahLink implements FrameLink {
    private final GunyahMsgqController controller;
    private final MsgqEndpoint near;
    private final MsgqEndpoint far;

    GunyahLink(MailboxScheduler scheduler) {
        FakeGunyah gunyah = FakeGunyah.create(scheduler);
        FakeQueue out = gunyah.queue("requests", 0x10, 0x11).sendVirq(40).receiveVirq(41);
        FakeQueue in = gunyah.queue("replies", 0x20, 0x21).sendVirq(42).receiveVirq(43);
        controller = GunyahMsgqController.builder(gunyah.hypercalls(), gunyah.interrupts(), scheduler)
                .build();
        near = gunyah.endpoint(out, in);
        far = gunyah.endpoint(in, out);
    }

    @Override
    public RmFrameCarrier carrier() {
        return RmFrameCarrier.MSGQ;
    }

    @Override
    public MailboxChannel requestNear(MailboxClient client) {
        return controller.requestChannel(client, near);
    }

    @Override
    public MailboxChannel requestFar(MailboxClient client) {
        return controller.requestChannel(client, far);
    }

    @Override
    public void reset(MailboxChannel channel) {
        controller.peerReset(channel);
    }

    @Override
    public void close() {
        controller.close();
    }
}
