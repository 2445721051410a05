// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.hwmailbox.Errno;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.testing.FakeChannel.Attempt;
import dev.hwmailbox.testing.FakeChannel.Outcome;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The fake passes the same checks as controllers with hardware, whoever reports completion. */
class FakeControllerContractTest {
    @TestFactory
    Stream<DynamicTest> passesTheContract() {
        return Stream.of(TxDoneMethod.values())
                .flatMap(method -> ControllerContract.checks(() -> new Fixture(method), traits(method)).stream()
                        .map(check -> dynamicTest(method + ", " + check, () -> {
                            assumeTrue(
                                    check.isApplicable(), () -> check.obstacle().orElseThrow());
                            check.run();
                        })));
    }

    private static Set<ControllerTrait> traits(TxDoneMethod method) {
        Set<ControllerTrait> traits = EnumSet.of(ControllerTrait.HOLDS_NOTHING);
        if (method == TxDoneMethod.ACK) {
            traits.add(ControllerTrait.CLIENT_REPORTS);
            traits.add(ControllerTrait.TAKES_ANYTHING);
        }
        if (method != TxDoneMethod.IRQ) {
            traits.add(ControllerTrait.NO_FAILURE_STATUS);
        }
        return traits;
    }

    private static final class Fixture implements ControllerFixture {
        private final VirtualScheduler scheduler = new VirtualScheduler();
        private final TxDoneMethod method;
        private final FakeController fake;
        private final Set<Integer> refusing = new HashSet<>();
        private final Set<Integer> failing = new HashSet<>();

        Fixture(TxDoneMethod method) {
            this.method = method;
            fake = FakeController.create(
                    scheduler, settings -> settings.channelCount(2).txDoneMethod(method));
            for (int i = 0; i < 2; i++) {
                int index = i;
                fake.channel(i).onEverySend(message -> respond(index, message));
                start(index);
            }
        }

        private SendResponse respond(int index, @Nullable Object message) {
            if (!(message instanceof Integer) && method != TxDoneMethod.ACK) {
                return method == TxDoneMethod.IRQ
                        ? SendResponse.completeNow().status(-Errno.EINVAL)
                        : SendResponse.refuse(Errno.EINVAL);
            }
            return refusing.contains(index) ? SendResponse.refuse(Errno.EBUSY) : SendResponse.accept();
        }

        private void start(int index) {
            IntSupplier next = () -> {
                start(index);
                return failing.contains(index) ? -Errno.EIO : 0;
            };
            fake.channel(index).onStartup(next);
        }

        @Override
        public VirtualScheduler scheduler() {
            return scheduler;
        }

        @Override
        public MailboxController controller() {
            return fake.controller();
        }

        @Override
        public Object message(int number) {
            return number;
        }

        @Override
        public List<Integer> transmitted(int index) {
            return fake.channel(index).attempts().stream()
                    .filter(attempt -> method == TxDoneMethod.ACK
                            ? attempt.outcome() != Outcome.REFUSED
                            : attempt.outcome() == Outcome.COMPLETED && attempt.status() == 0)
                    .map(attempt -> (Integer) attempt.message())
                    .toList();
        }

        @Override
        public void complete(int index) {
            List<Attempt> attempts = fake.channel(index).attempts();
            if (method != TxDoneMethod.ACK
                    && !attempts.isEmpty()
                    && attempts.get(attempts.size() - 1).outcome() == Outcome.ACCEPTED) {
                fake.channel(index).complete();
            }
        }

        @Override
        public void refuse(int index, boolean refuses) {
            if (refuses) {
                refusing.add(index);
            } else {
                refusing.remove(index);
                fake.channel(index).resubmit();
            }
        }

        @Override
        public void deliver(int index, int number) {
            fake.channel(index).receive(number);
        }

        @Override
        public int received(@Nullable Object message) {
            return message instanceof Integer number ? number : -1;
        }

        @Override
        public void deliverQuietly(int index, int number) {
            fake.channel(index).onPeek(number);
        }

        @Override
        public List<Object> badMessages() {
            return List.of("text");
        }

        @Override
        public void failStartup(int index, boolean fails) {
            if (fails) {
                failing.add(index);
            } else {
                failing.remove(index);
            }
        }
    }
}
