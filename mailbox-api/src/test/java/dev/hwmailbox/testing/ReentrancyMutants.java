// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.controller.ControllerChannel;
import java.util.List;

/** Broken when clients call back, or throw. */
final class ReentrancyMutants {
    private ReentrancyMutants() {}

    static List<Mutant> all() {
        return List.of(
                Mutant.of("reentry-send-from-tx-done", "reports before the line is free", ReportsFirst::new),
                Mutant.of("reentry-send-from-rx-callback", "takes nothing while it delivers", DeliversOnly::new),
                Mutant.of("reentry-close-from-tx-done", "hears no shutdown in its interrupt", Broken.Deaf::new),
                Mutant.of("reentry-close-from-rx-callback", "hears no shutdown in its interrupt", Broken.Deaf::new),
                Mutant.of("reentry-close-from-tx-prepare", "gives back only what was used", GivesBackUsed::new),
                Mutant.of("reentry-close-from-refused", "starts its timer after the close", StartsTimerLater::new),
                Mutant.of("reentry-bind-from-closed", "shuts down later", ShutsDownLater::new),
                Mutant.of("error-in-tx-done", "leaves its interrupt locked", Broken.Locked::new),
                Mutant.of("error-in-rx-callback", "leaves its interrupt locked", Broken.Locked::new));
    }

    private static final class ReportsFirst extends ReferenceDriver {
        @Override
        void completes(Line line) {
            Letter letter = line.slot;
            if (letter != null) {
                transmit(line, letter.number());
            }
            if (letter != null && line.channel != null) {
                line.channel.txDone(letter.txId(), 0);
            }
            line.slot = null;
        }
    }

    private static final class DeliversOnly extends ReferenceDriver {
        private boolean delivering;

        @Override
        boolean hasRoom(Line line) {
            return !delivering && super.hasRoom(line);
        }

        @Override
        void receive(Line line, ControllerChannel channel, int number) {
            delivering = true;
            super.receive(line, channel, number);
            delivering = false;
        }

        @Override
        void room(Line line) {}
    }

    private static final class GivesBackUsed extends ReferenceDriver {
        private boolean used;

        @Override
        int accept(Line line, ControllerChannel channel, Letter letter) {
            used = true;
            return super.accept(line, channel, letter);
        }

        @Override
        public void shutdown(ControllerChannel channel) {
            if (used) {
                super.shutdown(channel);
            }
        }
    }

    private static final class StartsTimerLater extends Broken.WithForgottenTimer {
        @Override
        int noRoom(Line line, ControllerChannel channel, Note note, long txId) {
            scheduler.execute(this::startTimer);
            return super.noRoom(line, channel, note, txId);
        }

        @Override
        public void shutdown(ControllerChannel channel) {
            stopTimer();
            super.shutdown(channel);
        }
    }

    private static final class ShutsDownLater extends ReferenceDriver {
        @Override
        public void shutdown(ControllerChannel channel) {
            scheduler.execute(() -> super.shutdown(channel));
        }
    }
}
