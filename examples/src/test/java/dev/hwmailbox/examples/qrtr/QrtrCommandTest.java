// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.examples.CommandLineRun;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
final class QrtrCommandTest {
    @Test
    void tellsTheSameStoryInEveryRun() throws IOException {
        CommandLineRun run = CommandLineRun.of("qrtr", "--vms", "2");

        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).isEqualTo(golden());
    }

    @ParameterizedTest
    @CsvSource({"3, 1", "2, 2", "8, 2"})
    void theCaptureHoldsThePacketsOfTheTrace(int vms, int header, @TempDir Path folder) throws IOException {
        Path file = folder.resolve("qrtr.pcap");

        CommandLineRun run =
                CommandLineRun.of("qrtr", "--vms", "" + vms, "--header", "" + header, "--pcap", file.toString());

        assertThat(run.exitCode()).as(run.err()).isZero();
        long traced = run.out().lines().filter(line -> line.contains(" trace ")).count();
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(in.getInt(0)).isEqualTo(0xA1B23C4D);
        assertThat(in.getInt(20)).isEqualTo(147);
        in.position(24);
        long captured = 0;
        while (in.hasRemaining()) {
            int length = in.getInt(in.position() + 8);
            int start = in.position() + 16;
            int payload = in.getInt(start + (header == 1 ? 20 : 4));
            assertThat(in.get(start)).isEqualTo((byte) (header == 1 ? 1 : 3));
            assertThat(length).isEqualTo((header == 1 ? 32 : 16) + payload);
            in.position(start + length);
            captured++;
        }
        assertThat(captured).isEqualTo(traced).isPositive();
        assertThat(run.lastLine()).endsWith("packets traced " + traced);
    }

    @Test
    void printsJsonLines() {
        CommandLineRun run = CommandLineRun.of("qrtr", "--json");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out().lines()).allMatch(line -> line.startsWith("{"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--vms=1", "--vms=9", "--header=3"})
    void badOptionsAreRefused(String option) {
        assertThat(CommandLineRun.of("qrtr", option).exitCode()).isEqualTo(2);
    }

    @Test
    void aCaptureThatCannotBeWrittenFails() {
        CommandLineRun run = CommandLineRun.of("qrtr", "--pcap", "/nowhere/at/all.pcap");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("cannot write /nowhere/at/all.pcap");
    }

    private static String golden() throws IOException {
        try (InputStream in = QrtrCommandTest.class.getResourceAsStream("qrtr-golden.txt")) {
            return new String(Objects.requireNonNull(in, "golden").readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
