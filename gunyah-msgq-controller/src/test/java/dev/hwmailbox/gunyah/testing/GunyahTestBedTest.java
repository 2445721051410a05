// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahException;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.testing.Exploration;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class GunyahTestBedTest {
    private static final byte[] MESSAGE = {1, 2, 3};

    private static MsgqMessage message() {
        return MsgqMessage.of(MESSAGE);
    }

    @ParameterizedTest
    @EnumSource
    void twoMachinesTalk(Trigger trigger) {
        try (GunyahTestBed bed =
                GunyahTestBed.builder().trigger(trigger).depth(1).build()) {
            bed.far().client().onReceive((channel, received) -> channel.sendMessage(message()));

            bed.near().channel().sendMessage(message());
            bed.scheduler().runUntilIdle();

            bed.far().client().assertReceived(MESSAGE);
            bed.near().client().assertReceived(MESSAGE);
            assertThat(bed.near().controller().freeSlots()).isEqualTo(15);
            assertThat(bed.dump()).contains("no queue holds messages", "near/0: 0 messages queued, none in flight");
        }
    }

    @Test
    void dumpNamesTheStalledPeer() {
        try (GunyahTestBed bed = GunyahTestBed.builder()
                .scriptedPeer()
                .messagesMayStay()
                .tasksMayStayPending()
                .build()) {
            bed.peer().stalls();
            for (int i = 0; i < 12; i++) {
                bed.near().channel().sendMessage(message());
            }
            bed.scheduler().runDue();

            assertThat(bed.dump().lines())
                    .contains(
                            "vm 1 waits for vm 2 to read queue 0: 8 of 8 messages, receive line 41 pending, masked",
                            "near (vm 1): near/0: 4 messages queued, one in flight");
            assertThat(bed.toString()).contains("vm 255 CREATED", "queue 1: 0 of 8 messages", "stalled");
            bed.peer().reads(11);
            bed.scheduler().runDue();
            assertThat(bed.hypervisor().dump())
                    .contains("vm 2 has not read all of queue 0: 1 of 8 messages, receive line 41");
        }
    }

    @Test
    void dumpTellsOfEndsThatNobodyListensTo() {
        try (GunyahTestBed bed = GunyahTestBed.builder()
                .depth(1)
                .scriptedPeer()
                .messagesMayStay()
                .tasksMayStayPending()
                .build()) {
            QueuePairs.Pair idle = bed.pairs().make(bed.near().vm(), bed.far().vm(), 1, 8, Trigger.EDGE);
            bed.near().vm().hypercalls().msgqSend(idle.near().txCapability().value(), MESSAGE, 0, 3, true);

            assertThat(bed.dump())
                    .contains(
                            "vm 1 waits for vm 2 to read queue 2: 1 of 1 messages, receive line 43 pending, no handler");
        }
    }

    @Test
    void faultsStandBetweenControllerAndMachine() {
        try (GunyahTestBed bed = GunyahTestBed.builder().scriptedPeer().build()) {
            bed.scheduler().runDue(); // the controller has looked into its queue once
            bed.near()
                    .hypercalls()
                    .inject(Hypercall.SEND, Occurrence.nth(1), HypercallFault.status(GunyahError.DENIED));
            bed.near().interrupts().inject(Occurrence.nth(1), InterruptFault.delayed(Duration.ofMillis(3)));

            bed.near().channel().sendMessage(message());
            bed.peer().sends(MESSAGE);
            bed.scheduler().runUntilIdle();

            bed.near()
                    .client()
                    .assertEvents(
                            "txDone MsgqMessage[3 bytes, push] EACCES",
                            "+3.000 ms  near/0  received bytes[3] 01 02 03");
            assertThat(bed.near().hypercalls().injected()).isEqualTo(1);
            assertThat(bed.near().interrupts().injected()).isEqualTo(1);
        }
    }

    @Test
    void clientUnderTestGetsARecorderBeforeIt() {
        MailboxClient client = new MailboxClient() {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                channel.sendMessage(message());
            }
        };
        try (GunyahTestBed bed = GunyahTestBed.builder()
                .nearClient(client)
                .scriptedPeer()
                .maxMessageSize(8)
                .build()) {
            bed.peer().sends(MESSAGE);
            bed.scheduler().runUntilIdle();

            bed.near().client().assertReceived(MESSAGE);
            bed.peer().assertReceived(MESSAGE);
        }
    }

    @Test
    void sidesAreEitherScriptedOrNot() {
        try (GunyahTestBed bed = GunyahTestBed.create();
                GunyahTestBed scripted = GunyahTestBed.builder().scriptedPeer().build()) {
            assertThatIllegalStateException().isThrownBy(bed::peer);
            assertThatIllegalStateException().isThrownBy(() -> scripted.far().channel());
        }
        assertThatThrownBy(() -> GunyahTestBed.builder().depth(0).build()).isInstanceOf(GunyahException.class);
    }

    @Test
    void sameSeedGivesTheSameCapabilities() {
        try (GunyahTestBed one = GunyahTestBed.builder().seed(7).build();
                GunyahTestBed two = GunyahTestBed.builder().seed(7).build();
                GunyahTestBed other = GunyahTestBed.builder().seed(8).build()) {
            assertThat(one.near().endpoint())
                    .isEqualTo(two.near().endpoint())
                    .isNotEqualTo(other.near().endpoint());
        }
    }

    @Test
    void runsInManyOrders() {
        Exploration.run(50, scheduler -> {
            try (GunyahTestBed bed =
                    GunyahTestBed.builder().scheduler(scheduler).depth(1).build()) {
                bed.near().channel().sendMessage(message());
                bed.far().channel().sendMessage(message());
                scheduler.runUntilIdle();

                bed.near().client().assertReceived(MESSAGE);
                bed.far().client().assertReceived(MESSAGE);
            }
        });
    }

    // ---- what closing finds ----

    @Test
    void findsMessagesInQueuesAndChannels() {
        GunyahTestBed bed = GunyahTestBed.builder().depth(1).scriptedPeer().build();
        bed.scheduler().runDue(); // the controller has looked into its queue once
        bed.peer().stalls().sends(MESSAGE).sends(MESSAGE);
        bed.near().interrupts().inject(Occurrence.always(), InterruptFault.dropped());
        bed.near().channel().sendMessage(message());
        bed.near().channel().sendMessage(message());

        assertThatThrownBy(bed::close)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("2 messages are still in the queues")
                .hasMessageContaining("- near (vm 1): near/0: 1 messages queued, one in flight")
                .hasMessageContaining("- far (vm 2): ScriptedPeer")
                .hasMessageContaining("vm 1 waits for vm 2 to read queue 0");
        bed.close();
    }

    @Test
    void findsHandlersTimersAndExceptions() {
        GunyahTestBed bed = GunyahTestBed.create();
        bed.near().vm().interrupts().attach(99, () -> {});
        bed.scheduler().timer("forgotten", () -> {}).arm(1_000_000);
        bed.far().client().onReceive((channel, received) -> {
            throw new IllegalStateException("a defect");
        });
        bed.near().channel().sendMessage(message());

        assertThatThrownBy(bed::close)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("1 interrupt handlers are still attached")
                .hasMessageContaining("pending: forgotten")
                .hasMessageContaining("thrown: java.lang.IllegalStateException: a defect");
    }

    @Test
    void findsThreadsThatWait() {
        GunyahTestBed bed = GunyahTestBed.create();
        bed.scheduler().spawn("stuck", () -> bed.scheduler().await(new Completion(), Long.MAX_VALUE));
        bed.scheduler().runDue();

        assertThatThrownBy(bed::close).isInstanceOf(AssertionError.class).hasMessageContaining("'stuck' still waits");
    }

    @Test
    void allowsWhatTheTestWants() {
        GunyahTestBed bed = GunyahTestBed.builder()
                .scriptedPeer()
                .messagesMayStay()
                .tasksMayStayPending()
                .exceptionsAreExpected()
                .controller(settings -> settings.slots(1))
                .build();
        bed.peer().stalls();
        bed.near().channel().sendMessage(message());
        bed.near().client().onReceive((channel, received) -> {
            throw new IllegalStateException("a defect");
        });
        bed.peer().sends(MESSAGE);
        bed.scheduler().timer("forgotten", () -> {}).arm(1_000_000);

        bed.close();

        assertThat(bed.hypervisor().census().isEmpty()).isTrue();
        assertThat(bed.near().controller().freeSlots()).isEqualTo(1);
    }
}
