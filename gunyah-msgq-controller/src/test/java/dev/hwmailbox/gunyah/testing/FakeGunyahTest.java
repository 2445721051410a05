// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import static dev.hwmailbox.gunyah.GunyahHypercalls.notEmpty;
import static dev.hwmailbox.gunyah.GunyahHypercalls.notFull;
import static dev.hwmailbox.gunyah.GunyahHypercalls.size;
import static dev.hwmailbox.gunyah.GunyahHypercalls.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.NewCapability;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class FakeGunyahTest {
    private static final Duration MILLI = Duration.ofMillis(1);

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final FakeGunyah gunyah = FakeGunyah.create(scheduler);
    private final FakeQueue queue = gunyah.queue("out", 0x10, 0x11).depth(2).maxMessageSize(4);
    private final GunyahHypercalls calls = gunyah.hypercalls();
    private final InterruptController interrupts = gunyah.interrupts();
    private final byte[] buffer = new byte[8];

    private long send(int... bytes) {
        byte[] message = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            message[i] = (byte) bytes[i];
        }
        return calls.msgqSend(0x10, message, 0, message.length, false);
    }

    private long receive() {
        return calls.msgqReceive(0x11, buffer, 0, buffer.length);
    }

    private static String name(long result) {
        return GunyahError.name(status(result));
    }

    // ---- the queue ----

    @Test
    void worksAsAQueueUnlessToldOtherwise() {
        assertThat(notFull(send(1))).isTrue();
        assertThat(notFull(send(2, 3))).isFalse();
        assertThat(name(send(4))).isEqualTo("MSGQUEUE_FULL");

        long first = receive();
        assertThat(size(first)).isEqualTo(1);
        assertThat(notEmpty(first)).isTrue();
        assertThat(size(receive())).isEqualTo(2);
        assertThat(buffer).startsWith(2, 3);
        assertThat(name(receive())).isEqualTo("MSGQUEUE_EMPTY");
        gunyah.assertCalls(
                "out send bytes[1] 01 -> OK, room",
                "out send bytes[2] 02 03 -> OK, full",
                "out send bytes[1] 04 -> MSGQUEUE_FULL",
                "out receive -> OK bytes[1] 01, more",
                "out receive -> OK bytes[2] 02 03, no more",
                "out receive -> MSGQUEUE_EMPTY");
        gunyah.assertInterrupts("interrupt 33 of out/receive", "interrupt 32 of out/send");
    }

    @Test
    void otherSideSendsAndReadsBesideTheScript() {
        queue.onSend(CallAnswer.full()).onReceive(CallAnswer.empty());

        queue.peerSends((byte) 7);

        queue.assertMessages(new byte[] {7});
        assertThat(queue.peerReads()).containsExactly(7);
        assertThatIllegalStateException().isThrownBy(queue::peerReads).withMessageContaining("no message");
        assertThatIllegalStateException()
                .isThrownBy(() -> queue.peerSends(new byte[5]))
                .withMessageContaining("ARGUMENT_SIZE");
        assertThat(name(send(1))).isEqualTo("MSGQUEUE_FULL");
        assertThat(name(receive())).isEqualTo("MSGQUEUE_EMPTY");
    }

    @Test
    void wrongCapabilityIsRefusedAndUsesUpNoAnswer() {
        queue.onSend(CallAnswer.error(1234));

        assertThat(name(calls.msgqSend(0x99, buffer, 0, 1, false))).isEqualTo("CSPACE_CAP_NULL");
        assertThat(name(calls.msgqSend(0x11, buffer, 0, 1, false))).isEqualTo("CSPACE_INSUFFICIENT_RIGHTS");
        assertThat(name(calls.msgqReceive(0x10, buffer, 0, 1))).isEqualTo("CSPACE_INSUFFICIENT_RIGHTS");
        assertThat(calls.msgqFlush(0x10)).isEqualTo(GunyahError.CSPACE_INSUFFICIENT_RIGHTS);
        assertThat(name(send(1))).isEqualTo("error 1234");
        gunyah.assertCalls(
                "0x0000000000000099 send -> CSPACE_CAP_NULL",
                "out send -> CSPACE_INSUFFICIENT_RIGHTS",
                "out receive -> CSPACE_INSUFFICIENT_RIGHTS",
                "out flush -> CSPACE_INSUFFICIENT_RIGHTS",
                "out send bytes[1] 01 -> error 1234");
    }

    @Test
    void revokedQueueRefusesAllCallsAndIsSilent() {
        send(1);
        gunyah.forget();

        queue.revoke();

        assertThat(name(send(1))).isEqualTo("CSPACE_CAP_REVOKED");
        assertThat(name(receive())).isEqualTo("CSPACE_CAP_REVOKED");
        assertThat(calls.msgqConfigureSend(0x10, 1, -1)).isEqualTo(GunyahError.CSPACE_CAP_REVOKED);
        gunyah.assertInterrupts();
    }

    @Test
    void deletedCapabilityIsGone() {
        assertThat(calls.cspaceDeleteCapability(1, 0x10)).isZero();

        assertThat(name(send(1))).isEqualTo("CSPACE_CAP_NULL");
        assertThat(calls.cspaceDeleteCapability(1, 0x10)).isEqualTo(GunyahError.CSPACE_CAP_NULL);
        assertThat(name(receive())).isEqualTo("MSGQUEUE_EMPTY");
    }

    @Test
    void setUpCallsAreUnimplementedUnlessScripted() {
        var result = new NewCapability();

        assertThat(List.of(
                        calls.partitionCreateMsgq(1, 2, result),
                        calls.msgqConfigure(0x10, 1, 1),
                        calls.objectActivate(0x10),
                        calls.cspaceCopyCapability(1, 0x10, 2, 1, result),
                        calls.cspaceRevokeCapabilities(1, 0x10)))
                .containsOnly(GunyahError.UNIMPLEMENTED);
    }

    @Test
    void scriptedStatusTakesThePlaceOfACallOnce() {
        send(1);
        gunyah.answers(Hypercall.FLUSH, GunyahError.BUSY, 1234).answers(Hypercall.ACTIVATE, GunyahError.NOMEM);

        assertThat(calls.msgqFlush(0x11)).isEqualTo(GunyahError.BUSY);
        assertThat(calls.msgqFlush(0x11)).isEqualTo(1234);
        assertThat(queue.messages()).hasSize(1);
        assertThat(calls.msgqFlush(0x11)).isZero();
        assertThat(queue.messages()).isEmpty();
        assertThat(calls.objectActivate(0x10)).isEqualTo(GunyahError.NOMEM);
        assertThat(calls.objectActivate(0x10)).isEqualTo(GunyahError.UNIMPLEMENTED);
        assertThatIllegalArgumentException().isThrownBy(() -> gunyah.answers(Hypercall.SEND, 1));
    }

    @Test
    void queueIsDescribedAndChecked() {
        assertThatIllegalArgumentException().isThrownBy(() -> queue.depth(256)).withMessageContaining("depth 256");
        assertThatIllegalArgumentException().isThrownBy(() -> queue.maxMessageSize(0));
        assertThatIllegalArgumentException().isThrownBy(() -> gunyah.queue("twin", 1, 0x10));
        assertThat(gunyah.endpoint(queue, gunyah.queue("in", 0x20, 0x21)))
                .isEqualTo(new MsgqEndpoint(queue.sendCapability(), 32, CapabilityId.of(0x21), 35, 240));
        assertThat(queue).hasToString("out: 0 of 2 messages, send irq 32, receive irq 33, answers left [][]");
    }

    // ---- answers ----

    @Test
    void okAndFullQueuesTheMessageAndSaysThatItTookTheLastRoom() {
        queue.onSend(CallAnswer.okAndFull());

        assertThat(notFull(send(1))).isFalse();

        queue.assertMessages(new byte[] {1});
    }

    @Test
    void okWithRoomSaysSoOfAFullQueueToo() {
        queue.onSend(CallAnswer.ok(), CallAnswer.okWithRoom(), CallAnswer.okWithRoom());

        send(1);

        assertThat(notFull(send(2))).isTrue();
        assertThat(name(send(3))).isEqualTo("MSGQUEUE_FULL");
    }

    @Test
    void receiveSaysMoreOrNoMoreWhateverTheTruth() {
        send(1);
        send(2);
        queue.onReceive(CallAnswer.okAndNoMore(), CallAnswer.okAndMore());

        assertThat(notEmpty(receive())).isFalse();
        assertThat(notEmpty(receive())).isTrue();
    }

    @Test
    void lostMessageIsReportedAsSent() {
        queue.onSend(CallAnswer.lost()).onReceive(CallAnswer.lost());

        assertThat(name(send(1))).isEqualTo("OK");

        assertThat(queue.messages()).isEmpty();
        long result = receive();
        assertThat(name(result)).isEqualTo("OK");
        assertThat(size(result)).isZero();
        assertThat(notEmpty(result)).isTrue();
    }

    @Test
    void standardAnswerCountsWhenTheScriptIsUsedUp() {
        queue.onEverySend(CallAnswer.full()).onSend(CallAnswer.ok()).onEveryReceive(CallAnswer.error(77));

        assertThat(name(send(1))).isEqualTo("OK");
        assertThat(name(send(2))).isEqualTo("MSGQUEUE_FULL");
        assertThat(name(send(2))).isEqualTo("MSGQUEUE_FULL");
        assertThat(name(receive())).isEqualTo("error 77");
        assertThat(queue.messages()).hasSize(1);
    }

    @Test
    void callersInterruptComesNowLaterOrTwice() {
        interrupts.attach(queue.sendVirq(), () -> {});
        queue.onSend(
                CallAnswer.full().interruptNow(),
                CallAnswer.full().interruptAfter(MILLI),
                CallAnswer.full().interruptTwice());

        send(1);
        scheduler.runDue();
        gunyah.assertInterrupts("interrupt 32 of out/send", "interrupt 32 handled");
        gunyah.forget();
        send(1);
        scheduler.runUntilIdle();
        gunyah.assertInterrupts("+1.000 ms  interrupt 32 of out/send", "+1.000 ms  interrupt 32 handled");
        gunyah.forget();
        send(1);
        scheduler.runDue();
        gunyah.assertInterrupts(
                "interrupt 32 of out/send", "interrupt 32 handled", "interrupt 32 of out/send", "interrupt 32 handled");
    }

    @Test
    void callersNextInterruptGetsLost() {
        queue.depth(1).onSend(CallAnswer.ok().interruptNever());
        send(1);
        gunyah.forget();

        receive();
        send(2);
        receive();

        gunyah.assertInterrupts(
                "interrupt 32 of out/send lost", "interrupt 33 of out/receive", "interrupt 32 of out/send");
    }

    @Test
    void receiversInterruptFollowsItsAnswer() {
        queue.onReceive(CallAnswer.empty().interruptAfter(MILLI));

        assertThat(name(receive())).isEqualTo("MSGQUEUE_EMPTY");
        scheduler.runUntilIdle();

        gunyah.assertInterrupts("+1.000 ms  interrupt 33 of out/receive");
    }

    // ---- interrupts of the queue ----

    @Test
    void interruptsOfTheQueueComeNowLaterNeverOrTwice() {
        queue.onReceiveInterrupt(
                InterruptAnswer.now(), InterruptAnswer.after(MILLI), InterruptAnswer.never(), InterruptAnswer.twice());

        for (int i = 0; i < 4; i++) {
            send(i);
            receive();
            scheduler.runUntilIdle();
        }

        gunyah.assertInterrupts(
                "+0.000 ms  interrupt 33 of out/receive",
                "+1.000 ms  interrupt 33 of out/receive",
                "+1.000 ms  interrupt 33 of out/receive lost",
                "+1.000 ms  interrupt 33 of out/receive",
                "+1.000 ms  interrupt 33 of out/receive");
    }

    @Test
    void sendersInterruptCanBeScriptedToo() {
        queue.depth(1).onSendInterrupt(InterruptAnswer.never());
        send(1);
        gunyah.forget();

        receive();
        queue.interruptSender();
        queue.interruptReceiver();

        gunyah.assertInterrupts(
                "interrupt 32 of out/send lost", "interrupt 32 of out/send", "interrupt 33 of out/receive");
    }

    @Test
    void interruptWithoutABindingIsLost() {
        queue.receiveVirq(MsgqEndpoint.NO_VIRQ);

        send(1);

        gunyah.assertInterrupts("interrupt of out/receive lost, none is bound");
        assertThat(calls.msgqBindReceiveVirq(0x11, 5, 99)).isZero();
        assertThat(queue.receiveVirq()).isEqualTo(99);
    }

    @Test
    void handlersAreTasksUnlessTheyRunInsideCalls() {
        List<String> order = new ArrayList<>();
        interrupts.attach(queue.receiveVirq(), () -> order.add("handler"));
        send(1);
        order.add("returned");
        scheduler.runDue();
        FakeGunyah inside = FakeGunyah.deliveringInsideCalls(scheduler);
        FakeQueue other = inside.queue("in", 1, 2).onReceiveInterrupt(InterruptAnswer.twice());
        inside.interrupts().attach(other.receiveVirq(), () -> order.add("inside"));

        other.peerSends((byte) 1);

        assertThat(order).containsExactly("returned", "handler", "inside", "inside");
    }

    @Test
    void maskedLineRemembersOneInterrupt() {
        List<String> handled = new ArrayList<>();
        interrupts.attach(33, () -> handled.add("handled"));
        interrupts.mask(33);
        queue.interruptReceiver();
        queue.interruptReceiver();
        scheduler.runDue();
        assertThat(handled).isEmpty();
        assertThat(interrupts).hasToString("FakeInterrupts[virq 33 pending, masked]");

        interrupts.unmask(33);
        scheduler.runDue();

        assertThat(handled).hasSize(1);
    }

    @Test
    void lineHasOneHandlerThatNeverRunsAfterDetach() {
        List<String> handled = new ArrayList<>();
        interrupts.attach(33, () -> handled.add("first"));
        assertThatThrownBy(() -> interrupts.attach(33, () -> {})).isInstanceOf(MailboxException.class);
        assertThatThrownBy(() -> interrupts.attach(31, () -> {})).isInstanceOf(MailboxException.class);
        queue.interruptReceiver();
        interrupts.detach(33);
        scheduler.runDue();
        assertThat(handled).isEmpty();

        interrupts.attach(33, () -> handled.add("second"));
        scheduler.runDue();

        assertThat(handled).containsExactly("second");
    }

    @Test
    void handlerThatThrowsDoesNotStopItsLine() {
        List<String> handled = new ArrayList<>();
        interrupts.attach(33, () -> {
            handled.add("handled");
            throw new IllegalStateException("a defect");
        });

        queue.interruptReceiver();
        scheduler.runDue();
        queue.interruptReceiver();
        scheduler.runDue();

        assertThat(handled).hasSize(2);
    }

    @Test
    void interruptDuringItsHandlerIsHandledAfterIt() {
        FakeGunyah inside = FakeGunyah.deliveringInsideCalls(scheduler);
        FakeQueue other = inside.queue("in", 1, 2);
        List<String> handled = new ArrayList<>();
        inside.interrupts().attach(other.receiveVirq(), () -> {
            handled.add("begin");
            if (handled.size() == 1) {
                other.interruptReceiver();
            }
            handled.add("end");
        });

        other.interruptReceiver();

        assertThat(handled).containsExactly("begin", "end", "begin", "end");
    }

    // ---- assertions ----

    @Test
    void assertionsShowBothListsAndTheFirstDifference() {
        send(1);

        assertThatThrownBy(() -> gunyah.assertCalls("out send bytes[1] 01 -> OK, room", "out flush -> OK"))
                .isInstanceOf(AssertionError.class)
                .hasMessage("calls differ\n  expected:\n    out send bytes[1] 01 -> OK, room\n  > out flush -> OK"
                        + "\n  but was:\n    +0.000 ms  out send bytes[1] 01 -> OK, room\n  > (nothing)");
        assertThatThrownBy(() -> gunyah.assertInterrupts()).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> queue.assertMessages(new byte[] {2}))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("> bytes[1] 01");
        assertThat(gunyah.toString()).contains("out: 1 of 2 messages", "interrupt 33 of out/receive", "-> OK, room");
        assertThat(gunyah.calls()).hasSize(1);
        assertThat(gunyah.interruptLog()).hasSize(1);
    }
}
