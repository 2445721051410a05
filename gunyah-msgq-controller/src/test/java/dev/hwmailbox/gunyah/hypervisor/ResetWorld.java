// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.NewCapability;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram.StopReason;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine.State;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Two VMs that talk over two queue pairs, a depth-2 one and a depth-1 one, in virtual time. Everything that happens is
 * an event with a number, and a fault can be put at any of them.
 */
final class ResetWorld implements AutoCloseable {
    static final int SMALL = 16;

    private static final DeviceTree TREE = mock(DeviceTree.class);

    /** What happens to a VM. */
    enum Fault {
        RESET_KEEP(StaleMessages.KEEP),
        RESET_TAG(StaleMessages.TAG),
        RESET_FLUSH(StaleMessages.FLUSH),
        RESTART(null),
        DESTROY(null);

        final @Nullable StaleMessages policy;

        Fault(@Nullable StaleMessages policy) {
            this.policy = policy;
        }
    }

    /** A fault of one VM at an event. */
    record Injection(int at, char victim, Fault fault) {}

    /** How the world is run: handlers inline or as tasks, VMs with programs or driven by the embedder. */
    record Style(boolean inline, boolean programs) {}

    /** One VM, through all its incarnations. */
    final class Side {
        final char name;
        final VirtualMachine vm;
        final List<MsgqEndpoint> endpoints = new ArrayList<>();

        @Nullable
        ResetGuest guest;

        int incarnations;

        /** Incarnations up to this one have been reset with a policy that leaves none of their messages unmarked. */
        int markedUpTo = -1;

        int droppedUpTo = -1;

        Side(char name, int vmid) {
            this.name = name;
            vm = hypervisor.createVm(vmid);
        }

        ResetGuest newGuest() {
            var made = new ResetGuest(ResetWorld.this, this, incarnations++);
            guests.add(made);
            guest = made;
            return made;
        }

        Side peer() {
            return name == 'A' ? b : a;
        }
    }

    final VirtualScheduler time = new VirtualScheduler();
    final MailboxScheduler scheduler = new Counting();
    final List<String> trace = new ArrayList<>();
    final List<String> broken = new ArrayList<>();
    final List<ResetGuest> guests = new ArrayList<>();

    /** By the sender's name and pair: messages accepted by the queue, and those taken from it. */
    final Map<String, List<String>> sent = new LinkedHashMap<>();

    final Map<String, List<String>> taken = new LinkedHashMap<>();
    final SoftwareHypervisor hypervisor;
    final Side a;
    final Side b;
    private final VirtualMachine manager;
    private final Style style;
    private final List<Injection> injections;
    private int events;
    private boolean counting = true;
    int injected;

    ResetWorld(Style style, List<Injection> injections) {
        this.style = style;
        this.injections = injections;
        Executor delivery = style.inline() ? Runnable::run : scheduler::execute;
        hypervisor = SoftwareHypervisor.builder()
                .schedulers(vmid -> scheduler)
                .interruptDelivery(vmid -> delivery)
                .guestPrograms((vmid, image) -> side(vmid).newGuest())
                .lifeCycle(this::changed)
                .build();
        manager = hypervisor.createManagerVm(1);
        a = new Side('A', 2);
        b = new Side('B', 3);
        connect(2, 40);
        connect(1, 50);
        begin(a);
        begin(b);
    }

    private Side side(int vmid) {
        return vmid == 2 ? a : b;
    }

    // ---- set-up ----

    private void connect(int depth, int virq) {
        long there = queue(depth);
        long back = queue(depth);
        bind(there, back, a, virq);
        bind(back, there, b, virq);
    }

    private long queue(int depth) {
        var made = new NewCapability();
        ok(manager.hypercalls()
                .partitionCreateMsgq(
                        manager.partitionCapability().value(),
                        manager.cspaceCapability().value(),
                        made));
        ok(manager.hypercalls().msgqConfigure(made.value(), depth, SMALL));
        ok(manager.hypercalls().objectActivate(made.value()));
        return made.value();
    }

    private void bind(long out, long in, Side side, int virq) {
        long vic = side.vm.grantVicTo(manager, GunyahRights.VIC_BIND_SOURCE).value();
        ok(manager.hypercalls().msgqBindSendVirq(out, vic, virq));
        ok(manager.hypercalls().msgqBindReceiveVirq(in, vic, virq + 1));
        side.endpoints.add(new MsgqEndpoint(
                give(side, out, GunyahRights.MSGQ_SEND),
                virq,
                give(side, in, GunyahRights.MSGQ_RECEIVE),
                virq + 1,
                SMALL));
    }

    private CapabilityId give(Side side, long queue, int right) {
        var copy = new NewCapability();
        long space =
                side.vm.grantCspaceTo(manager, GunyahRights.CSPACE_CAP_CREATE).value();
        ok(manager.hypercalls().cspaceCopyCapability(manager.cspaceCapability().value(), queue, space, right, copy));
        return CapabilityId.of(copy.value());
    }

    private void begin(Side side) {
        if (style.programs()) {
            side.vm.start("guest", TREE);
        } else {
            ResetGuest guest = side.newGuest();
            scheduler.execute(() -> {
                if (side.guest == guest) {
                    guest.begin(side.vm.hypercalls(), side.vm.interrupts());
                }
            });
        }
    }

    // ---- events and faults ----

    void event(String what) {
        if (!counting) {
            return;
        }
        int number = events++;
        trace.add(what);
        for (Injection injection : injections) {
            if (injection.at() == number) {
                inject(injection.victim() == 'A' ? a : b, injection.fault());
            }
        }
    }

    int events() {
        return events;
    }

    private void inject(Side side, Fault fault) {
        VirtualMachine vm = side.vm;
        if (vm.state() == State.DESTROYED || vm.state() == State.STARTING) {
            return;
        }
        injected++;
        trace.add("inject " + fault + " into " + side.name);
        ResetGuest old = side.guest;
        Runnable afterwards = () -> {};
        if (!style.programs() && old != null) { // the embedder ends its guest when it gets round to it
            afterwards = () -> scheduler.execute(old::end);
        }
        Runnable ended = afterwards;
        if (fault.policy != null) {
            reset(side, fault.policy, ended);
        } else if (vm.state() == State.RUNNING) {
            vm.stop(StopReason.FORCED, fault == Fault.DESTROY ? vm::destroy : () -> begin(side));
        } else if (fault == Fault.DESTROY) {
            vm.destroy();
            ended.run();
        }
    }

    private void reset(Side side, StaleMessages policy, Runnable ended) {
        int incarnation = side.incarnations - 1;
        if (policy == StaleMessages.TAG) {
            side.markedUpTo = incarnation;
        } else if (policy == StaleMessages.FLUSH) {
            side.droppedUpTo = incarnation;
        }
        side.vm.reset(policy, () -> {
            ended.run();
            if (side.vm.state() == State.RESET && (side.guest == null || side.guest.number <= incarnation)) {
                begin(side);
            }
        });
    }

    private void changed(VirtualMachine vm, State state) {
        trace.add(vm.vmid() + " is " + state);
        if (vm.vmid() == manager.vmid()) {
            return;
        }
        ResetGuest survivor = side(vm.vmid()).peer().guest;
        if (survivor != null && (state == State.RESETTING || state == State.STOPPED || state == State.DESTROYED)) {
            survivor.peerReset(state == State.DESTROYED);
        }
    }

    void breach(String what) {
        broken.add(what + " at event " + events);
    }

    // ---- what must hold ----

    /** Runs the script, then has both sides exchange again, then closes; checks all along. */
    void run() {
        time.advance(Duration.ofSeconds(3));
        counting = false;
        checkExchange();
        checkGuests();
        checkMessages();
        hypervisor.close();
        time.advance(Duration.ofSeconds(1));
        for (ResetGuest guest : guests) {
            guest.end();
        }
        time.advance(Duration.ofSeconds(1));
        guests.forEach(ResetGuest::checkBooks);
        assertThat(broken).isEmpty();
        assertThat(time.failures()).isEmpty();
        assertThat(time.waitingThreads()).isEmpty();
        assertThat(hypervisor.census().isEmpty())
                .as("census %s", hypervisor.census())
                .isTrue();
    }

    private void checkExchange() {
        for (Side side : List.of(a, b)) {
            ResetGuest guest = Objects.requireNonNull(side.guest);
            ResetGuest other = Objects.requireNonNull(side.peer().guest);
            if (side.vm.state() == State.DESTROYED || side.peer().vm.state() == State.DESTROYED) {
                continue;
            }
            for (int pair = 0; pair < 2; pair++) {
                String hello = guest.text("hello");
                guest.hello(pair, hello);
                time.advance(Duration.ofSeconds(1));
                assertThat(other.received).as("pair %d", pair).contains(hello);
            }
        }
    }

    private void checkGuests() {
        for (Side side : List.of(a, b)) {
            boolean survivor = side.incarnations == 1 && side.vm.state() != State.DESTROYED;
            if (survivor && injected > 0) {
                Objects.requireNonNull(side.guest).checkPeerReset();
            }
        }
    }

    /** Nothing is lost but by a flush or with a destroyed VM, nothing comes twice or out of order. */
    private void checkMessages() {
        boolean destroyed = a.vm.state() == State.DESTROYED || b.vm.state() == State.DESTROYED;
        for (Side side : List.of(a, b)) {
            for (int pair = 0; pair < 2; pair++) {
                List<String> in = sent.getOrDefault(side.name + "/" + pair, List.of());
                List<String> out = taken.getOrDefault(side.name + "/" + pair, List.of());
                if (side.droppedUpTo < 0 && !destroyed) {
                    assertThat(out).as("messages of %s/%d", side.name, pair).isEqualTo(in);
                } else if (!out.isEmpty()) {
                    assertThat(in).as("messages of %s/%d", side.name, pair).containsSubsequence(out);
                    assertThat(out).doesNotHaveDuplicates();
                }
            }
        }
    }

    @Override
    public void close() {
        time.close();
    }

    /** Counts tasks. */
    private final class Counting implements MailboxScheduler {
        @Override
        public long nanoTime() {
            return time.nanoTime();
        }

        @Override
        public void execute(Runnable task) {
            time.execute(counted("task", task));
        }

        @Override
        public Timer timer(String name, Runnable task) {
            return time.timer(name, counted("timer", task));
        }

        private Runnable counted(String what, Runnable task) {
            return () -> {
                event(what);
                task.run();
                event(what + " done");
            };
        }

        @Override
        public boolean await(Completion completion, long timeoutNanos) {
            return time.await(completion, timeoutNanos);
        }

        @Override
        public void wake(Completion completion) {
            time.wake(completion);
        }
    }
}
