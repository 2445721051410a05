// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.Mailboxes;
import dev.hwmailbox.testing.VirtualScheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Controllers that grow while they are used. */
class AddChannelsTest {
    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final List<String> sent = new ArrayList<>();
    private final MailboxController controller = controller(builder -> {});

    private MailboxController controller(Consumer<MailboxController.Builder> settings) {
        var builder = MailboxController.builder(
                        new ChannelOps() {
                            @Override
                            public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
                                sent.add(channel + " " + message);
                                channel.txDone(txId, 0);
                                return 0;
                            }
                        },
                        scheduler)
                .name("c")
                .channelCount(2)
                .txDoneMethod(TxDoneMethod.IRQ);
        settings.accept(builder);
        return builder.build();
    }

    @Test
    void numbersTheNewOnesBehindThoseThereAre() {
        ControllerChannel first = controller.channel(0);

        controller.addChannels(3);

        assertThat(controller.channelCount()).isEqualTo(5);
        assertThat(controller.channel(0)).isSameAs(first);
        assertThat(IntStream.range(0, 5).mapToObj(controller::channel))
                .extracting(ControllerChannel::index)
                .containsExactly(0, 1, 2, 3, 4);
        assertThatThrownBy(() -> controller.channel(5)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void leavesBoundChannelsAsTheyAre() {
        MailboxChannel bound = controller.channel(1).bindClient(new MailboxClient() {});

        controller.addChannels(1);
        bound.sendMessage("a");
        controller.channel(2).bindClient(new MailboxClient() {}).sendMessage("b");

        assertThat(controller.channel(1).isBound()).isTrue();
        assertThat(sent).containsExactly("c/1 a", "c/2 b");
    }

    @Test
    void serveARegisteredController() {
        var mailboxes = new Mailboxes();
        mailboxes.register(controller);

        controller.addChannels(1);
        MailboxChannel added = controller.channel(2).bindClient(new MailboxClient() {});
        mailboxes.unregister(controller);

        assertThat(added.isClosed()).isTrue();
        assertThat(controller.channel(2).isBound()).isFalse();
    }

    @Test
    void areClosedWithTheController() {
        controller.addChannels(1);
        MailboxChannel added = controller.channel(2).bindClient(new MailboxClient() {});

        controller.close();

        assertThat(added.isClosed()).isTrue();
    }

    @Test
    void refusesPolledOnesAndStaysAsItIs() {
        MailboxController polled = controller(builder -> builder.txDoneMethods(
                index -> index < 2 ? TxDoneMethod.IRQ : index == 3 ? TxDoneMethod.POLL : TxDoneMethod.ACK));

        assertThatThrownBy(() -> polled.addChannels(2))
                .isInstanceOfSatisfying(
                        MailboxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EOPNOTSUPP))
                .hasMessageContaining("c/3");

        assertThat(polled.channelCount()).isEqualTo(2);
        polled.addChannels(1);
        assertThat(polled.txDoneMethod(2)).isEqualTo(TxDoneMethod.ACK);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1})
    void refusesCountsThatAddNothing(int count) {
        assertThatThrownBy(() -> controller.addChannels(count))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("count");
    }

    @Test
    void refusesMoreThanThereAreNumbers() {
        assertThatThrownBy(() -> controller.addChannels(Integer.MAX_VALUE)).isInstanceOf(ArithmeticException.class);
        assertThat(controller.channelCount()).isEqualTo(2);
    }

    @Test
    void severalThreadsMayAddAtATime() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<Future<?>> adding = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            adding.add(threads.submit(() -> controller.addChannels(1)));
        }
        for (Future<?> each : adding) {
            each.get();
        }
        threads.shutdown();

        assertThat(controller.channelCount()).isEqualTo(102);
        assertThat(IntStream.range(0, 102).mapToObj(controller::channel).distinct())
                .hasSize(102);
    }
}
