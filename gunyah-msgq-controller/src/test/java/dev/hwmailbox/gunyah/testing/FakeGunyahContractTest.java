// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import static dev.hwmailbox.testing.ControllerTrait.COMPLETES_INSIDE_SEND;
import static dev.hwmailbox.testing.ControllerTrait.MAY_REPORT_EARLY;
import static dev.hwmailbox.testing.ControllerTrait.NO_FLUSH;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.testing.ControllerCheck;
import dev.hwmailbox.testing.ControllerContract;
import dev.hwmailbox.testing.ControllerFixture;
import dev.hwmailbox.testing.ControllerTrait;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The controller kit on the real controller, over hypercalls without a hypervisor. */
final class FakeGunyahContractTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");

    @TestFactory
    Stream<DynamicTest> shallowQueueKeepsTheContract() {
        return tests(1, Set.of(NO_FLUSH, MAY_REPORT_EARLY));
    }

    @TestFactory
    Stream<DynamicTest> deepQueueKeepsTheContract() {
        return tests(8, Set.of(NO_FLUSH, COMPLETES_INSIDE_SEND));
    }

    private static Stream<DynamicTest> tests(int depth, Set<ControllerTrait> traits) {
        List<ControllerCheck> checks = ControllerContract.checks(() -> new Fixture(depth), traits);
        TALLY.info(
                "controller contract, gunyah-msgq over FakeGunyah, depth {}: {} of {} checks apply",
                depth,
                checks.stream().filter(ControllerCheck::isApplicable).count(),
                checks.size());
        return checks.stream()
                .map(check -> dynamicTest(check.toString(), () -> {
                    assumeTrue(check.isApplicable(), () -> check.obstacle().orElseThrow());
                    check.run();
                }));
    }

    /** Two channels of one controller; the test is the other side. */
    private static final class Fixture implements ControllerFixture {
        private static final int FILLER = -1;

        private final VirtualScheduler scheduler = new VirtualScheduler();
        private final FakeGunyah gunyah = FakeGunyah.create(scheduler);
        private final GunyahMsgqController controller = GunyahMsgqController.builder(
                        gunyah.hypercalls(), gunyah.interrupts(), scheduler)
                .build();
        private final int depth;
        private final Line[] lines;

        private record Line(FakeQueue out, FakeQueue in, List<Integer> transmitted) {}

        private final boolean[] refusing = new boolean[2];

        Fixture(int depth) {
            this.depth = depth;
            lines = new Line[] {line(0), line(1)};
        }

        private Line line(int index) {
            return new Line(
                    gunyah.queue("out" + index, 4L * index, 4L * index + 1).depth(depth),
                    gunyah.queue("in" + index, 4L * index + 2, 4L * index + 3),
                    new ArrayList<>());
        }

        @Override
        public VirtualScheduler scheduler() {
            return scheduler;
        }

        @Override
        public MailboxController controller() {
            return controller.controller();
        }

        @Override
        public MailboxChannel bind(int index, MailboxClient client) {
            return controller.requestChannel(client, gunyah.endpoint(lines[index].out, lines[index].in));
        }

        @Override
        public Object message(int number) {
            return MsgqMessage.of(bytes(number));
        }

        @Override
        public List<Integer> transmitted(int index) {
            return lines[index].transmitted;
        }

        @Override
        public void complete(int index) {
            if (!refusing[index]) {
                takeAll(lines[index]);
            }
        }

        private static void takeAll(Line line) {
            while (!line.out.messages().isEmpty()) {
                int number = ByteBuffer.wrap(line.out.peerReads()).getInt();
                if (number != FILLER) {
                    line.transmitted.add(number);
                }
            }
        }

        /** Somebody else fills the queue. */
        @Override
        public void refuse(int index, boolean refuses) {
            Line line = lines[index];
            takeAll(line);
            refusing[index] = refuses;
            for (int i = 0; refuses && i < depth; i++) {
                line.out.peerSends(bytes(FILLER));
            }
        }

        @Override
        public void deliver(int index, int number) {
            FakeQueue in = lines[index].in;
            while (GunyahHypercalls.status(gunyah.hypercalls()
                            .msgqSend(in.sendCapability().value(), bytes(number), 0, Integer.BYTES, true))
                    == GunyahError.MSGQUEUE_FULL) {
                scheduler.runDue();
            }
        }

        /** The interrupt takes its time. */
        @Override
        public void deliverQuietly(int index, int number) {
            deliver(index, number);
        }

        @Override
        public int received(@Nullable Object message) {
            ByteBuffer bytes = (ByteBuffer) Objects.requireNonNull(message, "message");
            return bytes.getInt(bytes.position());
        }

        @Override
        public List<Object> badMessages() {
            return List.of("text", MsgqMessage.of(new byte[0]), MsgqMessage.of(new byte[241]));
        }

        @Override
        public void failStartup(int index, boolean failing) {
            int virq = lines[index].in.receiveVirq();
            if (failing) {
                gunyah.interrupts().attach(virq, () -> {});
            } else {
                gunyah.interrupts().detach(virq);
            }
        }

        @Override
        public boolean released(int index) {
            return isFree(lines[index].out.sendVirq()) && isFree(lines[index].in.receiveVirq());
        }

        private boolean isFree(int virq) {
            try {
                gunyah.interrupts().attach(virq, () -> {});
            } catch (MailboxException e) {
                return false;
            }
            gunyah.interrupts().detach(virq);
            return true;
        }

        private static byte[] bytes(int number) {
            return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
        }
    }
}
