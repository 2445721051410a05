// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.timeline;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * Prints what happens, as it happens: who did what, when. Lines for people, or JSON Lines for programs.
 *
 * <p>Context: any thread.
 *
 * @since 0.1
 */
public final class Timeline {
    private final PrintWriter out;
    private final boolean json;
    private final ObjectMapper mapper = new ObjectMapper();
    private final ReentrantLock lock = new ReentrantLock(); // guards: out, clock, start
    private LongSupplier clock = () -> 0;
    private long start;

    /**
     * Makes a timeline on which all happens at 0 until its clock is started.
     *
     * @param out where to print
     * @param json JSON Lines instead of text
     */
    public Timeline(PrintWriter out, boolean json) {
        this.out = out;
        this.json = json;
    }

    /**
     * From here on times count from now.
     *
     * @param nanoTime the clock, in nanoseconds
     */
    public void startClock(LongSupplier nanoTime) {
        locked(() -> {
            clock = nanoTime;
            start = nanoTime.getAsLong();
        });
    }

    /**
     * Adds a line.
     *
     * @param who the doer
     * @param what a format, as {@link String#format} takes it
     * @param arguments what to put there
     */
    public void add(String who, String what, Object... arguments) {
        String text = String.format(Locale.ROOT, what, arguments);
        locked(() -> {
            long nanos = clock.getAsLong() - start;
            if (json) {
                Map<String, Object> event = new LinkedHashMap<>();
                event.put("time_ns", nanos);
                event.put("who", who);
                event.put("what", text);
                print(event);
            } else {
                out.println(String.format(Locale.ROOT, "%12.3f us  %-6s %s", nanos / 1000.0, who, text));
            }
        });
    }

    /**
     * Adds the last line.
     *
     * @param result one word
     * @param counts what came of it, in order; names with underscores for spaces
     */
    public void end(String result, Map<String, Object> counts) {
        locked(() -> {
            if (json) {
                Map<String, Object> event = new LinkedHashMap<>();
                event.put("result", result);
                event.putAll(counts);
                print(event);
            } else {
                out.println(result + ": "
                        + counts.entrySet().stream()
                                .map(count -> count.getKey().replace('_', ' ') + " " + count.getValue())
                                .collect(Collectors.joining(", ")));
            }
        });
    }

    private void locked(Runnable action) {
        lock.lock();
        try {
            action.run();
            out.flush();
        } finally {
            lock.unlock();
        }
    }

    private void print(Map<String, Object> event) {
        try {
            out.println(mapper.writeValueAsString(event));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("strings and numbers make JSON", e);
        }
    }
}
