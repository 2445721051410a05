// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.controller.ControllerChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Broken at binding, starting or closing. */
final class BindingMutants {
    private BindingMutants() {}

    static List<Mutant> all() {
        return List.of(
                Mutant.ofFixture("binding-second-owner", "gives the next channel instead", GivesTheNext::new),
                Mutant.of("binding-after-close", "starts only once", () -> new Broken.WornOut(1)),
                Mutant.of("binding-after-close-in-flight", "stays busy over a close", Broken.Busy::new),
                Mutant.of("binding-many-times", "leaks a hundredth of something", () -> new Broken.WornOut(100)),
                Mutant.of("binding-holds-and-releases", "gives nothing back", GivesNothingBack::new),
                Mutant.of("binding-holds-and-releases", "takes nothing", TakesNothing::new),
                Mutant.of("binding-idle-costs-nothing", "starts a timer at startup", TimerFromStartup::new),
                Mutant.of("startup-failure-is-told", "swallows the failure", SwallowsFailure::new),
                Mutant.of("startup-failure-has-errno", "returns the errno as it is", PositiveErrno::new),
                Mutant.of("startup-failure-leaves-channel-free", "claims first", ClaimsFirst::new),
                Mutant.of("startup-failure-holds-nothing", "does not undo", DoesNotUndo::new),
                Mutant.ofFixture("close-is-silent", "calls its client by itself", Broken.Talkative::new),
                Mutant.of("close-cancels-work", "forgets a timer", Broken.WithForgottenTimer::new),
                Mutant.of("close-does-not-wait", "waits for the message in flight", WaitsInShutdown::new));
    }

    private static final class GivesTheNext extends ReferenceFixture {
        GivesTheNext() {
            super(new ReferenceDriver());
        }

        @Override
        public MailboxChannel bind(int index, MailboxClient client) {
            return super.bind(controller().channel(index).isBound() ? index + 1 : index, client);
        }
    }

    private static final class GivesNothingBack extends ReferenceDriver {
        @Override
        public void shutdown(ControllerChannel channel) {
            reset(line(channel));
        }
    }

    private static final class TakesNothing extends ReferenceDriver {
        @Override
        public int startup(ControllerChannel channel) {
            return 0;
        }
    }

    private static final class TimerFromStartup extends Broken.WithForgottenTimer {
        @Override
        public int startup(ControllerChannel channel) {
            startTimer();
            return super.startup(channel);
        }

        @Override
        public void shutdown(ControllerChannel channel) {
            stopTimer();
            super.shutdown(channel);
        }
    }

    private static final class SwallowsFailure extends ReferenceDriver {
        @Override
        public int startup(ControllerChannel channel) {
            return Math.max(0, super.startup(channel));
        }
    }

    private static final class PositiveErrno extends ReferenceDriver {
        @Override
        public int startup(ControllerChannel channel) {
            return -super.startup(channel);
        }
    }

    private static final class ClaimsFirst extends ReferenceDriver {
        private @Nullable ControllerChannel claimed;

        @Override
        public int startup(ControllerChannel channel) {
            if (claimed != null) {
                return -Errno.EBUSY;
            }
            claimed = channel;
            return super.startup(channel);
        }

        @Override
        public void shutdown(ControllerChannel channel) {
            claimed = null;
            super.shutdown(channel);
        }
    }

    private static final class DoesNotUndo extends ReferenceDriver {
        @Override
        public int startup(ControllerChannel channel) {
            int result = super.startup(channel);
            line(channel).channel = channel;
            return result;
        }
    }

    private static final class WaitsInShutdown extends Broken.Waiting {
        @Override
        public void shutdown(ControllerChannel channel) {
            if (line(channel).slot != null) {
                waitAWhile();
            }
            super.shutdown(channel);
        }
    }
}
