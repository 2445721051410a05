// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.controller.ControllerChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Broken when there is no room. */
final class RefusalMutants {
    private RefusalMutants() {}

    static List<Mutant> all() {
        return List.of(
                Mutant.of("refusal-is-no-report", "drops it and calls it sent", DropsIt::new),
                Mutant.of("refusal-has-errno", "says how much room there is", PositiveRefusal::new),
                Mutant.of("refusal-keeps-order", "keeps them on a stack", Stack::new),
                Mutant.of("refusal-goes-out-once", "keeps a copy and sends it too", Broken.Hoarding::new),
                Mutant.of("refusal-retried-when-there-is-room", "does not listen for room", NeverTriesAgain::new),
                Mutant.of("refusal-retried-each-time", "listens for room once", TriesAgainOnce::new),
                Mutant.of("refusal-retried-by-next-send", "refuses ever after", Broken.Offended::new),
                Mutant.of("refusal-does-not-spin", "tries again as soon as it can", Spins::new),
                Mutant.of("refusal-does-not-wait", "waits for room", WaitsForRoom::new),
                Mutant.of("refusal-withdrawn-by-timeout", "keeps a copy and sends it later", Broken.Hoarding::new),
                Mutant.of("refusal-forgotten-by-close", "keeps a copy over a close", Broken.Hoarding::new),
                Mutant.of("refusal-forgotten-by-close", "forgets its retry timer", ForgetsRetryTimer::new),
                Mutant.of("refusal-not-inherited", "refuses the next owner too", RefusesNextOwner::new));
    }

    private static final class DropsIt extends ReferenceDriver {
        @Override
        int noRoom(Line line, ControllerChannel channel, Note note, long txId) {
            channel.txDone(txId, 0);
            return 0;
        }
    }

    private static final class PositiveRefusal extends ReferenceDriver {
        @Override
        int noRoom(Line line, ControllerChannel channel, Note note, long txId) {
            return -super.noRoom(line, channel, note, txId);
        }
    }

    private static final class Stack extends ReferenceDriver {
        private final Deque<Integer> stack = new ArrayDeque<>();

        @Override
        int noRoom(Line line, ControllerChannel channel, Note note, long txId) {
            stack.push(note.number);
            channel.txDone(txId, 0);
            return 0;
        }

        @Override
        void refuse(Line line, boolean refusing) {
            super.refuse(line, refusing);
            while (!refusing && !stack.isEmpty()) {
                transmit(line, stack.pop());
            }
        }
    }

    private static final class NeverTriesAgain extends ReferenceDriver {
        @Override
        void room(Line line) {}
    }

    private static final class TriesAgainOnce extends ReferenceDriver {
        private boolean tried;

        @Override
        void room(Line line) {
            if (line.roomWanted && !tried) {
                tried = true;
                super.room(line);
            }
        }
    }

    private static final class Spins extends ReferenceDriver {
        @Override
        int noRoom(Line line, ControllerChannel channel, Note note, long txId) {
            scheduler.execute(channel::resubmit);
            return super.noRoom(line, channel, note, txId);
        }
    }

    private static final class WaitsForRoom extends Broken.Waiting {
        @Override
        int noRoom(Line line, ControllerChannel channel, Note note, long txId) {
            waitAWhile();
            return super.noRoom(line, channel, note, txId);
        }
    }

    private static final class ForgetsRetryTimer extends Broken.WithForgottenTimer {
        @Override
        int noRoom(Line line, ControllerChannel channel, Note note, long txId) {
            startTimer();
            return super.noRoom(line, channel, note, txId);
        }
    }

    private static final class RefusesNextOwner extends Broken.Offended {
        @Override
        void room(Line line) {
            if (line.channel != null) {
                forgive();
            }
        }
    }
}
