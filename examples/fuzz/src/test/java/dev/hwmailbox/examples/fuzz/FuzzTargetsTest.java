// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;

/**
 * The entry points of the fuzzer. An ordinary build replays what has been found; with {@code JAZZER_FUZZ=1} in the
 * environment one of them searches on.
 */
class FuzzTargetsTest {
    private static final String DURATION = "12m";

    @FuzzTest(maxDuration = DURATION)
    void blob(byte[] input) {
        Target.BLOB.examine(input);
    }

    @FuzzTest(maxDuration = DURATION)
    void source(byte[] input) {
        Target.SOURCE.examine(input);
    }

    @FuzzTest(maxDuration = DURATION)
    void overlay(byte[] input) {
        Target.OVERLAY.examine(input);
    }

    @FuzzTest(maxDuration = DURATION)
    void baseAndOverlay(byte[] input) {
        Target.BASE_AND_OVERLAY.examine(input);
    }

    @FuzzTest(maxDuration = DURATION)
    void frames(byte[] input) {
        Target.FRAMES.examine(input);
    }

    @FuzzTest(maxDuration = DURATION)
    void payload(byte[] input) {
        Target.PAYLOAD.examine(input);
    }
}
