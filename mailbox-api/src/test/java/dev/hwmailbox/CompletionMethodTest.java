// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Who may report completion. */
class CompletionMethodTest {
    private static final ClientOptions KNOWS = ClientOptions.NON_BLOCKING.withKnowsTxDone();

    @Test
    void onAnIrqChannelOnlyTheControllerReports() {
        var world = new World(TxDoneMethod.IRQ);
        MailboxChannel channel = world.bind();
        channel.sendMessage("a");
        world.takeLog();

        try (var logged = new LogCapture()) {
            channel.clientTxDone(0);
            assertThat(world.log).isEmpty();
            assertThat(logged.at(Level.WARN))
                    .containsExactly("c/0: completion reported by the client, but the method is IRQ");
        }
        world.hardware().txDone(0);
        assertThat(world.log).containsExactly("txDone a 0");
    }

    @Test
    void onAnAckChannelOnlyTheClientReports() {
        var world = new World(TxDoneMethod.ACK);
        MailboxChannel channel = world.bind();
        channel.sendMessage("a");
        world.takeLog();

        try (var logged = new LogCapture()) {
            world.hardware().txDone(0);
            world.hardware().txDone(world.driver.lastTxId(), 0);
            assertThat(world.log).isEmpty();
            assertThat(logged.at(Level.WARN))
                    .hasSize(2)
                    .contains("c/0: completion reported by the controller, but the method is ACK");
        }
        channel.clientTxDone(-Errno.EIO);
        assertThat(world.log).containsExactly("txDone a -EIO");
    }

    @Test
    void onAPollChannelNobodyReports() {
        var world = new World(TxDoneMethod.POLL);
        MailboxChannel channel = world.bind();
        channel.sendMessage("a");
        world.takeLog();

        try (var logged = new LogCapture()) {
            world.hardware().txDone(0);
            channel.clientTxDone(0);
            assertThat(logged.at(Level.WARN)).hasSize(2);
        }

        assertThat(world.log).isEmpty();
    }

    @Test
    void aClientThatKnowsTurnsAPollChannelIntoAckUntilItCloses() {
        var world = new World(TxDoneMethod.POLL);
        MailboxChannel channel = world.bind(KNOWS);
        channel.sendMessage("a");
        world.scheduler.advance(Duration.ofSeconds(1));
        assertThat(world.takeLog()).containsExactly("prepare a", "sendData a -> 0");

        channel.clientTxDone(0);
        assertThat(world.takeLog()).containsExactly("txDone a 0");
        channel.close();

        world.bind().sendMessage("b");
        world.scheduler.runDue();
        assertThat(world.log).endsWith("lastTxDone 0 -> true", "txDone b 0");
    }

    @Test
    void aClientThatKnowsChangesNothingOnAnIrqChannel() {
        var world = new World(TxDoneMethod.IRQ);
        MailboxChannel channel = world.bind(KNOWS);
        channel.sendMessage("a");
        world.takeLog();

        world.hardware().txDone(0);

        assertThat(world.log).containsExactly("txDone a 0");
    }

    @Test
    @DisplayName("D6 an ack channel stays ack for its next owner")
    void anAckChannelStaysAckForItsNextOwner() {
        var world = new World(TxDoneMethod.ACK);
        world.bind().close();
        MailboxChannel channel = world.bind();
        channel.sendMessage("a");
        world.takeLog();

        channel.clientTxDone(0);

        assertThat(world.log).containsExactly("txDone a 0");
    }

    @Test
    void theMethodIsCheckedEvenWithoutAnOwner() {
        var world = new World(TxDoneMethod.POLL);
        MailboxChannel closed = world.bind(KNOWS);
        closed.close();

        try (var logged = new LogCapture()) {
            world.hardware().txDone(0);
            closed.clientTxDone(0);
            assertThat(logged.at(Level.WARN))
                    .containsExactly(
                            "c/0: completion reported by the controller, but the method is POLL",
                            "c/0: completion reported by the client, but the method is POLL");
        }
    }

    @Test
    void completionsWithoutAnOwnerDoNothing() {
        var irq = new World(TxDoneMethod.IRQ);
        irq.hardware().txDone(0);
        irq.hardware().txDone(1, 0);
        irq.hardware().resubmit();
        irq.hardware().receivedData("lost");
        var ack = new World(TxDoneMethod.ACK);
        MailboxChannel closed = ack.bind();
        closed.close();
        ack.takeLog();
        closed.clientTxDone(0);

        assertThat(irq.log).isEmpty();
        assertThat(ack.log).isEmpty();
    }

    @Test
    void theMethodCanDifferFromChannelToChannel() {
        var world =
                new World(builder -> builder.txDoneMethods(index -> index == 0 ? TxDoneMethod.IRQ : TxDoneMethod.ACK));
        MailboxChannel irq = world.bind(0, ClientOptions.NON_BLOCKING);
        MailboxChannel ack = world.bind(1, ClientOptions.NON_BLOCKING);
        irq.sendMessage("a");
        ack.sendMessage("b");
        world.takeLog();

        world.hardware().txDone(0);
        ack.clientTxDone(0);

        assertThat(world.log).containsExactly("txDone a 0", "txDone b 0");
    }

    @Test
    @DisplayName("D10 a controller whose channels are never polled closes whatever its methods are")
    void aControllerThatHasNeverPolledClosesWhateverItsMethods() {
        var world =
                new World(builder -> builder.txDoneMethods(index -> index == 0 ? TxDoneMethod.IRQ : TxDoneMethod.POLL));
        MailboxChannel irq = world.bind(0, ClientOptions.NON_BLOCKING);
        irq.sendMessage("a");
        world.takeLog();

        world.controller.close();

        assertThat(world.log).containsExactly("shutdown", "event ABANDONED", "event CLOSED");
        assertThat(world.scheduler.pending()).isEmpty();
    }

    @Test
    @DisplayName("D18 a client of two channels is told which one each callback is about")
    void aClientOfTwoChannelsIsToldWhichOneEachCallbackIsAbout() {
        var world = new World(TxDoneMethod.IRQ);
        var told = new ArrayList<String>();
        MailboxClient client = new MailboxClient() {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                told.add(channel + " rx " + message);
            }

            @Override
            public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
                told.add(channel + " txDone " + message);
            }
        };
        MailboxChannel first = world.controller.channel(0).bindClient(client);
        MailboxChannel second = world.controller.channel(1).bindClient(client);

        second.sendMessage("a");
        first.sendMessage("a");
        world.controller.channel(1).txDone(0);
        world.controller.channel(0).receivedData("b");

        assertThat(told).containsExactly("c/1 txDone a", "c/0 rx b");
    }
}
