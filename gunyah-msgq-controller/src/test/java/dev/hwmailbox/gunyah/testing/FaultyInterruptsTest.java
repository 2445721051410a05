// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class FaultyInterruptsTest {
    private static final int A = 40;
    private static final int B = 41;
    private static final Duration MILLI = Duration.ofMillis(1);

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final VirtualInterruptController real = SoftwareHypervisor.builder()
            .schedulers(vmid -> scheduler)
            .build()
            .createVm(1)
            .interrupts();
    private final FaultyInterrupts faulty = FaultyInterrupts.over(real, scheduler);
    private final List<String> handled = new ArrayList<>();

    @BeforeEach
    void attachHandlers() {
        faulty.attach(A, () -> note("a"));
        faulty.attach(B, () -> note("b"));
    }

    private void note(String handler) {
        handled.add(scheduler.elapsed().toMillis() + " " + handler);
    }

    private void raise(int virq) {
        real.raise(virq);
        scheduler.runDue();
    }

    @Test
    void passesEverythingThroughWithoutFaults() {
        raise(A);
        raise(B);
        faulty.mask(A);
        raise(A);
        assertThat(handled).containsExactly("0 a", "0 b");

        faulty.unmask(A);
        scheduler.runDue();
        faulty.detach(A);
        raise(A);

        assertThat(handled).containsExactly("0 a", "0 b", "0 a");
        assertThat(faulty.injected()).isZero();
    }

    @Test
    void refusalsPassThroughAndLeaveTheFirstHandler() {
        assertThatThrownBy(() -> faulty.attach(A, () -> note("other"))).isInstanceOf(MailboxException.class);
        assertThatThrownBy(() -> faulty.attach(3, () -> note("other"))).isInstanceOf(MailboxException.class);

        raise(A);

        assertThat(handled).containsExactly("0 a");
        assertThat(faulty).hasToString("FaultyInterruptsoff [][virq 40, virq 41]");
    }

    @Test
    void secondInterruptIsDropped() {
        faulty.inject(A, Occurrence.nth(2), InterruptFault.dropped());

        raise(A);
        raise(A);
        raise(B);
        raise(A);

        assertThat(handled).containsExactly("0 a", "0 b", "0 a");
        assertThat(faulty.injected()).isEqualTo(1);
    }

    @Test
    void faultOfAllLinesCountsThemTogether() {
        faulty.inject(Occurrence.nth(2), InterruptFault.dropped());

        raise(A);
        raise(B);
        raise(A);

        assertThat(handled).containsExactly("0 a", "0 a");
    }

    @Test
    void numberCanDecide() {
        faulty.inject(Occurrence.about(virq -> virq == B), InterruptFault.dropped());

        raise(A);
        raise(B);

        assertThat(handled).containsExactly("0 a");
    }

    @Test
    void interruptIsDuplicated() {
        faulty.inject(A, Occurrence.nth(1), InterruptFault.duplicated());

        raise(A);
        raise(A);

        assertThat(handled).containsExactly("0 a", "0 a", "0 a");
    }

    @Test
    void delayedInterruptComesLateAndHoldsItsLine() {
        faulty.inject(A, Occurrence.nth(1), InterruptFault.delayed(MILLI));

        raise(A);
        raise(A);
        raise(A);
        raise(B);
        scheduler.advance(MILLI);

        assertThat(handled).containsExactly("0 b", "1 a", "1 a");
    }

    @Test
    void nextInterruptOvertakes() {
        faulty.inject(A, Occurrence.nth(1), InterruptFault.overtaken(Duration.ofSeconds(1)));

        raise(A);
        assertThat(handled).isEmpty();
        assertThat(faulty.toString()).contains("overtaken, used 1 times", "virq 40 held");
        raise(B);
        raise(A);

        assertThat(handled).containsExactly("0 b", "0 a", "0 a");
        assertThat(scheduler.pending()).isEmpty();
    }

    @Test
    void interruptThatNobodyOvertakesComesAllTheSame() {
        faulty.inject(A, Occurrence.nth(1), InterruptFault.overtaken(MILLI));

        raise(A);
        scheduler.runUntilIdle();

        assertThat(handled).containsExactly("1 a");
    }

    @Test
    void lateInterruptRespectsTheMask() {
        faulty.inject(A, Occurrence.nth(1), InterruptFault.delayed(MILLI));
        raise(A);
        faulty.mask(A);
        scheduler.runUntilIdle();
        assertThat(handled).isEmpty();

        faulty.unmask(A);
        raise(A);

        assertThat(handled).containsExactly("1 a", "1 a");
    }

    @Test
    void unmaskingDoesNotBringALateInterruptForward() {
        faulty.inject(A, Occurrence.nth(1), InterruptFault.delayed(MILLI));
        raise(A);

        faulty.mask(A);
        faulty.unmask(A);
        raise(A);
        assertThat(handled).isEmpty();
        scheduler.runUntilIdle();

        assertThat(handled).containsExactly("1 a", "1 a");
    }

    @Test
    void maskSetByTheHandlerItselfStays() {
        faulty.detach(A);
        faulty.attach(A, () -> {
            note("a");
            faulty.mask(A);
        });
        faulty.inject(A, Occurrence.nth(1), InterruptFault.delayed(MILLI));

        raise(A);
        scheduler.runUntilIdle();
        raise(A);

        assertThat(handled).containsExactly("1 a");
    }

    @Test
    void lateInterruptNeverComesOnceDetached() {
        faulty.inject(A, Occurrence.nth(1), InterruptFault.delayed(MILLI));
        raise(A);

        faulty.detach(A);
        scheduler.runUntilIdle();

        assertThat(handled).isEmpty();
        assertThat(scheduler.pending()).isEmpty();
    }

    @Test
    void stoppedFaultsDoNothingButWhatIsOnItsWayComes() {
        faulty.inject(A, Occurrence.always(), InterruptFault.delayed(MILLI));
        raise(A);

        faulty.stop();
        scheduler.runUntilIdle();
        raise(A);

        assertThat(handled).containsExactly("1 a", "1 a");
        assertThat(faulty.injected()).isEqualTo(1);
    }

    @Test
    void exceptionOfOneRunDoesNotSwallowTheOther() {
        faulty.detach(A);
        faulty.attach(A, () -> {
            note("a");
            throw new IllegalStateException("a defect");
        });
        faulty.inject(A, Occurrence.nth(1), InterruptFault.duplicated());

        raise(A);
        raise(A);

        assertThat(handled).hasSize(3);
    }

    @Test
    void errorOfARunDoesNotSilenceTheLine() {
        faulty.detach(A);
        faulty.attach(A, () -> {
            note("a");
            if (handled.size() == 1) {
                throw new AssertionError("on purpose");
            }
        });

        assertThatThrownBy(() -> raise(A)).hasMessage("on purpose");
        raise(A);

        assertThat(handled).containsExactly("0 a", "0 a");
    }

    @Test
    void levelLineIsHeldToo() {
        real.trigger(A, VirtualInterruptController.Trigger.LEVEL);
        faulty.inject(A, Occurrence.nth(1), InterruptFault.delayed(MILLI));

        raise(A);
        assertThat(handled).isEmpty();
        scheduler.runUntilIdle();

        assertThat(handled).contains("1 a");
    }
}
