// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.story;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.examples.machine.MachineFailure;
import dev.hwmailbox.examples.machine.VirtualPlatform;
import dev.hwmailbox.examples.timeline.Timeline;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/**
 * A subcommand that tells a story in virtual time: the same in every run. Exits 0 if everything was as it must be, 1 if
 * not, 2 on a command line that is none.
 *
 * <p>Context: one thread, which drives the time.
 *
 * @since 0.1
 */
public abstract class StoryCommand implements Callable<Integer> {
    private static final int EXIT_OK = 0;
    private static final int EXIT_MISMATCH = 1;

    private final List<String> mismatches = new ArrayList<>();

    @Option(names = "--json", description = "Print JSON Lines.")
    private boolean json;

    @SuppressWarnings("NullAway.Init") // picocli sets it
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    /** For subclasses, which are commands. */
    protected StoryCommand() {}

    /**
     * Lets it happen.
     *
     * @param platform time; closed afterwards
     * @param timeline where to tell it
     * @return what came of it, in order; names with underscores for spaces
     */
    protected abstract Map<String, Object> tell(VirtualPlatform platform, Timeline timeline);

    @Override
    public Integer call() {
        Timeline timeline = new Timeline(spec.commandLine().getOut(), json);
        try (VirtualPlatform platform = new VirtualPlatform()) {
            timeline.startClock(platform.time()::nanoTime);
            Map<String, Object> counts = tell(platform, timeline);
            platform.time().failures().forEach(failure -> mismatches.add("thrown: " + failure));
            if (mismatches.isEmpty()) {
                timeline.end("ok", counts);
                return EXIT_OK;
            }
        } catch (MachineFailure | MailboxException e) {
            mismatches.add(e.getMessage());
        }
        mismatches.forEach(mismatch -> spec.commandLine().getErr().println(spec.name() + " failed: " + mismatch));
        return EXIT_MISMATCH;
    }

    /**
     * Compares what has happened with what must have. A difference fails the story at its end: this may be called from
     * a callback, out of which nothing can be thrown.
     *
     * @param what what is compared
     * @param found what has happened
     * @param expected what must have
     */
    protected final void expect(String what, Object found, Object expected) {
        if (!found.equals(expected)) {
            mismatches.add(what + ": " + found + ", expected " + expected);
        }
    }
}
