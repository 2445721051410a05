// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One file of recorded behaviour. The format is described in the README beside the recorded files.
 *
 * @param name the file, for messages
 * @param header the world it happens in
 * @param steps what was done and what came of it
 * @param hasStates whether the steps list the states of what channels there are
 */
record Trace(String name, JsonNode header, List<Step> steps, boolean hasStates) {
    private static final String FORMAT = "mailbox-trace-1";

    Trace {
        steps = List.copyOf(steps);
    }

    static Trace read(String name, List<String> lines) {
        JsonNode header = Json.read(lines.get(0));
        if (!header.path("format").asText().equals(FORMAT)) {
            throw new IllegalArgumentException(name + " is not of the format " + FORMAT);
        }
        List<Step> steps = new ArrayList<>();
        boolean hasStates = false;
        boolean hasChannels = false;
        SortedMap<String, JsonNode> states = new TreeMap<>();
        for (String text : lines.subList(1, lines.size())) {
            JsonNode line = Json.read(text);
            Step step = Step.read(line, states);
            hasStates |= line.has("st");
            hasChannels |= step.op().endsWith("register") && step.result().equals(Json.number(0));
            states = step.states();
            steps.add(step);
        }
        if (steps.size() != header.at("/end/steps").asInt()) {
            throw new IllegalArgumentException(name + " is not complete: " + steps.size() + " steps");
        }
        return new Trace(name, header, steps, hasStates || !hasChannels);
    }

    /** The weaknesses of the original that the file runs into, by their names. */
    Set<String> quirks() {
        Set<String> quirks = new TreeSet<>();
        header.get("quirks").forEach(quirk -> quirks.add(quirk.asText()));
        return quirks;
    }

    Map<String, JsonNode> statesBefore(int step) {
        return step == 0 ? Map.of() : steps.get(step - 1).states();
    }

    Trace withQuirks(Set<String> quirks) {
        ObjectNode changed = header.deepCopy();
        var list = changed.putArray("quirks");
        quirks.forEach(list::add);
        return new Trace(name, changed, steps, hasStates);
    }

    Trace withStep(int index, Step step) {
        List<Step> changed = new ArrayList<>(steps);
        changed.set(index, step);
        return new Trace(name, header, changed, hasStates);
    }

    /** The same as if nobody had looked inside. */
    Trace withoutStates() {
        List<Step> changed = new ArrayList<>();
        steps.forEach(step -> changed.add(step.withStates(new TreeMap<>())));
        return new Trace(name, header, changed, false);
    }

    @Override
    public String toString() {
        return name;
    }
}
