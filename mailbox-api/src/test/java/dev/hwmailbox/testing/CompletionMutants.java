// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.testing.ReferenceDriver.Kind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Broken at reporting. */
final class CompletionMutants {
    private CompletionMutants() {}

    static List<Mutant> all() {
        return List.of(
                Mutant.of("completion-comes", "loses its interrupts", LosesInterrupts::new),
                Mutant.of("completion-comes", "never sees its register change", BlindPoll::new),
                Mutant.of("completion-not-before-hardware", "reports what it has accepted", ReportsAtOnce::new),
                Mutant.of("completion-not-before-hardware", "calls every register clear", HastyPoll::new),
                Mutant.of("completion-of-one-message-only", "reports twice, without number", ReportsTwice::new),
                Mutant.of("completion-status-is-zero", "reports the number of bytes", ReportsBytes::new),
                Mutant.of("completion-inside-send", "reports later", ReportsLater::new),
                Mutant.of("completion-without-message", "saves up interrupts", SavesUp::new),
                Mutant.of("completion-late-after-timeout", "reports without number", Broken.Nameless::new),
                Mutant.of("completion-late-after-close", "reports without number", Broken.Nameless::new),
                Mutant.of("completion-after-timeout-goes-on", "sees no slow interrupt", Broken.Impatient::new),
                Mutant.of("completion-leaves-nothing-scheduled", "forgets a timer", Broken.WithForgottenTimer::new));
    }

    private static final class LosesInterrupts extends ReferenceDriver {
        @Override
        void txInterrupt(Line line, @Nullable Letter letter) {}
    }

    private static final class BlindPoll extends ReferenceDriver {
        BlindPoll() {
            super(Kind.POLL);
        }

        @Override
        public boolean lastTxDone(ControllerChannel channel) {
            return false;
        }
    }

    private static final class ReportsAtOnce extends ReferenceDriver {
        @Override
        int accept(Line line, ControllerChannel channel, Letter letter) {
            channel.txDone(letter.txId(), 0);
            return super.accept(line, channel, letter);
        }
    }

    private static final class HastyPoll extends ReferenceDriver {
        HastyPoll() {
            super(Kind.POLL);
        }

        @Override
        public boolean lastTxDone(ControllerChannel channel) {
            return true;
        }
    }

    private static final class ReportsTwice extends ReferenceDriver {
        @Override
        void txInterrupt(Line line, @Nullable Letter letter) {
            super.txInterrupt(line, letter);
            if (letter != null && line.channel != null) {
                line.channel.txDone(0);
            }
        }
    }

    private static final class ReportsBytes extends ReferenceDriver {
        @Override
        void txInterrupt(Line line, @Nullable Letter letter) {
            if (letter != null && line.channel != null) {
                line.channel.txDone(letter.txId(), 4);
            }
        }
    }

    private static final class ReportsLater extends ReferenceDriver {
        ReportsLater() {
            super(Kind.INSIDE);
        }

        @Override
        void txInterrupt(Line line, @Nullable Letter letter) {
            scheduler.execute(() -> super.txInterrupt(line, letter));
        }
    }

    private static final class SavesUp extends ReferenceDriver {
        private int saved;

        @Override
        void txInterrupt(Line line, @Nullable Letter letter) {
            saved += letter == null ? 1 : 0;
            super.txInterrupt(line, letter);
        }

        @Override
        int accept(Line line, ControllerChannel channel, Letter letter) {
            if (saved > 0) {
                saved--;
                channel.txDone(letter.txId(), 0);
            }
            return super.accept(line, channel, letter);
        }
    }
}
