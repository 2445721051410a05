// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.NewCapability;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Mode;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Replays one recorded scenario of two machines with the whole stack: every result, every event in order, every state.
 * The format is described in the README beside the traces.
 *
 * <p>Ours has no counterpart of a few things: a resource's type is known to the hypervisor only; what a removal leaves
 * in the original's ring is dropped, and counted here before. Both machines' lines are handled as the recorder did it,
 * see {@link GuestLines}.
 */
final class StackReplay implements HypervisorObserver {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final int MANAGER = 2;
    private static final int SEND_RIGHTS = GunyahRights.MSGQ_SEND | GunyahRights.MSGQ_BIND_SEND;
    private static final int RECEIVE_RIGHTS = GunyahRights.MSGQ_RECEIVE | GunyahRights.MSGQ_BIND_RECEIVE;

    /** Receiving costs one hypercall a pass, so this ends a wait. */
    private static final int PASSES_OF_A_WAIT = 5_000;

    /** How often timers expire at the end of a scenario: a few times more than there are messages under way. */
    private static final int ROUNDS_TO_SETTLE = 200;

    final StackLedger ledger;
    final boolean published;

    private final JsonNode scenario;
    private final List<JsonNode> events = new ArrayList<>();
    private final IdentityHashMap<Object, Integer> tags = new IdentityHashMap<>();
    private final SoftwareHypervisor hypervisor;
    private final VirtualMachine manager;
    private final StackMachine a;
    private final StackMachine b;
    private final long[] masters = new long[2];
    private final MessageQueue[] queues = new MessageQueue[2];
    private int number;
    private int armedFault;
    private boolean reacting;
    private @Nullable Departure departure;

    /** A difference that is an improvement on the original, by what the original does. */
    enum Kind {
        /** Loops for ever over a message that does not fit; the recorder has cut it. */
        ENDLESS_LOOP,
        /** Follows a client that is gone, because the ring was not empty. */
        CRASH_ON_REMOVAL,
        /** Goes on with a message whose blocked sender has given up. */
        SENT_AFTER_TIMEOUT
    }

    /**
     * The first difference.
     *
     * @param step number of the step
     * @param event which event of the step, -1 if something else differs
     * @param kind which improvement, or null: a fault
     */
    record Departure(int step, int event, @Nullable Kind kind, String what) {}

    /** Replays with the published controller over the C code's answers, or with ours over the documented ones. */
    StackReplay(JsonNode scenario, boolean published) {
        this.scenario = scenario;
        this.published = published;
        ledger = new StackLedger(!published);
        List<StackScheduler> schedulers = new ArrayList<>();
        for (int i = 0; i <= MANAGER; i++) {
            int vmid = i;
            schedulers.add(new StackScheduler((completion, deadline) -> await(vmid, completion, deadline)));
        }
        hypervisor = SoftwareHypervisor.builder()
                .seed(scenario.get("id").asText().hashCode())
                .mode(published ? Mode.COMPAT : Mode.STRICT)
                .schedulers(schedulers::get)
                .observer(this)
                .build();
        manager = hypervisor.createManagerVm(MANAGER);
        a = machine(0, "a", schedulers.get(0));
        b = machine(1, "b", schedulers.get(1));
        pipe(0, "ab", a, b);
        pipe(1, "ba", b, a);
        number = firstNumber() - 1;
    }

    private StackMachine machine(int vmid, String name, StackScheduler scheduler) {
        VirtualMachine vm = hypervisor.createVm(vmid);
        boolean level = setup("trigger").asText().equals("level");
        vm.interrupts().trigger(GuestLines.TX, level ? Trigger.LEVEL : Trigger.EDGE);
        vm.interrupts().trigger(GuestLines.RX, level ? Trigger.LEVEL : Trigger.EDGE);
        return new StackMachine(
                this, name, vm, scheduler, setup("tx_block").get(name).asBoolean());
    }

    private void pipe(int index, String name, StackMachine from, StackMachine to) {
        GunyahHypercalls calls = manager.hypercalls();
        var made = new NewCapability();
        ok(calls.partitionCreateMsgq(
                manager.partitionCapability().value(),
                manager.cspaceCapability().value(),
                made));
        masters[index] = made.value();
        queues[index] = manager.space().find(made.value()).queue();
        JsonNode size = setup(name);
        ok(calls.msgqConfigure(
                made.value(), size.get("depth").asInt(), size.get("max").asInt()));
        ok(calls.objectActivate(made.value()));
        ok(calls.msgqBindSendVirq(masters[index], vic(from), GuestLines.TX));
        ok(calls.msgqBindReceiveVirq(masters[index], vic(to), GuestLines.RX));
        from.resources(give(from, masters[index], SEND_RIGHTS), from.rx(), largest());
        to.resources(to.tx(), give(to, masters[index], RECEIVE_RIGHTS), largest());
    }

    private int largest() {
        return Math.max(setup("ab").get("max").asInt(), setup("ba").get("max").asInt());
    }

    private long vic(StackMachine machine) {
        return machine.vm.grantVicTo(manager, GunyahRights.VIC_BIND_SOURCE).value();
    }

    private long give(StackMachine machine, long master, int rights) {
        var made = new NewCapability();
        ok(manager.hypercalls()
                .cspaceCopyCapability(manager.cspaceCapability().value(), master, cspace(machine), rights, made));
        return made.value();
    }

    private long cspace(StackMachine machine) {
        return machine.vm
                .grantCspaceTo(manager, GunyahRights.CSPACE_CAP_CREATE | GunyahRights.CSPACE_CAP_DELETE)
                .value();
    }

    private static void ok(int error) {
        assertThat(error).as("hypervisor error").isZero();
    }

    private JsonNode setup(String field) {
        return scenario.get("setup").get(field);
    }

    private int firstNumber() {
        for (JsonNode step : scenario.get("steps")) {
            if (step.get("op").asText().equals("send")) {
                return step.get("tag").asInt();
            }
        }
        return 1;
    }

    // ---- the steps ----

    /** Runs all steps; those after the first difference for what must always hold. */
    void run() {
        for (JsonNode step : scenario.get("steps")) {
            events.clear();
            ObjectNode out = perform(step);
            compare(step, "result", out, step.get("out"));
            compareEvents(step);
            compare(step, "state", state(), step.get("st"));
        }
        compareTotals();
        if (!published) {
            settle();
        }
        ledger.checkOutcomes(a.waiting() + b.waiting());
    }

    /** The first difference, or null if there was none. */
    @Nullable
    Departure departure() {
        return departure;
    }

    private void compare(JsonNode step, String what, Object actual, @Nullable Object expected) {
        if (!actual.equals(expected)) {
            depart(step, -1, null, "%s: expected %s but was %s".formatted(what, expected, actual));
        }
    }

    private void depart(JsonNode step, int event, @Nullable Kind kind, String what) {
        if (departure == null) {
            departure = new Departure(step.get("n").asInt(), event, kind, what);
        }
    }

    private void compareEvents(JsonNode step) {
        JsonNode recorded = step.path("ev");
        for (int i = 0; i < Math.max(events.size(), recorded.size()); i++) {
            JsonNode expected = recorded.path(i);
            JsonNode actual = i < events.size() ? events.get(i) : JSON.missingNode();
            if (!actual.equals(expected)) {
                Kind kind = kind(expected, recorded.path(i - 1));
                depart(step, i, kind, "event %d: expected %s but was %s".formatted(i, expected, actual));
            }
        }
    }

    private static @Nullable Kind kind(JsonNode expected, JsonNode before) {
        return switch (expected.path("t").asText()) {
            case "livelock" -> Kind.ENDLESS_LOOP;
            case "oops" -> Kind.CRASH_ON_REMOVAL;
            case "hc_send" -> before.path("t").asText().equals("wait_timeout") ? Kind.SENT_AFTER_TIMEOUT : null;
            default -> null;
        };
    }

    private void compareTotals() {
        JsonNode last = JSON.objectNode().put("n", scenario.get("steps").size());
        compare(last, "delivered", pair(a.delivered, b.delivered), scenario.get("delivered"));
        compare(last, "tx_done", pair(a.reported, b.reported), scenario.get("tx_done"));
    }

    private static ObjectNode pair(int a, int b) {
        return JSON.objectNode().put("a", a).put("b", b);
    }

    private ObjectNode state() {
        ObjectNode state = JSON.objectNode();
        state.set("a", a.state());
        state.set("b", b.state());
        return state.put("ab", queues[0].count()).put("ba", queues[1].count());
    }

    private ObjectNode perform(JsonNode step) {
        String op = step.get("op").asText();
        StackMachine machine = step.path("vm").asText().equals("b") ? b : a;
        ObjectNode out = JSON.objectNode();
        return switch (op) {
            case "init" -> out.put("ret", machine.start(step));
            case "send" -> out.put("ret", send(machine, step));
            case "send_sentinel" -> out.put("ret", -Errno.EINVAL);
            case "tasklets" -> out.put("any", machine.scheduler.runTasks());
            case "irqs" -> out.put("any", machine.handleLines(step.get("lines").asText()));
            case "run" -> out.put("quiescent", runPasses(step.get("max_passes").asInt()));
            case "raw_send" -> out.put("e", rawSend(machine, step));
            case "raw_recv" -> out.put("e", rawReceive(machine, step));
            case "hc_flush", "hc_configure_send", "hc_configure_receive", "revoke", "delete_cap" ->
                out.put("e", call(op, machine, step));
            default -> {
                arrange(op, machine, step);
                yield out;
            }
        };
    }

    private void arrange(String op, StackMachine machine, JsonNode step) {
        switch (op) {
            case "remove" -> machine.remove();
            case "mask_rx" -> machine.lines.maskReceive();
            case "unmask_rx" -> machine.lines.unmaskReceive();
            case "rx_mode" -> machine.receiveMode(step.get("mode").asText());
            case "tx_chain" ->
                machine.chain(step.get("count").asInt(), step.get("size").asInt());
            case "fault_next_copy" -> armedFault = step.get("e").asInt();
            default -> throw new AssertionError("unknown operation " + op);
        }
    }

    private int call(String op, StackMachine machine, JsonNode step) {
        GunyahHypercalls calls = machine.vm.hypercalls();
        return switch (op) {
            case "hc_flush" -> flush(machine);
            case "hc_configure_send" ->
                calls.msgqConfigureSend(machine.tx(), step.get("thres").asInt(), -1);
            case "hc_configure_receive" ->
                calls.msgqConfigureReceive(machine.rx(), step.get("thres").asInt(), -1);
            case "revoke" ->
                manager.hypercalls()
                        .cspaceRevokeCapabilities(
                                manager.cspaceCapability().value(),
                                masters[step.get("queue").asText().equals("ab") ? 0 : 1]);
            default ->
                manager.hypercalls()
                        .cspaceDeleteCapability(
                                cspace(machine), step.get("which").asText().equals("tx") ? machine.tx() : machine.rx());
        };
    }

    private int flush(StackMachine machine) {
        int error = machine.vm.hypercalls().msgqFlush(machine.rx());
        if (error == GunyahError.OK) {
            ledger.flushed(queueTo(machine));
        }
        return error;
    }

    private int send(StackMachine machine, JsonNode step) {
        nextNumber();
        int tag = step.get("tag").asInt();
        int answer = machine.send(
                message(tag, step.get("size").asInt(), step.path("push").asBoolean()));
        ledger.answered(tag, answer);
        return answer;
    }

    private int rawSend(StackMachine machine, JsonNode step) {
        nextNumber();
        int size = step.get("size").asInt();
        int tag = step.get("tag").asInt();
        byte[] bytes = payload(tag, size);
        return GunyahHypercalls.status(
                send(machine, machine.tx(), bytes, size, step.get("push").asBoolean()));
    }

    private int rawReceive(StackMachine machine, JsonNode step) {
        byte[] buffer = new byte[step.get("buf").asInt()];
        long result = receive(machine, machine.rx(), buffer, buffer.length);
        int size = GunyahHypercalls.size(result);
        var crc = new CRC32();
        crc.update(buffer, 0, size);
        add("raw_rx").put("vm", machine.name).put("size", size).put("crc", "%08x".formatted(crc.getValue()));
        return GunyahHypercalls.status(result);
    }

    private boolean runPasses(int passes) {
        for (int i = 0; i < passes; i++) {
            boolean any = a.scheduler.runTasks();
            any |= a.handleLines("both");
            any |= b.scheduler.runTasks();
            any |= b.handleLines("both");
            if (!any) {
                return true;
            }
        }
        return false;
    }

    /** Gives timers time to do what they can. */
    private void settle() {
        for (int i = 0; i < ROUNDS_TO_SETTLE; i++) {
            runPasses(ROUNDS_TO_SETTLE);
            boolean any = a.scheduler.expireNext(Long.MAX_VALUE);
            any |= b.scheduler.expireNext(Long.MAX_VALUE);
            if (!any) {
                return;
            }
        }
    }

    private boolean await(int vmid, Completion completion, long deadline) {
        for (int i = 0; i < PASSES_OF_A_WAIT && !completion.isDone(); i++) {
            boolean any = a.scheduler.runTasks();
            any |= !completion.isDone() && a.handleLines("both");
            any |= !completion.isDone() && b.scheduler.runTasks();
            any |= !completion.isDone() && b.handleLines("both");
            if (!any && !(vmid == 0 ? a : b).scheduler.expireNext(deadline)) {
                break;
            }
        }
        if (!completion.isDone()) {
            (vmid == 0 ? a : b).timedOut();
        }
        return completion.isDone();
    }

    // ---- for the machines ----

    ObjectNode add(String type) {
        ObjectNode event = JSON.objectNode().put("t", type);
        events.add(event);
        return event;
    }

    StackMachine peer(StackMachine machine) {
        return machine == a ? b : a;
    }

    /** Runs what a client does on receiving, unless it is inside such a thing. */
    void reacting(Runnable reaction) {
        if (!reacting) {
            reacting = true;
            reaction.run();
            reacting = false;
        }
    }

    /** The number before it is advanced. */
    int nextNumber() {
        return number++;
    }

    MsgqMessage message(int tag, int size, boolean push) {
        MsgqMessage message = MsgqMessage.of(payload(tag, size), 0, size, push);
        tags.put(message, tag);
        return message;
    }

    private byte[] payload(int tag, int size) {
        byte[] bytes = QueueReplay.payload(tag, size);
        tags.put(bytes, tag);
        ledger.made(tag, size);
        return bytes;
    }

    int tag(Object messageOrBytes) {
        return Objects.requireNonNull(tags.get(messageOrBytes), "tag");
    }

    long send(StackMachine machine, long capability, byte[] buffer, int length, boolean push) {
        int queue = queueTo(peer(machine));
        int before = queues[queue].count();
        boolean copies = before < setup(queue == 0 ? "ab" : "ba").get("depth").asInt()
                && length > 0
                && length <= setup(queue == 0 ? "ab" : "ba").get("max").asInt()
                && machine.vm.space().find(capability).refusal(ObjectType.MSGQUEUE, GunyahRights.MSGQ_SEND) == 0;
        long result = ((VmHypercalls) machine.vm.hypercalls())
                .msgqSend(capability, buffer, 0, length, push, copies ? takeFault() : 0);
        if (queues[queue].count() > before) {
            ledger.queued(queue, tag(buffer), buffer, length);
        }
        return result;
    }

    long receive(StackMachine machine, long capability, byte[] buffer, int length) {
        int queue = queueTo(machine);
        int before = queues[queue].count();
        boolean copies = before > 0
                && machine.vm.space().find(capability).refusal(ObjectType.MSGQUEUE, GunyahRights.MSGQ_RECEIVE) == 0;
        long result = ((VmHypercalls) machine.vm.hypercalls())
                .msgqReceive(capability, buffer, 0, length, copies ? takeFault() : 0);
        if (queues[queue].count() < before) {
            ledger.taken(queue, buffer, GunyahHypercalls.size(result));
        }
        return result;
    }

    private int takeFault() {
        int fault = armedFault;
        armedFault = 0;
        return fault;
    }

    /** The queue that a machine receives from. */
    private int queueTo(StackMachine machine) {
        return machine == b ? 0 : 1;
    }

    /** A line of the bindings' log, whose arguments are the error and the channel. */
    void logged(String message, Object[] arguments) {
        (arguments[1].toString().startsWith("a") ? a : b).logged(message, errorNamed(arguments[0].toString()));
    }

    private static int errorNamed(String name) {
        for (int error = 1; error < 100; error++) {
            if (GunyahError.name(error).equals(name)) {
                return error;
            }
        }
        throw new AssertionError("unknown error " + name);
    }

    // ---- events of the hypervisor ----

    private void add(String type, QueueEnd end, boolean bound) {
        add(type)
                .put("q", "q" + end.queue().number())
                .put("src", end.isSending() ? "tx" : "rx")
                .put("bound", bound);
    }

    @Override
    public void asserted(QueueEnd end, boolean bound) {
        add("assert", end, bound);
    }

    @Override
    public void cleared(QueueEnd end, boolean bound) {
        add("clear", end, bound);
    }

    @Override
    public void checked(QueueEnd end, boolean reasserted, boolean pending) {} // not recorded here

    @Override
    public void pending(int vmid, int virq) {
        add("irq").put("vm", vmid == 0 ? "a" : "b").put("virq", virq);
    }

    @Override
    public void destroyed(MessageQueue queue, MessageQueue.State was) {
        add("destroy").put("q", "q" + queue.number()).put("was", was.name());
    }
}
