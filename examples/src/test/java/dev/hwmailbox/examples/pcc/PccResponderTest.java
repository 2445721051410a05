// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pcc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.testing.RecordingClient;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The platform commands, the client answers. */
final class PccResponderTest {
    private static final int INITIATOR_ON_SHARED_LINE = 0;
    private static final int RESPONDER = 3;
    private static final int RESPONDER_ON_SHARED_LINE = 5;

    @AutoClose
    private final PccBed bed = new PccBed(TxDoneMethod.IRQ);

    private final RecordingClient client = bed.client();

    @Test
    void thePlatformHasTheWindowBackWhenTheCallbackReturns() {
        List<Boolean> answered = new ArrayList<>();
        client.onReceive((channel, message) -> answered.add(bed.platform.commandComplete(RESPONDER)));
        bed.controller.requestChannel(client, RESPONDER);

        bed.command(RESPONDER);

        client.assertEvents("received null");
        assertThat(answered).containsExactly(false);
        assertThat(bed.platform.commandComplete(RESPONDER)).isTrue();
        assertThat(bed.doorbells).containsExactly(RESPONDER);
    }

    @Test
    void aCommandThatWaitsForAnOwnerIsDelivered() {
        bed.command(RESPONDER);

        bed.controller.requestChannel(client, RESPONDER);
        bed.scheduler.runDue();

        client.assertEvents("received null");
        assertThat(bed.platform.commandComplete(RESPONDER)).isTrue();
    }

    @Test
    void aCommandOnASharedLineReachesItsResponderOnly() {
        RecordingClient neighbour = bed.client();
        bed.controller.requestChannel(neighbour, INITIATOR_ON_SHARED_LINE);
        bed.controller.requestChannel(client, RESPONDER_ON_SHARED_LINE);

        bed.command(RESPONDER_ON_SHARED_LINE);
        bed.complete(INITIATOR_ON_SHARED_LINE);

        client.assertEvents("received null");
        neighbour.assertNothingHappened();
    }

    @Test
    void anInterruptWithoutCommandIsNothing() {
        bed.controller.requestChannel(client, RESPONDER);

        bed.complete(RESPONDER);

        client.assertNothingHappened();
        assertThat(bed.doorbells).isEmpty();
        assertThat(bed.platform.unclaimed()).isEqualTo(1);
    }

    @Test
    void aPlatformThatCannotBeToldStillHasItsWindowBack() {
        bed.controller.requestChannel(client, RESPONDER);
        bed.platform.breakDoorbell(RESPONDER, true);

        bed.command(RESPONDER);

        client.assertEvents("received null");
        assertThat(bed.platform.commandComplete(RESPONDER)).isTrue();
        assertThat(bed.doorbells).isEmpty();
    }

    @Test
    void aClientThatThrowsDoesNotKeepTheWindow() {
        client.onReceive((channel, message) -> {
            throw new AssertionError("thrown by the client");
        });
        bed.controller.requestChannel(client, RESPONDER);

        assertThatThrownBy(() -> bed.command(RESPONDER)).hasMessage("thrown by the client");

        assertThat(bed.platform.commandComplete(RESPONDER)).isTrue();
    }

    @Test
    void aClientThatClosesInsideTheCallbackDoesNotKeepTheWindow() {
        client.onReceive((channel, message) -> channel.close());
        bed.controller.requestChannel(client, RESPONDER);

        bed.command(RESPONDER);

        client.assertEvents("received null", "event CLOSED");
        assertThat(bed.platform.commandComplete(RESPONDER)).isTrue();
        assertThat(bed.platform.handlers(PccBed.RESPONDER_LINE)).isZero();
    }

    @Test
    void sendingEndsWithEopnotsupp() {
        MailboxChannel channel =
                bed.controller.requestChannel(client, RESPONDER).mailbox();

        channel.sendMessage("a");
        channel.sendMessage("b");

        client.assertEvents("txDone 'a' EOPNOTSUPP", "txDone 'b' EOPNOTSUPP");
        assertThat(bed.doorbells).isEmpty();
        assertThat(bed.platform.commandComplete(RESPONDER)).isTrue();
    }

    @Test
    void sendingIsRefusedWithEopnotsuppIfTheClientReports() {
        try (PccBed ack = new PccBed(TxDoneMethod.ACK)) {
            RecordingClient reporting = ack.client();
            MailboxChannel channel =
                    ack.controller.requestChannel(reporting, RESPONDER).mailbox();

            channel.sendMessage("a");

            reporting.assertEvents("refused 'a' EOPNOTSUPP");
            assertThat(ack.doorbells).isEmpty();
        }
    }
}
