// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.msgq.PublishedTasklet;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** One of the two recorded machines: its controller, its client, and what of it is recorded. */
final class StackMachine implements MailboxClient, PublishedTasklet {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    final String name;
    final StackScheduler scheduler;
    final VirtualMachine vm;
    final GuestLines lines;
    int delivered;
    int reported;

    private final StackReplay replay;
    private final boolean blocking;
    private final GunyahMsgqController controller;
    private @Nullable MailboxChannel channel;
    private long tx;
    private long rx;
    private int largest;
    private boolean starting;

    /** What the last removal has dropped; the original keeps it until the next start. */
    private int dropped;

    /** Messages that all removals have dropped, the one in flight included. */
    private int lost;

    private @Nullable Integer active;
    private String mode = "none";
    private int chained;
    private int chainedSize;

    StackMachine(StackReplay replay, String name, VirtualMachine vm, StackScheduler scheduler, boolean blocking) {
        this.replay = replay;
        this.name = name;
        this.vm = vm;
        this.scheduler = scheduler;
        this.blocking = blocking;
        lines = new GuestLines(vm.interrupts(), this::lineRequested, this::lineTouched);
        GunyahMsgqController.Builder builder = GunyahMsgqController.builder(recordedCalls(), lines, scheduler)
                .name(name)
                .slots(1);
        controller = (replay.published ? PublishedTasklet.watch(builder, this) : builder).build();
    }

    void resources(long tx, long rx, int largest) {
        this.tx = tx;
        this.rx = rx;
        this.largest = largest;
    }

    long tx() {
        return tx;
    }

    long rx() {
        return rx;
    }

    // ---- what the trace has it do ----

    int start(JsonNode step) {
        boolean otherKind = !step.path("tx_type").asText("msgq_tx").equals("msgq_tx");
        CapabilityId capability = otherKind ? vm.createOpaqueObject(ObjectType.THREAD) : CapabilityId.of(tx);
        boolean sends = step.get("tx").asBoolean();
        boolean receives = step.get("rx").asBoolean();
        lines.fail(
                switch (step.path("irq_fail").asText()) {
                    case "tx" -> GuestLines.TX;
                    case "rx" -> GuestLines.RX;
                    default -> 0;
                });
        starting = true;
        try {
            var endpoint = new MsgqEndpoint(
                    sends ? capability : CapabilityId.INVALID,
                    sends ? GuestLines.TX : MsgqEndpoint.NO_VIRQ,
                    receives ? CapabilityId.of(rx) : CapabilityId.INVALID,
                    receives ? GuestLines.RX : MsgqEndpoint.NO_VIRQ,
                    largest);
            channel = controller.requestChannel(this, endpoint);
            dropped = 0;
            return 0;
        } catch (MailboxException e) {
            return -e.errno();
        } finally {
            starting = false;
        }
    }

    void remove() {
        MailboxChannel removed = channel;
        if (removed != null) {
            dropped = queued(removed);
            lost += dropped + (active == null ? 0 : 1);
            channel = null;
            active = null;
            removed.close();
        }
    }

    int send(@Nullable Object message) {
        int result = channel == null ? -Errno.EINVAL : channel.sendMessage(message);
        if (result == -Errno.ENOBUFS) {
            add("log").put("level", "err").put("code", "ring_full");
        }
        return result;
    }

    boolean handleLines(String which) {
        boolean tx = !which.equals("rx") && lines.handle(GuestLines.TX);
        boolean rx = !which.equals("tx") && lines.handle(GuestLines.RX);
        return tx || rx;
    }

    void receiveMode(String mode) {
        this.mode = mode;
    }

    void chain(int count, int size) {
        chained = count;
        chainedSize = size;
    }

    ObjectNode state() {
        ObjectNode state = JSON.objectNode()
                .put("up", channel != null)
                .put("buffered", channel == null ? dropped : queued(channel));
        return active == null ? state.putNull("active") : state.put("active", active);
    }

    /** Messages of this client that it was never told of: they wait, or were dropped. */
    int waiting() {
        return lost + (channel == null ? 0 : queued(channel)) + (active == null ? 0 : 1);
    }

    private static int queued(MailboxChannel channel) {
        return MailboxChannel.TX_QUEUE_LENGTH - channel.slotsAvailable();
    }

    // ---- the client ----

    @Override
    public ClientOptions options() {
        return blocking ? ClientOptions.blocking(Duration.ofSeconds(1)) : ClientOptions.NON_BLOCKING;
    }

    @Override
    public void rxCallback(MailboxChannel channel, @Nullable Object message) {
        ByteBuffer bytes = (ByteBuffer) Objects.requireNonNull(message);
        int size = bytes.remaining();
        var crc = new CRC32();
        crc.update(bytes.duplicate());
        delivered++;
        replay.ledger.received(size);
        add("rx").put("size", size).put("crc", "%08x".formatted(crc.getValue()));
        replay.reacting(() -> react(size));
    }

    private void react(int size) {
        if (mode.equals("echo")) {
            sendMore("echo", 50_000, size);
        } else if (mode.equals("run_peer")) {
            StackMachine peer = replay.peer(this);
            peer.scheduler.runTasks();
            peer.handleLines("tx");
        }
    }

    private void sendMore(String type, int base, int size) {
        int tag = base + replay.nextNumber();
        int result = send(replay.message(tag, size, false));
        replay.ledger.answered(tag, result);
        add(type).put("tag", tag).put("ret", result);
    }

    @Override
    public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
        int tag = replay.tag(Objects.requireNonNull(message));
        reported++;
        if (active != null && active == tag) {
            active = null;
        }
        add("tx_done").put("tag", tag).put("r", status);
        replay.ledger.reported(tag, status);
        if (chained > 0) {
            chained--;
            sendMore("chain", 70_000, chainedSize);
        }
    }

    // ---- what is recorded besides ----

    private ObjectNode add(String type) {
        return replay.add(type).put("vm", name);
    }

    private void lineRequested(int virq, int result) {
        add("request_irq").put("line", line(virq)).put("ret", result);
    }

    private void lineTouched(int virq, boolean handled) {
        add(handled ? "irq_handle" : "free_irq").put("line", line(virq));
    }

    private static String line(int virq) {
        return virq == GuestLines.TX ? "tx" : "rx";
    }

    @Override
    public void scheduled(boolean already) {
        add("tasklet_schedule").put("already", already);
    }

    @Override
    public void runs() {
        add("tasklet_run");
    }

    @Override
    public void killed(boolean scheduled) {
        if (!starting) { // the original has none yet
            add("tasklet_kill").put("was_scheduled", scheduled);
        }
    }

    void timedOut() {
        add("wait_timeout");
    }

    /** The binding has logged what failed, and why. */
    void logged(String message, int error) {
        if (message.startsWith("send")) {
            add("log")
                    .put("level", "err")
                    .put("code", "send_failed")
                    .put("e", error)
                    .put("r", -GunyahError.toErrno(error));
        } else {
            add("log").put("level", "warn").put("code", "recv_failed").put("e", error);
        }
    }

    /** The machine's hypercalls, with sends and receives written down and the armed fault put in. */
    private GunyahHypercalls recordedCalls() {
        return (GunyahHypercalls) Proxy.newProxyInstance(
                GunyahHypercalls.class.getClassLoader(),
                new Class<?>[] {GunyahHypercalls.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("msgqSend")) {
                        return recordedSend(
                                (long) arguments[0], (byte[]) arguments[1], (int) arguments[3], (boolean) arguments[4]);
                    }
                    if (method.getName().equals("msgqReceive")) {
                        return recordedReceive((long) arguments[0], (byte[]) arguments[1], (int) arguments[3]);
                    }
                    try {
                        return method.invoke(vm.hypercalls(), arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private long recordedSend(long capability, byte[] buffer, int length, boolean push) {
        int tag = replay.tag(buffer);
        long result = replay.send(this, capability, buffer, length, push);
        int status = GunyahHypercalls.status(result);
        if (status != GunyahError.MSGQUEUE_FULL) {
            active = tag;
        }
        add("hc_send")
                .put("tag", tag)
                .put("size", length)
                .put("push", push)
                .put("e", status)
                .put("not_full", GunyahHypercalls.notFull(result));
        return result;
    }

    private long recordedReceive(long capability, byte[] buffer, int length) {
        long result = replay.receive(this, capability, buffer, length);
        add("hc_recv")
                .put("e", GunyahHypercalls.status(result))
                .put("size", GunyahHypercalls.size(result))
                .put("not_empty", GunyahHypercalls.notEmpty(result));
        return result;
    }
}
