// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;
import java.util.Objects;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Feeds the targets with what the fuzzer has collected: inputs of which each reached code that no other did. */
class CorpusReplayTest {
    /** Fewer would mean that the corpus was lost. */
    private static final int LEAST = 100;

    @ParameterizedTest
    @EnumSource
    void everyInputIsReadOrRefused(Target target) throws IOException {
        String name = "/corpus/" + target.name().toLowerCase(java.util.Locale.ROOT) + ".zip";
        int inputs = 0;
        try (InputStream resource = Objects.requireNonNull(CorpusReplayTest.class.getResourceAsStream(name), name);
                var corpus = new ZipInputStream(resource)) {
            for (ZipEntry entry = corpus.getNextEntry(); entry != null; entry = corpus.getNextEntry()) {
                byte[] input = corpus.readAllBytes();
                examine(target, entry.getName(), input);
                inputs++;
            }
        }
        assertThat(inputs).isGreaterThanOrEqualTo(LEAST);
    }

    private static void examine(Target target, String entry, byte[] input) {
        try {
            target.examine(input);
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(entry + " " + HexFormat.of().formatHex(input), e);
        }
    }
}
