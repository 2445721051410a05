// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.gunyah.msgq.Registration;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmExitedNotification;
import dev.hwmailbox.gunyah.rm.protocol.VmShutdownNotification;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Notifications by id, as typed records. */
final class NotificationDispatcherTest {
    private static final int EXITED = RmMessageId.NOTIFY_VM_EXITED;
    private static final int SHUTDOWN = RmMessageId.NOTIFY_VM_SHUTDOWN;
    private static final byte[] EXIT = new VmExitedNotification(128, 1, List.of(0)).encode();
    private static final byte[] REASON = {3, 0, 0, 0};

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final ScriptedPeer peer = new ScriptedPeer(scheduler);
    private final NotificationDispatcher dispatcher = new NotificationDispatcher();
    private final List<String> heard = new ArrayList<>();

    @BeforeEach
    void listen() {
        peer.client().addListener(dispatcher);
    }

    private void arrives(int id, byte... payload) {
        peer.notification(id, payload);
        scheduler.runDue();
    }

    private Registration onExit(String name) {
        return dispatcher.on(EXITED, VmExitedNotification::decode, exit -> heard.add(name + " " + exit.vmid()));
    }

    @Test
    void everyHandlerOfAnIdIsToldInOrder() {
        onExit("a");
        dispatcher.on(SHUTDOWN, VmShutdownNotification::decode, down -> heard.add("down " + down.reason()));
        onExit("b");

        arrives(EXITED, EXIT);
        arrives(SHUTDOWN, REASON);

        assertThat(heard).containsExactly("a 128", "b 128", "down 3");
    }

    @Test
    void decoderThatThrowsDoesNotKeepTheNewsFromOthers() {
        dispatcher.on(
                EXITED,
                notification -> {
                    throw new IllegalStateException("decoder");
                },
                nothing -> heard.add("nothing"));
        onExit("b");

        arrives(EXITED, EXIT);

        assertThat(heard).containsExactly("b 128");
    }

    @Test
    void restartHandlerThatAnEarlierOneHasRemovedIsNotTold() {
        List<Registration> second = new ArrayList<>();
        dispatcher.onRestart(generation -> second.forEach(Registration::close));
        second.add(dispatcher.onRestart(generation -> heard.add("restarted " + generation)));

        dispatcher.restarted(1);

        assertThat(heard).isEmpty();
    }

    @Test
    void whatNobodyWantsGoesToTheDefaultHandler() {
        onExit("a");
        arrives(SHUTDOWN, REASON);
        dispatcher.otherwise(news -> heard.add("other " + RmMessageId.name(news.messageId())));

        arrives(EXITED, EXIT);
        arrives(SHUTDOWN, REASON);

        assertThat(heard).containsExactly("a 128", "other NOTIFY_VM_SHUTDOWN");
    }

    @Test
    void brokenLayoutGoesToTheDefaultHandlerAndToThoseWhoReadRawBytes() {
        onExit("a");
        dispatcher.otherwise(news -> heard.add("other " + news.payloadLength()));
        arrives(EXITED, (byte) 1);
        dispatcher.on(EXITED, Function.identity(), (RmMessage raw) -> heard.add("raw " + raw.payloadLength()));

        arrives(EXITED, (byte) 1, (byte) 2);

        assertThat(heard).containsExactly("other 1", "raw 2");
    }

    @Test
    void exceptionOfOneHandlerHarmsNobody() {
        dispatcher.on(EXITED, VmExitedNotification::decode, exit -> {
            throw new IllegalStateException("handler");
        });
        onExit("b");

        arrives(EXITED, EXIT);
        arrives(EXITED, EXIT);

        assertThat(heard).containsExactly("b 128", "b 128");
    }

    @Test
    void handlersMayRemoveEachOtherAndRegister() {
        List<Registration> others = new ArrayList<>();
        dispatcher.on(EXITED, VmExitedNotification::decode, exit -> {
            heard.add("first");
            others.forEach(Registration::close);
            others.clear();
        });
        others.add(onExit("b"));
        others.add(dispatcher.on(EXITED, VmExitedNotification::decode, exit -> onExit("late")));

        arrives(EXITED, EXIT);

        assertThat(heard).containsExactly("first");
    }

    @Test
    void equalHandlersHavePlacesOfTheirOwn() {
        Registration first = onExit("a");
        onExit("a");

        first.close();
        first.close();
        arrives(EXITED, EXIT);

        assertThat(heard).containsExactly("a 128");
    }

    @Test
    void restartsAreToldUntilTheHandlerIsRemoved() {
        dispatcher.onRestart(generation -> {
            throw new IllegalStateException("handler");
        });
        Registration registration = dispatcher.onRestart(generation -> heard.add("generation " + generation));

        restart();
        registration.close();
        restart();

        assertThat(heard).containsExactly("generation 1");
        assertThat(dispatcher).hasToString("NotificationDispatcher[0 handlers]");
    }

    private void restart() {
        peer.controller().channel(0).raiseEvent(ChannelEvent.PEER_RESET);
        scheduler.advance(Duration.ofSeconds(10));
    }
}
