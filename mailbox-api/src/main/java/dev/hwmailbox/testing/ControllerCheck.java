// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One check of the {@link ControllerContract}, about one controller.
 *
 * <p>Context: any thread, one at a time per fixture; takes no real time worth mentioning.
 *
 * @since 0.1
 */
public final class ControllerCheck {
    private final String id;
    private final String name;
    private final String rule;
    private final @Nullable String obstacle;
    private final Function<ControllerLog, ControllerBench> benches;
    private final Consumer<ControllerBench> body;

    ControllerCheck(
            String id,
            String name,
            String rule,
            @Nullable String obstacle,
            Function<ControllerLog, ControllerBench> benches,
            Consumer<ControllerBench> body) {
        this.id = id;
        this.name = name;
        this.rule = rule;
        this.obstacle = obstacle;
        this.benches = benches;
        this.body = body;
    }

    /**
     * What the check is known by; it stays the same from version to version.
     *
     * @return such as {@code refusal-keeps-order}
     */
    public String id() {
        return id;
    }

    /**
     * What a controller that passes does.
     *
     * @return a sentence
     */
    public String name() {
        return name;
    }

    /**
     * Where that is asked for.
     *
     * @return a type or method of the framework, and what it asks for
     */
    public String rule() {
        return rule;
    }

    /**
     * Whether the check says anything about the controller.
     *
     * @return false if its traits make the check pointless
     */
    public boolean isApplicable() {
        return obstacle == null;
    }

    /**
     * Why the check does not apply.
     *
     * @return names a trait that the controller has, or would have to have; empty if the check applies
     */
    public Optional<String> obstacle() {
        return Optional.ofNullable(obstacle);
    }

    /**
     * Runs the check on a new fixture, and closes that.
     *
     * @throws AssertionError if the controller fails or the fixture throws; says what was expected, what was found and
     *     what had happened
     * @throws IllegalStateException if the check does not apply
     */
    public void run() {
        if (obstacle != null) {
            throw new IllegalStateException(id + " does not apply: " + obstacle);
        }
        ControllerLog log = new ControllerLog();
        try (ControllerBench bench = benches.apply(log)) {
            bench.expectMethodAsDeclared();
            body.accept(bench);
            log.requireNoViolation();
        } catch (RuntimeException | AssertionError | StackOverflowError | ControllerProbe.Deliberate e) {
            throw failure(e, log);
        }
    }

    private AssertionError failure(Throwable cause, ControllerLog log) {
        String found = cause instanceof AssertionError ? cause.getMessage() : "thrown: " + cause;
        return new AssertionError(
                id + ": " + name + "\n  rule:  " + rule + "\n  found: " + found + "\n  last events:" + log, cause);
    }

    /**
     * Describes the check.
     *
     * @return id and name
     */
    @Override
    public String toString() {
        return id + ": " + name;
    }
}
