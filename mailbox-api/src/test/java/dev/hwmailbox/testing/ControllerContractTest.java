// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import ch.qos.logback.classic.Level;
import dev.hwmailbox.LogCapture;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.testing.ReferenceDriver.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The kit passes controllers in good order, and each of its checks fails on a controller broken in that way. */
class ControllerContractTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");
    private static final Set<ControllerTrait> BARE = EnumSet.complementOf(EnumSet.of(
            ControllerTrait.COMPLETES_INSIDE_SEND, ControllerTrait.MAY_REPORT_EARLY, ControllerTrait.LOOKS_BY_TIMER));

    @TestFactory
    Stream<DynamicTest> controllersInGoodOrderPass() {
        return Stream.of(Kind.values())
                .flatMap(kind -> tests(kind.name(), ControllerContract.checks(reference(kind), kind.traits)));
    }

    @TestFactory
    Stream<DynamicTest> doorbellPasses() {
        return tests("doorbell", ControllerContract.checks(Doorbell::new, BARE));
    }

    @TestFactory
    Stream<DynamicTest> controllersWithShortQueuesPass() {
        return IntStream.rangeClosed(1, 4)
                .boxed()
                .flatMap(length -> tests(
                        "queue of " + length,
                        ControllerContract.checks(
                                () -> new ReferenceFixture(new ReferenceDriver(Kind.DEFERRED), length),
                                Kind.DEFERRED.traits)));
    }

    @Test
    void theNextOwnerOfAnAnonymousChannelMayFindBothSignals() {
        var driver = new ReferenceDriver() {
            @Override
            public boolean peekData(ControllerChannel channel) {
                return channel.isBound() && super.peekData(channel); // the signals stay
            }
        };
        Supplier<ControllerFixture> anonymous = () -> new ReferenceFixture(driver) {
            @Override
            public int received(@Nullable Object message) {
                return 0;
            }
        };

        check("peek-without-owner", anonymous, Set.of(ControllerTrait.ANONYMOUS_MESSAGES))
                .run();
    }

    @Test
    void whatATaskOfTheControllerThrowsFailsTheCheck() {
        RuntimeException broken = new IllegalStateException("no such register");
        Supplier<ControllerFixture> throwing = () -> new ReferenceFixture(new ReferenceDriver(Kind.DEFERRED) {
            @Override
            void txInterrupt(Line line, @Nullable Letter letter) {
                super.txInterrupt(line, letter);
                throw broken;
            }
        });
        ControllerCheck check = check("send-arrives", throwing, Kind.DEFERRED.traits);

        try (var logged = new LogCapture()) {
            assertThatThrownBy(check::run)
                    .isInstanceOf(AssertionError.class)
                    .hasRootCause(broken)
                    .hasMessageContaining("found: a task on the scheduler threw java.lang.IllegalStateException");
            assertThat(logged.at(Level.ERROR)).isNotEmpty();
        }
    }

    private static Stream<DynamicTest> tests(String controller, List<ControllerCheck> checks) {
        long applicable = checks.stream().filter(ControllerCheck::isApplicable).count();
        TALLY.info("controller contract, {}: {} of {} checks apply", controller, applicable, checks.size());
        return checks.stream()
                .map(check -> dynamicTest(controller + ", " + check, () -> {
                    assumeTrue(check.isApplicable(), () -> check.obstacle().orElseThrow());
                    check.run();
                }));
    }

    @TestFactory
    Stream<DynamicTest> eachBrokenControllerFailsItsCheck() {
        return Mutant.all().stream()
                .map(mutant -> dynamicTest(mutant.caughtBy() + " fails if it " + mutant.defect(), () -> {
                    ControllerCheck check = check(mutant.caughtBy(), mutant.factory(), mutant.traits());

                    assertThat(check.isApplicable()).isTrue();
                    assertThatThrownBy(check::run)
                            .isInstanceOf(AssertionError.class)
                            .hasMessageContaining(check.id() + ": " + check.name());
                }));
    }

    @Test
    void eachCheckHasABrokenController() {
        Set<String> caught = new TreeSet<>();
        Mutant.all().forEach(mutant -> caught.add(mutant.caughtBy()));

        List<String> ids = checks(Set.of()).stream().map(ControllerCheck::id).toList();

        TALLY.info(
                "controller contract: {} checks, {} broken controllers",
                ids.size(),
                Mutant.all().size());
        assertThat(caught).containsExactlyInAnyOrderElementsOf(ids);
    }

    @Test
    void thereAreFortyChecksAtLeastAndNoTwoAreNamedAlike() {
        List<ControllerCheck> checks = checks(Set.of());

        assertThat(checks).hasSizeGreaterThanOrEqualTo(40);
        assertThat(checks)
                .extracting(ControllerCheck::id)
                .doesNotHaveDuplicates()
                .allMatch(id -> id.matches("[a-z-]+"));
        assertThat(checks).extracting(ControllerCheck::name).doesNotHaveDuplicates();
        assertThat(checks).extracting(ControllerCheck::rule).allMatch(rule -> rule.matches("[A-Z]\\w+(\\.\\w+)?: .+"));
    }

    @Test
    void documentListsTheChecks() throws IOException {
        String document = Files.readString(Path.of("docs", "CONTRACT.md"));

        assertThat(checks(Set.of())).allSatisfy(check -> assertThat(document).contains("`" + check.id() + "`"));
        assertThat(ControllerTrait.values())
                .allSatisfy(trait -> assertThat(document).contains("`" + trait + "`"));
    }

    @Test
    void traitsChangeWhatAppliesAndNothingElse() {
        List<String> ids = checks(Set.of()).stream().map(ControllerCheck::id).toList();

        assertThat(checks(BARE)).extracting(ControllerCheck::id).isEqualTo(ids);
    }

    @ParameterizedTest
    @EnumSource
    void eachTraitMakesSomethingPointlessAndIsNamedThere(ControllerTrait trait) {
        List<ControllerCheck> pointless = checks(Set.of(trait)).stream()
                .filter(check -> check.obstacle()
                        .filter(text -> text.contains("has the trait " + trait))
                        .isPresent())
                .toList();

        assertThat(pointless).isNotEmpty();
        assertThatThrownBy(pointless.get(0)::run)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(trait.name());
    }

    @Test
    void checkOfATraitAppliesOnlyWithIt() {
        ControllerCheck without = check("flush-absent", reference(Kind.IRQ), Set.of());

        assertThat(without.isApplicable()).isFalse();
        assertThat(without.obstacle()).hasValue("the controller does not have the trait NO_FLUSH");
    }

    @Test
    void failureTellsRuleFindingAndEvents() {
        ControllerCheck check = check("send-once", () -> new ReferenceFixture(new SendMutants.LosesOne()), Set.of());

        assertThatThrownBy(check::run)
                .hasMessageStartingWith("send-once: each message reaches the other side once")
                .hasMessageContaining("rule:  ChannelOps.sendData")
                .hasMessageContaining("found: the other side has got [0, 1, 2, 4")
                .hasMessageContaining("expected [0, 1, 2, 3")
                .hasMessageContaining("channel 0: txDone, status 0");
    }

    @Test
    void failureKeepsWhatTheControllerThrew() {
        RuntimeException broken = new IllegalStateException("no such register");
        ControllerCheck check = check(
                "send-arrives",
                () -> new ReferenceFixture(new ReferenceDriver()) {
                    @Override
                    public void complete(int index) {
                        throw broken;
                    }
                },
                Set.of());

        assertThatThrownBy(check::run)
                .isInstanceOf(AssertionError.class)
                .hasCause(broken)
                .hasMessageContaining("no such register");
    }

    @Test
    void fixtureWithoutAHandIsToldWhichTraitToDeclare() {
        ControllerCheck check = check("receive-arrives", Doorbell::new, Set.of(ControllerTrait.CLIENT_REPORTS));

        assertThatThrownBy(check::run)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("the fixture has no deliver(): implement it, or declare")
                .hasMessageContaining("RECEIVES_NOTHING");
    }

    @Test
    void methodAndTraitMustAgree() {
        ControllerCheck check = check("send-arrives", reference(Kind.ACK), Set.of());

        assertThatThrownBy(check::run)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("CLIENT_REPORTS must be declared");
    }

    @Test
    void fixtureIsMadeAndClosedOncePerRun() {
        int[] count = new int[2];
        Supplier<ControllerFixture> counted = () -> {
            count[0]++;
            return new ReferenceFixture(new ReferenceDriver()) {
                @Override
                public void close() {
                    count[1]++;
                }
            };
        };
        ControllerCheck check = check("send-arrives", counted, Set.of());
        ControllerCheck wrongTrait = check("send-arrives", counted, Set.of(ControllerTrait.CLIENT_REPORTS));

        check.run();
        check.run();
        assertThatThrownBy(wrongTrait::run).isInstanceOf(AssertionError.class);

        assertThat(count).containsExactly(3, 3);
    }

    private static Supplier<ControllerFixture> reference(Kind kind) {
        return () -> new ReferenceFixture(new ReferenceDriver(kind));
    }

    private static List<ControllerCheck> checks(Set<ControllerTrait> traits) {
        return ControllerContract.checks(reference(Kind.IRQ), traits);
    }

    private static ControllerCheck check(
            String id, Supplier<? extends ControllerFixture> factory, Set<ControllerTrait> traits) {
        return ControllerContract.checks(factory, traits).stream()
                .filter(check -> check.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no check " + id));
    }
}
