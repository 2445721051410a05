// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.examples.machine.Platform;
import dev.hwmailbox.examples.machine.ThreadedPlatform;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.DumbTerminal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A terminal in memory, and somebody who types when he has seen what he waited for. */
@Timeout(60)
final class InteractiveConsoleTest {
    private final ExecutorService threads = Executors.newSingleThreadExecutor();
    private final PipedOutputStream keyboard = new PipedOutputStream();
    private final Screen screen = new Screen();

    /** What has been printed and not been seen yet. */
    private static final class Screen extends OutputStream {
        private final ReentrantLock lock = new ReentrantLock();
        private final Condition more = lock.newCondition();
        private final StringBuilder text = new StringBuilder(); // guarded by lock

        @Override
        public void write(int each) {
            write(new byte[] {(byte) each}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            lock.lock();
            try {
                text.append(new String(bytes, offset, length, UTF_8));
                more.signalAll();
            } finally {
                lock.unlock();
            }
        }

        /** A line that stands still for a moment is shown in two. */
        void awaitWhateverTheLines(String wanted) throws InterruptedException {
            lock.lock();
            try {
                while (!text.toString().replace("\n", "").contains(wanted)) {
                    assertThat(more.await(20, TimeUnit.SECONDS))
                            .as("waits in: %s", text)
                            .isTrue();
                }
            } finally {
                lock.unlock();
            }
        }

        void await(String wanted) throws InterruptedException {
            lock.lock();
            try {
                int at = text.indexOf(wanted);
                while (at < 0) {
                    assertThat(more.await(20, TimeUnit.SECONDS))
                            .as("waits for \"%s\" in: %s", wanted, text)
                            .isTrue();
                    at = text.indexOf(wanted);
                }
                text.delete(0, at + wanted.length());
            } finally {
                lock.unlock();
            }
        }
    }

    @AfterEach
    void noThreadStays() {
        threads.shutdownNow();
    }

    private void type(String keys) throws IOException {
        keyboard.write(keys.getBytes(UTF_8));
        keyboard.flush();
    }

    private Future<String> attach() throws IOException {
        Terminal terminal = new DumbTerminal("test", "dumb", new PipedInputStream(keyboard), screen, UTF_8);
        return threads.submit(() -> {
            try (terminal;
                    Platform platform = new ThreadedPlatform();
                    Attached attached = new Attached(platform, InteractiveConsole.CAPACITY)) {
                new InteractiveConsole(attached, terminal).run();
                return attached.summary();
            }
        });
    }

    @Test
    void linesGoToTheVmAndItsOutputComesBackThroughARestart() throws Exception {
        Future<String> summary = attach();
        screen.await("attached to VM 128");
        screen.await("vm128$");

        type("echo typed by hand\n");
        screen.await("typed by hand\nvm128$");
        type("~?\n");
        screen.await("leaves, ~r restarts");
        type("~r\n");
        screen.await("hello from VM 128");
        type("exit\n");
        screen.await("bye\nVM 128 has exited; ~r restarts it");
        type("~r\n");
        screen.await("hello from VM 128");
        type("~.\n");

        assertThat(summary.get()).contains("0 bytes typed; reopened 2 times");
    }

    @Test
    void whoReadsLosesNothingHoweverMuchTheVmWrites() throws Exception {
        String numbers = IntStream.rangeClosed(1, Shell.MAX_LINES)
                .mapToObj(Integer::toString)
                .collect(Collectors.joining());
        Future<String> summary = attach();
        screen.await("vm128$");

        type("count " + Shell.MAX_LINES + "\n");

        screen.awaitWhateverTheLines(numbers);
        type("~.\n");
        assertThat(summary.get()).startsWith("dropped: 0 bytes of output");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u001d", "\u0004", "half a line\u001d"})
    void theEscapeLeaves(String keys) throws Exception {
        Future<String> summary = attach();
        screen.await("vm128$");

        type(keys);

        assertThat(summary.get()).startsWith("dropped: 0 bytes of output");
    }
}
