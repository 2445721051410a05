// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.testing.VirtualScheduler;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ResourceManagerNotificationTest {
    private static final int FIRST = 0x56100001;
    private static final int SECOND = 0x56100002;
    private static final int THIRD = 0x561000FF;

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final ScriptedPeer peer = new ScriptedPeer(scheduler);
    private final ResourceManager client = peer.client();
    private final List<String> heard = new ArrayList<>();

    @Test
    void listenersHearInOrderAndOffTheInterruptPath() {
        client.addListener(hearing("a"));
        client.addListener(hearing("b"));

        peer.notification(FIRST, (byte) 1);
        peer.notification(SECOND, new byte[500]);
        peer.notification(THIRD);
        assertThat(heard).as("inside the delivery").isEmpty();
        scheduler.runUntilIdle();

        assertThat(heard).containsExactly("a 1:1", "b 1:1", "a 2:500", "b 2:500", "a ff:0", "b ff:0");
    }

    @Test
    void notificationsInsideACallAreHeardBeforeItReturns() {
        client.addListener(hearing("a"));
        peer.onRequest(request -> {
            peer.notification(FIRST);
            scheduler.execute(() -> peer.reply(request, 0, (byte) 3, (byte) 0, (byte) 0, (byte) 0));
        });

        client.vmid();

        assertThat(heard).containsExactly("a 1:0");
    }

    @Test
    void exceptionOfOneListenerDoesNotStopTheOthersOrTheNext() {
        client.addListener(notification -> {
            throw new IllegalStateException("listener");
        });
        client.addListener(hearing("b"));

        peer.notification(FIRST);
        peer.notification(SECOND);
        scheduler.runUntilIdle();

        assertThat(heard).containsExactly("b 1:0", "b 2:0");
    }

    @Test
    void errorOfOneListenerDoesNotStopTheNextNotification() {
        client.addListener(hearing("a"));
        List<Error> errors = new ArrayList<>(List.of(new AssertionError("listener")));
        client.addListener(notification -> {
            if (!errors.isEmpty()) {
                throw errors.remove(0);
            }
        });
        peer.notification(FIRST);
        peer.notification(SECOND);

        assertThatThrownBy(scheduler::runUntilIdle).hasMessage("listener");
        scheduler.runUntilIdle();

        assertThat(heard).containsExactly("a 1:0", "a 2:0");
    }

    @Test
    void errorOfOneListenerComesAfterTheOthersHaveHeard() {
        client.addListener(notification -> {
            throw new AssertionError("listener");
        });
        client.addListener(hearing("b"));
        peer.notification(FIRST);

        assertThatThrownBy(scheduler::runUntilIdle).hasMessage("listener");

        assertThat(heard).containsExactly("b 1:0");
    }

    @Test
    void listenerMayCallTheResourceManagerAndNothingOvertakesIt() {
        client.addListener(notification -> {
            if (notification.messageId() == FIRST) {
                heard.add("vmid " + client.vmid());
            }
        });
        client.addListener(hearing("b"));
        peer.onRequest(request -> {
            peer.notification(SECOND);
            scheduler.execute(() -> peer.reply(request, 0, (byte) 3, (byte) 0, (byte) 0, (byte) 0));
        });

        peer.notification(FIRST);
        scheduler.runUntilIdle();

        assertThat(heard).containsExactly("vmid 3", "b 1:0", "b 2:0");
    }

    @Test
    void removedListenerHearsNoMore() {
        RmNotificationListener listener = hearing("a");
        client.addListener(listener);
        peer.notification(FIRST);
        scheduler.runUntilIdle();

        client.removeListener(listener);
        peer.notification(SECOND);
        scheduler.runUntilIdle();

        assertThat(heard).containsExactly("a 1:0");
    }

    @Test
    void afterCloseNobodyHearsWhatHadArrivedBefore() {
        client.addListener(hearing("a"));
        peer.notification(FIRST);

        client.close();
        scheduler.runUntilIdle();

        assertThat(heard).isEmpty();
    }

    @Test
    void listenerThatClosesTheClientIsTheLastToHear() {
        client.addListener(notification -> client.close());
        client.addListener(hearing("b"));

        peer.notification(FIRST);
        peer.notification(SECOND);
        scheduler.runUntilIdle();

        assertThat(heard).isEmpty();
    }

    @Test
    void lostNotificationIsNotHeardAndTheNextOneIs() {
        client.addListener(hearing("a"));
        List<byte[]> cut = ScriptedPeer.message(ScriptedPeer.NOTIFICATION, FIRST, 1, new byte[600]);

        peer.deliver(cut.get(0));
        peer.deliver(cut.get(1));
        peer.notification(SECOND);
        scheduler.runUntilIdle();

        assertThat(heard).containsExactly("a 2:0");
    }

    private RmNotificationListener hearing(String name) {
        return (RmMessage notification) ->
                heard.add("%s %x:%d".formatted(name, notification.messageId() & 0xff, notification.payloadLength()));
    }
}
