// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.Mailboxes;
import dev.hwmailbox.ManagedRegistrations;
import dev.hwmailbox.Registries;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.Inspection;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.internal.ChannelState;
import dev.hwmailbox.internal.Complaint;
import dev.hwmailbox.internal.Diagnostics;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Does on a fresh system what a trace did, and writes down what comes of it in the trace's own form.
 *
 * <p>Some things the original can be asked have no Java form; there the replay answers as the original does, without
 * asking anybody: a call without controller or channel, a controller without operations or device, one that was never
 * made because it was refused, and the message value that is reserved in C.
 */
final class Replay implements Diagnostics {
    /** How controllers of the trace report completions that their script has scheduled. */
    enum Reports {
        /** With the number of the transmission, as a good Java driver does. */
        NUMBERED,
        /** Without, as in the original, so that a late one ends whatever is in flight. */
        ANONYMOUS
    }

    /**
     * What came of a replay.
     *
     * @param steps as many as the trace has
     * @param staleReports the remote events that reported a transmission which was not in flight any more
     * @param idleReports those of them that came when nothing was in flight
     * @param references what each controller's owner has granted and not got back
     * @param violations the rules that were broken, see {@link Ledger}
     */
    record Run(
            List<Step> steps,
            Set<Integer> staleReports,
            Set<Integer> idleReports,
            Map<String, Integer> references,
            List<String> violations) {}

    private static final int RESERVED_MESSAGE = -1;
    private static final long NO_NUMBER = -1;
    private static final Set<String> DISOWNING =
            Set.of("free", "register", "devm_register", "unregister", "devm_unregister", "dev_release");

    private final Trace trace;
    private final Reports reports;
    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final Mailboxes registry = Registries.observed(this);
    private final Script script;
    private final Ledger ledger = new Ledger(this::now);
    private final Map<String, ScriptedController> controllers = new LinkedHashMap<>();
    private final Map<String, ScriptedClient> clients = new HashMap<>();
    private final Map<String, ManagedRegistrations> devices = new HashMap<>();
    private final Map<String, MailboxChannel> handles = new HashMap<>();
    private final Set<ScriptedController> everRegistered = new LinkedHashSet<>();
    private final Map<Integer, Remote> pending = new TreeMap<>();
    private final Set<Integer> staleReports = new TreeSet<>();
    private final Set<Integer> idleReports = new TreeSet<>();
    private int remotes;
    private List<JsonNode> events = new ArrayList<>();
    private boolean muted;
    private boolean evicted;

    /** A remote event that waits for its time. */
    private record Remote(String channel, MailboxScheduler.Timer timer) {}

    private Replay(Trace trace, Reports reports) {
        this.trace = trace;
        this.reports = reports;
        JsonNode header = trace.header();
        script = new Script(header.get("script"));
        var tree = new TraceTree(header.get("nodes"));
        for (JsonNode controller : header.get("controllers")) {
            controllers.put(
                    controller.get("id").asText(),
                    new ScriptedController(this, controller, tree.node(Json.text(controller, "node"))));
        }
        for (JsonNode client : header.get("clients")) {
            clients.put(
                    client.get("id").asText(), new ScriptedClient(this, client, tree.node(Json.text(client, "dev"))));
        }
    }

    static Run run(Trace trace, Reports reports) {
        return new Replay(trace, reports).run();
    }

    private Run run() {
        List<Step> steps = new ArrayList<>();
        for (Step recorded : trace.steps()) {
            try {
                steps.add(perform(recorded.call()));
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(trace + ", step " + steps.size() + " " + recorded.call() + " threw", e);
            }
        }
        Map<String, Integer> references = new TreeMap<>();
        controllers.forEach((id, controller) -> references.put(id, controller.references()));
        muted = true;
        scheduler.close();
        return new Run(steps, staleReports, idleReports, references, ledger.violations());
    }

    private Step perform(ObjectNode call) {
        events = new ArrayList<>();
        long start = now();
        JsonNode result = operate(call);
        scheduler.runWoken();
        if (DISOWNING.contains(call.get("op").asText())) {
            discardRemotesWithoutOwner();
        }
        SortedMap<String, JsonNode> states = new TreeMap<>();
        forEachChannel(channel -> {
            ChannelState state = Inspection.state(channel);
            states.put(channel.toString(), describe(state));
            ledger.compare(channel.toString(), state);
        });
        ledger.endOfStep();
        return new Step(call, result, start, now(), events, states, "");
    }

    private void forEachChannel(Consumer<ControllerChannel> action) {
        for (ScriptedController scripted : everRegistered) {
            MailboxController controller = scripted.controller();
            for (int i = 0; i < controller.channelCount(); i++) {
                action.accept(controller.channel(i));
            }
        }
    }

    private static JsonNode describe(ChannelState state) {
        var description = Json.object().putArray("state");
        description.add(state.owner() == null ? null : state.owner().toString());
        description.add(state.inFlight() ? Json.number(number(state.message())) : Json.none());
        description.add(state.queued());
        return description.add(state.method().name().toLowerCase(Locale.ROOT));
    }

    private JsonNode operate(JsonNode step) {
        return switch (step.get("op").asText()) {
            case "register" -> Json.result(register(step, registry::register));
            case "devm_register" ->
                Json.result(register(step, device(step.get("c").asText())::register));
            case "unregister" -> {
                onController(step, registry::unregister);
                yield Json.none();
            }
            case "devm_unregister" -> {
                String id = step.get("c").asText();
                if (scripted(id).isRefused()) {
                    complain(Complaint.NOT_MANAGED, id, "never made, so never registered");
                } else {
                    onController(step, device(id)::unregister);
                }
                yield Json.none();
            }
            case "dev_release" -> {
                device(step.get("c").asText()).close();
                devices.remove(step.get("c").asText());
                yield Json.none();
            }
            case "request" ->
                bound(
                        step,
                        client -> registry.requestChannel(
                                client, step.get("index").intValue()));
            case "request_byname" ->
                bound(
                        step,
                        client -> registry.requestChannelByName(
                                client, step.get("name").asText()));
            case "bind" -> {
                JsonNode result = bound(step, channel(step.get("ch").asText())::bindClient);
                yield result.equals(step.get("ch")) ? Json.number(0) : result;
            }
            case "free" -> {
                String channel = Json.text(step, "ch");
                if (channel != null) {
                    close(handle(channel));
                }
                yield Json.none();
            }
            case "advance" -> {
                scheduler.advance(Duration.of(step.get("us").longValue(), ChronoUnit.MICROS));
                yield Json.none();
            }
            case "at" -> {
                schedule(step.get("us").longValue(), step.get("do").deepCopy(), NO_NUMBER);
                yield Json.none();
            }
            case "module" -> {
                scripted(step.get("c").asText()).ownerPresent(step.get("alive").booleanValue());
                yield Json.none();
            }
            case "spawn" -> {
                spawn(step.get("th").intValue(), step.get("do"));
                yield Json.none();
            }
            default -> act(step);
        };
    }

    /**
     * Closes a client's handle. One that registering has evicted gives back its reference only here; the original
     * never gets it back, and counts it to the end.
     */
    private void close(MailboxChannel handle) {
        evicted = handle.isClosed();
        handle.close();
        evicted = false;
    }

    private int register(JsonNode step, Consumer<MailboxController> registration) {
        String id = Json.text(step, "c");
        if (id == null || scripted(id).isBeyondJava()) {
            return -Errno.EINVAL;
        }
        try {
            registration.accept(scripted(id).controller());
            everRegistered.add(scripted(id));
            return 0;
        } catch (MailboxException e) {
            return -e.errno();
        }
    }

    private void onController(JsonNode step, Consumer<MailboxController> action) {
        String id = Json.text(step, "c");
        if (id != null) {
            action.accept(scripted(id).controller());
        }
    }

    private JsonNode bound(JsonNode step, Binder binder) {
        ScriptedClient client =
                Objects.requireNonNull(clients.get(step.get("cl").asText()));
        try {
            MailboxChannel channel = binder.bind(client);
            handles.put(channel.toString(), channel);
            client.bound(channel);
            ledger.bound(channel, client.options(), methodOf(channel.toString(), client));
            return Json.text(channel.toString());
        } catch (MailboxException e) {
            // A startup that answers with a positive number has that for an errno, negated.
            return Json.result(-e.errno());
        }
    }

    /** An operation that scripts can do, too. */
    JsonNode act(JsonNode action) {
        return act(action, NO_NUMBER);
    }

    private JsonNode act(JsonNode action, long txId) {
        String op = action.get("op").asText();
        String channel = Json.text(action, "ch");
        if (op.equals("send")) {
            return Json.result(send(channel, action.get("msg").intValue()));
        }
        Objects.requireNonNull(channel, op);
        switch (op) {
            case "txdone" -> {
                if (txId == NO_NUMBER || reports == Reports.ANONYMOUS) {
                    channel(channel).txDone(Json.code(action.get("status")));
                } else {
                    channel(channel).txDone(txId, Json.code(action.get("status")));
                }
            }
            case "client_txdone" -> handle(channel).clientTxDone(Json.code(action.get("status")));
            case "rx" -> channel(channel).receivedData(message(action.get("msg").intValue()));
            case "peek" -> {
                return Json.bool(handle(channel).peekData());
            }
            case "flush" -> {
                return Json.result(handle(channel)
                        .flush(Duration.ofMillis(action.get("timeout").longValue())));
            }
            default -> throw new IllegalArgumentException("unknown operation " + op);
        }
        return Json.none();
    }

    private int send(@Nullable String channel, int number) {
        if (channel == null || number == RESERVED_MESSAGE) {
            return -Errno.EINVAL;
        }
        MailboxChannel handle = handle(channel);
        Ledger.Submission submission = ledger.submitting(handle, number);
        int result = handle.sendMessage(message(number));
        if (!muted) { // at the end, senders that still wait are interrupted
            ledger.submitted(submission, result);
        }
        return result;
    }

    /** Who reports completion, by the trace's header alone. */
    private TxDoneMethod methodOf(String channel, ScriptedClient client) {
        TxDoneMethod method = scripted(channel).method();
        return method == TxDoneMethod.POLL && client.options().knowsTxDone() ? TxDoneMethod.ACK : method;
    }

    private void spawn(int number, JsonNode action) {
        Completion ended = scheduler.spawn(() -> {
            JsonNode result = act(action);
            ObjectNode event = Json.event("ret").put("th", number);
            event.set("op", action.get("op"));
            event.set("r", result);
            happens(event.set("t", Json.number(now())));
        });
        if (!ended.isDone()) {
            happens(Json.event("block").put("th", number));
        }
    }

    /** Schedules a remote event, which may be the report of a certain transmission. */
    void schedule(long micros, ObjectNode action, long txId) {
        int number = ++remotes;
        String channel = action.get("ch").asText();
        MailboxScheduler.Timer timer = scheduler.timer("remote " + number, () -> {
            pending.remove(number);
            ObjectNode event = Json.event("remote").put("id", number);
            event.set("t", Json.number(now()));
            happens(event.setAll(action));
            if (txId != NO_NUMBER && action.get("op").asText().equals("txdone")) {
                noteReport(number, txId, ledger.inFlight(channel));
            }
            act(action, txId);
        });
        pending.put(number, new Remote(channel, timer));
        timer.arm(Duration.of(micros, ChronoUnit.MICROS).toNanos());
    }

    private void noteReport(int number, long reported, long inFlight) {
        if (reported != inFlight) {
            staleReports.add(number);
        }
        if (inFlight == 0) {
            idleReports.add(number);
        }
    }

    private void discardRemotesWithoutOwner() {
        pending.values().removeIf(remote -> {
            boolean ownerless = !channel(remote.channel).isBound();
            if (ownerless) {
                remote.timer.cancel();
            }
            return ownerless;
        });
    }

    private ManagedRegistrations device(String controller) {
        return devices.computeIfAbsent(controller, key -> registry.managed());
    }

    /** A controller, by its name or by that of one of its channels. */
    private ScriptedController scripted(String name) {
        String[] parts = name.split("/", -1);
        return Objects.requireNonNull(controllers.get(parts[0]), name);
    }

    private ControllerChannel channel(String name) {
        int index = Integer.parseInt(name.substring(name.indexOf('/') + 1));
        return scripted(name).controller().channel(index);
    }

    /**
     * The client's face of a channel. In the original it exists from the beginning, in Java only after a binding: a
     * channel that never had an owner gets one that leaves at once, unseen.
     */
    private MailboxChannel handle(String name) {
        MailboxChannel handle = handles.get(name);
        if (handle == null) {
            muted = true;
            handle = channel(name).bindClient(new MailboxClient() {});
            handle.close();
            muted = false;
            handles.put(name, handle);
        }
        return handle;
    }

    void happens(JsonNode event) {
        if (!muted) {
            events.add(event);
        }
    }

    @Override
    public void complain(Complaint complaint, Object where, String detail) {
        String kind = complaint == Complaint.NOT_MANAGED
                ? "warn"
                : complaint.name().toLowerCase(Locale.ROOT).replace('_', '-');
        happens(Json.event("log").put("k", kind));
    }

    boolean isMuted() {
        return muted;
    }

    /** Whether the owner of a controller gets back a reference that counts. */
    boolean isReferenceCounted() {
        return !muted && !evicted;
    }

    Script script() {
        return script;
    }

    Ledger ledger() {
        return ledger;
    }

    MailboxScheduler scheduler() {
        return scheduler;
    }

    /** The virtual time, in microseconds. */
    long now() {
        return scheduler.elapsed().dividedBy(Duration.of(1, ChronoUnit.MICROS));
    }

    /** The trace's 0 is a null message. */
    static @Nullable Object message(int number) {
        return number == 0 ? null : (Integer) number;
    }

    static int number(@Nullable Object message) {
        return message == null ? 0 : (Integer) message;
    }

    /** How a client gets its channel. */
    private interface Binder {
        MailboxChannel bind(MailboxClient client);
    }
}
