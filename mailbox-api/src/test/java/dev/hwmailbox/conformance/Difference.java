// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hwmailbox.ClientOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The first step of a trace that came out differently, with all that the rules of the quirks ask about. Until there
 * recorded and replayed are the same, so what was before is known from either.
 */
final class Difference {
    private static final JsonNode ETIME = Json.text("ETIME");
    private static final int OWNER = 0;
    private static final int IN_FLIGHT = 1;
    private static final int METHOD = 3;

    private final Trace trace;
    private final Replay.Run run;
    private final int index;
    private final Step recorded;
    private final Step actual;
    private final int firstEvent;

    private Difference(Trace trace, Replay.Run run, int index, Step recorded) {
        this.trace = trace;
        this.run = run;
        this.index = index;
        this.recorded = recorded;
        actual = comparable(trace, run, index);
        firstEvent = commonEvents(recorded.events(), actual.events());
    }

    /** The first difference, or null if there is none. */
    static @Nullable Difference first(Trace trace, Replay.Run run) {
        for (int i = 0; i < trace.steps().size(); i++) {
            if (!trace.steps().get(i).equals(comparable(trace, run, i))) {
                return new Difference(trace, run, i, trace.steps().get(i));
            }
        }
        return null;
    }

    /** Of a trace that lists no states, states are not compared. */
    private static Step comparable(Trace trace, Replay.Run run, int index) {
        Step actual = run.steps().get(index);
        return trace.hasStates()
                ? actual
                : actual.withStates(trace.steps().get(index).states());
    }

    /** What is left of the difference when a rule has put another step in place of the recorded one. */
    Difference after(Step instead) {
        return new Difference(trace, run, index, instead);
    }

    private static int commonEvents(List<JsonNode> some, List<JsonNode> others) {
        int common = 0;
        while (common < Math.min(some.size(), others.size()) && some.get(common).equals(others.get(common))) {
            common++;
        }
        return common;
    }

    int index() {
        return index;
    }

    boolean isLastStep() {
        return index == trace.steps().size() - 1;
    }

    boolean hasStates() {
        return trace.hasStates();
    }

    Step recorded() {
        return recorded;
    }

    Step actual() {
        return actual;
    }

    /** Whether the step is what a rule has worked out. */
    boolean isNow(Step expected) {
        return actual.equals(expected);
    }

    /** The events, both recorded and replayed, before the first that differs. */
    List<JsonNode> commonEvents() {
        return recorded.events().subList(0, firstEvent);
    }

    /** The recorded events from the first that differs. */
    List<JsonNode> recordedRest() {
        return recorded.events().subList(firstEvent, recorded.events().size());
    }

    /** The replayed events from the first that differs. */
    List<JsonNode> actualRest() {
        return actual.events().subList(firstEvent, actual.events().size());
    }

    /** Whether an event is a replayed report of a transmission that was not in flight any more. */
    boolean isStaleReport(JsonNode event) {
        return isReport(event) && run.staleReports().contains(event.get("id").intValue());
    }

    /** Whether it came when nothing at all was in flight. */
    boolean isIdleReport(JsonNode event) {
        return isReport(event) && run.idleReports().contains(event.get("id").intValue());
    }

    private static boolean isReport(JsonNode event) {
        return Json.is(event, "remote") && event.get("op").asText().equals("txdone");
    }

    /** What the header says of a channel's controller. */
    JsonNode controller(String channel) {
        return named("controllers", channel.substring(0, channel.indexOf('/')));
    }

    private JsonNode named(String list, String id) {
        for (JsonNode candidate : trace.header().get(list)) {
            if (candidate.get("id").asText().equals(id)) {
                return candidate;
            }
        }
        throw new IllegalArgumentException("nothing in " + list + " is called " + id);
    }

    boolean isNativelyAck(String channel) {
        JsonNode controller = controller(channel);
        return !controller.path("txdone_irq").booleanValue()
                && !controller.path("txdone_poll").booleanValue();
    }

    /** What the header says of a channel's owner before the step; null without one. */
    @Nullable
    JsonNode owner(String channel) {
        String owner = ownerId(channel);
        return owner == null ? null : named("clients", owner);
    }

    private @Nullable String ownerId(String channel) {
        JsonNode state = statesBefore().get(channel);
        return state == null || state.get(OWNER).isNull()
                ? null
                : state.get(OWNER).asText();
    }

    /** Whether a channel that is free after the step had an owner before it, or was to get one. */
    boolean isReleased(String channel) {
        return recorded.states().getOrDefault(channel, Json.none()).path(OWNER).isNull()
                && (ownerId(channel) != null
                        || recorded.events().stream()
                                .anyMatch(event -> Json.is(event, "startup")
                                        && event.get("ch").asText().equals(channel)));
    }

    /** How long the owner of a channel waits, in microseconds. */
    long timeout(String channel) {
        JsonNode owner = owner(channel);
        long millis = owner == null ? 0 : owner.get("tx_tout").longValue();
        return (millis == 0 ? ClientOptions.LONGEST_TX_TIMEOUT.toMillis() : millis) * 1000;
    }

    /** Whether the channel's client reports completion, before the step. */
    boolean isAck(String channel) {
        JsonNode owner = owner(channel);
        return isNativelyAck(channel)
                || (owner != null
                        && owner.get("knows_txdone").booleanValue()
                        && !controller(channel).path("txdone_irq").booleanValue());
    }

    /** The message in flight before the step; a null node for none. */
    JsonNode inFlightBefore(String channel) {
        JsonNode state = statesBefore().get(channel);
        return state == null ? Json.none() : state.get(IN_FLIGHT);
    }

    private Map<String, JsonNode> statesBefore() {
        return index == 0 ? Map.of() : run.steps().get(index - 1).states();
    }

    /** The simulated threads that were blocked before the step, by number, with what they do. */
    Map<Integer, JsonNode> blockedThreads() {
        Map<Integer, JsonNode> blocked = new TreeMap<>();
        for (Step step : trace.steps().subList(0, index)) {
            if (step.op().equals("spawn")) {
                blocked.put(step.call().get("th").intValue(), step.call().get("do"));
            }
            step.events().stream()
                    .filter(event -> Json.is(event, "ret") && event.has("th"))
                    .forEach(event -> blocked.remove(event.get("th").intValue()));
        }
        return blocked;
    }

    /**
     * Whether all is the same but for what concerns some channels, and the others of their clients, which share a
     * script. A blocking send on one of these may go on, if a completion that is none here has ended it.
     *
     * @param channels the channels
     * @param timers controllers whose timers may expire at other times
     * @param completion tells, of an event on the channel of the send, whether it is such a completion
     */
    boolean isConfinedTo(Set<String> channels, Set<String> timers, Predicate<JsonNode> completion) {
        Set<String> concerned = new TreeSet<>(channels);
        Set<String> owners =
                channels.stream().map(this::ownerId).filter(Objects::nonNull).collect(Collectors.toSet());
        statesBefore().keySet().stream()
                .filter(other -> ownerId(other) != null && owners.contains(ownerId(other)))
                .forEach(concerned::add);
        boolean sameFrame = recorded.start() == actual.start()
                && recorded.end() == actual.end()
                && recorded.result().equals(actual.result());
        String operand = recorded.call().path("ch").asText();
        boolean longerSend = recorded.start() == actual.start()
                && recorded.end() <= actual.end()
                && concerned.contains(operand)
                && recorded.events().stream()
                        .anyMatch(event -> event.path("ch").asText().equals(operand) && completion.test(event));
        long until = sameFrame ? Long.MAX_VALUE : recorded.end();
        return (sameFrame || longerSend)
                && statesElsewhere(recorded, concerned, longerSend)
                        .equals(statesElsewhere(actual, concerned, longerSend))
                && elsewhere(recorded, concerned, timers, until).equals(elsewhere(actual, concerned, timers, until));
    }

    /** Owner and method of all channels and, unless one step lasts longer, all of the state of those not concerned. */
    private static Map<String, List<JsonNode>> statesElsewhere(Step step, Set<String> concerned, boolean longer) {
        Map<String, List<JsonNode>> states = new TreeMap<>();
        step.states().forEach((channel, state) -> {
            boolean inPart = longer || concerned.contains(channel);
            states.put(channel, inPart ? List.of(state.get(OWNER), state.get(METHOD)) : List.of(state));
        });
        return states;
    }

    /**
     * What happens on channels other than those concerned, before a time. Each entry is a cause with all that it
     * causes.
     */
    private List<List<JsonNode>> elsewhere(Step step, Set<String> concerned, Set<String> timers, long until) {
        List<List<JsonNode>> entries = new ArrayList<>();
        long time = step.start();
        boolean counts = !concerned.contains(step.call().path("ch").asText());
        List<JsonNode> entry = new ArrayList<>();
        entries.add(entry);
        for (int i = 0; i < step.events().size(); i++) {
            JsonNode event = step.events().get(i);
            time = i == timeout(step) ? step.end() : event.path("t").asLong(time);
            if (isCause(step, i)) {
                counts = time < until
                        && !concerned.contains(channelOf(event))
                        && !timers.contains(event.path("c").asText());
                entry = new ArrayList<>(List.of(Json.number(time)));
                if (counts) {
                    entries.add(entry);
                }
            }
            if (counts) {
                // Remote events are numbered through all channels.
                entry.add(Json.is(event, "remote") ? ((ObjectNode) event.deepCopy()).without("id") : event);
            }
        }
        return entries;
    }

    /** Whether nothing follows from the last of the common events here. */
    boolean endsWithCommonEvents() {
        return firstEvent == actual.events().size() || isCause(actual, firstEvent);
    }

    /** Whether an event is not caused by the one before it. */
    private boolean isCause(Step step, int position) {
        JsonNode event = step.events().get(position);
        return Json.is(event, "remote")
                || Json.is(event, "timer")
                || Json.is(event, "last_tx_done")
                || (Json.is(event, "ret") && event.has("th"))
                || position == timeout(step);
    }

    /** Where a blocking send that runs out of time reports its message; -1 if it does not. */
    private int timeout(Step step) {
        JsonNode owner = owner(step.call().path("ch").asText());
        int position = step.events().size() - 1;
        while (position >= 0
                && owner != null
                && step.op().equals("send")
                && step.result().equals(ETIME)) {
            JsonNode event = step.events().get(position);
            if (Json.is(event, "tx_done")
                    && event.get("cl").equals(owner.get("id"))
                    && event.get("msg").equals(step.call().get("msg"))
                    && event.get("r").equals(ETIME)) {
                return position;
            }
            position--;
        }
        return -1;
    }

    private String channelOf(JsonNode event) {
        if (event.has("th")) {
            JsonNode thread = blockedThreads().get(event.get("th").intValue());
            return thread == null
                    ? recorded.call().at("/do/ch").asText()
                    : thread.get("ch").asText();
        }
        // A report has no channel; here it is that of the send that ran out of time.
        return Json.is(event, "tx_done")
                ? recorded.call().get("ch").asText()
                : event.path("ch").asText();
    }

    /** The owner of a channel, or the channel itself, as the subject of an event. */
    boolean concerns(JsonNode event, String channel) {
        return event.path("ch").asText().equals(channel) || Objects.equals(Json.text(event, "cl"), ownerId(channel));
    }

    @Override
    public String toString() {
        Map<String, JsonNode> before = statesBefore();
        return "step %d\n  expected %s\n  but was  %s".formatted(index, recorded.line(before), actual.line(before));
    }
}
