// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.controller.ControllerChannel;
import java.util.Arrays;
import java.util.List;

/** Broken between channels. */
final class NeighbourMutants {
    private NeighbourMutants() {}

    static List<Mutant> all() {
        return List.of(
                Mutant.of("neighbour-sends-its-own", "has one way out", OneWayOut::new),
                Mutant.of("neighbour-receives-its-own", "delivers to the first channel", OneWayIn::new),
                Mutant.of("neighbour-completes-its-own", "reports to the first channel", OneReport::new),
                Mutant.of("neighbour-in-flight", "sends one message at a time", OneAtATime::new),
                Mutant.of("neighbour-without-room", "has one room for all", OneRoom::new),
                Mutant.of("neighbour-closed", "switches everything off", SwitchesOff::new),
                Mutant.of("neighbour-closed-in-flight", "empties all lines", EmptiesAll::new),
                Mutant.of("neighbour-fails-to-start", "switches everything off", FailureSwitchesOff::new));
    }

    private static final class OneWayOut extends ReferenceDriver {
        @Override
        void transmit(Line line, int number) {
            super.transmit(lines[0], number);
        }
    }

    private static final class OneWayIn extends ReferenceDriver {
        @Override
        void arrives(Line line, int number) {
            super.arrives(lines[0], number);
        }
    }

    private static final class OneReport extends ReferenceDriver {
        @Override
        void completes(Line line) {
            super.completes(lines[0]);
        }
    }

    private static final class OneAtATime extends ReferenceDriver {
        @Override
        boolean hasRoom(Line line) {
            return Arrays.stream(lines).allMatch(super::hasRoom);
        }
    }

    private static final class OneRoom extends ReferenceDriver {
        @Override
        boolean hasRoom(Line line) {
            return Arrays.stream(lines).noneMatch(each -> each.refusing) && super.hasRoom(line);
        }
    }

    private static class SwitchesOff extends ReferenceDriver {
        @Override
        public void shutdown(ControllerChannel channel) {
            switchOff();
        }

        final void switchOff() {
            for (Line line : lines) {
                reset(line);
                line.channel = null;
            }
        }
    }

    private static final class EmptiesAll extends ReferenceDriver {
        @Override
        public void shutdown(ControllerChannel channel) {
            super.shutdown(channel);
            Arrays.stream(lines).forEach(this::reset);
        }
    }

    private static final class FailureSwitchesOff extends SwitchesOff {
        @Override
        public int startup(ControllerChannel channel) {
            int result = super.startup(channel);
            if (result != 0) {
                switchOff();
            }
            return result;
        }
    }
}
