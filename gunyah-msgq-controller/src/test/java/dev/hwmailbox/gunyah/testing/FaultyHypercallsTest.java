// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import static dev.hwmailbox.gunyah.GunyahHypercalls.notEmpty;
import static dev.hwmailbox.gunyah.GunyahHypercalls.notFull;
import static dev.hwmailbox.gunyah.GunyahHypercalls.size;
import static dev.hwmailbox.gunyah.GunyahHypercalls.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.NewCapability;
import dev.hwmailbox.testing.VirtualScheduler;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class FaultyHypercallsTest {
    private final FakeGunyah gunyah = FakeGunyah.create(new VirtualScheduler());
    private final FakeQueue queue = gunyah.queue("out", 0x10, 0x11);
    private final FaultyHypercalls faulty = FaultyHypercalls.over(gunyah.hypercalls());
    private final byte[] buffer = new byte[8];

    private long send(int... bytes) {
        byte[] message = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            message[i] = (byte) bytes[i];
        }
        return faulty.msgqSend(0x10, message, 0, message.length, false);
    }

    private long receive() {
        return faulty.msgqReceive(0x11, buffer, 0, buffer.length);
    }

    private List<Integer> statusesOfSends(int count) {
        List<Integer> statuses = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            statuses.add(status(send(i)));
            gunyah.hypercalls().msgqFlush(0x11);
        }
        return statuses;
    }

    // ---- which ----

    @Test
    void thirdSendFails() {
        faulty.inject(Hypercall.SEND, Occurrence.nth(3), HypercallFault.status(1234));

        assertThat(statusesOfSends(4)).containsExactly(0, 0, 1234, 0);
        assertThat(faulty.injected()).isEqualTo(1);
    }

    @Test
    void firstTwoAndEveryThirdFail() {
        faulty.inject(Hypercall.SEND, Occurrence.first(2), HypercallFault.status(7))
                .inject(Hypercall.SEND, Occurrence.everyNth(3), HypercallFault.status(8));

        assertThat(statusesOfSends(6)).containsExactly(7, 7, 8, 0, 0, 8);
    }

    @Test
    void firstInjectedCountsIfSeveralAreMeant() {
        faulty.inject(Hypercall.SEND, Occurrence.always(), HypercallFault.status(7))
                .inject(Hypercall.SEND, Occurrence.nth(1), HypercallFault.status(8));

        assertThat(statusesOfSends(2)).containsExactly(7, 7);
        assertThat(faulty)
                .hasToString("FaultyHypercalls[SEND status error 7, used 2 times, SEND status error 8, used 0 times]");
    }

    @Test
    void capabilityCanDecide() {
        gunyah.queue("other", 0x20, 0x21);
        faulty.inject(Hypercall.SEND, Occurrence.about(capability -> capability == 0x20), HypercallFault.status(7));

        assertThat(status(send(1))).isZero();
        assertThat(status(faulty.msgqSend(0x20, buffer, 0, 1, false))).isEqualTo(7);
    }

    @Test
    void chanceDecidesTheSameWayForTheSameSeed() {
        List<List<Integer>> runs = new ArrayList<>();
        for (long seed : new long[] {5, 5, 6}) {
            faulty.stop();
            faulty.inject(Hypercall.SEND, Occurrence.withProbability(0.5, seed), HypercallFault.status(7));
            runs.add(statusesOfSends(64));
        }

        assertThat(runs.get(0)).isEqualTo(runs.get(1)).isNotEqualTo(runs.get(2));
        assertThat(Collections.frequency(runs.get(0), 7)).isBetween(16, 48);
        faulty.stop();
        faulty.inject(Hypercall.SEND, Occurrence.withProbability(0, 1), HypercallFault.status(7));
        assertThat(statusesOfSends(20)).containsOnly(0);
    }

    @Test
    void occurrencesRefuseNonsense() {
        assertThatIllegalArgumentException().isThrownBy(() -> Occurrence.nth(0));
        assertThatIllegalArgumentException().isThrownBy(() -> Occurrence.first(0));
        assertThatIllegalArgumentException().isThrownBy(() -> Occurrence.everyNth(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> Occurrence.withProbability(Double.NaN, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> HypercallFault.cutTo(-1));
    }

    @Test
    void stoppedFaultsDoNothingAndStayCounted() {
        faulty.inject(Hypercall.SEND, Occurrence.always(), HypercallFault.status(7));
        send(1);

        faulty.stop();

        assertThat(status(send(1))).isZero();
        assertThat(faulty.injected(Hypercall.SEND)).isEqualTo(1);
        assertThat(faulty.injected(Hypercall.RECEIVE)).isZero();
        faulty.inject(Hypercall.RECEIVE, Occurrence.nth(1), HypercallFault.status(8));
        assertThat(status(send(1))).isZero();
    }

    @Test
    void instancesAreIndependent() {
        FaultyHypercalls other = FaultyHypercalls.over(gunyah.hypercalls());

        faulty.inject(Hypercall.SEND, Occurrence.always(), HypercallFault.status(7));

        assertThat(status(other.msgqSend(0x10, buffer, 0, 1, false))).isZero();
        assertThat(other.injected()).isZero();
    }

    // ---- what ----

    @Test
    void refusedCallsAreNotMade() {
        queue.peerSends((byte) 1);
        gunyah.forget();
        faulty.inject(Hypercall.SEND, Occurrence.always(), HypercallFault.status(GunyahError.MSGQUEUE_FULL))
                .inject(Hypercall.RECEIVE, Occurrence.always(), HypercallFault.status(GunyahError.MSGQUEUE_EMPTY));

        assertThat(status(send(2))).isEqualTo(GunyahError.MSGQUEUE_FULL);
        assertThat(status(receive())).isEqualTo(GunyahError.MSGQUEUE_EMPTY);

        gunyah.assertCalls();
    }

    @Test
    void statusAfterwardsHidesACallThatWasMade() {
        faulty.inject(Hypercall.SEND, Occurrence.always(), HypercallFault.statusAfterwards(7))
                .inject(Hypercall.RECEIVE, Occurrence.always(), HypercallFault.statusAfterwards(8));

        assertThat(status(send(1))).isEqualTo(7);
        queue.assertMessages(new byte[] {1});
        assertThat(status(receive())).isEqualTo(8);
        queue.assertMessages();
    }

    @Test
    void lostMessagesAreReportedAsOk() {
        faulty.inject(Hypercall.SEND, Occurrence.nth(1), HypercallFault.lost())
                .inject(Hypercall.RECEIVE, Occurrence.always(), HypercallFault.lost());

        long sent = send(1);

        assertThat(status(sent)).isZero();
        assertThat(notFull(sent)).isTrue();
        queue.assertMessages();
        send(2);
        assertThat(receive()).isZero();
        queue.assertMessages(new byte[] {2});
    }

    @Test
    void messagesAreCutShort() {
        faulty.inject(Hypercall.SEND, Occurrence.nth(1), HypercallFault.cutTo(2))
                .inject(Hypercall.RECEIVE, Occurrence.always(), HypercallFault.cutTo(1));

        send(1, 2, 3);

        queue.assertMessages(new byte[] {1, 2});
        assertThat(size(receive())).isEqualTo(1);
        send(1, 2, 3);
        queue.assertMessages(new byte[] {1, 2, 3});
    }

    @Test
    void messagesAreCorrupted() {
        byte[] message = {9, 1, 2, 9};
        faulty.inject(Hypercall.SEND, Occurrence.nth(1), HypercallFault.corrupted())
                .inject(Hypercall.RECEIVE, Occurrence.nth(2), HypercallFault.corrupted());

        faulty.msgqSend(0x10, message, 1, 2, false);
        faulty.msgqSend(0x10, message, 1, 2, false);

        assertThat(message).containsExactly(9, 1, 2, 9);
        queue.assertMessages(new byte[] {(byte) (1 ^ 0xa5), (byte) (2 ^ 0xa5)}, new byte[] {1, 2});
        receive();
        faulty.msgqReceive(0x11, buffer, 1, 4);
        assertThat(buffer).containsExactly(1 ^ 0xa5, 1 ^ 0xa5, 2 ^ 0xa5, 0, 0, 0, 0, 0);
        assertThat(status(receive())).isEqualTo(GunyahError.MSGQUEUE_EMPTY);
    }

    @Test
    void flagSaysSomethingElse() {
        faulty.inject(Hypercall.SEND, Occurrence.always(), HypercallFault.flag(false))
                .inject(Hypercall.RECEIVE, Occurrence.always(), HypercallFault.flag(true));

        long sent = send(1);
        long received = receive();

        assertThat(status(sent)).isZero();
        assertThat(notFull(sent)).isFalse();
        assertThat(size(received)).isEqualTo(1);
        assertThat(notEmpty(received)).isTrue();
        assertThat(notEmpty(receive())).isFalse();
    }

    @ParameterizedTest
    @EnumSource(
            value = Hypercall.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"SEND", "RECEIVE"})
    void everyOtherCallPassesThroughOrFails(Hypercall call) {
        ToIntFunction<FaultyHypercalls> made = target -> make(target, call);
        String line = (call == Hypercall.CREATE ? "0x0000000000000001" : "out") + " "
                + call.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        gunyah.answers(call, 21);
        assertThat(made.applyAsInt(faulty)).isEqualTo(21);
        faulty.inject(call, Occurrence.nth(1), HypercallFault.status(22))
                .inject(call, Occurrence.nth(2), HypercallFault.statusAfterwards(23));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> faulty.inject(call, Occurrence.always(), HypercallFault.corrupted()));

        assertThat(made.applyAsInt(faulty)).isEqualTo(22);
        gunyah.answers(call, 24, 25);
        assertThat(made.applyAsInt(faulty)).isEqualTo(23);
        assertThat(made.applyAsInt(faulty)).isEqualTo(25);
        assertThat(gunyah.calls()).hasSize(3).allMatch(entry -> entry.contains("  " + line));
        assertThat(faulty.injected(call)).isEqualTo(2);
    }

    private static int make(FaultyHypercalls target, Hypercall call) {
        var result = new NewCapability();
        return switch (call) {
            case FLUSH -> target.msgqFlush(0x11);
            case CONFIGURE_SEND -> target.msgqConfigureSend(0x10, 1, -1);
            case CONFIGURE_RECEIVE -> target.msgqConfigureReceive(0x11, 1, -1);
            case BIND_SEND -> target.msgqBindSendVirq(0x10, 1, 50);
            case BIND_RECEIVE -> target.msgqBindReceiveVirq(0x11, 1, 50);
            case UNBIND_SEND -> target.msgqUnbindSendVirq(0x10);
            case UNBIND_RECEIVE -> target.msgqUnbindReceiveVirq(0x11);
            case CREATE -> target.partitionCreateMsgq(1, 2, result);
            case CONFIGURE -> target.msgqConfigure(0x10, 1, 1);
            case ACTIVATE -> target.objectActivate(0x10);
            case DELETE -> target.cspaceDeleteCapability(1, 0x10);
            case COPY -> target.cspaceCopyCapability(1, 0x10, 2, 1, result);
            case REVOKE -> target.cspaceRevokeCapabilities(1, 0x10);
            default -> throw new IllegalArgumentException(call.toString());
        };
    }
}
