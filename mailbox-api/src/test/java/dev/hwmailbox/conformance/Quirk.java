// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The weaknesses of the original that a trace can run into, each with the one way in which a step may differ for the
 * first time because of it. Most rules work out from the recorded step what it has to be instead. Two cannot, as what
 * follows from the first difference reaches through the rest of the step; they say what is missing, and that all else
 * is the same.
 */
enum Quirk {
    /** A message whose sender gave up is taken off the queue, so its last attempt is missing. */
    TIMED_OUT_MESSAGE_STAYS_QUEUED,

    /** Comes after the one above. */
    TIMED_OUT_MESSAGE_SENT_LATER,

    /** Comes after the one above, a sender that was not woken, or one that was left behind. */
    TIMEOUT_TICKS_OTHER_MESSAGE,

    /** Comes after the first. */
    WOKEN_BY_OTHER_MESSAGE,

    /** A sender gets the status of its own message. */
    STATUS_OF_OTHER_MESSAGE,

    /** A sender whose message is reported with ETIME returns at once. */
    ETIME_STATUS_DOES_NOT_WAKE,

    /** A report with the number of a transmission that is not in flight has no effect. */
    LATE_TXDONE,

    /**
     * Not a weakness, and not listed: where the original takes any report for a reason to try a refused message
     * again, one with the number of a transmission that is over still has no effect.
     */
    IDLE_TXDONE,

    /** Blocked senders return when their channel is released. */
    FREED_UNDER_BLOCKED_SENDER,

    /** What has not started up is not shut down. */
    STARTUP_FAILURE_CALLS_SHUTDOWN,

    /** A channel whose client reports completion stays so. */
    ACK_METHOD_LOST_AFTER_FREE,

    /** The timer passes over channels whose client reports completion. */
    POLL_TIMER_ASKS_ACK_CHANNEL,

    /** What makes the original crash does nothing. */
    OOPS;

    private static final int IN_FLIGHT = 1;
    private static final int QUEUED = 2;
    private static final int METHOD = 3;
    private static final JsonNode ETIME = Json.text("ETIME");
    private static final JsonNode ACCEPTED = Json.number(0);

    /** The quirk that the traces call by this name. */
    static Quirk named(String name) {
        return name.startsWith("oops-")
                ? OOPS
                : valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    /** Whether a difference is the one that this quirk permits. */
    boolean explains(Difference difference) {
        return switch (this) {
            case LATE_TXDONE -> isIgnored(difference, difference::isStaleReport);
            case IDLE_TXDONE -> isIgnored(difference, difference::isIdleReport);
            case POLL_TIMER_ASKS_ACK_CHANNEL -> ackChannelIsPassedOver(difference);
            default -> difference.isNow(instead(difference));
        };
    }

    /** What the recorded step has to be instead: itself, if the quirk does not show in it or can come only later. */
    Step instead(Difference difference) {
        return switch (this) {
            case TIMED_OUT_MESSAGE_STAYS_QUEUED -> withoutRetry(difference);
            case STATUS_OF_OTHER_MESSAGE -> withOwnStatus(difference);
            case ETIME_STATUS_DOES_NOT_WAKE -> endedByReport(difference);
            case FREED_UNDER_BLOCKED_SENDER -> withReturns(difference);
            case STARTUP_FAILURE_CALLS_SHUTDOWN -> withoutShutdown(difference);
            case ACK_METHOD_LOST_AFTER_FREE -> withNativeMethod(difference);
            case OOPS -> difference.isLastStep() ? difference.recorded().withoutOops() : difference.recorded();
            default -> difference.recorded();
        };
    }

    private static Step withoutRetry(Difference difference) {
        Step step = difference.recorded();
        JsonNode channel = step.call().path("ch");
        JsonNode message = step.call().path("msg");
        Predicate<JsonNode> attempt = event -> Json.is(event, "send_data")
                && event.get("ch").equals(channel)
                && event.get("msg").equals(message);
        if (!step.op().equals("send") || !step.result().equals(ETIME) || !attempt.test(last(step.events()))) {
            return step;
        }
        List<JsonNode> events = new ArrayList<>(step.events());
        boolean accepted = events.remove(events.size() - 1).get("r").equals(ACCEPTED);
        if (Json.is(last(events), "tx_prepare") && last(events).get("msg").equals(message)) {
            events.remove(events.size() - 1);
        }
        if (events.stream().anyMatch(attempt.and(event -> event.get("r").equals(ACCEPTED)))) {
            return step;
        }
        SortedMap<String, JsonNode> states = new TreeMap<>(step.states());
        states.computeIfPresent(channel.asText(), (name, state) -> {
            JsonNode queued = Json.number(state.get(QUEUED).intValue() - (accepted ? 0 : 1));
            return with(with(state, IN_FLIGHT, Json.none()), QUEUED, queued);
        });
        return step.withEvents(events).withStates(states);
    }

    private static Step withOwnStatus(Difference difference) {
        Step step = difference.recorded();
        List<JsonNode> events = new ArrayList<>();
        for (JsonNode event : step.events()) {
            JsonNode thread = difference.blockedThreads().get(event.path("th").asInt(-1));
            JsonNode report = thread == null
                    ? null
                    : step.events().stream()
                            .filter(other -> Json.is(other, "tx_done"))
                            .filter(other -> other.get("msg").equals(thread.get("msg")))
                            .findFirst()
                            .orElse(null);
            // A success is the slot's number; of a sender that was told another's failure it is not recorded.
            JsonNode status = report == null ? Json.none() : report.get("r");
            events.add(status.isTextual() && Json.is(event, "ret") ? with(event, "r", status) : event);
        }
        return step.withEvents(events);
    }

    private static Step endedByReport(Difference difference) {
        Step step = difference.recorded();
        List<JsonNode> events = new ArrayList<>(difference.commonEvents());
        int cause = events.size() - 1;
        while (cause >= 0 && !events.get(cause).has("t")) {
            cause--;
        }
        if (cause < 0) {
            return step;
        }
        JsonNode time = events.get(cause).get("t");
        List<JsonNode> entry = events.subList(cause, events.size());
        if (step.op().equals("send")) {
            JsonNode channel = step.call().get("ch");
            boolean reported = entry.stream()
                    .anyMatch(event -> event.path("status").equals(ETIME)
                            && event.get("ch").equals(channel));
            boolean waited =
                    step.result().equals(ETIME) && step.end() == step.start() + difference.timeout(channel.asText());
            boolean cutShort = !difference.recordedRest().isEmpty();
            Step ended = step.withEvents(events).withEnd(time.longValue());
            return !reported || !waited
                    ? step
                    : cutShort ? ended.withStates(difference.actual().states()) : ended;
        }
        for (Map.Entry<Integer, JsonNode> thread : difference.blockedThreads().entrySet()) {
            boolean reported = entry.stream()
                    .anyMatch(event -> Json.is(event, "tx_done")
                            && event.get("r").equals(ETIME)
                            && event.get("msg").equals(thread.getValue().get("msg")));
            if (reported) {
                events.add(returned(thread.getKey(), thread.getValue(), ETIME, time));
                events.addAll(difference.recordedRest());
                return step.withEvents(events);
            }
        }
        return step;
    }

    private static Step withReturns(Difference difference) {
        Step step = difference.recorded();
        JsonNode channel = step.call().path("ch");
        if (!step.op().equals("free")) {
            return step;
        }
        JsonNode inFlight = difference.inFlightBefore(channel.asText());
        List<JsonNode> returns = new ArrayList<>();
        difference.blockedThreads().forEach((number, send) -> {
            if (send.get("ch").equals(channel)) {
                boolean first = send.get("msg").equals(inFlight);
                JsonNode event = returned(number, send, Json.text("ESHUTDOWN"), Json.number(step.end()));
                returns.add(first ? 0 : returns.size(), event);
            }
        });
        List<JsonNode> events = new ArrayList<>(step.events());
        events.addAll(returns);
        return step.withEvents(events);
    }

    private static Step withoutShutdown(Difference difference) {
        List<JsonNode> events = new ArrayList<>(difference.recorded().events());
        for (int i = events.size() - 1; i > 0; i--) {
            boolean failed = events.get(i - 1).path("k").asText().equals("startup-failed");
            if (failed && Json.is(events.get(i), "shutdown")) {
                events.remove(i);
            }
        }
        return difference.recorded().withEvents(events);
    }

    private static Step withNativeMethod(Difference difference) {
        Step step = difference.recorded();
        if (!difference.hasStates()) {
            return reportIsAccepted(difference) ? difference.actual() : step;
        }
        SortedMap<String, JsonNode> states = new TreeMap<>();
        step.states().forEach((channel, state) -> {
            boolean lost = state.get(METHOD).asText().equals("poll")
                    && difference.isReleased(channel)
                    && difference.isNativelyAck(channel);
            states.put(channel, lost ? with(state, METHOD, Json.text("ack")) : state);
        });
        return step.withStates(states);
    }

    /** Without states, the first that shows of a method that stayed is that a client's report is accepted. */
    private static boolean reportIsAccepted(Difference difference) {
        List<JsonNode> rest = difference.recordedRest();
        JsonNode cause =
                difference.commonEvents().isEmpty() ? difference.recorded().call() : last(difference.commonEvents());
        String channel = cause.path("ch").asText();
        return !rest.isEmpty()
                && rest.get(0).path("k").asText().equals("not-ack-method")
                && cause.path("op").asText().equals("client_txdone")
                && difference.isNativelyAck(channel)
                && difference.isConfinedTo(Set.of(channel), Set.of(), event -> false);
    }

    private static boolean isIgnored(Difference difference, Predicate<JsonNode> report) {
        List<JsonNode> common = difference.commonEvents();
        List<JsonNode> rest = difference.recordedRest();
        // Its effect shows at once or, with a client that does not hear of its messages, when the channel is next used.
        boolean atOnce = report.test(last(common));
        boolean caused = common.stream()
                .filter(report)
                .anyMatch(event -> rest.isEmpty()
                        || difference.concerns(rest.get(0), event.get("ch").asText()));
        return caused && (!atOnce || difference.endsWithCommonEvents()) && hasFurtherEffectsOnly(difference);
    }

    private static boolean ackChannelIsPassedOver(Difference difference) {
        List<JsonNode> rest = difference.recordedRest();
        return !rest.isEmpty()
                && isAskedByMistake(difference, rest.get(0))
                && difference.endsWithCommonEvents()
                && hasFurtherEffectsOnly(difference);
    }

    private static boolean isAskedByMistake(Difference difference, JsonNode event) {
        return Json.is(event, "last_tx_done")
                && difference.isAck(event.get("ch").asText());
    }

    /** The step may hold several late reports and questions; nothing else may be different in it. */
    private static boolean hasFurtherEffectsOnly(Difference difference) {
        Set<String> channels = new TreeSet<>();
        Set<String> timers = new TreeSet<>();
        difference.actual().events().stream()
                .filter(difference::isStaleReport)
                .forEach(event -> channels.add(event.get("ch").asText()));
        difference.recorded().events().stream()
                .filter(event -> isAskedByMistake(difference, event))
                .forEach(event -> {
                    String channel = event.get("ch").asText();
                    channels.add(channel);
                    timers.add(channel.substring(0, channel.indexOf('/')));
                });
        return difference.isConfinedTo(
                channels, timers, event -> isReport(event) || event.path("r").equals(Json.bool(true)));
    }

    private static boolean isReport(JsonNode event) {
        return Json.is(event, "remote") && event.get("op").asText().equals("txdone");
    }

    private static JsonNode last(List<JsonNode> events) {
        return events.isEmpty() ? Json.none() : events.get(events.size() - 1);
    }

    private static JsonNode returned(int thread, JsonNode action, JsonNode result, JsonNode time) {
        ObjectNode event = Json.event("ret").put("th", thread);
        event.set("op", action.get("op"));
        event.set("r", result);
        return event.set("t", time);
    }

    private static JsonNode with(JsonNode state, int element, JsonNode value) {
        ArrayNode changed = state.deepCopy();
        changed.set(element, value);
        return changed;
    }

    private static JsonNode with(JsonNode event, String field, JsonNode value) {
        return ((ObjectNode) event.deepCopy()).set(field, value);
    }
}
