// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.testing.ReferenceDriver.Kind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Broken at receiving. */
final class ReceiveMutants {
    private ReceiveMutants() {}

    static List<Mutant> all() {
        return List.of(
                Mutant.of("receive-arrives", "has its interrupt masked", Masked::new),
                Mutant.of("receive-in-order", "takes the latest first", LatestFirst::new),
                Mutant.of("receive-once", "delivers one twice", DeliversTwice::new),
                Mutant.of("receive-once", "takes one for each interrupt that came", OneOfFive::new),
                Mutant.of("receive-many", "receives a thousand", ReceivesThousand::new),
                Mutant.ofFixture("receive-not-after-close", "calls its client by itself", Broken.Talkative::new),
                Mutant.of("receive-without-owner", "waits for somebody to take it", StuckWithoutOwner::new),
                Mutant.of("receive-next-owner", "delivers the last one anew", DeliversAnew::new),
                Mutant.of("receive-data-stays-in-callback", "uses one buffer", OneBuffer::new),
                Mutant.of("receive-during-callback", "drops what comes meanwhile", DropsWhileDelivering::new),
                Mutant.of("receive-while-sending", "is half duplex", HalfDuplex::new),
                Mutant.of("receive-while-refused", "attends to one thing only", OneThingOnly::new),
                Mutant.of("receive-is-no-completion", "takes an answer for a report", AnswerIsReport::new));
    }

    private static final class Masked extends ReferenceDriver {
        @Override
        void rxInterrupt(Line line) {}
    }

    private static final class LatestFirst extends ReferenceDriver {
        LatestFirst() {
            super(Kind.DEFERRED);
        }

        @Override
        void rxInterrupt(Line line) {
            while (line.channel != null && !line.arrived.isEmpty()) {
                receive(line, line.channel, line.arrived.removeLast());
            }
        }
    }

    private static final class DeliversTwice extends ReferenceDriver {
        @Override
        void receive(Line line, ControllerChannel channel, int number) {
            super.receive(line, channel, number);
            if (number == 3) {
                super.receive(line, channel, number);
            }
        }
    }

    private static final class OneOfFive extends ReferenceDriver {
        OneOfFive() {
            super(Kind.DEFERRED);
        }

        @Override
        void rxInterrupt(Line line) {
            if (line.channel != null && !line.arrived.isEmpty()) {
                receive(line, line.channel, line.arrived.remove());
                line.arrived.clear();
            }
        }
    }

    private static final class ReceivesThousand extends ReferenceDriver {
        private int received;

        @Override
        void receive(Line line, ControllerChannel channel, int number) {
            if (received++ < 1000) {
                super.receive(line, channel, number);
            }
        }
    }

    private static final class StuckWithoutOwner extends ReferenceDriver {
        private boolean stuck;

        @Override
        void rxInterrupt(Line line) {
            stuck |= line.channel == null;
            if (!stuck) {
                super.rxInterrupt(line);
            }
        }
    }

    private static final class DeliversAnew extends ReferenceDriver {
        private @Nullable Integer latest;

        @Override
        void receive(Line line, ControllerChannel channel, int number) {
            latest = number;
            super.receive(line, channel, number);
        }

        @Override
        public int startup(ControllerChannel channel) {
            int result = super.startup(channel);
            if (latest != null) {
                arrives(line(channel), latest);
            }
            return result;
        }
    }

    private static final class OneBuffer extends ReferenceDriver {
        private final Note buffer = new Note(0);

        @Override
        void receive(Line line, ControllerChannel channel, int number) {
            buffer.number = number;
            channel.receivedData(buffer);
        }
    }

    private static final class DropsWhileDelivering extends ReferenceDriver {
        private boolean delivering;

        @Override
        void receive(Line line, ControllerChannel channel, int number) {
            if (!delivering) {
                delivering = true;
                super.receive(line, channel, number);
                delivering = false;
            }
        }
    }

    private static final class HalfDuplex extends ReferenceDriver {
        @Override
        void rxInterrupt(Line line) {
            if (line.slot == null) {
                super.rxInterrupt(line);
            }
        }
    }

    private static final class OneThingOnly extends ReferenceDriver {
        @Override
        void rxInterrupt(Line line) {
            if (!line.roomWanted) {
                super.rxInterrupt(line);
            }
        }
    }

    private static final class AnswerIsReport extends ReferenceDriver {
        @Override
        void receive(Line line, ControllerChannel channel, int number) {
            super.receive(line, channel, number);
            channel.txDone(0);
        }
    }
}
