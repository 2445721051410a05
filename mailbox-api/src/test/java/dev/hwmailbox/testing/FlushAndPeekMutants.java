// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.Errno;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.testing.ReferenceDriver.Kind;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** Broken when asked to finish or to look. */
final class FlushAndPeekMutants {
    private FlushAndPeekMutants() {}

    static List<Mutant> all() {
        return List.of(
                new Mutant(
                        "flush-absent",
                        "can flush after all",
                        () -> new ReferenceFixture(new ReferenceDriver()),
                        Set.of(ControllerTrait.NO_FLUSH)),
                Mutant.of("flush-idle", "wants something to flush", WantsSomething::new),
                Mutant.of("flush-zero-means-done", "leaves the report to the interrupt", LeavesReport::new),
                Mutant.of("flush-zero-only-if-done", "gives 0 without looking", FlushesBlindly::new),
                Mutant.of("flush-keeps-to-its-timeout", "takes twice the time", TakesItsTime::new),
                Mutant.of("flush-failure-goes-on", "gives up the line", GivesUp::new),
                Mutant.of("peek-empty", "always gives true", AlwaysFinds::new),
                Mutant.of("peek-delivers", "delivers later", PeeksLater::new),
                Mutant.of("peek-delivers-once", "leaves it there", LeavesItThere::new),
                Mutant.of("peek-inside-callback", "delivers before it removes", RemovesAfterwards::new),
                Mutant.of("peek-without-owner", "trips over the missing client", Trips::new),
                Mutant.of("peek-does-not-wait", "waits for data", WaitsForData::new));
    }

    private static final class WantsSomething extends ReferenceDriver {
        @Override
        public int flush(ControllerChannel channel, long timeoutNanos) {
            return line(channel).slot == null ? -Errno.EINVAL : super.flush(channel, timeoutNanos);
        }
    }

    private static final class LeavesReport extends ReferenceDriver {
        LeavesReport() {
            super(Kind.DEFERRED);
        }

        @Override
        void flushed(ControllerChannel channel, Letter letter) {}
    }

    private static final class FlushesBlindly extends ReferenceDriver {
        @Override
        public int flush(ControllerChannel channel, long timeoutNanos) {
            return 0;
        }
    }

    private static final class TakesItsTime extends ReferenceDriver {
        @Override
        public int flush(ControllerChannel channel, long timeoutNanos) {
            return super.flush(channel, 2 * timeoutNanos);
        }
    }

    private static final class GivesUp extends ReferenceDriver {
        @Override
        public int flush(ControllerChannel channel, long timeoutNanos) {
            int result = super.flush(channel, timeoutNanos);
            line(channel).refusing |= result != 0;
            return result;
        }
    }

    private static final class AlwaysFinds extends ReferenceDriver {
        @Override
        public boolean peekData(ControllerChannel channel) {
            super.peekData(channel);
            return true;
        }
    }

    private static final class PeeksLater extends ReferenceDriver {
        @Override
        public boolean peekData(ControllerChannel channel) {
            boolean found = !line(channel).quiet.isEmpty();
            scheduler.execute(() -> super.peekData(channel));
            return found;
        }
    }

    private static final class LeavesItThere extends ReferenceDriver {
        @Override
        public boolean peekData(ControllerChannel channel) {
            Integer number = line(channel).quiet.peek();
            if (number != null) {
                channel.receivedData(new Note(number));
            }
            return number != null;
        }
    }

    private static final class RemovesAfterwards extends ReferenceDriver {
        @Override
        public boolean peekData(ControllerChannel channel) {
            Integer number = line(channel).quiet.peek();
            if (number != null) {
                channel.receivedData(new Note(number));
                line(channel).quiet.poll();
            }
            return number != null;
        }
    }

    private static final class Trips extends ReferenceDriver {
        private boolean looking;

        @Override
        public boolean peekData(ControllerChannel channel) {
            if (looking) {
                return false;
            }
            looking = true;
            boolean found = super.peekData(Objects.requireNonNull(line(channel).channel, "channel"));
            looking = false;
            return found;
        }
    }

    private static final class WaitsForData extends Broken.Waiting {
        @Override
        public boolean peekData(ControllerChannel channel) {
            waitAWhile();
            return super.peekData(channel);
        }
    }
}
