// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.Errno;
import dev.hwmailbox.controller.ControllerChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Broken at sending. */
final class SendMutants {
    private SendMutants() {}

    static List<Mutant> all() {
        return List.of(
                Mutant.of("send-arrives", "reports what it has lost", LosesAll::new),
                Mutant.of("send-in-order", "sends the latest first", LatestFirst::new),
                Mutant.of("send-once", "repeats a message", RepeatsOne::new),
                Mutant.of("send-once", "loses a message", LosesOne::new),
                Mutant.of("send-many", "has sequence numbers of 12 bits", TwelveBits::new),
                Mutant.of("send-same-object-again", "takes an object it knows for done", KnowsObjects::new),
                Mutant.ofFixture(
                        "send-until-queue-is-full",
                        "has a queue without end",
                        () -> new ReferenceFixture(new ReferenceDriver(), 1_000_000)),
                Mutant.of("send-until-queue-is-full", "loses the 21st message", LosesThe21st::new),
                Mutant.of("send-does-not-wait", "waits for the line", WaitsInSend::new),
                Mutant.of("send-blocking", "sees no slow interrupt", Broken.Impatient::new),
                Mutant.of("send-null", "cannot stand null", NoNull::new),
                Mutant.of("send-bad-message-goes-nowhere", "sends what it does not know", SendsAnything::new),
                Mutant.of("send-bad-message-goes-nowhere", "calls it sent", CallsItSent::new),
                Mutant.of("send-bad-message-blocks-nothing", "refuses it for ever", RefusesForEver::new));
    }

    private static final class LosesAll extends ReferenceDriver {
        @Override
        void transmit(Line line, int number) {}
    }

    private static final class LatestFirst extends ReferenceDriver {
        @Override
        void transmit(Line line, int number) {
            line.transmitted.add(0, number);
        }
    }

    private static final class RepeatsOne extends ReferenceDriver {
        @Override
        void transmit(Line line, int number) {
            super.transmit(line, number);
            if (number == 3) {
                super.transmit(line, number);
            }
        }
    }

    static final class LosesOne extends ReferenceDriver {
        @Override
        void transmit(Line line, int number) {
            if (number != 3) {
                super.transmit(line, number);
            }
        }
    }

    private static final class TwelveBits extends ReferenceDriver {
        @Override
        boolean hasRoom(Line line) {
            return line.transmitted.size() < 4096 && super.hasRoom(line);
        }
    }

    private static final class KnowsObjects extends ReferenceDriver {
        private @Nullable Object latest;

        @Override
        @SuppressWarnings("ReferenceEquality") // that is the defect
        public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
            if (message == latest) {
                channel.txDone(txId, 0);
                return 0;
            }
            latest = message;
            return super.sendData(channel, message, txId);
        }
    }

    private static final class LosesThe21st extends ReferenceDriver {
        @Override
        void transmit(Line line, int number) {
            if (number != 20) {
                super.transmit(line, number);
            }
        }
    }

    private static final class WaitsInSend extends Broken.Waiting {
        @Override
        public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
            waitAWhile();
            return super.sendData(channel, message, txId);
        }
    }

    private static final class NoNull extends ReferenceDriver {
        @Override
        int unfit(ControllerChannel channel, @Nullable Object message, long txId) {
            if (message == null) {
                throw new NullPointerException("message");
            }
            return super.unfit(channel, message, txId);
        }
    }

    private static final class SendsAnything extends ReferenceDriver {
        @Override
        int unfit(ControllerChannel channel, @Nullable Object message, long txId) {
            return accept(line(channel), channel, new Letter(-1, txId));
        }
    }

    private static final class CallsItSent extends ReferenceDriver {
        @Override
        int unfit(ControllerChannel channel, @Nullable Object message, long txId) {
            channel.txDone(txId, 0);
            return 0;
        }
    }

    private static final class RefusesForEver extends ReferenceDriver {
        @Override
        int unfit(ControllerChannel channel, @Nullable Object message, long txId) {
            return -Errno.EINVAL;
        }
    }
}
