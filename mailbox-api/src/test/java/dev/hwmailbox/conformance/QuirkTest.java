// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.hwmailbox.conformance.Replay.Reports;
import dev.hwmailbox.conformance.Verdict.Kind;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** The rules permit what they name, and nothing else: traces that are altered in one place have to fail. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class QuirkTest {
    private static final long SEED = 20_260_101;

    /** Their rules leave open what follows in the rest of the step; the golden data does not. */
    private static final Set<Quirk> WITH_CONSEQUENCES =
            EnumSet.of(Quirk.LATE_TXDONE, Quirk.POLL_TIMER_ASKS_ACK_CHANNEL);

    /** Ways to alter a recorded step. */
    private static final List<BiFunction<Step, Random, Step>> ALTERATIONS = List.of(
            (step, random) -> step.withResult(Json.text("EPERM")),
            (step, random) -> step.withEnd(step.end() + 1),
            (step, random) -> step.withStart(step.start() - 1),
            QuirkTest::withEventMore,
            QuirkTest::withEventLess,
            QuirkTest::withOtherState);

    private final List<Trace> traces = TraceFiles.recorded();
    private final List<Case> cases = cases(traces);

    private record Case(Trace trace, Replay.Run run, Difference first, String quirk) {}

    /** All recorded traces that come out differently. */
    private static List<Case> cases(List<Trace> traces) {
        List<Case> cases = new ArrayList<>();
        for (Trace trace : traces) {
            if (!trace.quirks().isEmpty()) {
                Replay.Run run = Replay.run(trace, Reports.NUMBERED);
                Difference first = Difference.first(trace, run);
                if (first != null) {
                    String quirk = trace.quirks().stream()
                            .filter(name -> Quirk.named(name).explains(first))
                            .findFirst()
                            .orElseThrow();
                    cases.add(new Case(trace, run, first, quirk));
                }
            }
        }
        assertThat(cases).hasSize(139);
        return cases;
    }

    @Test
    void permitsNoDifferenceWhenTheQuirkIsNotListed() {
        for (Case each : cases) {
            Set<String> others = new TreeSet<>(each.trace.quirks());
            others.remove(each.quirk);

            assertThat(judge(each.trace.withQuirks(others), each.run))
                    .as("%s without %s", each.trace, each.quirk)
                    .isEqualTo(Kind.FAILED);
        }
    }

    @Test
    void permitsNoDifferenceInAnEarlierStep() {
        var random = new Random(SEED);
        for (Case each : cases) {
            for (int i = 0; i < each.first.index(); i++) {
                Step altered = alter(each.trace.steps().get(i), random);

                assertThat(judge(each.trace.withStep(i, altered), each.run))
                        .as("%s with %s (seed %d)", each.trace, altered, SEED)
                        .isEqualTo(Kind.FAILED);
            }
        }
    }

    @Test
    void permitsNothingElseInTheStepThatMayDiffer() {
        for (Case each : cases) {
            for (BiFunction<Step, Random, Step> alteration : ALTERATIONS) {
                Step recorded = each.first.recorded();
                Step altered = alteration.apply(recorded, new Random(SEED));
                boolean none = altered.equals(recorded) || altered.equals(each.first.actual());
                if (!none && !WITH_CONSEQUENCES.contains(Quirk.named(each.quirk))) {
                    assertThat(judge(each.trace.withStep(each.first.index(), altered), each.run))
                            .as("%s with %s", each.trace, altered)
                            .isEqualTo(Kind.FAILED);
                }
            }
        }
    }

    @Test
    void permitsNothingElseElsewhereThanOnTheChannelConcerned() {
        for (Case each : cases) {
            Step recorded = each.first.recorded();
            List<JsonNode> events = new ArrayList<>(recorded.events());
            events.add(
                    0,
                    Json.event("remote").put("id", 0).put("t", recorded.start()).put("ch", "c9/9"));

            assertThat(judge(each.trace.withStep(each.first.index(), recorded.withEvents(events)), each.run))
                    .as("%s with an event on another channel", each.trace)
                    .isEqualTo(Kind.FAILED);
            assertThat(judge(
                            each.trace.withStep(each.first.index(), recorded.withStart(recorded.start() - 1)),
                            each.run))
                    .as("%s beginning earlier", each.trace)
                    .isEqualTo(Kind.FAILED);
        }
    }

    @Test
    void keepsLateReportsOutOfAReplayWithoutNumbers() {
        List<Case> late = cases.stream()
                .filter(each -> Quirk.named(each.quirk) == Quirk.LATE_TXDONE)
                .toList();

        assertThat(late).hasSize(9);
        assertThat(late)
                .allSatisfy(each -> assertThat(Verdict.of(each.trace, Reports.ANONYMOUS, each.run)
                                .kind())
                        .isEqualTo(Kind.FAILED));
    }

    @Test
    void needsNoRecordedStates() {
        for (Trace trace : traces) {
            Verdict verdict = Verdict.of(trace.withoutStates(), Reports.NUMBERED);

            assertThat(verdict.kind()).as(verdict.detail()).isNotEqualTo(Kind.FAILED);
        }
    }

    @Test
    void knowsEveryQuirkByName() {
        assertThat(Quirk.named("late-txdone")).isEqualTo(Quirk.LATE_TXDONE);
        assertThat(Quirk.named("oops-of-any-kind")).isEqualTo(Quirk.OOPS);
        assertThatIllegalArgumentException().isThrownBy(() -> Quirk.named("of-a-later-recording"));
    }

    /** By the rules of the original; no recording has this. */
    @Test
    void excusesANumberedReportThatFindsNothingInFlightFromRetryingARefusedMessage() {
        Trace trace = trace("""
                {"format":"mailbox-trace-1","controllers":[{"id":"c0","node":"n0","chans":1,"txdone_irq":true,\
                "ops":["send_data"]}],\
                "nodes":{"n0":{"cells":1}},"clients":[{"id":"k0","dev":null,"tx_block":false,"tx_tout":0,\
                "knows_txdone":false,"cb":[]}],\
                "script":{"c0/0":{"send_data":[{"r":0,"after":[[1000,{"op":"txdone",\
                "status":0}],[2000,{"op":"txdone","status":0}]]},\
                {"r":"EBUSY"}]}},"quirks":[],"end":{"steps":5,"module_refs":{"c0":1}}}
                {"i":0,"op":"register","c":"c0","r":0,"t0":0,"t1":0,"ev":[],"st":{"c0/0":[null,null,0,"irq"]}}
                {"i":1,"op":"bind","ch":"c0/0","cl":"k0","r":0,"t0":0,"t1":0,"ev":[],"st":{"c0/0":["k0",null,0,"irq"]}}
                {"i":2,"op":"send","ch":"c0/0","msg":1,"r":0,"t0":0,"t1":0,"ev":[{"e":"send_data","ch":"c0/0",\
                "msg":1,"r":0}],\
                "st":{"c0/0":["k0",1,0,"irq"]}}
                {"i":3,"op":"send","ch":"c0/0","msg":2,"r":1,"t0":0,"t1":0,"ev":[],"st":{"c0/0":["k0",1,1,"irq"]}}
                {"i":4,"op":"advance","us":5000,"r":null,"t0":0,"t1":5000,"ev":[\
                {"e":"remote","id":1,"t":1000,"op":"txdone","status":0,"ch":"c0/0"},\
                {"e":"send_data","ch":"c0/0","msg":2,"r":"EBUSY"},\
                {"e":"remote","id":2,"t":2000,"op":"txdone","status":0,"ch":"c0/0"},\
                {"e":"send_data","ch":"c0/0","msg":2,"r":0}],"st":{"c0/0":["k0",2,0,"irq"]}}
                """);

        assertThat(Verdict.of(trace, Reports.ANONYMOUS).kind()).isEqualTo(Kind.EXACT);
        assertThat(Verdict.of(trace, Reports.NUMBERED))
                .satisfies(verdict -> assertThat(verdict.kind()).isEqualTo(Kind.DOCUMENTED))
                .satisfies(verdict -> assertThat(verdict.detail()).startsWith("idle-txdone step 4"));
    }

    /** By the rules of the original; no recording has this. */
    @Test
    void explainsAStepInWhichTwoQuirksShow() {
        Trace trace = trace("""
                {"format":"mailbox-trace-1","controllers":[{"id":"c0","node":"n0","chans":1,"ops":["send_data",\
                "startup","shutdown"]}],\
                "nodes":{"n0":{"cells":1}},"clients":[{"id":"k0","dev":null,"tx_block":false,"tx_tout":0,\
                "knows_txdone":false,"cb":[]}],\
                "script":{"c0/0":{"startup":["EIO"]}},"quirks":["ack-method-lost-after-free",\
                "startup-failure-calls-shutdown"],\
                "end":{"steps":2,"module_refs":{"c0":0}}}
                {"i":0,"op":"register","c":"c0","r":0,"t0":0,"t1":0,"ev":[],"st":{"c0/0":[null,null,0,"ack"]}}
                {"i":1,"op":"bind","ch":"c0/0","cl":"k0","r":"EIO","t0":0,"t1":0,"ev":[{"e":"startup","ch":"c0/0",\
                "r":"EIO"},\
                {"e":"log","k":"startup-failed"},{"e":"shutdown","ch":"c0/0"}],"st":{"c0/0":[null,null,0,"poll"]}}
                """);

        assertThat(Verdict.of(trace, Reports.NUMBERED).detail())
                .startsWith("ack-method-lost-after-free+startup-failure-calls-shutdown step 1");
        assertThat(judge(
                        trace.withQuirks(Set.of("startup-failure-calls-shutdown")),
                        Replay.run(trace, Reports.NUMBERED)))
                .isEqualTo(Kind.FAILED);
        assertThat(judge(trace.withQuirks(Set.of("ack-method-lost-after-free")), Replay.run(trace, Reports.NUMBERED)))
                .isEqualTo(Kind.FAILED);
    }

    private static Trace trace(String text) {
        return Trace.read("by hand", text.lines().toList());
    }

    private static Kind judge(Trace trace, Replay.Run run) {
        return Verdict.of(trace, Reports.NUMBERED, run).kind();
    }

    private static Step alter(Step step, Random random) {
        Step altered = step;
        while (altered.equals(step)) {
            altered = ALTERATIONS.get(random.nextInt(ALTERATIONS.size())).apply(step, random);
        }
        return altered;
    }

    private static Step withEventMore(Step step, Random random) {
        List<JsonNode> events = new ArrayList<>(step.events());
        events.add(random.nextInt(events.size() + 1), Json.event("log").put("k", "busy"));
        return step.withEvents(events);
    }

    private static Step withEventLess(Step step, Random random) {
        List<JsonNode> events = new ArrayList<>(step.events());
        if (!events.isEmpty()) {
            events.remove(random.nextInt(events.size()));
        }
        return step.withEvents(events);
    }

    private static Step withOtherState(Step step, Random random) {
        SortedMap<String, JsonNode> states = new TreeMap<>(step.states());
        if (!states.isEmpty()) {
            String channel = new ArrayList<>(states.keySet()).get(random.nextInt(states.size()));
            ArrayNode state = step.states().getOrDefault(channel, Json.none()).deepCopy();
            int queued = state.get(2).intValue();
            String method = state.get(3).asText().equals("poll") ? "ack" : "poll";
            boolean other = random.nextBoolean();
            state.set(2, Json.number(other ? queued + 1 : queued));
            state.set(3, other ? state.get(3) : Json.text(method));
            states.put(channel, state);
        }
        return step.withStates(states);
    }
}
