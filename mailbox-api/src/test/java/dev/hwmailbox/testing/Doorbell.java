// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A fixture at its smallest, as in docs/CONTRACT.md: a doorbell, whose client knows from elsewhere that it was heard.
 */
final class Doorbell implements ControllerFixture {
    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final List<Integer> rings = new ArrayList<>();
    private final ChannelOps driver = new ChannelOps() {
        @Override
        public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
            rings.add(0);
            return 0;
        }
    };
    private final MailboxController controller = MailboxController.builder(driver, scheduler)
            .txDoneMethod(TxDoneMethod.ACK)
            .build();

    @Override
    public VirtualScheduler scheduler() {
        return scheduler;
    }

    @Override
    public MailboxController controller() {
        return controller;
    }

    @Override
    public @Nullable Object message(int number) {
        return null; // only rings
    }

    @Override
    public List<Integer> transmitted(int index) {
        return rings;
    }

    @Override
    public void complete(int index) {
        // heard as soon as it has rung
    }
}
