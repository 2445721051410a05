// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/**
 * Messages that leave the queue from behind others. Senders that block on one channel have one timeout, so the first
 * to give up is the oldest; no recorded trace can show this.
 */
class WithdrawnMessageTest {
    @AutoClose
    private final World world = new World(TxDoneMethod.IRQ);

    private final MailboxChannel channel = world.bind();

    @Test
    void aMessageThatTimesOutInTheMiddleOfTheQueueLeavesAndTheOthersKeepTheirOrder() {
        channel.sendMessage("flying");
        channel.sendMessage("first");
        CompletableFuture<Integer> second = channel.sendMessageAsync("second", Duration.ofMillis(5));
        channel.sendMessage("third");
        world.takeLog();

        world.scheduler.advance(Duration.ofMillis(5));
        assertThat(second).isCompletedExceptionally();
        assertThat(world.takeLog()).isEmpty();
        world.hardware().txDone(0);
        world.hardware().txDone(0);
        world.hardware().txDone(0);

        assertThat(world.log)
                .filteredOn(entry -> !entry.startsWith("prepare"))
                .containsExactly(
                        "sendData first -> 0",
                        "txDone flying 0",
                        "sendData third -> 0",
                        "txDone first 0",
                        "txDone third 0");
        assertThat(channel.sendMessage("next")).isEqualTo(4);
    }

    @Test
    void ofEqualMessagesTheOneThatWasCancelledLeaves() {
        channel.sendMessage("flying");
        CompletableFuture<Integer> first = channel.sendMessageAsync("same");
        CompletableFuture<Integer> second = channel.sendMessageAsync("same");
        CompletableFuture<Integer> third = channel.sendMessageAsync("same");

        second.cancel(false);
        world.hardware().txDone(0);
        world.hardware().txDone(-Errno.EIO);
        world.hardware().txDone(0);

        assertThat(first).isCompletedExceptionally();
        assertThat(third).isCompletedWithValue(3);
        assertThat(world.log).filteredOn("sendData same -> 0"::equals).hasSize(2);
    }
}
