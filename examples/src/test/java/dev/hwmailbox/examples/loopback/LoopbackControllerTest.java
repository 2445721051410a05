// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.loopback;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.testing.RecordingClient;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LoopbackControllerTest {
    @AutoClose
    private final VirtualScheduler scheduler = new VirtualScheduler();

    private final RecordingClient sender = RecordingClient.create(scheduler);
    private final RecordingClient receiver = RecordingClient.create(scheduler);

    private LoopbackController device(Windows windows) {
        return new LoopbackController(TestTree.mailbox(), windows, Duration.ofMillis(3), scheduler);
    }

    private MailboxChannel bind(LoopbackController device, int index, RecordingClient client) {
        return device.controller().channel(index).bindClient(client);
    }

    private static ByteBuffer bytes(int... values) {
        ByteBuffer buffer = ByteBuffer.allocate(values.length);
        for (int value : values) {
            buffer.put((byte) value);
        }
        return buffer.flip();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void sendsEveryByteBackAlteredOnTheOtherChannel(int index) {
        LoopbackController device = device(Windows.NONE);
        MailboxChannel channel = bind(device, index, sender);
        bind(device, 1 - index, receiver);

        channel.sendMessage(bytes(0x00, 0xff, 0x5a));
        scheduler.runUntilIdle();

        receiver.assertReceived(bytes(0xa5, 0x5a, 0xff));
        assertThat(sender.received()).isEmpty();
        assertThat(scheduler.elapsed()).isEqualTo(Duration.ofMillis(3));
        assertThat(device).hasToString("loopback[2 channels]");
    }

    @Test
    void sendsBackOnTheSameChannelIfNobodyOwnsTheOther() {
        MailboxChannel channel = bind(device(Windows.NONE), 0, sender);

        channel.sendMessage(bytes(1));
        channel.sendMessage(null);
        scheduler.runUntilIdle();

        sender.assertReceived(bytes(0xa4), null);
        assertThat(sender.events().get(0).text()).startsWith("txDone").endsWith(" 0");
    }

    @Test
    void takesFromPositionToLimitAndLeavesTheMessageAsItWas() {
        MailboxChannel channel = bind(device(Windows.NONE), 0, sender);
        ByteBuffer message = bytes(1, 2, 3, 4).position(1).limit(3);

        channel.sendMessage(message);
        scheduler.runUntilIdle();

        sender.assertReceived(bytes(0xa7, 0xa6));
        assertThat(message.position()).isEqualTo(1);
        assertThat(message.limit()).isEqualTo(3);
    }

    @Test
    void returnsEinvalForWhatIsNoBytesAndGoesOn() {
        MailboxChannel channel = bind(device(Windows.NONE), 0, sender);

        channel.sendMessage("text");
        sender.assertEvents("txDone 'text' EINVAL");
        channel.sendMessage(bytes(0));
        scheduler.runUntilIdle();

        sender.assertReceived(bytes(0xa5));
    }

    @Test
    void answersFromOneWindowInTheOther() {
        ByteBuffer transmit = bytes(1, 2);
        ByteBuffer receive = ByteBuffer.allocate(2);
        MailboxChannel channel = bind(device(new Windows(transmit, receive)), 0, sender);

        channel.sendMessage(bytes(0xff));
        scheduler.runUntilIdle();

        assertThat(receive).isEqualTo(bytes(0xa4, 0xa7));
        assertThat(transmit).isEqualTo(bytes(1, 2));
        sender.assertReceived(bytes(0x5a));
    }

    @Test
    void answersInTheSameWindowIfThereIsOneOnly() {
        ByteBuffer window = bytes(1, 2);
        MailboxChannel channel = bind(device(new Windows(window, null)), 0, sender);

        channel.sendMessage(null);
        scheduler.runUntilIdle();

        assertThat(window).isEqualTo(bytes(0xa4, 0xa7));
    }

    @Test
    void swallowsMessagesWhenSilent() {
        LoopbackController device = device(Windows.NONE);
        MailboxChannel channel = bind(device, 0, sender);
        device.silent(true);

        channel.sendMessage(bytes(1));
        scheduler.runUntilIdle();

        sender.assertNothingHappened();
    }

    @Test
    void aMessageBehindOneThatWasGivenUpTakesItsFullTime() {
        sender.options(ClientOptions.blocking(Duration.ofMillis(2)));
        MailboxChannel channel = bind(device(Windows.NONE), 0, sender);

        assertThat(channel.sendMessage(bytes(1))).isEqualTo(-Errno.ETIME);
        assertThat(channel.sendMessage(bytes(2))).isEqualTo(-Errno.ETIME);
        scheduler.runUntilIdle();

        assertThat(scheduler.elapsed()).isEqualTo(Duration.ofMillis(5));
        sender.assertReceived(bytes(0xa7));
    }

    @Test
    void aClosedChannelLeavesNothingOnItsWay() {
        LoopbackController device = device(Windows.NONE);
        MailboxChannel channel = bind(device, 0, sender);
        channel.sendMessage(bytes(1));

        channel.close();

        assertThat(scheduler.pending()).isEmpty();
        bind(device, 0, receiver);
        scheduler.runUntilIdle();
        receiver.assertNothingHappened();
    }

    @Test
    void closingTheDeviceClosesItsChannels() {
        LoopbackController device = device(Windows.NONE);
        MailboxChannel channel = bind(device, 0, sender);

        device.close();

        assertThat(channel.isClosed()).isTrue();
    }
}
