// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.loopback;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.testing.FakeController;
import dev.hwmailbox.testing.MailboxTestBed;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

final class MailboxTestProbeTest {
    @AutoClose
    private final MailboxTestBed bed = MailboxTestClientTest.bed();

    private MailboxTestProbe start(String node) {
        return MailboxTestProbe.start(bed.mailboxes(), TestTree.node(node), Windows.NONE, bed.scheduler());
    }

    private FakeController other() {
        return FakeController.create(
                bed.scheduler(), settings -> settings.name("other").node(TestTree.other()));
    }

    private void unregister() {
        bed.mailboxes().unregister(bed.controller().controller());
    }

    private void register() {
        bed.mailboxes().register(bed.controller().controller());
    }

    @Test
    void succeedsAtOnceIfTheControllerIsThere() {
        try (MailboxTestProbe probe = start("both")) {
            assertThat(probe.client()).isPresent();
            assertThat(probe).hasToString("/both: tx is fake/0, rx is fake/1");
        }
    }

    @Test
    void isRepeatedWithEachControllerUntilItSucceeds() {
        unregister();
        try (MailboxTestProbe probe = start("both")) {
            assertThat(probe).hasToString("/both: deferred");
            bed.mailboxes().register(other().controller());
            assertThat(probe.client()).isEmpty();

            register();

            assertThat(probe).hasToString("/both: tx is fake/0, rx is fake/1");
        }
    }

    @Test
    void isNotRepeatedAfterSuccess() {
        try (MailboxTestProbe probe = start("both")) {
            MailboxTestClient client = probe.client().orElseThrow();
            client.close();

            bed.mailboxes().register(other().controller());

            assertThat(probe.client()).containsSame(client);
            assertThat(bed.controller().controller().channel(0).isBound()).isFalse();
            assertThat(bed.mailboxes().removeListener(probe)).isFalse();
        }
    }

    @Test
    void aRegistrationInsideAnAttemptDoesNotSplitTheChannels() {
        unregister();
        bed.controller().channel(0).onStartup(() -> {
            bed.mailboxes().register(other().controller());
            return 0;
        });
        try (MailboxTestProbe probe = start("both")) {
            register();

            assertThat(probe).hasToString("/both: tx is fake/0, rx is fake/1");
        }
    }

    @Test
    void anAttemptInVainIsRepeatedWhateverTheCauseWas() {
        bed.controller().channel(0).onStartup(() -> -Errno.EIO);
        bed.controller().channel(1).onStartup(() -> -Errno.EIO);
        try (MailboxTestProbe probe = start("both")) {
            assertThat(probe.client()).isEmpty();

            bed.mailboxes().register(other().controller());

            assertThat(probe.client()).isPresent();
        }
    }

    @Test
    void aRegistrationInsideAnAttemptInVainLeadsToAnother() {
        bed.controller().channel(0).onStartup(() -> {
            bed.mailboxes().register(other().controller());
            return -Errno.EIO;
        });
        bed.controller().channel(1).onStartup(() -> -Errno.EIO);

        try (MailboxTestProbe probe = start("both")) {
            assertThat(probe).hasToString("/both: tx is fake/0, rx is fake/1");
        }
    }

    @Test
    void endsWhenClosed() {
        unregister();
        MailboxTestProbe probe = start("both");
        probe.close();

        register();

        assertThat(probe.client()).isEmpty();
        assertThat(bed.controller().controller().channel(0).isBound()).isFalse();
        assertThat(bed.mailboxes().removeListener(probe)).isFalse();
    }

    @Test
    void closingInsideAnAttemptInVainMakesItTheLast() {
        unregister();
        MailboxTestProbe probe = start("both");
        AtomicInteger furtherAttempts = new AtomicInteger();
        bed.controller()
                .channel(0)
                .onStartup(
                        () -> {
                            bed.mailboxes().register(other().controller());
                            probe.close();
                            return -Errno.EIO;
                        },
                        furtherAttempts::incrementAndGet);
        bed.controller().channel(1).onStartup(() -> -Errno.EIO);

        register();

        assertThat(furtherAttempts).hasValue(0);
        assertThat(probe.client()).isEmpty();
    }

    @Test
    void closingClosesTheClient() {
        MailboxTestProbe probe = start("both");

        probe.close();

        assertThat(bed.controller().controller().channel(0).isBound()).isFalse();
        assertThat(bed.controller().controller().channel(1).isBound()).isFalse();
        probe.close();
    }

    @Test
    void closingInsideAnAttemptLeavesNoClientOpen() {
        unregister();
        MailboxTestProbe probe = start("both");
        bed.controller().channel(0).onStartup(() -> {
            probe.close();
            return 0;
        });

        register();

        assertThat(bed.controller().controller().channel(0).isBound()).isFalse();
        assertThat(bed.controller().controller().channel(1).isBound()).isFalse();
    }
}
