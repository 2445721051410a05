// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.RX_VIRQ;
import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.hypervisor.HypervisorBed.Pipe;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Census;
import java.util.concurrent.Executor;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class SoftwareHypervisorTest {
    private static void refusedWith(int errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        MailboxException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    @Test
    void refusesAVmThatExistsOrCannotExist() {
        try (var bed = new HypervisorBed()) {
            refusedWith(Errno.EBUSY, () -> bed.hypervisor.createVm(HypervisorBed.A));
            refusedWith(Errno.EBUSY, () -> bed.hypervisor.createManagerVm(HypervisorBed.A));
            refusedWith(Errno.EINVAL, () -> bed.hypervisor.createVm(-1));
            refusedWith(Errno.EINVAL, () -> bed.hypervisor.createVm(0x10000));
            assertThat(bed.hypervisor.vm(HypervisorBed.A)).containsSame(bed.a);
            assertThat(bed.hypervisor.vm(77)).isEmpty();
            bed.hypervisor.close();
            refusedWith(Errno.ESHUTDOWN, () -> bed.hypervisor.createVm(77));
        }
    }

    @Test
    void needsSchedulers() {
        assertThatThrownBy(() -> SoftwareHypervisor.builder().build())
                .isInstanceOf(NullPointerException.class)
                .hasMessage("schedulers");
    }

    @Test
    void eachVmHasTheSchedulerAndExecutorOfItsNumber() {
        var tasks = new TaskQueue[] {new TaskQueue(), new TaskQueue()};
        var held = new TaskQueue();
        Executor inline = Runnable::run;
        try (var hypervisor = SoftwareHypervisor.builder()
                .schedulers(vmid -> tasks[vmid])
                .interruptDelivery(vmid -> vmid == 0 ? inline : held::execute)
                .build()) {
            VirtualMachine first = hypervisor.createVm(0);
            VirtualMachine second = hypervisor.createVm(1);
            var runs = new int[2];
            first.interrupts().attach(32, () -> runs[0]++);
            second.interrupts().attach(32, () -> runs[1]++);

            first.interrupts().raise(32);
            second.interrupts().raise(32);

            assertThat(first.scheduler()).isSameAs(tasks[0]);
            assertThat(second.scheduler()).isSameAs(tasks[1]);
            assertThat(runs).containsExactly(1, 0);
            held.runAll();
            assertThat(runs).containsExactly(1, 1);
        }
    }

    @Test
    void theSameSeedAndCallsGiveTheSameIds() {
        try (var one = new HypervisorBed(SoftwareHypervisor.builder().seed(42));
                var two = new HypervisorBed(SoftwareHypervisor.builder().seed(42));
                var three = new HypervisorBed(SoftwareHypervisor.builder().seed(43))) {
            long id = one.pipe(2, 8).send();

            assertThat(two.pipe(2, 8).send()).isEqualTo(id);
            assertThat(three.pipe(2, 8).send()).isNotEqualTo(id);
        }
    }

    @Test
    void twoHypervisorsInOneJvmKnowNothingOfEachOther() {
        try (var one = new HypervisorBed();
                var two = new HypervisorBed()) {
            Pipe first = one.pipe(2, 8);
            Pipe second = two.pipe(2, 8);
            assertThat(first.send()).isEqualTo(second.send());

            ok(one.send(first.send(), "one"));

            assertThat(two.receive(second.receive())).isEqualTo("MSGQUEUE_EMPTY");
            one.hypervisor.close();
            ok(two.send(second.send(), "two"));
            assertThat(two.receive(second.receive())).isEqualTo("two");
        }
    }

    @Test
    void theCensusCountsWhatIsAlive() {
        try (var bed = new HypervisorBed()) {
            assertThat(bed.hypervisor.census()).isEqualTo(new Census(3, 7, 0, 0, 0, 0));
            Pipe pipe = bed.pipe(4, 8);
            ok(bed.send(pipe.send(), "1"));
            ok(bed.send(pipe.send(), "2"));
            bed.b.interrupts().attach(RX_VIRQ, () -> {});

            assertThat(bed.hypervisor.census()).isEqualTo(new Census(3, 10, 1, 2, 1, 2));
            bed.hypervisor.close();
            assertThat(bed.hypervisor.census()).isEqualTo(new Census(0, 0, 0, 0, 0, 0));
        }
    }
}
