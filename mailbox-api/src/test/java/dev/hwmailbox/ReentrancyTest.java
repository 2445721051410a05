// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Calls back into the framework from inside callbacks and operations. */
class ReentrancyTest {
    private final World world = new World(TxDoneMethod.IRQ);
    private final MailboxChannel channel = world.bind();
    private final ControllerChannel hardware = world.hardware();

    @Test
    void completionInsideSendDataTakesEffectOnceTheMessageIsAccepted() {
        world.on("sendData", () -> {
            hardware.txDone(-Errno.EIO);
            hardware.txDone(0);
            world.log.add("end of sendData");
        });

        channel.sendMessage("a");

        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0", "end of sendData", "txDone a -EIO");
    }

    @Test
    void completionByNumberInsideSendDataTakesEffectToo() {
        world.on("sendData", () -> hardware.txDone(world.driver.lastTxId(), 0));

        channel.sendMessage("a");

        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0", "txDone a 0");
    }

    @Test
    void completionInsideSendDataIsDroppedIfTheMessageIsThenRefused() {
        world.driver.sendResults.add(-Errno.EBUSY);
        world.on("sendData", () -> hardware.txDone(0));

        channel.sendMessage("a");
        assertThat(world.takeLog()).containsExactly("prepare a", "sendData a -> -EBUSY", "refused a -EBUSY");

        hardware.resubmit();
        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0");
    }

    @Test
    void completionInsideSendDataOfTheNextMessageComesAfterTheReportOfTheOneBefore() {
        channel.sendMessage("a");
        channel.sendMessage("b");
        world.takeLog();
        world.on("sendData", () -> hardware.txDone(0));

        hardware.txDone(0);

        assertThat(world.log).containsExactly("prepare b", "sendData b -> 0", "txDone a 0", "txDone b 0");
    }

    @Test
    void reportsMadeInsideAReportNest() {
        channel.sendMessage("a");
        channel.sendMessage("b");
        world.takeLog();
        world.on("txDone", () -> {
            hardware.txDone(0);
            world.log.add("end of first txDone");
        });

        hardware.txDone(0);

        assertThat(world.log)
                .containsExactly("prepare b", "sendData b -> 0", "txDone a 0", "txDone b 0", "end of first txDone");
    }

    @Test
    void aMessageSentFromTxDoneGoesBehindTheQueue() {
        channel.sendMessage("a");
        channel.sendMessage("b");
        channel.sendMessage("c");
        world.takeLog();
        world.on("txDone", () -> assertThat(channel.sendMessage("d")).isEqualTo(3));

        for (int i = 0; i < 4; i++) {
            hardware.txDone(0);
        }

        assertThat(world.log)
                .filteredOn(entry -> entry.startsWith("txDone"))
                .containsExactly("txDone a 0", "txDone b 0", "txDone c 0", "txDone d 0");
    }

    @Test
    void aMessageSentFromTxPrepareIsQueued() {
        world.on("prepare", () -> assertThat(channel.sendMessage("b")).isEqualTo(1));

        channel.sendMessage("a");
        hardware.txDone(0);

        assertThat(world.log)
                .containsExactly("prepare a", "sendData a -> 0", "prepare b", "sendData b -> 0", "txDone a 0");
    }

    @Test
    void aMessageSentFromInsideARefusedAttemptDoesNotCauseAnother() {
        world.driver.sendResults.add(-Errno.EBUSY);
        world.on("refused", () -> channel.sendMessage("b"));
        world.on("sendData", () -> channel.sendMessage("c"));

        channel.sendMessage("a");

        assertThat(world.log).containsExactly("prepare a", "sendData a -> -EBUSY", "refused a -EBUSY");
        assertThat(channel.slotsAvailable()).isEqualTo(17);
    }

    @Test
    void sendsFromWritableAndRx() {
        for (int i = 0; i < 22; i++) {
            channel.sendMessage(i);
        }
        world.on("writable", () -> assertThat(channel.sendMessage("room")).isEqualTo(1));
        world.on("rx", () -> assertThat(channel.sendMessage("none")).isEqualTo(-Errno.ENOBUFS));

        hardware.txDone(0);
        hardware.receivedData("data");

        assertThat(world.log).endsWith("txDone 0 0", "writable", "rx data");
    }

    @Test
    void bindsAnotherChannelFromTxDone() {
        channel.sendMessage("a");
        world.on("txDone", () -> world.bind(1, ClientOptions.NON_BLOCKING).sendMessage("other"));

        hardware.txDone(0);

        assertThat(world.log).containsExactly("prepare other", "sendData other -> 0");
    }

    @Test
    void aBlockingSendInsideTxDoneIsReportedInsideIt() {
        var blocking = new World(TxDoneMethod.IRQ);
        MailboxChannel waits = blocking.bind(ClientOptions.blocking(Duration.ofMillis(5)));
        blocking.on("sendData", () -> blocking.hardware().txDone(0));
        blocking.on("sendData", () -> blocking.hardware().txDone(0));
        blocking.on("txDone", () -> assertThat(waits.sendMessage("inner")).isEqualTo(1));

        assertThat(waits.sendMessage("outer")).isZero();

        assertThat(blocking.log)
                .containsExactly(
                        "prepare outer",
                        "sendData outer -> 0",
                        "txDone outer 0",
                        "prepare inner",
                        "sendData inner -> 0",
                        "txDone inner 0");
    }

    @Test
    void aControllerThatCompletesAtOnceAndAClientThatAlwaysSendsDoNotNest() {
        ChannelOps immediate = (ControllerChannel ch, @Nullable Object message, long txId) -> {
            ch.txDone(txId, 0);
            return 0;
        };
        int messages = 200_000;
        var sent = new AtomicInteger();
        var client = new MailboxClient() {
            @Override
            public void txDone(MailboxChannel ch, @Nullable Object message, int status) {
                if (sent.incrementAndGet() < messages) {
                    ch.sendMessage("more");
                }
            }
        };
        MailboxChannel stream = MailboxController.builder(immediate, new VirtualScheduler())
                .txDoneMethod(TxDoneMethod.IRQ)
                .build()
                .channel(0)
                .bindClient(client);

        stream.sendMessage("first");

        assertThat(sent).hasValue(messages);
    }
}
