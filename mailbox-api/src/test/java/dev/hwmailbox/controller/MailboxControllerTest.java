// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class MailboxControllerTest {
    private static final ChannelOps SEND_ONLY = (channel, message, txId) -> 0;

    private final MailboxController.Builder builder = MailboxController.builder(SEND_ONLY, new VirtualScheduler());

    private int buildFails() {
        return catchThrowableOfType(MailboxException.class, builder::build).errno();
    }

    @Test
    void hasOneAckChannelUnlessToldOtherwise() {
        MailboxController controller = builder.build();

        assertThat(controller.channelCount()).isEqualTo(1);
        assertThat(controller.txDoneMethod(0)).isEqualTo(TxDoneMethod.ACK);
        assertThat(controller.ringLength()).isEqualTo(MailboxChannel.TX_QUEUE_LENGTH);
        assertThat(controller.node()).isNull();
        assertThat(controller).hasToString("mailbox[1 channels]");
    }

    @Test
    void failsWithEinvalWithoutChannels() {
        builder.channelCount(0);

        assertThat(buildFails()).isEqualTo(Errno.EINVAL);
    }

    @Test
    void failsWithEinvalIfAChannelIsPolledByADriverThatCannot() {
        builder.channelCount(3).txDoneMethods(index -> index == 2 ? TxDoneMethod.POLL : TxDoneMethod.IRQ);

        assertThat(buildFails()).isEqualTo(Errno.EINVAL);
    }

    @Test
    @SuppressWarnings("NullAway") // what a careless driver says
    void refusesAChannelWithoutMethod() {
        builder.channelCount(3).name("careless").txDoneMethods(index -> index == 2 ? null : TxDoneMethod.IRQ);

        assertThatThrownBy(builder::build)
                .isInstanceOf(NullPointerException.class)
                .hasMessage("completion method of careless/2");
    }

    @Test
    void refusesARingWhoseStorageMightNotBeHadWhenItIsNeeded() {
        assertThat(builder.ringLength(MailboxController.MAX_RING_LENGTH).build().ringLength())
                .isEqualTo(1_048_576);
        assertThatThrownBy(() -> builder.ringLength((1 << 20) + 1).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("ring length above 1048576: 1048577");
    }

    @Test
    void refusesARingOrAPeriodThatIsNotPositive() {
        assertThatThrownBy(() -> builder.ringLength(0).build()).isInstanceOf(IllegalArgumentException.class);
        builder.ringLength(1);
        assertThatThrownBy(() -> builder.pollPeriod(Duration.ZERO).build())
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.pollPeriod(Duration.ofMillis(-1)).build())
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void channelsAreNumberedAndPermanent() {
        MailboxController controller = builder.channelCount(2).build();

        assertThat(controller.channel(1).index()).isEqualTo(1);
        assertThat(controller.channel(1)).isSameAs(controller.channel(1));
        assertThat(controller.channel(1).controller()).isSameAs(controller);
        assertThatThrownBy(() -> controller.channel(2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> controller.channel(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void privateDataSurvivesBindings() {
        ControllerChannel channel = builder.build().channel(0);
        channel.privateData("queue");

        channel.bindClient(new MailboxClient() {}).close();

        assertThat(channel.privateData()).isEqualTo("queue");
    }

    @Test
    void closedIsNotForControllersToRaise() {
        ControllerChannel channel = builder.build().channel(0);

        assertThatThrownBy(() -> channel.raiseEvent(ChannelEvent.CLOSED)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aDriverMayLeaveOutEverythingButSendData() {
        MailboxChannel channel = builder.build().channel(0).bindClient(new MailboxClient() {});

        assertThat(channel.sendMessage("a")).isZero();
        assertThat(channel.peekData()).isFalse();
        assertThat(channel.flush(Duration.ZERO)).isEqualTo(-Errno.ENOTSUPP);
        channel.clientTxDone(0);
        channel.close();
        assertThat(SEND_ONLY.lastTxDone(builder.build().channel(0))).isFalse();
        assertThat(SEND_ONLY.flush(builder.build().channel(0), 0)).isEqualTo(-Errno.ENOTSUPP);
    }
}
