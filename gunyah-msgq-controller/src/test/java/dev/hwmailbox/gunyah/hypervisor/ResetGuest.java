// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.hypervisor.ResetWorld.Side;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine.State;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.msgq.StaleMessage;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What runs in one incarnation of a VM of {@link ResetWorld}: the real controller over observed hypercalls and
 * interrupts, a client that sends bursts and replies from callbacks, and a thread whose sends block.
 */
final class ResetGuest implements GuestProgram {
    final int number;
    final List<String> received = new ArrayList<>();
    private final ResetWorld world;
    private final Side side;
    private final List<@Nullable MailboxChannel> channels = new ArrayList<>();
    private final List<Client> clients = new ArrayList<>();

    /** What became of each message that was accepted by the framework: how often it was reported. */
    private final Map<String, Integer> outcomes = new HashMap<>();

    private final Map<String, Integer> blocked = new HashMap<>();
    private final int[] peerResets = new int[2];
    private final int[] peerResetsExpected = new int[2];
    private @Nullable GunyahMsgqController controller;
    private boolean ended;
    private int helloes;

    ResetGuest(ResetWorld world, Side side, int number) {
        this.world = world;
        this.side = side;
        this.number = number;
    }

    String text(String what) {
        return "%c%d.%s%d".formatted(side.name, number, what, helloes++);
    }

    @Override
    public void start(GuestContext vm) {
        begin(vm.hypercalls(), vm.interrupts());
    }

    @Override
    public void stop(StopReason reason) {
        end();
    }

    void begin(GunyahHypercalls hypercalls, InterruptController interrupts) {
        var made = GunyahMsgqController.builder(
                        observed(GunyahHypercalls.class, hypercalls, hypercalls),
                        observed(InterruptController.class, interrupts, hypercalls),
                        world.scheduler)
                .slots(2)
                .build();
        controller = made;
        for (int pair = 0; pair < 2; pair++) {
            channels.add(null);
            clients.add(new Client(pair));
            if (ended || isDead(hypercalls)) {
                return; // a reset between two lines of the guest's start
            }
            try {
                channels.set(pair, made.requestChannel(clients.get(pair), side.endpoints.get(pair)));
            } catch (MailboxException e) {
                assertThat(isDead(hypercalls))
                        .as("refused although alive: %s", e)
                        .isTrue();
                return;
            }
        }
        if (number == 0) {
            world.scheduler.execute(() -> burst(5));
            world.time.spawn(() -> sendBlocking(3));
        } else {
            world.scheduler.execute(() -> burst(1));
        }
    }

    private void burst(int count) {
        for (int i = 0; i < count; i++) {
            send(0, text("burst"));
        }
    }

    private void sendBlocking(int count) {
        for (int i = 0; i < count; i++) {
            send(1, text("block"));
        }
    }

    /** Sends without blocking on the pair whose client blocks, too. */
    void hello(int pair, String text) {
        MailboxChannel channel = Objects.requireNonNull(channels.get(pair));
        outcomes.put(text, 0);
        var unused = channel.sendMessageAsync(ByteBuffer.wrap(text.getBytes(US_ASCII)), Duration.ofMillis(200))
                .whenComplete((slot, failure) -> ended(text));
    }

    private void ended(String text) {
        blocked.merge(text, 1, Integer::sum);
    }

    private void send(int pair, String text) {
        MailboxChannel channel = pair < channels.size() ? channels.get(pair) : null;
        if (channel == null) {
            return;
        }
        outcomes.putIfAbsent(text, 0);
        int result = channel.sendMessage(ByteBuffer.wrap(text.getBytes(US_ASCII)));
        if (pair == 1) {
            ended(text);
        } else if (result < 0) {
            outcomes.remove(text); // refused at once: that is its outcome
        }
    }

    void end() {
        if (ended) {
            return;
        }
        if (controller != null) {
            controller.close();
        }
        ended = true;
    }

    /** The embedder's word that the other VM has been reset or is gone. */
    void peerReset(boolean destroyed) {
        for (int pair = 0; pair < channels.size(); pair++) {
            MailboxChannel channel = channels.get(pair);
            if (channel != null && controller != null) {
                peerResetsExpected[pair] = 1;
                controller.peerReset(channel);
                if (destroyed) {
                    channel.close();
                }
            }
        }
    }

    void checkPeerReset() {
        assertThat(peerResets).as("PEER_RESET in %c%d", side.name, number).isEqualTo(peerResetsExpected);
    }

    void checkBooks() {
        outcomes.forEach((text, reports) -> {
            boolean waited = text.contains("block") || text.contains("hello");
            int total = waited ? blocked.getOrDefault(text, 0) : reports;
            assertThat(total).as("outcomes of %s", text).isEqualTo(1);
        });
    }

    /** Answers the first messages it gets. */
    private final class Client implements MailboxClient {
        private final int pair;
        private int replies = 2;

        Client(int pair) {
            this.pair = pair;
        }

        @Override
        public ClientOptions options() {
            return pair == 1
                    ? ClientOptions.blocking(Duration.ofMillis(200))
                    : ClientOptions.NON_BLOCKING.withReportAbandoned();
        }

        @Override
        public void rxCallback(MailboxChannel channel, @Nullable Object message) {
            called("rxCallback");
            Object bytes = message instanceof StaleMessage stale ? stale.bytes() : message;
            received.add(
                    US_ASCII.decode((ByteBuffer) Objects.requireNonNull(bytes)).toString());
            if (number == 0 && replies-- > 0) {
                send(0, text("reply"));
            }
            world.event("rxCallback done");
        }

        @Override
        public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
            called("txDone");
            ByteBuffer done = (ByteBuffer) Objects.requireNonNull(message);
            outcomes.merge(US_ASCII.decode(done.duplicate()).toString(), 1, Integer::sum);
            world.event("txDone done");
        }

        @Override
        public void event(MailboxChannel channel, ChannelEvent event) {
            called("event");
            if (event == ChannelEvent.PEER_RESET) {
                peerResets[pair]++;
            }
        }
    }

    private void called(String what) {
        if (ended) {
            world.breach(what + " in " + side.name + number + " after its close");
        }
        world.event(what);
    }

    // ---- observation ----

    /** Makes each call two events, and checks what a dead incarnation must not see. */
    private <T> T observed(Class<T> type, T target, GunyahHypercalls identity) {
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    world.event("before " + method.getName());
                    Object result = call(target, method, arguments, identity);
                    world.event("after " + method.getName());
                    return result;
                }));
    }

    private @Nullable Object call(
            Object target, Method method, Object @Nullable [] arguments, GunyahHypercalls identity) throws Throwable {
        try {
            return switch (method.getName()) {
                case "msgqSend" -> observedSend(target, method, arguments, identity);
                case "msgqReceive" -> observedReceive(target, method, arguments, identity);
                case "attach" -> {
                    Runnable handler = (Runnable) Objects.requireNonNull(arguments)[1];
                    yield method.invoke(target, arguments[0], (Runnable) () -> interrupt(handler, identity));
                }
                default -> method.invoke(target, arguments);
            };
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private void interrupt(Runnable handler, GunyahHypercalls identity) {
        if (isDead(identity)) {
            world.breach("interrupt in dead " + side.name + number);
        }
        world.event("interrupt");
        handler.run();
        world.event("interrupt done");
    }

    private boolean isDead(GunyahHypercalls identity) {
        return side.vm.hypercalls() != identity
                || side.vm.state() == State.RESETTING
                || side.vm.state() == State.DESTROYED;
    }

    private Object observedSend(Object target, Method method, Object @Nullable [] arguments, GunyahHypercalls identity)
            throws ReflectiveOperationException {
        Object[] given = Objects.requireNonNull(arguments);
        String text = new String((byte[]) given[1], (int) given[2], (int) given[3], US_ASCII);
        List<String> log =
                world.sent.computeIfAbsent(side.name + "/" + pairOf((long) given[0]), k -> new ArrayList<>());
        boolean dead = isDead(identity);
        log.add(text); // before: with inline delivery the other side takes it inside the call
        Object result = method.invoke(target, given);
        int status = GunyahHypercalls.status((long) result);
        if (status != GunyahError.OK) {
            log.remove(log.lastIndexOf(text));
        }
        checkDead(dead, status);
        return result;
    }

    private Object observedReceive(
            Object target, Method method, Object @Nullable [] arguments, GunyahHypercalls identity)
            throws ReflectiveOperationException {
        Object[] given = Objects.requireNonNull(arguments);
        boolean dead = isDead(identity);
        // As of now: with inline delivery a fault may come inside the call, after the message was taken.
        int markedUpTo = side.peer().markedUpTo;
        int droppedUpTo = side.peer().droppedUpTo;
        long result = (long) method.invoke(target, given);
        checkDead(dead, GunyahHypercalls.status(result));
        if (GunyahHypercalls.status(result) == GunyahError.OK) {
            String text = new String((byte[]) given[1], (int) given[2], GunyahHypercalls.size(result), US_ASCII);
            world.taken
                    .computeIfAbsent(side.peer().name + "/" + pairOf((long) given[0]), k -> new ArrayList<>())
                    .add(text);
            int sender = Character.digit(text.charAt(1), 10);
            if (GunyahHypercalls.stale(result) != (sender <= markedUpTo)) {
                world.breach("stale mark of " + text + " is " + GunyahHypercalls.stale(result));
            }
            if (sender <= droppedUpTo) {
                world.breach(text + " should have been flushed");
            }
        }
        return result;
    }

    private void checkDead(boolean dead, int status) {
        if (dead && status != GunyahError.CSPACE_CAP_NULL) {
            world.breach("dead " + side.name + number + " got " + GunyahError.name(status));
        }
    }

    private int pairOf(long capability) {
        for (int pair = 0; pair < side.endpoints.size(); pair++) {
            MsgqEndpoint endpoint = side.endpoints.get(pair);
            if (endpoint.txCapability().value() == capability
                    || endpoint.rxCapability().value() == capability) {
                return pair;
            }
        }
        throw new AssertionError("no such capability");
    }
}
