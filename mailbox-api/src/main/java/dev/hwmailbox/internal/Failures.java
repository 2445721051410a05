// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * What becomes of a throwable from code that the framework called: logged once; errors are kept for later. Callers
 * catch checked exceptions too: other languages of the JVM throw them anywhere, and a channel must not stop for it.
 */
public final class Failures {
    private Failures() {}

    /**
     * Takes note of a throwable.
     *
     * @param log where to
     * @param where who was called
     * @param what in what capacity
     * @param thrown what it threw
     * @param earlier the error to be thrown on so far, or null
     * @return the error to be thrown on once everything is in order: the first one, or null
     */
    public static @Nullable Error note(
            Logger log, Object where, String what, Throwable thrown, @Nullable Error earlier) {
        log.error("{}: {} threw", where, what, thrown);
        return earlier != null || !(thrown instanceof Error error) ? earlier : error;
    }

    /**
     * Throws on what was kept.
     *
     * @param kept the error, or null
     */
    public static void rethrow(@Nullable Error kept) {
        if (kept != null) {
            throw kept;
        }
    }
}
