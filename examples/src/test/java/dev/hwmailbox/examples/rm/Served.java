// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

import dev.hwmailbox.examples.CommandLineRun;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** {@code rm --serve} on a thread of its own, for one connection. */
final class Served implements AutoCloseable {
    private static final int PIPE_SIZE = 1 << 16;

    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final CompletableFuture<Integer> exitCode;
    private final BufferedReader said;
    private final String place;

    Served(String where) throws IOException {
        var pipe = new PipedReader(PIPE_SIZE);
        var err = new PrintWriter(new PipedWriter(pipe), true);
        said = new BufferedReader(pipe);
        exitCode = CompletableFuture.supplyAsync(
                () -> {
                    try (err) {
                        return CommandLineRun.exitCode(err, "rm", "--serve", where, "--once");
                    }
                },
                thread);
        String first = said.readLine();
        if (first == null || !first.startsWith("serving at ")) {
            throw new IOException("not serving: " + first);
        }
        place = first.substring("serving at ".length());
    }

    /** Where it really is. */
    String place() {
        return place;
    }

    /** Runs {@code rm --connect} against it. */
    CommandLineRun connect(String... calls) {
        List<String> arguments = new ArrayList<>(List.of("rm", "--connect", place));
        arguments.addAll(Arrays.asList(calls));
        return CommandLineRun.of(arguments.toArray(String[]::new));
    }

    /** Waits until it has ended: its exit code and what it said last. */
    String end() throws IOException {
        return exitCode.join() + " " + said.readLine();
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
