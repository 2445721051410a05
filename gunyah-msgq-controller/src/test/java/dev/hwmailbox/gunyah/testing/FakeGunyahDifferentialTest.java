// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.NewCapability;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.testing.VirtualScheduler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is not scripted behaves as the software hypervisor does: the same random calls give the same answers. */
final class FakeGunyahDifferentialTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");
    private static final int SCRIPTS = 200;
    private static final int STEPS = 300;
    private static final int FIRST_VIRQ = 32;
    private static final int VIRQS = 4;

    /** One implementation with one queue, and what its calls and its interrupts were. */
    private static final class Subject {
        final GunyahHypercalls calls;
        final InterruptController interrupts;
        final long send;
        final long receive;
        final long vic;
        final List<String> log = new ArrayList<>();

        Subject(GunyahHypercalls calls, InterruptController interrupts, long send, long receive, long vic) {
            this.calls = calls;
            this.interrupts = interrupts;
            this.send = send;
            this.receive = receive;
            this.vic = vic;
        }

        void attach(int virq) {
            try {
                interrupts.attach(virq, () -> log.add("handler " + virq));
                log.add("attached " + virq);
            } catch (MailboxException e) {
                log.add("refused " + virq);
            }
        }
    }

    private static Subject fake(int depth, int size) {
        FakeGunyah gunyah = FakeGunyah.deliveringInsideCalls(new VirtualScheduler());
        gunyah.queue("queue", 1, 2)
                .depth(depth)
                .maxMessageSize(size)
                .sendVirq(FIRST_VIRQ)
                .receiveVirq(FIRST_VIRQ + 1);
        return new Subject(gunyah.hypercalls(), gunyah.interrupts(), 1, 2, 3);
    }

    private static Subject real(int depth, int size) {
        var scheduler = new VirtualScheduler();
        VirtualMachine vm = SoftwareHypervisor.builder()
                .schedulers(vmid -> scheduler)
                .interruptDelivery(vmid -> Runnable::run)
                .build()
                .createManagerVm(1);
        GunyahHypercalls calls = vm.hypercalls();
        long space = vm.cspaceCapability().value();
        var made = new NewCapability();
        assertThat(calls.partitionCreateMsgq(vm.partitionCapability().value(), space, made))
                .isZero();
        long queue = made.value();
        assertThat(calls.msgqConfigure(queue, depth, size)).isZero();
        assertThat(calls.objectActivate(queue)).isZero();
        assertThat(calls.cspaceCopyCapability(
                        space, queue, space, GunyahRights.MSGQ_SEND | GunyahRights.MSGQ_BIND_SEND, made))
                .isZero();
        long send = made.value();
        assertThat(calls.cspaceCopyCapability(
                        space, queue, space, GunyahRights.MSGQ_RECEIVE | GunyahRights.MSGQ_BIND_RECEIVE, made))
                .isZero();
        long vic = vm.vicCapability().value();
        assertThat(calls.msgqBindSendVirq(send, vic, FIRST_VIRQ)).isZero();
        assertThat(calls.msgqBindReceiveVirq(made.value(), vic, FIRST_VIRQ + 1)).isZero();
        return new Subject(calls, vm.interrupts(), send, made.value(), vic);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void agreesWithTheSoftwareHypervisor(long seed) {
        var kinds = new TreeMap<String, Integer>();
        for (int script = 0; script < SCRIPTS; script++) {
            long scriptSeed = seed * 1_000_003 + script;
            var shape = new Random(scriptSeed);
            int depth = 1 + shape.nextInt(4);
            int size = 1 + shape.nextInt(8);
            Subject fake = fake(depth, size);
            Subject real = real(depth, size);
            var chanceOfFake = new Random(scriptSeed);
            var chanceOfReal = new Random(scriptSeed);
            for (int step = 0; step < STEPS; step++) {
                step(fake, chanceOfFake, depth, size);
                step(real, chanceOfReal, depth, size);
                assertThat(fake.log)
                        .as("seed %d, depth %d, size %d, step %d", scriptSeed, depth, size, step)
                        .isEqualTo(real.log);
                fake.log.forEach(entry -> kinds.merge(entry.replaceAll("[0-9]+.*|\\[.*", ""), 1, Integer::sum));
                fake.log.clear();
                real.log.clear();
            }
        }
        TALLY.info("FakeGunyah and hypervisor agree, seed {}: {}", seed, kinds);
        assertThat(kinds).containsKeys("send MSGQUEUE_FULL ", "receive ADDR_OVERFLOW ", "handler ", "bind VIRQ_BOUND");
    }

    private static void step(Subject subject, Random chance, int depth, int size) {
        GunyahHypercalls calls = subject.calls;
        int virq = FIRST_VIRQ + chance.nextInt(VIRQS);
        int threshold = chance.nextInt(depth + 4) - 2;
        int delay = chance.nextInt(10) == 0 ? 0 : -1;
        byte[] buffer = new byte[size + 2];
        chance.nextBytes(buffer);
        int length = chance.nextInt(size + 2);
        int offset = chance.nextInt(10) == 0 ? size + 3 : 0;
        boolean flag = chance.nextInt(4) == 0;
        switch (chance.nextInt(24)) {
            case 0, 1, 2, 3, 4, 5, 6 ->
                logResult(subject, "send", calls.msgqSend(subject.send, buffer, offset, length, flag), buffer);
            case 7, 8, 9, 10, 11 ->
                logResult(subject, "receive", calls.msgqReceive(subject.receive, buffer, offset, length), buffer);
            case 12 -> log(subject, "flush", calls.msgqFlush(subject.receive));
            case 13 -> log(subject, "configure", calls.msgqConfigureSend(subject.send, threshold, delay));
            case 14 -> log(subject, "configure", calls.msgqConfigureReceive(subject.receive, threshold, delay));
            case 15 -> log(subject, "unbind", calls.msgqUnbindSendVirq(subject.send));
            case 16 -> log(subject, "unbind", calls.msgqUnbindReceiveVirq(subject.receive));
            case 17 -> log(subject, "bind", calls.msgqBindSendVirq(subject.send, subject.vic, flag ? 1020 : virq));
            case 18 -> log(subject, "bind", calls.msgqBindReceiveVirq(subject.receive, subject.vic, flag ? 31 : virq));
            case 19, 20 -> subject.attach(virq);
            case 21 -> subject.interrupts.mask(virq);
            case 22 -> subject.interrupts.unmask(virq);
            default -> subject.interrupts.detach(virq);
        }
    }

    private static void logResult(Subject subject, String call, long result, byte[] buffer) {
        subject.log.add(call + " " + GunyahError.name(GunyahHypercalls.status(result)) + " " + Long.toHexString(result)
                + " " + Arrays.toString(buffer));
    }

    private static void log(Subject subject, String call, int status) {
        subject.log.add(call + " " + GunyahError.name(status));
    }
}
