// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.gunyah.rm.ChannelSubscriber;
import dev.hwmailbox.gunyah.rm.VmChannel;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class MachineTest {
    private static Platform platform(String kind) {
        Supplier<Platform> maker = kind.equals("virtual") ? VirtualPlatform::new : ThreadedPlatform::new;
        return maker.get();
    }

    /** Says its number to the owner, and exits when it is told to. */
    private static final class Talker implements MailboxClient, ChannelSubscriber, AutoCloseable {
        private final GuestConnection connection;

        Talker(GuestConnection connection) {
            this.connection = connection;
            connection.channels().subscribe(this, GuestConnection.TO_OWNER, this);
        }

        @Override
        public void bound(MailboxChannel channel, VmChannel queues) {
            channel.sendMessage(MsgqMessage.of(new byte[] {(byte) connection.vmid()}));
        }

        @Override
        public void rxCallback(MailboxChannel channel, @Nullable Object message) {
            connection.scheduler().execute(connection::exit);
        }

        @Override
        public void close() {}
    }

    /** The owner's end of one channel. */
    private static final class Listener implements MailboxClient, ChannelSubscriber {
        private final Machine machine;
        private final List<String> events = new ArrayList<>();
        private volatile @Nullable MailboxChannel channel;
        private volatile Completion heard = new Completion();

        Listener(Machine machine) {
            this.machine = machine;
        }

        void awaitMessage() {
            machine.await(heard, "no message");
            heard = new Completion();
        }

        @Override
        public void bound(MailboxChannel made, VmChannel queues) {
            channel = made;
            events.add("bound " + queues.partner());
        }

        @Override
        public void closed(VmChannel queues) {
            channel = null;
            events.add("closed " + queues.partner());
        }

        @Override
        public void rxCallback(MailboxChannel from, @Nullable Object message) {
            events.add("heard " + (((ByteBuffer) Objects.requireNonNull(message)).get() & 0xff));
            heard.complete(0);
            machine.scheduler().wake(heard);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"virtual", "threaded"})
    void eachGuestHasAChannelToItsOwnerInEachOfItsLives(String kind) {
        try (Platform platform = platform(kind);
                Machine machine = new Machine(platform, (vmid, image) -> new ServiceProgram(Talker::new))) {
            List<Guest> guests = new ArrayList<>();
            List<Listener> listeners = new ArrayList<>();
            for (int i = 0; i < HostMachine.MAX_GUESTS; i++) {
                Guest guest = machine.allocate();
                Listener listener = new Listener(machine);
                machine.channels().subscribe(listener, guest.channel(), listener);
                guests.add(guest);
                listeners.add(listener);
                guest.start();
                listener.awaitMessage();
            }
            int vmid = guests.get(1).vmid();

            guests.get(1).restart();
            listeners.get(1).awaitMessage();
            guests.get(2).stop(false);

            assertThat(listeners.get(1).events)
                    .containsExactly(
                            "bound " + vmid, "heard " + vmid, "closed " + vmid, "bound " + vmid, "heard " + vmid);
            assertThat(guests.get(2)).hasToString("VM " + guests.get(2).vmid());
            assertThatThrownBy(machine::allocate)
                    .isInstanceOf(MachineFailure.class)
                    .hasMessage("there is memory for 8 guests");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"virtual", "threaded"})
    void aGuestThatExitsByItselfCanLiveAgain(String kind) {
        try (Platform platform = platform(kind);
                Machine machine = new Machine(platform, (vmid, image) -> new ServiceProgram(Talker::new))) {
            Guest guest = machine.allocate();
            Listener listener = new Listener(machine);
            machine.channels().subscribe(listener, guest.channel(), listener);
            guest.start();
            listener.awaitMessage();

            Objects.requireNonNull(listener.channel).sendMessage(MsgqMessage.of(new byte[] {1}));
            guest.awaitExit();
            guest.stop(false);
            guest.reset();
            guest.start();
            listener.awaitMessage();

            assertThat(listener.events).hasSize(5);
            assertThatThrownBy(guest::start).isInstanceOf(IllegalStateException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"virtual", "threaded"})
    void aServiceThatCannotBeClosedHoldsNothingUp(String kind) {
        AtomicInteger closed = new AtomicInteger();
        try (Platform platform = platform(kind);
                Machine machine = new Machine(
                        platform,
                        (vmid, image) -> new ServiceProgram(connection -> () -> {
                            closed.incrementAndGet();
                            throw new IllegalStateException("closed once too often?");
                        }))) {
            machine.launch();
        }

        assertThat(closed).hasValue(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"virtual", "threaded"})
    void anImageThatIsTooLargeIsRefused(String kind) {
        try (Platform platform = platform(kind);
                Machine machine = new Machine(platform, (vmid, image) -> new ServiceProgram(Talker::new))) {
            HostMachine host = machine.host();

            assertThatThrownBy(() -> host.writeImage(0, new byte[HostMachine.IMAGE_ROOM + 1]))
                    .isInstanceOf(MachineFailure.class)
                    .hasMessage("the image has 65537 bytes, there is room for 65536");
            assertThatThrownBy(() -> host.writeImage(HostMachine.MAX_GUESTS, new byte[16]))
                    .isInstanceOf(MachineFailure.class)
                    .hasMessageContaining("cannot write the image of guest 8");
        }
    }
}
