// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * The recorded traces, the port's own output for those that come out differently, and the directories with further
 * traces that the system property {@code hwmailbox.conformance.mailbox} names (separated as in a class path).
 */
final class TraceFiles {
    private static final String SUFFIX = ".jsonl";
    private static final LocalDateTime SAME_IN_EVERY_RUN = LocalDateTime.of(2026, 1, 1, 0, 0);

    private TraceFiles() {}

    static List<Trace> recorded() {
        List<Trace> traces = new ArrayList<>();
        unzip("mailbox.zip").forEach((name, lines) -> traces.add(Trace.read(name, lines)));
        return traces;
    }

    /** By the names of the traces. */
    static Map<String, List<String>> golden() {
        return unzip("mailbox-golden.zip");
    }

    /** The further traces. */
    static List<Path> extra() {
        List<Path> traces = new ArrayList<>();
        String property = System.getProperty("hwmailbox.conformance.mailbox", "");
        for (String directory : property.split(System.getProperty("path.separator"), -1)) {
            if (!directory.isBlank()) {
                traces.addAll(find(Path.of(directory)));
            }
        }
        return traces;
    }

    static Trace read(Path file) {
        try {
            return Trace.read(file.toString(), Files.readAllLines(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> find(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(SUFFIX))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static SortedMap<String, List<String>> unzip(String resource) {
        SortedMap<String, List<String>> files = new TreeMap<>();
        try (InputStream stream = TraceFiles.class.getResourceAsStream("/conformance/" + resource);
                var zip = new ZipInputStream(Objects.requireNonNull(stream, resource))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (entry.getName().endsWith(SUFFIX)) {
                    files.put(
                            entry.getName(),
                            new String(zip.readAllBytes(), StandardCharsets.UTF_8)
                                    .lines()
                                    .toList());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return files;
    }

    /** Writes files so that the same files give the same bytes. */
    static void zip(Path target, SortedMap<String, List<String>> files) {
        try (var zip = new ZipOutputStream(Files.newOutputStream(target))) {
            for (Map.Entry<String, List<String>> file : files.entrySet()) {
                var entry = new ZipEntry(file.getKey());
                entry.setTimeLocal(SAME_IN_EVERY_RUN);
                zip.putNextEntry(entry);
                zip.write((String.join("\n", file.getValue()) + "\n").getBytes(StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
