// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.NewCapability;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Mode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Replays one recorded queue scenario on a fresh hypervisor: every result, every event in order, every state. The
 * format is described in the README beside the traces.
 */
final class QueueReplay implements HypervisorObserver {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final List<String> MACHINES = List.of("rm", "a", "b");
    private static final Map<String, Integer> FAULTS = faults();
    private static final Set<String> UNDEFINED_IN_STRICT = Set.of("size", "not_full", "not_empty");
    private static final Set<String> REDUNDANT = Set.of("en", "strict_e", "strict_en");
    private static final int LARGEST_BUFFER = 1 << 16;

    private final JsonNode scenario;
    private final boolean strict;
    private final SoftwareHypervisor hypervisor;
    private final Map<String, VirtualMachine> machines = new HashMap<>();
    private final Map<String, Long> cspaces = new HashMap<>();
    private final Map<String, Handle> handles = new HashMap<>();
    private final List<JsonNode> events = new ArrayList<>();
    private final VirtualMachine rm;

    /** A name of the trace: whose capability, and the queue it names or last named. */
    private record Handle(
            String vm, long capability, @Nullable MessageQueue queue) {}

    QueueReplay(JsonNode scenario, Mode mode) {
        this.scenario = scenario;
        strict = mode == Mode.STRICT;
        var tasks = new TaskQueue();
        hypervisor = SoftwareHypervisor.builder()
                .seed(scenario.get("id").asText().hashCode())
                .mode(mode)
                .schedulers(vmid -> tasks)
                .observer(this)
                .lastVirq(scenario.get("vics").get(0).get("last").asInt())
                .build();
        for (String name : MACHINES) {
            machines.put(name, hypervisor.createManagerVm(MACHINES.indexOf(name)));
        }
        rm = machine("rm");
        for (String name : MACHINES) {
            prepare(name, machine(name));
        }
    }

    private void prepare(String name, VirtualMachine vm) {
        long cspace = vm.grantCspaceTo(rm, 0x17).value();
        cspaces.put(name, cspace);
        handle(name, "vic", vm.grantVicTo(vm, 0x80000003).value());
        handle(name, "vic_nobind", vm.grantVicTo(vm, 0x80000002).value());
        handle(name, "thread", vm.createOpaqueObject(ObjectType.THREAD).value());
        long deleted = vm.createOpaqueObject(ObjectType.THREAD).value();
        assertThat(rm.hypercalls().cspaceDeleteCapability(cspace, deleted)).isZero();
        handle(name, "empty", deleted);
        handle(name, "garbage", deleted ^ (1L << 40));
        for (int virq = 32; vm.interrupts().line(virq) != null; virq++) {
            line(vm, virq).enable();
        }
    }

    private void handle(String vm, String name, long capability) {
        handles.put(vm + "." + name, new Handle(vm, capability, null));
    }

    void run() {
        for (JsonNode step : scenario.get("steps")) {
            events.clear();
            ObjectNode out = perform(step);
            compareResult(step, out);
            check(step, "events", events, elements(step.get("ev")));
            compareState(step);
        }
        hypervisor.close();
        assertThat(hypervisor.census()).isEqualTo(new SoftwareHypervisor.Census(0, 0, 0, 0, 0, 0));
    }

    private void compareResult(JsonNode step, ObjectNode actual) {
        JsonNode expected = step.get("out");
        boolean lost = strict && expected.has("strict_e");
        for (Map.Entry<String, JsonNode> field : actual.properties()) {
            String name = field.getKey();
            if (!lost || !UNDEFINED_IN_STRICT.contains(name)) {
                check(step, name, field.getValue(), expected.get(lost && name.equals("e") ? "strict_e" : name));
            }
        }
        int described = 0;
        for (Map.Entry<String, JsonNode> field : expected.properties()) {
            described += REDUNDANT.contains(field.getKey()) ? 0 : 1;
        }
        check(step, "number of results", actual.size(), described);
    }

    private void compareState(JsonNode step) {
        JsonNode expected = step.get("st");
        if (expected == null) {
            return;
        }
        String name = step.get(step.has("cap") ? "cap" : "as").asText();
        MessageQueue queue = Objects.requireNonNull(handle(name).queue, name);
        ObjectNode actual = JSON.objectNode();
        if (queue.isActive()) {
            actual.put("count", queue.count())
                    .put("notfull", queue.threshold(true))
                    .put("notempty", queue.threshold(false));
        } else {
            actual.put("state", queue.state().name());
        }
        check(step, "state", actual, expected);
    }

    private void check(JsonNode step, String what, Object actual, @Nullable Object expected) {
        if (!actual.equals(expected)) {
            throw new AssertionError("%s of %s in %s mode, step %s: expected %s but was %s"
                    .formatted(what, scenario.get("id"), strict ? "strict" : "compat", step, expected, actual));
        }
    }

    private ObjectNode perform(JsonNode step) {
        String op = step.get("op").asText();
        return switch (op) {
            case "create" -> create(step);
            case "copy" -> copy(step);
            case "send" -> send(step);
            case "recv" -> receive(step);
            case "virq_ack", "virq_eoi", "virq_enable", "virq_disable", "virq_level", "virq_edge" -> line(op, step);
            default ->
                JSON.objectNode().put("e", call(op, step, handle(step.get("cap").asText())));
        };
    }

    private int call(String op, JsonNode step, Handle handle) {
        GunyahHypercalls calls = machine(handle.vm).hypercalls();
        long capability = handle.capability;
        return switch (op) {
            case "delete" -> rm.hypercalls().cspaceDeleteCapability(cspace(handle.vm), capability);
            case "revoke_children" -> rm.hypercalls().cspaceRevokeCapabilities(cspace(handle.vm), capability);
            case "configure" -> calls.msgqConfigure(capability, number(step, "depth"), number(step, "max"));
            case "activate" -> withMemory(step, () -> calls.objectActivate(capability));
            case "flush" -> calls.msgqFlush(capability);
            case "configure_send" -> calls.msgqConfigureSend(capability, number(step, "thres"), number(step, "delay"));
            case "configure_receive" ->
                calls.msgqConfigureReceive(capability, number(step, "thres"), number(step, "delay"));
            case "bind_send" -> calls.msgqBindSendVirq(capability, vic(step), number(step, "virq"));
            case "bind_receive" -> calls.msgqBindReceiveVirq(capability, vic(step), number(step, "virq"));
            case "unbind_send" -> calls.msgqUnbindSendVirq(capability);
            case "unbind_receive" -> calls.msgqUnbindReceiveVirq(capability);
            default -> throw new AssertionError("unknown operation " + op);
        };
    }

    private ObjectNode create(JsonNode step) {
        String vm = step.get("vm").asText();
        var made = new NewCapability();
        int error = withMemory(
                step,
                () -> rm.hypercalls()
                        .partitionCreateMsgq(rm.partitionCapability().value(), cspace(vm), made));
        if (error == GunyahError.OK) {
            handles.put(
                    step.get("as").asText(),
                    new Handle(
                            vm,
                            made.value(),
                            machine(vm).space().find(made.value()).queue()));
        }
        return JSON.objectNode().put("e", error);
    }

    private ObjectNode copy(JsonNode step) {
        Handle source = handle(step.get("cap").asText());
        String vm = step.get("vm").asText();
        var made = new NewCapability();
        int error = rm.hypercalls()
                .cspaceCopyCapability(cspace(source.vm), source.capability, cspace(vm), number(step, "rights"), made);
        if (error == GunyahError.OK) {
            handles.put(step.get("as").asText(), new Handle(vm, made.value(), source.queue));
        }
        return JSON.objectNode().put("e", error);
    }

    private ObjectNode send(JsonNode step) {
        Handle handle = handle(step.get("cap").asText());
        int size = (int) Math.min(step.get("size").asLong(), Integer.MAX_VALUE);
        byte[] message = payload(step.get("tag").asInt(), Math.min(size, LARGEST_BUFFER));
        boolean push = (step.get("flags").asLong() & 1) != 0;
        int before = count(handle);
        long result = ((VmHypercalls) machine(handle.vm).hypercalls())
                .msgqSend(handle.capability, message, 0, size, push, fault(step));
        return JSON.objectNode()
                .put("e", GunyahHypercalls.status(result))
                .put("not_full", GunyahHypercalls.notFull(result))
                .put("enqueued", count(handle) > before);
    }

    private ObjectNode receive(JsonNode step) {
        Handle handle = handle(step.get("cap").asText());
        int room = (int) Math.min(step.get("buf").asLong(), LARGEST_BUFFER);
        byte[] buffer = new byte[room];
        int before = count(handle);
        long result = ((VmHypercalls) machine(handle.vm).hypercalls())
                .msgqReceive(handle.capability, buffer, 0, room, fault(step));
        boolean dequeued = count(handle) < before;
        ObjectNode out = JSON.objectNode()
                .put("e", GunyahHypercalls.status(result))
                .put("size", GunyahHypercalls.size(result))
                .put("not_empty", GunyahHypercalls.notEmpty(result))
                .put("dequeued", dequeued);
        if (dequeued) {
            var crc = new CRC32();
            crc.update(buffer, 0, GunyahHypercalls.size(result));
            out.put("crc", "%08x".formatted(crc.getValue()));
        }
        return out;
    }

    private ObjectNode line(String op, JsonNode step) {
        InterruptLine line = line(machine(step.get("vm").asText()), number(step, "virq"));
        ObjectNode out = JSON.objectNode();
        switch (op) {
            case "virq_ack" -> out.put("acked", line.acknowledge());
            case "virq_eoi" -> line.endOfInterrupt();
            case "virq_enable" -> line.enable();
            case "virq_disable" -> line.disable();
            case "virq_level" -> line.trigger(true);
            default -> line.trigger(false);
        }
        out.put("line", line.guestState());
        if (!op.equals("virq_ack")) {
            out.put("latched", line.isLatched());
        }
        return out;
    }

    private int withMemory(JsonNode step, IntSupplier call) {
        Partition partition = hypervisor.objects().partition();
        partition.availableBytes(step.path("nomem").asBoolean() ? 0 : Long.MAX_VALUE / 2);
        return call.getAsInt();
    }

    private static int count(Handle handle) {
        return handle.queue == null ? 0 : handle.queue.count();
    }

    private static int fault(JsonNode step) {
        JsonNode name = step.get("fault");
        return name == null ? GunyahError.OK : Objects.requireNonNull(FAULTS.get(name.asText()), "fault");
    }

    private static int number(JsonNode step, String field) {
        return (int) step.get(field).asLong();
    }

    private long vic(JsonNode step) {
        return handle(step.get("vic").asText()).capability;
    }

    private Handle handle(String name) {
        return Objects.requireNonNull(handles.get(name), name);
    }

    private VirtualMachine machine(String name) {
        return Objects.requireNonNull(machines.get(name), name);
    }

    private long cspace(String vm) {
        return Objects.requireNonNull(cspaces.get(vm), vm);
    }

    private static InterruptLine line(VirtualMachine vm, int virq) {
        return Objects.requireNonNull(vm.interrupts().line(virq), "line");
    }

    static byte[] payload(int tag, int size) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (tag * 131 + i * 17 + (i >> 8));
        }
        return bytes;
    }

    private static List<JsonNode> elements(@Nullable JsonNode array) {
        List<JsonNode> elements = new ArrayList<>();
        if (array != null) {
            array.forEach(elements::add);
        }
        return elements;
    }

    private static Map<String, Integer> faults() {
        Map<String, Integer> faults = new HashMap<>();
        for (int error = 1; error < 100; error++) {
            faults.put("ERROR_" + GunyahError.name(error), error);
        }
        return Map.copyOf(faults);
    }

    // ---- events ----

    private void add(String type, QueueEnd end, @Nullable Boolean bound) {
        ObjectNode event = JSON.objectNode()
                .put("t", type)
                .put("q", "q" + end.queue().number())
                .put("src", end.isSending() ? "tx" : "rx");
        events.add(bound == null ? event : event.put("bound", bound));
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
    public void checked(QueueEnd end, boolean reasserted, boolean pending) {
        add("check", end, null);
        ((ObjectNode) events.get(events.size() - 1))
                .put("reasserted", reasserted)
                .put("pending", pending);
    }

    @Override
    public void pending(int vmid, int virq) {
        events.add(
                JSON.objectNode().put("t", "irq").put("vm", MACHINES.get(vmid)).put("virq", virq));
    }

    @Override
    public void destroyed(MessageQueue queue, MessageQueue.State was) {
        events.add(JSON.objectNode()
                .put("t", "destroy")
                .put("q", "q" + queue.number())
                .put("was", was.name()));
    }
}
