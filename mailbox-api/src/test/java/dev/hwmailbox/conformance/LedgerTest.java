// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.internal.ChannelState;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Every rule of the ledger, broken once; the channels are real and idle, what is entered about them is not. */
class LedgerTest {
    private static final long TIMEOUT = 10_000;
    private static final MailboxClient OWNER = new MailboxClient() {};

    private long now = 1_000;
    private final Ledger ledger = new Ledger(() -> now);
    private final ControllerChannel channel = MailboxController.builder(
                    (unused, message, txId) -> 0, new VirtualScheduler())
            .build()
            .channel(0);
    private final MailboxChannel handle = channel.bindClient(OWNER);

    private void bound(TxDoneMethod method, boolean blocking) {
        ledger.bound(handle, new ClientOptions(blocking, Duration.ofMillis(10), false), method);
    }

    private Ledger.@Nullable Submission send(int number) {
        return ledger.submitting(handle, number);
    }

    private void broken(String rule) {
        assertThat(ledger.violations()).singleElement().asString().contains(rule);
    }

    @Test
    void findsNothingInAProperExchange() {
        bound(TxDoneMethod.POLL, true);
        Ledger.Submission first = send(1);
        ledger.attempted(channel, 1, 1, -Errno.EBUSY);
        ledger.refused(handle, 1, -Errno.EBUSY);
        ledger.attempted(channel, 1, 2, 0);
        ledger.polled(channel);
        ledger.reported(handle, 1, 0);
        ledger.submitted(first, 0);
        now += 5;
        Ledger.Submission second = send(0);
        ledger.attempted(channel, 0, 3, 0);
        ledger.compare(channel.toString(), new ChannelState(OWNER, true, null, 0, TxDoneMethod.POLL));
        now += TIMEOUT;
        ledger.reported(handle, 0, -Errno.ETIME);
        ledger.submitted(second, -Errno.ETIME);
        ledger.shuttingDown(channel);
        ledger.told(handle, ChannelEvent.CLOSED);

        assertThat(ledger.violations()).isEmpty();
    }

    @Test
    void missesNoTransmissionAfterTheSenderWasToldEtime() {
        bound(TxDoneMethod.IRQ, true);
        Ledger.Submission submission = send(1);
        ledger.attempted(channel, 1, 1, -Errno.EBUSY);
        now += TIMEOUT;
        ledger.submitted(submission, -Errno.ETIME);

        ledger.attempted(channel, 1, 2, 0);

        broken("when it was not the oldest of the queue");
    }

    @Test
    void missesNoReportOfWhatWasNotAccepted() {
        bound(TxDoneMethod.IRQ, false);
        ledger.submitted(send(1), 0);
        ledger.attempted(channel, 1, 1, -Errno.EBUSY);

        ledger.reported(handle, 1, 0);

        broken("when it was not the oldest accepted");
    }

    @Test
    void missesNoSecondReport() {
        bound(TxDoneMethod.IRQ, false);
        ledger.submitted(send(1), 0);
        ledger.attempted(channel, 1, 1, 0);
        ledger.reported(handle, 1, 0);

        ledger.reported(handle, 1, 0);

        broken("when it was not the oldest accepted");
    }

    @Test
    void missesNoOvertaking() {
        bound(TxDoneMethod.IRQ, false);
        ledger.submitted(send(1), 0);
        ledger.submitted(send(2), 1);

        ledger.attempted(channel, 2, 1, 0);

        broken("when it was not the oldest of the queue");
    }

    @Test
    void missesNoThirdMessageUnderWay() {
        bound(TxDoneMethod.IRQ, false);
        for (int i = 0; i < 3; i++) {
            ledger.submitted(send(i), i);
            ledger.attempted(channel, i, i + 1, 0);
        }

        broken("with a message in flight");
    }

    @Test
    void missesNoNumberUsedAgain() {
        bound(TxDoneMethod.IRQ, false);
        ledger.submitted(send(1), 0);
        ledger.attempted(channel, 1, 1, -Errno.EBUSY);

        ledger.attempted(channel, 1, 1, 0);

        broken("used again");
    }

    @Test
    void missesNoWrongSlot() {
        bound(TxDoneMethod.IRQ, false);

        ledger.submitted(send(1), 1);

        broken("wrong slot");
    }

    @Test
    void missesNoLostMessage() {
        bound(TxDoneMethod.IRQ, false);
        ledger.submitted(send(1), 0);

        ledger.compare(channel.toString(), new ChannelState(OWNER, false, null, 0, TxDoneMethod.IRQ));

        broken("queue of 0 not as in the account");
    }

    @Test
    void missesNoLostSignal() {
        bound(TxDoneMethod.IRQ, true);
        send(1);
        ledger.attempted(channel, 1, 1, 0);
        ledger.reported(handle, 1, 0);

        ledger.compare(channel.toString(), new ChannelState(OWNER, false, null, 0, TxDoneMethod.IRQ));

        broken("its sender still blocked");
    }

    @Test
    void missesNoStatusOfAnotherMessage() {
        bound(TxDoneMethod.IRQ, true);
        Ledger.Submission submission = send(1);
        ledger.attempted(channel, 1, 1, 0);
        ledger.reported(handle, 1, -Errno.EIO);

        ledger.submitted(submission, 0);

        broken("returned 0 instead of -5");
    }

    @Test
    void missesNoSenderThatReturnsLate() {
        bound(TxDoneMethod.IRQ, true);
        Ledger.Submission submission = send(1);
        ledger.attempted(channel, 1, 1, 0);
        ledger.reported(handle, 1, 0);
        now++;

        ledger.submitted(submission, 0);

        broken("returned later than reported");
    }

    @Test
    void missesNoTimeoutBeforeItsTime() {
        bound(TxDoneMethod.IRQ, true);
        Ledger.Submission submission = send(1);
        now += TIMEOUT - 1;

        ledger.submitted(submission, -Errno.ETIME);

        broken("ETIME at the wrong time");
    }

    @Test
    void missesNoTimeoutThatLeavesTheMessageInFlight() {
        bound(TxDoneMethod.IRQ, true);
        Ledger.Submission submission = send(1);
        ledger.attempted(channel, 1, 1, 0);
        now += TIMEOUT;

        ledger.submitted(submission, -Errno.ETIME);

        broken("ETIME without ending the message");
    }

    @Test
    void missesNoRefusalWithRoomInTheQueue() {
        bound(TxDoneMethod.IRQ, false);

        ledger.submitted(send(1), -Errno.ENOBUFS);

        broken("with room in the queue");
    }

    @Test
    void missesNoPollOfAnAckChannel() {
        bound(TxDoneMethod.ACK, false);
        ledger.submitted(send(1), 0);
        ledger.attempted(channel, 1, 1, 0);

        ledger.polled(channel);

        broken("polled by mistake");
    }

    @Test
    void missesNoPollWithNothingInFlight() {
        bound(TxDoneMethod.POLL, false);

        ledger.polled(channel);

        broken("polled with nothing in flight");
    }

    @Test
    void missesNoShutdownAfterAFailedStartup() {
        ledger.shuttingDown(channel);

        broken("shutdown without a startup that went well");
    }

    @Test
    void missesNoSecondShutdown() {
        bound(TxDoneMethod.IRQ, false);
        ledger.shuttingDown(channel);

        ledger.shuttingDown(channel);

        broken("shutdown without a startup that went well");
    }

    @Test
    void missesNoTransmissionAfterShutdown() {
        bound(TxDoneMethod.IRQ, false);
        ledger.submitted(send(1), 0);
        ledger.shuttingDown(channel);

        ledger.attempted(channel, 1, 1, 0);

        broken("transmitted without owner");
    }

    @Test
    void missesNoCallbackAfterRelease() {
        bound(TxDoneMethod.IRQ, false);
        ledger.told(handle, ChannelEvent.CLOSED);

        ledger.heard(handle, "rxCallback");

        broken("rxCallback after release");
    }

    @Test
    void missesNoReleaseThatTellsNoLosses() {
        bound(TxDoneMethod.IRQ, false);
        ledger.submitted(send(1), 0);

        ledger.told(handle, ChannelEvent.CLOSED);

        broken("the end without the losses");
    }

    @Test
    void missesNoLossesThatAreNone() {
        bound(TxDoneMethod.IRQ, false);

        ledger.told(handle, ChannelEvent.ABANDONED);

        broken("told of losses without any");
    }

    @Test
    void missesNoSenderAbandonedWithoutRelease() {
        bound(TxDoneMethod.IRQ, true);

        ledger.submitted(send(1), -Errno.ESHUTDOWN);

        broken("ESHUTDOWN without a release");
    }

    @Test
    void missesNoNewsOfSpaceThatNobodyWanted() {
        bound(TxDoneMethod.IRQ, false);

        ledger.writable(handle);

        broken("told of space that nobody had wanted");
    }

    @Test
    void missesNoRefusalThatWasNone() {
        bound(TxDoneMethod.IRQ, false);
        ledger.submitted(send(1), 0);
        ledger.attempted(channel, 1, 1, -Errno.EBUSY);

        ledger.refused(handle, 1, -Errno.EIO);

        broken("told a refusal of 1");
    }

    @Test
    void missesNoSendThatSucceedsWithoutOwner() {
        ledger.submitted(send(1), 0);

        broken("sent without owner");
    }
}
