// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahException;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.NewCapability;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HypervisorLimitsTest {
    private final NewCapability made = new NewCapability();

    /** Creates queues in a space of its own until it is refused; answers how many, and sees why. */
    private int createUntil(int refusal, GunyahHypercalls calls, long partition, long cspace) {
        int count = 0;
        int error;
        while ((error = calls.partitionCreateMsgq(partition, cspace, made)) == GunyahError.OK) {
            count++;
        }
        assertThat(GunyahError.name(error)).isEqualTo(GunyahError.name(refusal));
        return count;
    }

    @Test
    void aGuestThatCreatesWithoutEndRunsOutOfMemoryAndGivesItBack() {
        try (var bed = new HypervisorBed(SoftwareHypervisor.builder().partitionBytes(100 * 256 + 255))) {
            for (int round = 0; round < 3; round++) {
                VirtualMachine guest = bed.hypervisor.createManagerVm(66);
                long partition = guest.partitionCapability().value();
                long cspace = guest.cspaceCapability().value();

                assertThat(createUntil(GunyahError.NOMEM, guest.hypercalls(), partition, cspace))
                        .isEqualTo(100);
                ok(guest.hypercalls().cspaceDeleteCapability(cspace, made.value()));
                assertThat(createUntil(GunyahError.NOMEM, guest.hypercalls(), partition, cspace))
                        .isEqualTo(1);
                guest.destroy();
            }
            assertThat(bed.hypervisor.census().messageQueues()).isZero();
        }
    }

    @Test
    void aGuestThatCreatesWithoutEndFillsItsSpaceAndNoOther() {
        try (var bed = new HypervisorBed(SoftwareHypervisor.builder().capabilityLimit(12))) {
            VirtualMachine guest = bed.hypervisor.createManagerVm(66);
            int had = guest.space().size();

            int count = createUntil(
                    GunyahError.CSPACE_FULL,
                    guest.hypercalls(),
                    guest.partitionCapability().value(),
                    guest.cspaceCapability().value());

            assertThat(count).isEqualTo(12 - had);
            assertThat(bed.hypervisor.census().messageQueues()).isEqualTo(count);
            bed.activeQueue(1, 1);
        }
    }

    @Test
    void activatingTakesWhatDepthAndMessageSizeNeed() {
        try (var bed = new HypervisorBed(SoftwareHypervisor.builder().partitionBytes(2 * 256 + 4 * (10 + 8)))) {
            long first = bed.newQueue();
            long second = bed.newQueue();
            ok(bed.rmCalls.msgqConfigure(first, 4, 11));
            ok(bed.rmCalls.msgqConfigure(second, 4, 10));

            assertThat(bed.rmCalls.objectActivate(first)).isEqualTo(GunyahError.NOMEM);
            assertThat(bed.rmCalls.objectActivate(second)).isZero();
        }
    }

    @Test
    void noMemoryMeansNoQueues() {
        try (var bed = new HypervisorBed(SoftwareHypervisor.builder().partitionBytes(0))) {
            assertThat(createUntil(
                            GunyahError.NOMEM,
                            bed.rmCalls,
                            bed.rm.partitionCapability().value(),
                            bed.rm.cspaceCapability().value()))
                    .isZero();
        }
    }

    @Test
    void aGuestThatSendsWithoutEndIsRefusedAndTakesNoMore() {
        try (var bed = new HypervisorBed(SoftwareHypervisor.builder().partitionBytes(256 + 3 * 24))) {
            long master = bed.activeQueue(3, 16);
            long send = bed.give(master, bed.cspaceOfA, GunyahRights.MSGQ_SEND);

            for (int i = 0; i < 1000; i++) {
                assertThat(bed.send(send, "message")).isEqualTo(i < 3 ? GunyahError.OK : GunyahError.MSGQUEUE_FULL);
            }
            assertThat(bed.hypervisor.census().queuedMessages()).isEqualTo(3);
        }
    }

    @Test
    void refusesLimitsThatAreNone() {
        var builder = SoftwareHypervisor.builder();

        assertThatIllegalArgumentException().isThrownBy(() -> builder.partitionBytes(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.capabilityLimit(0));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.capabilityLimit(65537));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aManagerThatHasNoRoomForItsOwnCapabilitiesIsNotMade(int capabilityLimit) {
        try (var hypervisor = SoftwareHypervisor.builder()
                .schedulers(vmid -> new TaskQueue())
                .capabilityLimit(capabilityLimit)
                .build()) {
            assertThatThrownBy(() -> hypervisor.createManagerVm(7))
                    .isInstanceOfSatisfying(
                            GunyahException.class,
                            e -> assertThat(e.gunyahError()).isEqualTo(GunyahError.CSPACE_FULL));

            assertThat(hypervisor.vm(7)).isEmpty();
        }
    }
}
