// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One step of a trace, recorded or replayed.
 *
 * @param call the step's number, operation and arguments
 * @param result what the operation gave
 * @param start the clock before it, in microseconds
 * @param end the clock after it
 * @param events what happened, in order
 * @param states of all channels after it, not only of those that changed
 * @param oops how the original crashed, or empty
 */
record Step(
        ObjectNode call,
        JsonNode result,
        long start,
        long end,
        List<JsonNode> events,
        SortedMap<String, JsonNode> states,
        String oops) {
    private static final Set<String> OUTCOME = Set.of("r", "t0", "t1", "ev", "st", "oops");

    Step {
        events = List.copyOf(events);
        states = Collections.unmodifiableSortedMap(new TreeMap<>(states));
    }

    /** Reads a recorded step; the states that it does not list are as before. */
    static Step read(JsonNode line, Map<String, JsonNode> before) {
        List<JsonNode> events = new ArrayList<>();
        // Which locks of the original were held is not for a port to repeat.
        line.get("ev").forEach(event -> events.add(((ObjectNode) event).without("lk")));
        SortedMap<String, JsonNode> states = new TreeMap<>(before);
        line.path("st").properties().forEach(state -> states.put(state.getKey(), state.getValue()));
        return new Step(
                callOf(line),
                line.get("r"),
                line.get("t0").longValue(),
                line.get("t1").longValue(),
                events,
                states,
                line.path("oops").asText());
    }

    private static ObjectNode callOf(JsonNode line) {
        ObjectNode call = line.deepCopy();
        return call.without(OUTCOME);
    }

    /** Writes the step as it would be recorded. */
    ObjectNode line(Map<String, JsonNode> before) {
        ObjectNode line = call.deepCopy();
        line.set("r", result);
        line.set("t0", Json.number(start));
        line.set("t1", Json.number(end));
        line.putArray("ev").addAll(events);
        ObjectNode changed = Json.object();
        states.forEach((channel, state) -> {
            if (!state.equals(before.get(channel))) {
                changed.set(channel, state);
            }
        });
        if (!changed.isEmpty()) {
            line.set("st", changed);
        }
        if (!oops.isEmpty()) {
            line.put("oops", oops);
        }
        return line;
    }

    String op() {
        return call.get("op").asText();
    }

    Step withResult(JsonNode newResult) {
        return new Step(call, newResult, start, end, events, states, oops);
    }

    Step withStart(long newStart) {
        return new Step(call, result, newStart, end, events, states, oops);
    }

    Step withEnd(long newEnd) {
        return new Step(call, result, start, newEnd, events, states, oops);
    }

    Step withEvents(List<JsonNode> newEvents) {
        return new Step(call, result, start, end, newEvents, states, oops);
    }

    Step withStates(SortedMap<String, JsonNode> newStates) {
        return new Step(call, result, start, end, events, newStates, oops);
    }

    Step withoutOops() {
        return new Step(call, result, start, end, events, states, "");
    }

    @Override
    public String toString() {
        return line(Map.of()).toString();
    }
}
