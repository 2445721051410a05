// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.Mailboxes;
import dev.hwmailbox.controller.MailboxController;
import org.openjdk.jol.info.ClassLayout;
import org.openjdk.jol.info.GraphLayout;

/** Bytes and times that need no benchmark harness: sizes are exact, and registering is done once in a system's life. */
final class Footprint {
    static final int MANY = 1_000_000;
    private static final int REQUESTS = 20_000;

    static {
        // A controller refers to lambdas, into which JOL cannot look otherwise.
        System.setProperty("jol.magicFieldOffset", "true");
    }

    private Footprint() {}

    static long unboundChannelBytes() {
        return ClassLayout.parseInstance(Subject.controller(1).channel(0)).instanceSize();
    }

    /** The channel, and all that binding adds; bound beside another one, which is charged with what all share. */
    static long boundChannelBytes() {
        MailboxController controller = Subject.controller(2);
        MailboxClient client = new MailboxClient() {};
        MailboxChannel other = controller.channel(0).bindClient(client);
        long before = GraphLayout.parseInstance(controller, client, other).totalSize();
        MailboxChannel channel = controller.channel(1).bindClient(client);
        long after =
                GraphLayout.parseInstance(controller, client, other, channel).totalSize();
        return unboundChannelBytes() + after - before;
    }

    static long controllerBytes(int channelCount) {
        return GraphLayout.parseInstance(Subject.controller(channelCount)).totalSize();
    }

    /** From nothing to a registered controller, in nanoseconds. */
    static long registerNanos(int channelCount) {
        long start = System.nanoTime();
        try (Mailboxes mailboxes = new Mailboxes()) {
            mailboxes.register(Subject.controller(channelCount));
            return System.nanoTime() - start;
        }
    }

    /** What it takes to bind one of many channels, and to close it, in nanoseconds. */
    static double bindAndCloseNanos(int channelCount) {
        MailboxController controller = Subject.controller(channelCount);
        MailboxClient client = new MailboxClient() {};
        long best = Long.MAX_VALUE;
        for (int round = 0; round < 10; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < REQUESTS; i++) {
                controller.channel(i % channelCount).bindClient(client).close();
            }
            best = Math.min(best, System.nanoTime() - start);
        }
        return (double) best / REQUESTS;
    }
}
