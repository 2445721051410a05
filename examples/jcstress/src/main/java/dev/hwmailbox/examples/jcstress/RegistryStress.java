// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.Mailboxes;
import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.NodeBuilder;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** Controllers come and go while clients look for their channels. */
final class RegistryStress {
    private static final DeviceTree TREE = DeviceTree.of(NodeBuilder.root()
            .child("mailbox", mailbox -> mailbox.property("phandle", 1).property("#mbox-cells", 1))
            .child("client", client -> client.property("mboxes", 1, 0))
            .build());
    private static final Node PROVIDER = TREE.find("/mailbox").orElseThrow();
    private static final Node CLIENT = TREE.find("/client").orElseThrow();

    private RegistryStress() {}

    /** A registry, a controller for it, and a client whose node leads there. */
    private static class Machine implements ChannelOps, MailboxClient {
        final Mailboxes mailboxes = new Mailboxes();
        final MailboxController controller;
        private @Nullable MailboxChannel channel;
        private final AtomicInteger startups = new AtomicInteger();
        private final AtomicInteger shutdowns = new AtomicInteger();
        private final AtomicInteger closed = new AtomicInteger();

        @SuppressWarnings("this-escape") // a controller looks at its driver only when it is used
        Machine() {
            controller = MailboxController.builder(this, Impatience.INSTANCE)
                    .node(PROVIDER)
                    .build();
        }

        /** 0 or a negative errno. */
        final int request() {
            try {
                channel = mailboxes.requestChannel(this, 0);
                return 0;
            } catch (MailboxException e) {
                return -e.errno();
            }
        }

        /** Whether the client can use what it has got. */
        final int usable() {
            return channel != null && channel.sendMessage(1) >= 0 ? 1 : 0;
        }

        final int isBound() {
            return controller.channel(0).isBound() ? 1 : 0;
        }

        /**
         * Two digits: how often the channel was started up and is not shut down again, and how often CLOSED was told.
         */
        final int ending() {
            return (startups.get() - shutdowns.get()) * 10 + closed.get();
        }

        @Override
        public final Node node() {
            return CLIENT;
        }

        @Override
        public final int sendData(ControllerChannel onChannel, @Nullable Object message, long txId) {
            return 0;
        }

        @Override
        public final int startup(ControllerChannel onChannel) {
            startups.incrementAndGet();
            return 0;
        }

        @Override
        public final void shutdown(ControllerChannel onChannel) {
            shutdowns.incrementAndGet();
        }

        @Override
        public final void event(MailboxChannel onChannel, ChannelEvent event) {
            closed.addAndGet(event == ChannelEvent.CLOSED ? 1 : 0);
        }
    }

    /** A request while the controller is unregistered. Results: its answer, usable, bound, {@link Machine#ending}. */
    @JCStressTest
    @Outcome(id = "0, 0, 0, 1", expect = Expect.ACCEPTABLE, desc = "bound, then closed, and told so")
    @Outcome(
            id = {"-517, 0, 0, 0", "-517, 0, 0, 1"},
            expect = Expect.ACCEPTABLE,
            desc = "EPROBE_DEFER: not registered any more, before or after binding")
    @Outcome(id = "-108, 0, 0, 1", expect = Expect.ACCEPTABLE, desc = "ESHUTDOWN: closed while starting up")
    @Outcome(id = "0, 1, .*", expect = Expect.FORBIDDEN, desc = "a live channel of a controller that is gone")
    @Outcome(id = ".*, 1, .*", expect = Expect.FORBIDDEN, desc = "the slot is taken for good")
    @Outcome(expect = Expect.FORBIDDEN, desc = "startup without shutdown, or CLOSED not told")
    @State
    public static class RequestAgainstUnregister extends Machine {
        public RequestAgainstUnregister() {
            mailboxes.register(controller);
        }

        @Actor
        void ask(IIII_Result r) {
            r.r1 = request();
        }

        @Actor
        void unregister() {
            mailboxes.unregister(controller);
        }

        @Arbiter
        void look(IIII_Result r) {
            r.r2 = usable();
            r.r3 = isBound();
            r.r4 = ending();
        }
    }

    /** A request while the controller is registered. Results: its answer, the answer when repeated as told, usable. */
    @JCStressTest
    @Outcome(
            id = {"0, 1, 1", "0, -16, 1", "-16, 0, 1"},
            expect = Expect.ACCEPTABLE,
            desc = "found; repeated in vain, if at all, as it has its channel")
    @Outcome(id = "-517, 0, 1", expect = Expect.ACCEPTABLE, desc = "deferred, and found when it was told to repeat")
    @Outcome(id = "-517, 1, 0", expect = Expect.FORBIDDEN, desc = "deferred for ever")
    @Outcome(id = "-517, -517, 0", expect = Expect.FORBIDDEN, desc = "told too early")
    @Outcome(expect = Expect.FORBIDDEN, desc = "found, but does not work")
    @State
    public static class RequestAgainstRegister extends Machine {
        private volatile int repeated = 1;

        @Actor
        void ask(III_Result r) {
            mailboxes.addListener(registered -> repeated = request());
            r.r1 = request();
        }

        @Actor
        void register() {
            mailboxes.register(controller);
        }

        @Arbiter
        void look(III_Result r) {
            r.r2 = repeated;
            r.r3 = usable();
        }
    }

    /** A controller is unregistered and closed at once. Results: bound, {@link Machine#ending}. */
    @JCStressTest
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "ended once")
    @Outcome(expect = Expect.FORBIDDEN, desc = "not ended, or twice")
    @State
    public static class UnregisterAgainstClose extends Machine {
        public UnregisterAgainstClose() {
            mailboxes.register(controller);
            if (request() != 0) {
                throw new IllegalStateException(Errno.name(Errno.EPROBE_DEFER));
            }
        }

        @Actor
        void unregister() {
            mailboxes.unregister(controller);
        }

        @Actor
        void close() {
            controller.close();
        }

        @Arbiter
        void look(II_Result r) {
            r.r1 = isBound();
            r.r2 = ending();
        }
    }

    /** Two registries want one controller. Results: what each got, 0 or a negative errno. */
    @JCStressTest
    @Outcome(
            id = {"0, -16", "-16, 0"},
            expect = Expect.ACCEPTABLE,
            desc = "in one registry, EBUSY from the other")
    @Outcome(expect = Expect.FORBIDDEN, desc = "in both or in none")
    @State
    public static class RegisterAgainstRegister extends Machine {
        private final Mailboxes others = new Mailboxes();

        private int register(Mailboxes registry) {
            try {
                registry.register(controller);
                return 0;
            } catch (MailboxException e) {
                return -e.errno();
            }
        }

        @Actor
        void one(II_Result r) {
            r.r1 = register(mailboxes);
        }

        @Actor
        void other(II_Result r) {
            r.r2 = register(others);
        }
    }
}
