// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pcc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.Mailboxes;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.testing.RecordingClient;
import java.lang.reflect.Proxy;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requesting and freeing, sending and completing; the responder's side is in PccResponderTest. */
final class PccControllerTest {
    private static final int FIRST = 0;
    private static final int NEIGHBOUR = 1;
    private static final int ALONE = 2;
    private static final int WITHOUT_MEMORY = 4;

    @AutoClose
    private final PccBed bed = new PccBed(TxDoneMethod.IRQ);

    private final RecordingClient client = bed.client();

    private static int errnoOf(Runnable request) {
        MailboxException failure = catchThrowableOfType(MailboxException.class, request::run);
        assertThat(failure).as("no exception").isNotNull();
        return failure.errno();
    }

    // Requesting.

    @Test
    void aChannelComesWithItsWindowAndItsFigures() {
        PccChannel channel = bed.controller.requestChannel(client, NEIGHBOUR);

        assertThat(channel.mailbox()).hasToString("pcc/1");
        assertThat(channel.subspace()).isSameAs(PccBed.TABLE.get(NEIGHBOUR));
        assertThat(channel.window().capacity()).isEqualTo(PccBed.WINDOW_SIZE);
        assertThat(channel.window().order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
        channel.window().putInt(28, 0x01020304);
        assertThat(bed.platform.window(NEIGHBOUR).getInt(28)).isEqualTo(0x01020304);
        assertThat(bed.platform.window(ALONE).getInt(0)).isZero();
        assertThat(channel).hasToString("pcc/1: INITIATOR, window 0xffff0020 (32 bytes), interrupt 7 LEVEL");
        assertThat(bed.controller).hasToString("pcc[6 channels]");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 6, Integer.MAX_VALUE})
    void returnsEnoentForASubspaceThatTheTableDoesNotHave(int subspace) {
        assertThatThrownBy(() -> bed.controller.requestChannel(client, subspace))
                .isInstanceOf(MailboxException.class)
                .hasMessage("ENOENT: no subspace " + subspace + ", there are 6 (pcc)");
    }

    @Test
    void returnsEbusyForASubspaceWithAnOwner() {
        PccChannel channel = bed.controller.requestChannel(client, FIRST);

        assertThat(errnoOf(() -> bed.controller.requestChannel(client, FIRST))).isEqualTo(Errno.EBUSY);

        assertThat(channel.mailbox().sendMessage("works")).isZero();
        assertThat(bed.platform.handlers(PccBed.SHARED_LINE)).isEqualTo(1);
        assertThat(bed.platform.mapped()).hasSize(1);
    }

    @Test
    void returnsEnxioAndHoldsNothingIfThereIsNoMemoryBehindTheWindow() {
        assertThatThrownBy(() -> bed.controller.requestChannel(client, WITHOUT_MEMORY))
                .isInstanceOf(MailboxException.class)
                .hasMessageStartingWith("ENXIO: no memory behind INITIATOR, window 0xffff03e1 (32 bytes)")
                .hasMessageEndingWith("(pcc/4)");

        assertThat(bed.controller.controller().channel(WITHOUT_MEMORY).isBound())
                .isFalse();
        assertThat(bed.platform.handlers(PccBed.SHARED_LINE)).isZero();
        assertThat(bed.platform.mapped()).isEmpty();
        client.assertNothingHappened();
    }

    @Test
    void returnsEbusyAndHoldsNothingIfTheLineIsTaken() {
        PccHardware.InterruptHandler stranger = () -> true;
        assertThat(bed.platform.requestInterrupt(PccBed.OWN_LINE, true, stranger))
                .isZero();

        assertThat(errnoOf(() -> bed.controller.requestChannel(client, ALONE))).isEqualTo(Errno.EBUSY);

        assertThat(bed.controller.controller().channel(ALONE).isBound()).isFalse();
        assertThat(bed.platform.mapped()).isEmpty();
        bed.platform.freeInterrupt(PccBed.OWN_LINE, stranger);
        bed.controller.requestChannel(client, ALONE);
    }

    @Test
    void cannotBeMadeToPoll() {
        assertThatThrownBy(() -> new PccController(bed.platform, PccBed.TABLE, TxDoneMethod.POLL, bed.scheduler))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void takesATableOfUpTo256Subspaces() {
        List<PccSubspace> table = Collections.nCopies(256, PccBed.TABLE.get(FIRST));
        assertThat(new PccController(bed.platform, table, TxDoneMethod.IRQ, bed.scheduler))
                .hasToString("pcc[256 channels]");

        assertThatThrownBy(() -> new PccController(
                        bed.platform, Collections.nCopies(257, table.get(0)), TxDoneMethod.IRQ, bed.scheduler))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("more than 256 subspaces: 257");
    }

    @Test
    void needsATable() {
        assertThat(errnoOf(() -> new PccController(bed.platform, List.of(), TxDoneMethod.IRQ, bed.scheduler)))
                .isEqualTo(Errno.EINVAL);
    }

    // Freeing.

    @Test
    void closingReleasesInterruptAndWindow() {
        PccChannel channel = bed.controller.requestChannel(client, FIRST);
        bed.controller.requestChannel(bed.client(), NEIGHBOUR);

        channel.close();

        assertThat(bed.platform.handlers(PccBed.SHARED_LINE)).isEqualTo(1);
        assertThat(bed.platform.mapped()).hasSize(1);
        assertThatThrownBy(channel::window)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("channel is closed (pcc/0)");
        client.assertEvents("event CLOSED");
    }

    @Test
    void closingAgainDoesNothingEvenIfTheChannelHasANewOwner() {
        PccChannel channel = bed.controller.requestChannel(client, FIRST);
        channel.close();
        PccChannel next = bed.controller.requestChannel(client, FIRST);

        channel.close();

        assertThat(next.mailbox().isClosed()).isFalse();
        assertThat(next.window()).isNotNull();
        assertThatThrownBy(channel::window).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void unregisteringReleasesInterruptsAndWindows() {
        try (Mailboxes mailboxes = new Mailboxes()) {
            mailboxes.register(bed.controller.controller());
            PccChannel channel = bed.controller.requestChannel(client, FIRST);

            mailboxes.unregister(bed.controller.controller());

            assertThat(channel.mailbox().isClosed()).isTrue();
            assertThat(bed.platform.handlers(PccBed.SHARED_LINE)).isZero();
            assertThat(bed.platform.mapped()).isEmpty();
            channel.close();
            assertThat(bed.platform.mapped()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {FIRST, ALONE})
    void takesOverWhatAClientLeftThatRegisteringEvicted(int subspace) {
        bed.controller.requestChannel(client, subspace);
        try (Mailboxes mailboxes = new Mailboxes()) {
            mailboxes.register(bed.controller.controller());

            bed.controller.requestChannel(bed.client(), subspace).close();

            assertThat(bed.platform.handlers(PccBed.SHARED_LINE)).isZero();
            assertThat(bed.platform.handlers(PccBed.OWN_LINE)).isZero();
            assertThat(bed.platform.mapped()).isEmpty();
        }
    }

    // Sending.

    @Test
    void aMessageIsNothingButADoorbell() {
        PccChannel channel = bed.controller.requestChannel(client, FIRST);

        channel.mailbox().sendMessage(null);
        assertThat(bed.doorbells).containsExactly(FIRST);
        assertThat(bed.platform.commandComplete(FIRST)).isFalse();
        assertThat(bed.platform.commandComplete(NEIGHBOUR)).isTrue();
        bed.complete(FIRST);
        channel.mailbox().sendMessage("anything");
        bed.complete(FIRST);

        assertThat(bed.doorbells).containsExactly(FIRST, FIRST);
        assertThat(bed.platform.window(FIRST)).isEqualTo(bed.platform.window(NEIGHBOUR));
        client.assertEvents("received null", "txDone null 0", "received null", "txDone 'anything' 0");
    }

    @Test
    void theClientSeesTheAnswerBeforeTheNextCommandIsInTheWindow() {
        List<Integer> answers = new ArrayList<>();
        PccChannel[] channel = new PccChannel[1];
        MailboxClient windowed = new MailboxClient() {
            @Override
            public void txPrepare(MailboxChannel mailbox, @Nullable Object message) {
                channel[0].window().putInt(0, (Integer) Objects.requireNonNull(message, "message"));
            }

            @Override
            public void rxCallback(MailboxChannel mailbox, @Nullable Object message) {
                answers.add(channel[0].window().getInt(0));
            }
        };
        channel[0] = bed.controller.requestChannel(windowed, ALONE);

        channel[0].mailbox().sendMessage(1);
        channel[0].mailbox().sendMessage(2);
        for (int i = 0; i < 2; i++) {
            bed.platform
                    .window(ALONE)
                    .putInt(0, 100 + bed.platform.window(ALONE).getInt(0));
            bed.complete(ALONE);
        }

        assertThat(answers).containsExactly(101, 102);
    }

    @Test
    void anInterruptThatIsFasterThanTheDoorbellIsNotTakenForANeighbours() {
        try (PccBed fast = PccBed.withFastInterrupts(TxDoneMethod.IRQ)) {
            fast.platform.onDoorbell(subspace -> fast.platform.complete(subspace, 0));
            RecordingClient eager = fast.client();
            PccChannel channel = fast.controller.requestChannel(eager, FIRST);

            assertThat(channel.mailbox().sendMessage("a")).isNotNegative();

            eager.assertEvents("received null", "txDone 'a' 0");
            assertThat(fast.platform.unclaimed()).isZero();
        }
    }

    @Test
    void aDoorbellThatFailsRefusesTheMessageWhichTheNextSendTriesAgain() {
        PccChannel channel = bed.controller.requestChannel(client, FIRST);
        bed.platform.breakDoorbell(FIRST, true);

        assertThat(channel.mailbox().sendMessage("a")).isNotNegative();
        client.assertEvents("refused 'a' EIO");
        assertThat(bed.platform.commandComplete(FIRST)).isTrue();
        bed.platform.breakDoorbell(FIRST, false);
        channel.mailbox().sendMessage("b");
        bed.complete(FIRST);
        bed.complete(FIRST);

        client.assertEvents("refused 'a' EIO", "received null", "txDone 'a' 0", "received null", "txDone 'b' 0");
    }

    @Test
    void afterADoorbellThatFailedANeighboursInterruptIsNobodysCompletion() {
        PccChannel channel = bed.controller.requestChannel(client, FIRST);
        MailboxChannel neighbour =
                bed.controller.requestChannel(bed.client(), NEIGHBOUR).mailbox();
        bed.platform.breakDoorbell(FIRST, true);
        channel.mailbox().sendMessage("a");

        neighbour.sendMessage("n");
        bed.complete(NEIGHBOUR);

        client.assertEvents("refused 'a' EIO");
    }

    // Interrupts.

    @Test
    void aSharedInterruptReachesOnlyTheClientThatHasACommand() {
        RecordingClient other = bed.client();
        bed.controller.requestChannel(client, FIRST);
        bed.controller.requestChannel(other, NEIGHBOUR).mailbox().sendMessage("n");

        bed.complete(NEIGHBOUR);

        other.assertEvents("received null", "txDone 'n' 0");
        client.assertNothingHappened();
        assertThat(bed.platform.unclaimed()).isZero();
    }

    @Test
    void aNeighboursInterruptDoesNotEndACommandThatIsNotComplete() {
        RecordingClient other = bed.client();
        bed.controller.requestChannel(client, FIRST).mailbox().sendMessage("a");
        bed.controller.requestChannel(other, NEIGHBOUR).mailbox().sendMessage("n");

        bed.complete(NEIGHBOUR);
        client.assertNothingHappened();
        bed.complete(FIRST);

        client.assertEvents("received null", "txDone 'a' 0");
        other.assertEvents("received null", "txDone 'n' 0");
    }

    @Test
    void aNeighboursInterruptAtAnyMomentOfASendCompletesNothing() {
        PccBed fast = PccBed.withFastInterrupts(TxDoneMethod.IRQ);
        AtomicBoolean meddling = new AtomicBoolean();
        PccHardware meddled = (PccHardware) Proxy.newProxyInstance(
                PccHardware.class.getClassLoader(), new Class<?>[] {PccHardware.class}, (proxy, method, arguments) -> {
                    if (meddling.getAndSet(false)) {
                        fast.platform.complete(NEIGHBOUR, 0);
                        meddling.set(true);
                    }
                    return method.invoke(fast.platform, arguments);
                });
        try (PccController controller = new PccController(meddled, PccBed.TABLE, TxDoneMethod.IRQ, fast.scheduler)) {
            PccChannel channel = controller.requestChannel(client, FIRST);

            meddling.set(true);
            assertThat(channel.mailbox().sendMessage("a")).isNotNegative();
            meddling.set(false);

            assertThat(fast.platform.unclaimed()).isGreaterThanOrEqualTo(2);
            client.assertNothingHappened();
            fast.platform.complete(FIRST, 0);
            client.assertEvents("received null", "txDone 'a' 0");
        }
    }

    @Test
    void oneInterruptCanCompleteTheCommandsOfAllNeighbours() {
        RecordingClient other = bed.client();
        bed.controller.requestChannel(client, FIRST).mailbox().sendMessage("a");
        bed.controller.requestChannel(other, NEIGHBOUR).mailbox().sendMessage("n");

        bed.platform.complete(FIRST, 0);
        bed.platform.complete(NEIGHBOUR, 0);
        bed.scheduler.runDue();

        client.assertEvents("received null", "txDone 'a' 0");
        other.assertEvents("received null", "txDone 'n' 0");
        assertThat(bed.platform.unclaimed()).isZero();
    }

    @Test
    void aSharedInterruptWithoutCommandIsNobodys() {
        bed.controller.requestChannel(client, FIRST);

        bed.complete(FIRST);

        client.assertNothingHappened();
        assertThat(bed.platform.unclaimed()).isEqualTo(1);
    }

    @Test
    void anInterruptOfItsOwnIsPassedOnWithoutCommandToo() {
        bed.controller.requestChannel(client, ALONE);

        bed.complete(ALONE);

        client.assertEvents("received null");
        assertThat(bed.platform.unclaimed()).isZero();
    }

    @Test
    void anInterruptThatWasServedIsNotHeardAgain() {
        PccChannel channel = bed.controller.requestChannel(bed.client(), ALONE);
        bed.complete(ALONE);
        channel.close();

        bed.controller.requestChannel(client, ALONE);
        bed.scheduler.runDue();

        client.assertNothingHappened();
    }

    @Test
    void anErrorIsTheStatusOfTheMessageAndIsGoneWithTheNext() {
        PccChannel channel = bed.controller.requestChannel(client, FIRST);

        channel.mailbox().sendMessage("a");
        bed.complete(FIRST, -Errno.EIO);
        assertThat(channel.status()).isEqualTo(-Errno.EIO);
        channel.mailbox().sendMessage("b");
        bed.complete(FIRST);

        assertThat(channel.status()).isZero();
        client.assertEvents("received null", "txDone 'a' EIO", "received null", "txDone 'b' 0");
    }

    @Test
    void theNextOwnerDoesNotSeeTheLastOwnersError() {
        PccChannel old = bed.controller.requestChannel(bed.client(), FIRST);
        old.mailbox().sendMessage("a");
        bed.complete(FIRST, -Errno.EIO);
        old.close();

        assertThat(bed.controller.requestChannel(client, FIRST).status()).isZero();
    }

    @Test
    void aClientThatThrowsIsToldOfItsMessageAllTheSame() {
        AtomicBoolean thrown = new AtomicBoolean();
        client.onReceive((channel, message) -> {
            if (!thrown.getAndSet(true)) {
                throw new AssertionError("thrown by the client");
            }
        });
        MailboxChannel channel = bed.controller.requestChannel(client, FIRST).mailbox();
        channel.sendMessage("a");
        channel.sendMessage("b");

        assertThatThrownBy(() -> bed.complete(FIRST)).hasMessage("thrown by the client");
        bed.complete(FIRST);

        client.assertEvents("received null", "txDone 'a' 0", "received null", "txDone 'b' 0");
    }

    @Test
    void aMessageOfANewOwnerIsNotEndedByTheCompletionThatMadeRoomForIt() {
        RecordingClient next = bed.client();
        client.onReceive((channel, message) -> {
            channel.close();
            bed.controller.requestChannel(next, FIRST).mailbox().sendMessage("new");
        });
        bed.controller.requestChannel(client, FIRST).mailbox().sendMessage("old");

        bed.complete(FIRST);
        next.assertNothingHappened();
        bed.complete(FIRST);

        next.assertEvents("received null", "txDone 'new' 0");
    }

    // The client reports.

    @Test
    void theInUseFlagThatAClientSetsInsideTheNotificationStays() {
        try (PccBed ack = new PccBed(TxDoneMethod.ACK)) {
            RecordingClient reporting = ack.client();
            PccChannel channel = ack.controller.requestChannel(reporting, FIRST);
            reporting.onReceive((mailbox, message) -> mailbox.clientTxDone(channel.status()));
            channel.mailbox().sendMessage("a");
            channel.mailbox().sendMessage("b");

            ack.complete(FIRST, -Errno.EIO);
            assertThat(ack.doorbells).containsExactly(FIRST, FIRST);
            ack.complete(FIRST);

            reporting.assertEvents("received null", "txDone 'a' EIO", "received null", "txDone 'b' 0");
            assertThat(ack.platform.unclaimed()).isZero();
        }
    }

    @Test
    void withoutTheClientsReportNothingIsDone() {
        try (PccBed ack = new PccBed(TxDoneMethod.ACK)) {
            RecordingClient silent = ack.client();
            PccChannel channel = ack.controller.requestChannel(silent, FIRST);
            channel.mailbox().sendMessage("a");
            channel.mailbox().sendMessage("b");

            ack.complete(FIRST);

            silent.assertEvents("received null");
            channel.mailbox().clientTxDone(0);
            silent.assertEvents("received null", "txDone 'a' 0");
            assertThat(ack.doorbells).containsExactly(FIRST, FIRST);
        }
    }

    // Commands whose sender has gone.

    @ParameterizedTest
    @EnumSource(names = {"IRQ", "ACK"})
    void aLateCompletionEndsNothingAndLetsTheNextMessageGo(TxDoneMethod method) {
        try (PccBed late = new PccBed(method)) {
            RecordingClient impatient = late.client();
            impatient.options(ClientOptions.blocking(Duration.ofMillis(5)));
            PccChannel channel = late.controller.requestChannel(impatient, FIRST);
            impatient.onReceive((mailbox, message) -> {
                if (method == TxDoneMethod.ACK) {
                    mailbox.clientTxDone(channel.status());
                }
            });
            assertThat(channel.mailbox().sendMessage("a")).isEqualTo(-Errno.ETIME);
            late.scheduler
                    .timer("completes a", () -> late.platform.complete(FIRST, 0))
                    .arm(1_000_000);
            late.scheduler
                    .timer("completes b", () -> late.platform.complete(FIRST, 0))
                    .arm(3_000_000);

            assertThat(channel.mailbox().sendMessage("b")).isNotNegative();

            impatient.assertEvents(
                    "+5.000 ms pcc/0 txDone 'a' ETIME",
                    "+5.000 ms pcc/0 refused 'b' EBUSY",
                    "+6.000 ms pcc/0 received null",
                    "+8.000 ms pcc/0 received null",
                    "+8.000 ms pcc/0 txDone 'b' 0");
            assertThat(late.doorbells).containsExactly(FIRST, FIRST);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {FIRST, ALONE})
    void theNextOwnerWaitsForTheLastOwnersCommandAndHearsNothingOfIt(int subspace) {
        bed.controller.requestChannel(bed.client(), subspace).mailbox().sendMessage("old");
        bed.controller.controller().close();
        PccChannel channel = bed.controller.requestChannel(client, subspace);

        channel.mailbox().sendMessage("new");
        client.assertEvents("refused 'new' EBUSY");
        bed.complete(subspace);
        client.assertEvents("refused 'new' EBUSY");
        bed.complete(subspace);

        client.assertEvents("refused 'new' EBUSY", "received null", "txDone 'new' 0");
    }

    @ParameterizedTest
    @ValueSource(ints = {FIRST, ALONE})
    void aCommandThatIsCompletedWithoutOwnerDoesNotConcernTheNextOne(int subspace) {
        PccChannel old = bed.controller.requestChannel(bed.client(), subspace);
        old.mailbox().sendMessage("old");
        bed.platform.complete(subspace, -Errno.EIO);
        old.close();

        PccChannel channel = bed.controller.requestChannel(client, subspace);
        bed.scheduler.runDue();

        client.assertNothingHappened();
        assertThat(channel.status()).isZero();
        channel.mailbox().sendMessage("new");
        bed.complete(subspace);
        client.assertEvents("received null", "txDone 'new' 0");
    }
}
