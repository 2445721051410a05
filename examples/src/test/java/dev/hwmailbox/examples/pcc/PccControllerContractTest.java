// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pcc;

import static dev.hwmailbox.testing.ControllerTrait.CLIENT_REPORTS;
import static dev.hwmailbox.testing.ControllerTrait.NO_FAILURE_STATUS;
import static dev.hwmailbox.testing.ControllerTrait.NO_FLUSH;
import static dev.hwmailbox.testing.ControllerTrait.NO_PEEK;
import static dev.hwmailbox.testing.ControllerTrait.NO_RETRY;
import static dev.hwmailbox.testing.ControllerTrait.RECEIVES_NOTHING;
import static dev.hwmailbox.testing.ControllerTrait.TAKES_ANYTHING;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.examples.pcc.PccSubspace.Role;
import dev.hwmailbox.examples.pcc.PccSubspace.Trigger;
import dev.hwmailbox.testing.ControllerCheck;
import dev.hwmailbox.testing.ControllerContract;
import dev.hwmailbox.testing.ControllerFixture;
import dev.hwmailbox.testing.ControllerTrait;
import dev.hwmailbox.testing.VirtualScheduler;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The controller kit on the second controller: on two initiators, which answer commands but send nothing by themselves,
 * and are told of no room that comes back.
 */
final class PccControllerContractTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");

    @TestFactory
    Stream<DynamicTest> onALineOfItsOwn() {
        return tests(TxDoneMethod.IRQ, Trigger.EDGE, false);
    }

    @TestFactory
    Stream<DynamicTest> onASharedLine() {
        return tests(TxDoneMethod.IRQ, Trigger.LEVEL, false);
    }

    @TestFactory
    Stream<DynamicTest> onASharedLineWithInterruptsInsideWhateverRaisesThem() {
        return tests(TxDoneMethod.IRQ, Trigger.LEVEL, true);
    }

    @TestFactory
    Stream<DynamicTest> onASharedLineWithClientsThatReport() {
        return tests(TxDoneMethod.ACK, Trigger.LEVEL, false);
    }

    private static Stream<DynamicTest> tests(TxDoneMethod method, Trigger trigger, boolean inline) {
        Set<ControllerTrait> traits = EnumSet.of(RECEIVES_NOTHING, TAKES_ANYTHING, NO_RETRY, NO_PEEK, NO_FLUSH);
        if (method == TxDoneMethod.ACK) {
            traits.addAll(EnumSet.of(CLIENT_REPORTS, NO_FAILURE_STATUS));
        }
        List<ControllerCheck> checks = ControllerContract.checks(() -> new Fixture(method, trigger, inline), traits);
        TALLY.info(
                "controller contract, pcc, {}, {}{}: {} of {} checks apply",
                method,
                trigger,
                inline ? ", inline" : "",
                checks.stream().filter(ControllerCheck::isApplicable).count(),
                checks.size());
        return checks.stream()
                .map(check -> dynamicTest(check.toString(), () -> {
                    assumeTrue(check.isApplicable(), () -> check.obstacle().orElseThrow());
                    check.run();
                }));
    }

    /**
     * Two subspaces on one line or on two; the payload is a number in the window, the firmware finishes when it is told
     * to.
     */
    private static final class Fixture implements ControllerFixture {
        private static final int FIRST_LINE = 10;

        private final VirtualScheduler scheduler = new VirtualScheduler();
        private final List<PccSubspace> table;
        private final PccPlatform platform;
        private final PccController controller;
        private final List<List<Integer>> transmitted = List.of(new ArrayList<>(), new ArrayList<>());
        private final Set<Long> unmappable = new HashSet<>();

        Fixture(TxDoneMethod method, Trigger trigger, boolean inline) {
            table = List.of(subspace(0, trigger), subspace(1, trigger));
            Executor delivery = inline ? Runnable::run : scheduler::execute;
            platform = new PccPlatform(PccBed.MEMORY, PccBed.MEMORY_SIZE, table, delivery);
            controller = new PccController(hardware(), table, method, scheduler);
            platform.onDoorbell(
                    index -> transmitted.get(index).add(platform.window(index).getInt(0)));
        }

        private static PccSubspace subspace(int index, Trigger trigger) {
            int line = trigger == Trigger.LEVEL ? FIRST_LINE : FIRST_LINE + index;
            long address = PccBed.MEMORY + (long) index * PccBed.WINDOW_SIZE;
            return new PccSubspace(
                    Role.INITIATOR, address, PccBed.WINDOW_SIZE, line, trigger, Duration.ZERO, 0, Duration.ZERO);
        }

        /** The platform, but for windows that cannot be mapped. */
        private PccHardware hardware() {
            return (PccHardware) Proxy.newProxyInstance(
                    PccHardware.class.getClassLoader(),
                    new Class<?>[] {PccHardware.class},
                    (proxy, method, arguments) -> method.getName().equals("map") && unmappable.contains(arguments[0])
                            ? null
                            : method.invoke(platform, arguments));
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
            WindowClient windowed = new WindowClient(client);
            windowed.pcc = controller.requestChannel(windowed, index);
            return windowed.pcc.mailbox();
        }

        @Override
        public Object message(int number) {
            return number;
        }

        @Override
        public List<Integer> transmitted(int index) {
            return transmitted.get(index);
        }

        @Override
        public void complete(int index) {
            platform.complete(index, 0);
        }

        @Override
        public void refuse(int index, boolean refusing) {
            platform.breakDoorbell(index, refusing);
        }

        @Override
        public int received(@Nullable Object message) {
            return 0; // the signal that a command is complete
        }

        @Override
        public void failStartup(int index, boolean failing) {
            if (failing) {
                unmappable.add(table.get(index).windowAddress());
            } else {
                unmappable.remove(table.get(index).windowAddress());
            }
        }

        /** A handler that holds a line without its window would be one too many. */
        @Override
        public boolean released(int index) {
            List<Long> mapped = platform.mapped();
            int line = table.get(index).interrupt();
            long onThisLine = table.stream()
                    .filter(subspace -> subspace.interrupt() == line && mapped.contains(subspace.windowAddress()))
                    .count();
            return !mapped.contains(table.get(index).windowAddress()) && platform.handlers(line) == onThisLine;
        }
    }

    /** Puts the payload where the platform looks for it, as clients of such a controller do. */
    private static final class WindowClient implements MailboxClient {
        private final MailboxClient probe;
        private @Nullable PccChannel pcc;

        WindowClient(MailboxClient probe) {
            this.probe = probe;
        }

        @Override
        public ClientOptions options() {
            return probe.options();
        }

        @Override
        public void txPrepare(MailboxChannel channel, @Nullable Object message) {
            probe.txPrepare(channel, message);
            if (message instanceof Integer number && !channel.isClosed()) {
                Objects.requireNonNull(pcc, "pcc").window().putInt(0, number);
            }
        }

        @Override
        public void rxCallback(MailboxChannel channel, @Nullable Object message) {
            probe.rxCallback(channel, message);
        }

        @Override
        public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
            probe.txDone(channel, message, status);
        }

        @Override
        public void writable(MailboxChannel channel) {
            probe.writable(channel);
        }

        @Override
        public void refused(MailboxChannel channel, @Nullable Object message, int errno) {
            probe.refused(channel, message, errno);
        }

        @Override
        public void event(MailboxChannel channel, ChannelEvent event) {
            probe.event(channel, event);
        }
    }
}
