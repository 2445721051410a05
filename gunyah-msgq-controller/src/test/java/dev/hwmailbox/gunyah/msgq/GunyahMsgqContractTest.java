// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static dev.hwmailbox.testing.ControllerTrait.COMPLETES_INSIDE_SEND;
import static dev.hwmailbox.testing.ControllerTrait.MAY_REPORT_EARLY;
import static dev.hwmailbox.testing.ControllerTrait.NO_FLUSH;
import static dev.hwmailbox.testing.ControllerTrait.NO_PEEK;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.msgq.QueuePairBed.Pair;
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
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The controller kit on the real controller, over the software hypervisor. */
class GunyahMsgqContractTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");

    /** A queue of one message: each fills it, and is in flight until the peer takes it. */
    @TestFactory
    Stream<DynamicTest> shallowQueueKeepsTheContract() {
        return tests(1, Trigger.EDGE, Set.of(NO_FLUSH, MAY_REPORT_EARLY));
    }

    @TestFactory
    Stream<DynamicTest> shallowQueueWithLevelLinesKeepsTheContract() {
        return tests(1, Trigger.LEVEL, Set.of(NO_FLUSH, MAY_REPORT_EARLY));
    }

    @TestFactory
    Stream<DynamicTest> deepQueueKeepsTheContract() {
        return tests(8, Trigger.EDGE, Set.of(NO_FLUSH, COMPLETES_INSIDE_SEND));
    }

    @TestFactory
    Stream<DynamicTest> deepQueueWithLevelLinesKeepsTheContract() {
        return tests(8, Trigger.LEVEL, Set.of(NO_FLUSH, COMPLETES_INSIDE_SEND));
    }

    @TestFactory
    Stream<DynamicTest> messagesThatAreDoneWhenAcceptedKeepTheContract() {
        return tests(
                () -> new Fixture(8, Trigger.EDGE, builder -> builder.completionLevel(CompletionLevel.ACCEPTED)),
                "depth 8, ACCEPTED",
                Set.of(NO_FLUSH, COMPLETES_INSIDE_SEND));
    }

    /** A deep queue, and yet each message is in flight until the peer has taken it. */
    @TestFactory
    Stream<DynamicTest> messagesThatAreDoneWhenTakenKeepTheContract() {
        return tests(
                        () -> new Fixture(8, Trigger.EDGE, builder -> builder.completionLevel(CompletionLevel.TAKEN)) {
                            @Override
                            public MailboxChannel bind(int index, MailboxClient client) {
                                MailboxChannel channel = super.bind(index, client);
                                scheduler().runDue(); // the queue says that it is empty, and messages can go
                                return channel;
                            }
                        },
                        "depth 8, TAKEN",
                        Set.of(NO_FLUSH, MAY_REPORT_EARLY))
                // Asking the queue to say when it is empty has it say so: the hypervisor's delivery is pending then.
                .filter(test -> !test.getDisplayName().startsWith("startup-failure-holds-nothing"));
    }

    @TestFactory
    Stream<DynamicTest> publishedControllerKeepsTheContract() {
        return tests(
                () -> new Fixture(1, Trigger.EDGE, GunyahMsgqController.Builder::published),
                "depth 1, published",
                Set.of(NO_FLUSH, NO_PEEK, MAY_REPORT_EARLY));
    }

    private static Stream<DynamicTest> tests(int depth, Trigger trigger, Set<ControllerTrait> traits) {
        return tests(() -> new Fixture(depth, trigger, builder -> {}), "depth " + depth + ", " + trigger, traits);
    }

    private static Stream<DynamicTest> tests(
            Supplier<ControllerFixture> fixture, String which, Set<ControllerTrait> traits) {
        List<ControllerCheck> checks = ControllerContract.checks(fixture, traits);
        TALLY.info(
                "controller contract, gunyah-msgq, {}: {} of {} checks apply",
                which,
                checks.stream().filter(ControllerCheck::isApplicable).count(),
                checks.size());
        return checks.stream()
                .map(check -> dynamicTest(check.toString(), () -> {
                    assumeTrue(check.isApplicable(), () -> check.obstacle().orElseThrow());
                    check.run();
                }));
    }

    /** Two channels of one controller; the other side takes and sends by hypercall. */
    private static class Fixture implements ControllerFixture {
        private static final int FILLER = -1;

        private final QueuePairBed bed = new QueuePairBed();
        private final GunyahMsgqController controller;
        private final GunyahHypercalls far = bed.far.hypercalls();
        private final InterruptController interrupts = bed.near.interrupts();
        private final int depth;
        private final Line[] lines;

        /** A shallow or deep queue out, and one in with room for several messages. */
        private static final class Line {
            final Pair out;
            final Pair in;
            final MsgqEndpoint endpoint;
            final List<Integer> transmitted = new ArrayList<>();
            boolean refusing;

            Line(Pair out, Pair in) {
                this.out = out;
                this.in = in;
                endpoint = new MsgqEndpoint(
                        out.near().txCapability(),
                        out.near().txVirq(),
                        in.near().rxCapability(),
                        in.near().rxVirq(),
                        QueuePairBed.MAX_MESSAGE);
            }
        }

        Fixture(int depth, Trigger trigger, Consumer<GunyahMsgqController.Builder> settings) {
            this.depth = depth;
            GunyahMsgqController.Builder builder = bed.controller(bed.near);
            settings.accept(builder);
            controller = builder.build();
            lines = new Line[] {line(depth, trigger), line(depth, trigger)};
        }

        private Line line(int depth, Trigger trigger) {
            return new Line(
                    bed.pair(depth, QueuePairBed.MAX_MESSAGE, trigger), bed.pair(8, QueuePairBed.MAX_MESSAGE, trigger));
        }

        @Override
        public VirtualScheduler scheduler() {
            return bed.scheduler;
        }

        @Override
        public MailboxController controller() {
            return controller.controller();
        }

        @Override
        public MailboxChannel bind(int index, MailboxClient client) {
            return controller.requestChannel(client, lines[index].endpoint);
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
            if (!lines[index].refusing) {
                takeAll(lines[index]);
            }
        }

        private void takeAll(Line line) {
            byte[] buffer = new byte[QueuePairBed.MAX_MESSAGE];
            long queue = line.out.far().rxCapability().value();
            while (GunyahHypercalls.status(far.msgqReceive(queue, buffer, 0, buffer.length)) == GunyahError.OK) {
                int number = ByteBuffer.wrap(buffer).getInt();
                if (number != FILLER) {
                    line.transmitted.add(number);
                }
            }
        }

        /** Somebody else fills the queue. */
        @Override
        public void refuse(int index, boolean refusing) {
            Line line = lines[index];
            takeAll(line);
            line.refusing = refusing;
            for (int i = 0; refusing && i < depth; i++) {
                bed.rawSend(line.out.nearToFar(), bytes(FILLER));
            }
        }

        @Override
        public void deliver(int index, int number) {
            long queue = lines[index].in.far().txCapability().value();
            while (GunyahHypercalls.status(far.msgqSend(queue, bytes(number), 0, Integer.BYTES, true))
                    == GunyahError.MSGQUEUE_FULL) {
                bed.scheduler.runDue();
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
            return List.of(
                    "text",
                    MsgqMessage.of(new byte[0]),
                    MsgqMessage.of(new byte[QueuePairBed.MAX_MESSAGE + 1]),
                    ByteBuffer.allocateDirect(QueuePairBed.MAX_MESSAGE + 1));
        }

        @Override
        public void failStartup(int index, boolean failing) {
            int virq = lines[index].endpoint.rxVirq();
            if (failing) {
                interrupts.attach(virq, () -> {});
            } else {
                interrupts.detach(virq);
            }
        }

        @Override
        public boolean released(int index) {
            MsgqEndpoint endpoint = lines[index].endpoint;
            return isFree(endpoint.txVirq()) && isFree(endpoint.rxVirq());
        }

        private boolean isFree(int virq) {
            try {
                interrupts.attach(virq, () -> {});
            } catch (MailboxException e) {
                return false;
            }
            interrupts.detach(virq);
            return true;
        }

        private static byte[] bytes(int number) {
            return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
        }
    }
}
