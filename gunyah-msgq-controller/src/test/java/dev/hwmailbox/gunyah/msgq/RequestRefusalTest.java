// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static dev.hwmailbox.gunyah.msgq.RecordingClient.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.hypervisor.ObjectType;
import dev.hwmailbox.gunyah.msgq.QueuePairBed.Pair;
import dev.hwmailbox.gunyah.msgq.RequestRefusedException.Reason;
import dev.hwmailbox.gunyah.testing.FaultyHypercalls;
import dev.hwmailbox.gunyah.testing.Hypercall;
import dev.hwmailbox.gunyah.testing.HypercallFault;
import dev.hwmailbox.gunyah.testing.Occurrence;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a request can be refused for; every refusal names the field, and leaves nothing behind. */
final class RequestRefusalTest {
    private final QueuePairBed bed = new QueuePairBed();
    private final FaultyHypercalls hypercalls = FaultyHypercalls.over(bed.near.hypercalls());
    private final GunyahMsgqController controller = GunyahMsgqController.builder(
                    hypercalls, bed.near.interrupts(), bed.scheduler)
            .build();
    private final Pair pair = bed.pair(8);

    private MsgqEndpoint withCapability(boolean tx, CapabilityId capability) {
        MsgqEndpoint good = pair.near();
        return new MsgqEndpoint(
                tx ? capability : good.txCapability(),
                good.txVirq(),
                tx ? good.rxCapability() : capability,
                good.rxVirq(),
                good.maxMessageSize());
    }

    private static String capabilityField(boolean tx) {
        return tx ? "txCapability" : "rxCapability";
    }

    private static String virqField(boolean tx) {
        return tx ? "txVirq" : "rxVirq";
    }

    private void isRefused(MsgqEndpoint endpoint, Reason reason, String field, int errno, int gunyahError) {
        isRefused(endpoint, CompletionLevel.READY, reason, field, errno, gunyahError);
    }

    private void isRefused(
            MsgqEndpoint endpoint, CompletionLevel level, Reason reason, String field, int errno, int gunyahError) {
        RequestRefusedException refusal = catchThrowableOfType(
                RequestRefusedException.class, () -> controller.requestChannel(new RecordingClient(), endpoint, level));

        assertThat(refusal).hasMessageContaining(field);
        assertThat(refusal.reason()).isEqualTo(reason);
        assertThat(refusal.field()).isEqualTo(field);
        assertThat(Errno.name(refusal.errno())).isEqualTo(Errno.name(errno));
        assertThat(refusal.gunyahError()).isEqualTo(gunyahError);
        leavesNothing();
    }

    private void leavesNothing() {
        assertThat(controller.freeSlots()).isEqualTo(GunyahMsgqController.DEFAULT_SLOTS);
        assertThat(QueuePairBed.isFree(bed.near.interrupts(), pair.near().txVirq()))
                .isTrue();
        assertThat(QueuePairBed.isFree(bed.near.interrupts(), pair.near().rxVirq()))
                .isTrue();
        assertThat(bed.scheduler.pending()).isEmpty();
    }

    private void worksNow() {
        controller.requestChannel(new RecordingClient(), pair.near()).sendMessageOrThrow(message("works"));
        assertThat(bed.rawReceive(pair.nearToFar())).isEqualTo(RecordingClient.bytes("works"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void capabilityOfAnotherKindOfObject(boolean tx) {
        isRefused(
                withCapability(tx, bed.near.createOpaqueObject(ObjectType.DOORBELL)),
                Reason.INVALID,
                capabilityField(tx),
                Errno.EACCES,
                GunyahError.CSPACE_WRONG_OBJECT_TYPE);
        worksNow();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void capabilityOfTheOtherDirection(boolean tx) {
        MsgqEndpoint other = bed.pair(8).near();
        isRefused(
                withCapability(tx, tx ? other.rxCapability() : other.txCapability()),
                Reason.INVALID,
                capabilityField(tx),
                Errno.EACCES,
                GunyahError.CSPACE_INSUFFICIENT_RIGHTS);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void revokedCapability(boolean tx) {
        bed.revokeAll(tx ? pair.nearToFar() : pair.farToNear());

        isRefused(pair.near(), Reason.INVALID, capabilityField(tx), Errno.EACCES, GunyahError.CSPACE_CAP_REVOKED);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void numberThatIsNoCapability(boolean tx) {
        RequestRefusedException refusal = catchThrowableOfType(
                RequestRefusedException.class,
                () -> controller.requestChannel(new RecordingClient(), withCapability(tx, CapabilityId.of(12345))));

        assertThat(refusal.field()).isEqualTo(capabilityField(tx));
        assertThat(refusal.reason()).isEqualTo(Reason.INVALID);
        assertThat(refusal.gunyahError()).isIn(GunyahError.CSPACE_CAP_NULL, GunyahError.ARGUMENT_INVALID);
        assertThat(refusal.errno()).isEqualTo(GunyahError.toErrno(refusal.gunyahError()));
        leavesNothing();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void queueThatIsNotActiveYetAndOnlyForSoLong(boolean tx) {
        long queue = bed.inactiveQueue();
        MsgqEndpoint early = withCapability(tx, bed.give(bed.near, queue));

        isRefused(early, Reason.NOT_READY, capabilityField(tx), Errno.EPROBE_DEFER, GunyahError.OBJECT_STATE);
        bed.activate(queue);

        assertThat(controller.requestChannel(new RecordingClient(), early).isClosed())
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "true,  1, EINVAL", "true,  50, EACCES", "true,  36, EINVAL", "true,  111, EINVAL", "true,  9999, EINVAL",
        "false, 1, EINVAL", "false, 50, EACCES", "false, 30, EACCES", "false, 10, ENOMEM", "false, -77, EINVAL"
    })
    void whateverElseTheHypervisorSaysWhichIsKeptRaw(boolean tx, int gunyahError, String errno) {
        hypercalls.inject(
                tx ? Hypercall.CONFIGURE_SEND : Hypercall.CONFIGURE_RECEIVE,
                Occurrence.always(),
                HypercallFault.status(gunyahError));

        RequestRefusedException refusal = catchThrowableOfType(
                RequestRefusedException.class, () -> controller.requestChannel(new RecordingClient(), pair.near()));

        assertThat(refusal.gunyahError()).isEqualTo(gunyahError);
        assertThat(Errno.name(refusal.errno())).isEqualTo(errno);
        assertThat(refusal)
                .hasMessageContaining(capabilityField(tx))
                .hasMessageContaining(GunyahError.name(gunyahError))
                .hasMessageContaining("(" + gunyahError + ")")
                .hasMessageContaining("gunyah-msgq/0");
        leavesNothing();
    }

    @Test
    void hypervisorThatCannotBeAskedIsBelievedUnlessTheLevelNeedsTheCall() {
        hypercalls.inject(
                Hypercall.CONFIGURE_SEND, Occurrence.always(), HypercallFault.status(GunyahError.UNIMPLEMENTED));
        hypercalls.inject(
                Hypercall.CONFIGURE_RECEIVE, Occurrence.always(), HypercallFault.status(GunyahError.UNIMPLEMENTED));

        isRefused(
                pair.near(),
                CompletionLevel.TAKEN,
                Reason.INVALID,
                "txCapability",
                Errno.EOPNOTSUPP,
                GunyahError.UNIMPLEMENTED);
        worksNow();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void interruptThatHasAnotherHandler(boolean tx) {
        int virq = tx ? pair.near().txVirq() : pair.near().rxVirq();
        bed.near.interrupts().attach(virq, () -> {});

        RequestRefusedException refusal = catchThrowableOfType(
                RequestRefusedException.class, () -> controller.requestChannel(new RecordingClient(), pair.near()));
        bed.near.interrupts().detach(virq);

        assertThat(refusal.reason()).isEqualTo(Reason.BUSY);
        assertThat(refusal.errno()).isEqualTo(Errno.EBUSY);
        assertThat(refusal.field()).isEqualTo(virqField(tx));
        assertThat(refusal).hasMessageContaining(virqField(tx) + " " + virq).hasCauseInstanceOf(MailboxException.class);
        leavesNothing();
        worksNow();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void interruptThatTheControllerOfThisVmDoesNotHave(boolean tx) {
        int virq = tx ? pair.near().txVirq() : pair.near().rxVirq();
        var few = new InterruptsWithout(bed.near.interrupts(), virq);
        GunyahMsgqController small = GunyahMsgqController.builder(bed.near.hypercalls(), few, bed.scheduler)
                .build();

        RequestRefusedException refusal = catchThrowableOfType(
                RequestRefusedException.class, () -> small.requestChannel(new RecordingClient(), pair.near()));

        assertThat(refusal.reason()).isEqualTo(Reason.INVALID);
        assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
        assertThat(refusal.field()).isEqualTo(virqField(tx));
        assertThat(small.freeSlots()).isEqualTo(16);
        leavesNothing();
    }

    @ParameterizedTest
    @CsvSource({"txCapability", "rxCapability", "txVirq", "rxVirq"})
    void whatAnotherChannelUsesInEitherDirection(String field) {
        MsgqEndpoint used = bed.pair(8).near();
        MsgqEndpoint free = pair.near();
        controller.requestChannel(new RecordingClient(), used);
        for (boolean sameDirection : new boolean[] {true, false}) {
            boolean usedTx = field.startsWith("tx") == sameDirection;
            CapabilityId capability = usedTx ? used.txCapability() : used.rxCapability();
            int virq = usedTx ? used.txVirq() : used.rxVirq();
            MsgqEndpoint sharing = new MsgqEndpoint(
                    field.equals("txCapability") ? capability : free.txCapability(),
                    field.equals("txVirq") ? virq : free.txVirq(),
                    field.equals("rxCapability") ? capability : free.rxCapability(),
                    field.equals("rxVirq") ? virq : free.rxVirq(),
                    240);

            RequestRefusedException refusal = catchThrowableOfType(
                    RequestRefusedException.class, () -> controller.requestChannel(new RecordingClient(), sharing));

            assertThat(refusal.reason()).isEqualTo(Reason.BUSY);
            assertThat(refusal.errno()).isEqualTo(Errno.EBUSY);
            assertThat(refusal.field()).isEqualTo(field);
            assertThat(refusal).hasMessageContaining(field).hasMessageContaining("gunyah-msgq/0");
        }
        assertThat(controller.freeSlots()).isEqualTo(15);
    }

    @Test
    void moreChannelsThanSlots() {
        GunyahMsgqController small = bed.controller(bed.near).slots(1).build();
        small.requestChannel(new RecordingClient(), pair.near());

        RequestRefusedException refusal = catchThrowableOfType(
                RequestRefusedException.class,
                () -> small.requestChannel(new RecordingClient(), bed.pair(8).near()));

        assertThat(refusal.reason()).isEqualTo(Reason.EXHAUSTED);
        assertThat(refusal.errno()).isEqualTo(Errno.EBUSY);
        assertThat(refusal.field()).isEqualTo("slots");
    }

    @Test
    void levelThatNothingCanReach() {
        MsgqEndpoint both = pair.near();
        isRefused(
                MsgqEndpoint.receiveOnly(both.rxCapability(), both.rxVirq(), 240),
                CompletionLevel.TAKEN,
                Reason.UNSUPPORTED,
                "completionLevel",
                Errno.EOPNOTSUPP,
                GunyahError.OK);
    }

    @ParameterizedTest
    @EnumSource(
            value = CompletionLevel.class,
            names = {"ACCEPTED", "TAKEN"})
    void levelThatAPublishedControllerDoesNotHave(CompletionLevel level) {
        GunyahMsgqController published = bed.controller(bed.near).published().build();

        RequestRefusedException refusal = catchThrowableOfType(
                RequestRefusedException.class,
                () -> published.requestChannel(new RecordingClient(), pair.near(), level));

        assertThat(refusal.reason()).isEqualTo(Reason.UNSUPPORTED);
        assertThat(refusal.field()).isEqualTo("completionLevel");
        assertThatThrownBy(() -> bed.controller(bed.near)
                        .published()
                        .completionLevel(level)
                        .build())
                .isInstanceOfSatisfying(
                        MailboxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
    }

    /** An interrupt controller that lacks one line. */
    private record InterruptsWithout(dev.hwmailbox.gunyah.InterruptController real, int missing)
            implements dev.hwmailbox.gunyah.InterruptController {
        @Override
        public void attach(int virq, Runnable handler) {
            if (virq == missing) {
                throw new MailboxException(Errno.EINVAL, "no such line");
            }
            real.attach(virq, handler);
        }

        @Override
        public void detach(int virq) {
            real.detach(virq);
        }

        @Override
        public void mask(int virq) {
            real.mask(virq);
        }

        @Override
        public void unmask(int virq) {
            real.unmask(virq);
        }
    }
}
