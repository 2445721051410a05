// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.Errno;
import dev.hwmailbox.controller.ControllerChannel;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** Broken as a whole. */
final class LifeMutants {
    private LifeMutants() {}

    static List<Mutant> all() {
        return List.of(
                Mutant.ofFixture("life-unregister-is-silent", "calls its client by itself", Broken.Talkative::new),
                Mutant.of("life-unregister-releases", "keeps a line in use", KeepsLineInUse::new),
                Mutant.of("life-register-again", "starts twice", () -> new Broken.WornOut(2)),
                Mutant.of("life-eviction", "waits for a shutdown", WaitsForShutdown::new),
                Mutant.of("life-close-leaves-nothing-scheduled", "forgets a timer", Broken.WithForgottenTimer::new),
                Mutant.of("life-close-does-not-wait", "waits in shutdown", WaitsInShutdown::new),
                new Mutant("life-side-by-side", "has static state", sharingOneLine(), Set.of()));
    }

    private static final class KeepsLineInUse extends ReferenceDriver {
        @Override
        public void shutdown(ControllerChannel channel) {
            if (line(channel).slot == null) {
                super.shutdown(channel);
            }
        }
    }

    private static final class WaitsForShutdown extends ReferenceDriver {
        @Override
        public int startup(ControllerChannel channel) {
            return line(channel).channel == null ? super.startup(channel) : -Errno.EBUSY;
        }
    }

    private static final class WaitsInShutdown extends Broken.Waiting {
        @Override
        public void shutdown(ControllerChannel channel) {
            waitAWhile();
            super.shutdown(channel);
        }
    }

    private static Supplier<ControllerFixture> sharingOneLine() {
        ReferenceDriver.Line shared = new ReferenceDriver.Line();
        return () -> {
            ReferenceDriver driver = new ReferenceDriver();
            driver.lines[0] = shared;
            return new ReferenceFixture(driver);
        };
    }
}
