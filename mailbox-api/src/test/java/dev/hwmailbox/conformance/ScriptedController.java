// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.ControllerOwner;
import dev.hwmailbox.controller.Inspection;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.PhandleReference;
import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A controller of a trace: its operations and its translation answer from the script, its owner counts references. */
final class ScriptedController implements ChannelOps, ControllerOwner {
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final Replay replay;
    private final JsonNode header;
    private final @Nullable Node node;
    private final String id;
    private final TxDoneMethod method;
    private final Set<String> operations = new HashSet<>();
    private final Set<String> missing = new HashSet<>();
    private @Nullable MailboxController controller;
    private boolean refused;
    private boolean ownerPresent = true;
    private int references;

    ScriptedController(Replay replay, JsonNode header, @Nullable Node node) {
        this.replay = replay;
        this.header = header;
        this.node = node;
        id = header.get("id").asText();
        method = method(header);
        header.get("ops").forEach(operation -> operations.add(operation.asText()));
        header.path("missing").forEach(part -> missing.add(part.asText()));
    }

    /** With both flags the interrupt wins, without either the client reports. */
    private static TxDoneMethod method(JsonNode header) {
        if (header.path("txdone_irq").booleanValue()) {
            return TxDoneMethod.IRQ;
        }
        return header.path("txdone_poll").booleanValue() ? TxDoneMethod.POLL : TxDoneMethod.ACK;
    }

    /**
     * Whether it lacks what no Java controller can lack: a builder cannot be had without operations, and asks for no
     * device.
     */
    boolean isBeyondJava() {
        return missing.contains("dev") || missing.contains("ops");
    }

    /** The controller, made when it is first used, so that what {@code build} refuses is the answer to that use. */
    MailboxController controller() {
        if (controller == null) {
            MailboxController.Builder builder = MailboxController.builder(this, new ObservedScheduler())
                    .name(id)
                    .channelCount(
                            missing.contains("chans") ? 0 : header.get("chans").intValue())
                    .txDoneMethod(method)
                    .owner(this);
            if (header.has("poll_ms")) {
                builder.pollPeriod(Duration.ofMillis(header.get("poll_ms").longValue()));
            }
            if (node != null) {
                builder.node(node);
            }
            if (header.has("xlate")) {
                builder.translation((unused, reference) -> translate(header.get("xlate"), reference));
            }
            refused = true;
            controller = Inspection.diagnostics(builder, replay).build();
            refused = false;
        }
        return controller;
    }

    /** Whether {@code build} has refused to make it, so that there is none to call anything with. */
    boolean isRefused() {
        return refused;
    }

    /** Who reports completion to clients that do not know by themselves. */
    TxDoneMethod method() {
        return method;
    }

    void ownerPresent(boolean present) {
        ownerPresent = present;
    }

    int references() {
        return references;
    }

    @Override
    public boolean tryAcquire() {
        if (replay.isMuted()) {
            return true;
        }
        references += ownerPresent ? 1 : 0;
        return ownerPresent;
    }

    @Override
    public void release() {
        references -= replay.isReferenceCounted() ? 1 : 0;
    }

    private int translate(JsonNode translation, PhandleReference reference) {
        ObjectNode event = Json.event("xlate").put("c", id);
        // Java has one kind of translation; the original, where both are given, uses the one for firmware nodes.
        String via = translation.get("via").asText();
        event.put("via", via.equals("both") ? "fw" : via);
        ArrayNode cells = event.putArray("args");
        for (int i = 0; i < reference.cellCount(); i++) {
            cells.add(Json.number(reference.cell(i)));
        }
        JsonNode result = translation.path("else");
        for (JsonNode row : translation.get("table")) {
            result = row.get(0).equals(cells) ? row.get(1) : result;
        }
        result = result.isMissingNode() ? Json.result(-Errno.EINVAL) : result;
        event.set("r", result);
        replay.happens(event);
        return Json.code(result);
    }

    @Override
    public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
        JsonNode entry = next(channel, "send_data");
        JsonNode result = entry == null ? Json.number(0) : entry.get("r");
        replay.happens(
                event("send_data", channel).put("msg", Replay.number(message)).set("r", result));
        int code = Json.code(result);
        replay.ledger().attempted(channel, Replay.number(message), txId, code);
        if (code == 0 && entry != null) {
            for (JsonNode later : entry.path("after")) {
                ObjectNode action = later.get(1).deepCopy();
                if (!action.has("ch")) {
                    action.put("ch", channel.toString());
                }
                replay.schedule(later.get(0).longValue(), action, txId);
            }
        }
        return code;
    }

    @Override
    public int startup(ControllerChannel channel) {
        if (replay.isMuted() || !operations.contains("startup")) {
            return 0;
        }
        JsonNode entry = next(channel, "startup");
        JsonNode result = entry == null ? Json.number(0) : entry;
        replay.happens(event("startup", channel).set("r", result));
        return Json.code(result);
    }

    @Override
    public void shutdown(ControllerChannel channel) {
        if (replay.isMuted()) {
            return;
        }
        replay.ledger().shuttingDown(channel);
        if (operations.contains("shutdown")) {
            replay.happens(event("shutdown", channel));
        }
    }

    @Override
    public boolean lastTxDone(ControllerChannel channel) {
        replay.ledger().polled(channel);
        JsonNode entry = next(channel, "last_tx_done");
        boolean done = entry == null || entry.booleanValue();
        replay.happens(event("last_tx_done", channel).put("r", done));
        return done;
    }

    @Override
    public int flush(ControllerChannel channel, long timeoutNanos) {
        JsonNode entry = next(channel, "flush");
        JsonNode result = entry == null ? Json.number(0) : entry.get("r");
        replay.happens(event("flush", channel)
                .put("timeout", (int) (timeoutNanos / NANOS_PER_MILLI))
                .set("r", result));
        for (int i = 0; entry != null && i < entry.path("ticks").intValue(); i++) {
            channel.txDone(0);
        }
        return Json.code(result);
    }

    @Override
    public boolean peekData(ControllerChannel channel) {
        if (!operations.contains("peek_data")) {
            return false;
        }
        JsonNode entry = next(channel, "peek_data");
        boolean found = entry != null && entry.get("r").booleanValue();
        replay.happens(event("peek_data", channel).put("r", found));
        if (entry != null) {
            entry.path("rx").forEach(message -> channel.receivedData(Replay.message(message.intValue())));
        }
        return found;
    }

    @Override
    public boolean canPoll() {
        return operations.contains("last_tx_done");
    }

    @Override
    public boolean canFlush() {
        return operations.contains("flush");
    }

    private @Nullable JsonNode next(ControllerChannel channel, String operation) {
        return replay.script().next(channel.toString(), operation);
    }

    private static ObjectNode event(String kind, ControllerChannel channel) {
        return Json.event(kind).put("ch", channel.toString());
    }

    @Override
    public String toString() {
        return id;
    }

    /** The replay's scheduler, with the expiries of this controller's timer written down. */
    private final class ObservedScheduler implements MailboxScheduler {
        private final MailboxScheduler scheduler = replay.scheduler();

        @Override
        public long nanoTime() {
            return scheduler.nanoTime();
        }

        @Override
        public void execute(Runnable task) {
            scheduler.execute(task);
        }

        @Override
        public Timer timer(String name, Runnable task) {
            Objects.requireNonNull(task, "task");
            return scheduler.timer(name, () -> {
                replay.happens(Json.event("timer").put("c", id).set("t", Json.number(replay.now())));
                task.run();
            });
        }

        @Override
        public boolean await(Completion completion, long timeoutNanos) {
            return scheduler.await(completion, timeoutNanos);
        }

        @Override
        public void wake(Completion completion) {
            scheduler.wake(completion);
        }
    }
}
