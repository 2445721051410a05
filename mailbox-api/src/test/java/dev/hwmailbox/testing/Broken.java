// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.ControllerChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** Ways of being broken that several mutants share. */
final class Broken {
    private Broken() {}

    /** Has a timer that goes on for ever once it was started. */
    static class WithForgottenTimer extends ReferenceDriver {
        private final MailboxScheduler.Timer timer = scheduler.timer("forgotten", this::startTimer);

        void startTimer() {
            timer.arm(10_000_000);
        }

        void stopTimer() {
            timer.cancel();
        }

        @Override
        int accept(Line line, ControllerChannel channel, Letter letter) {
            startTimer();
            return super.accept(line, channel, letter);
        }
    }

    /** Waits where it must not. */
    static class Waiting extends ReferenceDriver {
        final void waitAWhile() {
            scheduler.await(new Completion(), 1_000_000);
        }
    }

    /** Has a flag "busy" of its own, which only a served interrupt clears. */
    static class Busy extends ReferenceDriver {
        private boolean busy;

        @Override
        boolean hasRoom(Line line) {
            return !busy && super.hasRoom(line);
        }

        @Override
        int accept(Line line, ControllerChannel channel, Letter letter) {
            busy = true;
            return super.accept(line, channel, letter);
        }

        @Override
        void txInterrupt(Line line, @Nullable Letter letter) {
            busy &= line.channel == null;
            super.txInterrupt(line, letter);
        }
    }

    /** Keeps what it refuses, and sends it when there is room, whatever has become of it. */
    static class Hoarding extends ReferenceDriver {
        private final Deque<Integer> kept = new ArrayDeque<>();

        @Override
        int noRoom(Line line, ControllerChannel channel, Note note, long txId) {
            kept.add(note.number);
            return super.noRoom(line, channel, note, txId);
        }

        @Override
        void refuse(Line line, boolean refusing) {
            super.refuse(line, refusing);
            while (!refusing && !kept.isEmpty()) {
                transmit(line, kept.remove());
            }
        }
    }

    /** Refuses everything once it has refused something, until it is told of room. */
    static class Offended extends ReferenceDriver {
        private boolean offended;

        @Override
        boolean hasRoom(Line line) {
            return !offended && super.hasRoom(line);
        }

        @Override
        int noRoom(Line line, ControllerChannel channel, Note note, long txId) {
            offended = true;
            return super.noRoom(line, channel, note, txId);
        }

        void forgive() {
            offended = false;
        }

        @Override
        void room(Line line) {}
    }

    /** Takes a second message while the first is on its way, and reports without saying which is done. */
    static class Nameless extends ReferenceDriver {
        private final Deque<Letter> letters = new ArrayDeque<>();

        @Override
        boolean hasRoom(Line line) {
            return !line.refusing;
        }

        @Override
        int accept(Line line, ControllerChannel channel, Letter letter) {
            letters.add(letter);
            return 0;
        }

        @Override
        void completes(Line line) {
            Letter letter = letters.poll();
            if (letter != null) {
                transmit(line, letter.number());
                if (line.channel != null) {
                    line.channel.txDone(0);
                }
            }
        }
    }

    /** Does not see interrupts of messages that took longer than 100 ms. */
    static class Impatient extends ReferenceDriver {
        private long sentAt;

        @Override
        int accept(Line line, ControllerChannel channel, Letter letter) {
            sentAt = scheduler.nanoTime();
            return super.accept(line, channel, letter);
        }

        @Override
        void completes(Line line) {
            if (scheduler.nanoTime() - sentAt < 50_000_000) {
                super.completes(line);
            }
        }
    }

    /** Works only so many times. */
    static class WornOut extends ReferenceDriver {
        private final int startups;
        private int started;

        WornOut(int startups) {
            this.startups = startups;
        }

        @Override
        public int startup(ControllerChannel channel) {
            return started++ < startups ? super.startup(channel) : -Errno.ENOMEM;
        }
    }

    /** Ignores shutdown inside its interrupt handlers. */
    static class Deaf extends ReferenceDriver {
        private boolean inInterrupt;

        @Override
        void txInterrupt(Line line, @Nullable Letter letter) {
            inInterrupt = true;
            super.txInterrupt(line, letter);
            inInterrupt = false;
        }

        @Override
        void rxInterrupt(Line line) {
            inInterrupt = true;
            super.rxInterrupt(line);
            inInterrupt = false;
        }

        @Override
        public void shutdown(ControllerChannel channel) {
            if (!inInterrupt) {
                super.shutdown(channel);
            }
        }
    }

    /** Lets no interrupt handler in while one is running, and forgets to open the door when one ends in an error. */
    static class Locked extends ReferenceDriver {
        private boolean inInterrupt;

        @Override
        void txInterrupt(Line line, @Nullable Letter letter) {
            if (!inInterrupt) {
                inInterrupt = true;
                super.txInterrupt(line, letter);
                inInterrupt = false;
            }
        }

        @Override
        void rxInterrupt(Line line) {
            if (!inInterrupt) {
                inInterrupt = true;
                super.rxInterrupt(line);
                inInterrupt = false;
            }
        }
    }

    /** Calls its client past the framework, which knows when to be silent. */
    static class Talkative extends ReferenceFixture {
        private @Nullable MailboxClient client;
        private @Nullable MailboxChannel channel;

        Talkative() {
            super(new ReferenceDriver());
        }

        @Override
        public MailboxChannel bind(int index, MailboxClient client) {
            this.client = client;
            channel = super.bind(index, client);
            return channel;
        }

        @Override
        public void complete(int index) {
            super.complete(index);
            if (client != null && channel != null && channel.isClosed()) {
                client.txDone(channel, null, 0);
            }
        }

        @Override
        public void deliver(int index, int number) {
            super.deliver(index, number);
            if (client != null && channel != null && channel.isClosed()) {
                client.rxCallback(channel, new ReferenceDriver.Note(number));
            }
        }
    }
}
