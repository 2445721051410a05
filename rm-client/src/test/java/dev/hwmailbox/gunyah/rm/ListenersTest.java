// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageType;
import dev.hwmailbox.testing.VirtualScheduler;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A restart is told by one thread while another brings a notification. */
final class ListenersTest {
    private static final int LIMIT = 4;

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final Listeners listeners = new Listeners(scheduler, LIMIT);
    private final List<String> heard = new ArrayList<>();

    ListenersTest() {
        listeners.add(new RmNotificationListener() {
            @Override
            public void notified(RmMessage notification) {
                heard.add("told " + notification.sequence());
            }

            @Override
            public void restarted(int generation) {
                heard.add("restarted " + generation);
            }
        });
    }

    @Test
    void notificationOfAnEndedLifeIsNotTold() {
        listeners.restarted(1);

        assertThat(listeners.notified(notification(7), 0)).isFalse();
        scheduler.runUntilIdle();

        assertThat(heard).containsExactly("restarted 1");
        assertThat(listeners.dropped()).isZero();
    }

    @Test
    void notificationOfANewLifeIsToldAfterTheRestartThatBeganItAndThatOnce() {
        assertThat(listeners.notified(notification(7), 1)).isTrue();
        listeners.restarted(1);
        scheduler.runUntilIdle();

        assertThat(heard).containsExactly("restarted 1", "told 7");
    }

    private static RmMessage notification(int sequence) {
        return RmMessage.of(RmMessageType.NOTIFICATION, 0x56100008, sequence, new byte[0]);
    }
}
