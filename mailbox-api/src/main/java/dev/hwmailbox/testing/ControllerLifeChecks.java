// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import static dev.hwmailbox.testing.ControllerTrait.HOLDS_NOTHING;
import static dev.hwmailbox.testing.ControllerTrait.ONE_CHANNEL;
import static dev.hwmailbox.testing.ControllerTrait.RECEIVES_NOTHING;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Mailboxes;
import java.time.Duration;

/** The controller itself comes and goes. */
final class ControllerLifeChecks {
    private ControllerLifeChecks() {}

    static void addTo(ControllerCheckList list) {
        list.add(
                "life-unregister-is-silent",
                "nothing is heard of a controller after it was unregistered, and its clients are told CLOSED",
                "Mailboxes.unregister: ends its bindings in order of the channels, as close does",
                ControllerLifeChecks::unregisterIsSilent);
        list.add(
                "life-unregister-releases",
                "unregistering a controller releases what its channels hold",
                "Mailboxes.unregister: ends its bindings in order of the channels, as close does",
                ControllerLifeChecks::unregisterReleases,
                HOLDS_NOTHING);
        list.add(
                "life-register-again",
                "a controller that was unregistered can be registered again, and works",
                "Mailboxes.unregister: it can be registered again",
                ControllerLifeChecks::registerAgain);
        list.add(
                "life-eviction",
                "a channel that was bound before its controller was registered can be bound again, and works",
                "Mailboxes.register: clients that were bound directly lose their channels, without shutdown",
                ControllerLifeChecks::eviction);
        list.add(
                "life-close-leaves-nothing-scheduled",
                "a closed controller has nothing scheduled",
                "MailboxController.close: ends every binding, stops polling",
                ControllerLifeChecks::closeLeavesNothingScheduled);
        list.add(
                "life-close-does-not-wait",
                "closing a controller takes no time",
                "MailboxController.close: never waits",
                ControllerLifeChecks::closeDoesNotWait);
        list.add(
                "life-side-by-side",
                "two controllers of a kind do not disturb each other",
                "Mailboxes: nothing is global",
                ControllerLifeChecks::sideBySide);
    }

    private static void unregisterIsSilent(ControllerBench bench) {
        Mailboxes mailboxes = new Mailboxes();
        mailboxes.register(bench.fixture().controller());
        ControllerProbe client = bench.bind(0);
        client.send(0, 1);

        mailboxes.unregister(bench.fixture().controller());
        client.gone();
        bench.complete(0);
        if (!bench.has(RECEIVES_NOTHING)) {
            bench.deliver(0, 1);
        }
        bench.settle();

        bench.expect(client.events.contains(ChannelEvent.CLOSED), "events told: " + client.events);
    }

    private static void unregisterReleases(ControllerBench bench) {
        Mailboxes mailboxes = new Mailboxes();
        mailboxes.register(bench.fixture().controller());
        int channels = bench.has(ONE_CHANNEL) ? 1 : 2;
        for (int index = 0; index < channels; index++) {
            bench.bind(index).send(index);
            bench.expectReleased(index, false, "while it is bound");
        }

        mailboxes.unregister(bench.fixture().controller());
        bench.settle();

        for (int index = 0; index < channels; index++) {
            bench.expectReleased(index, true, "after its controller was unregistered");
        }
    }

    private static void registerAgain(ControllerBench bench) {
        Mailboxes mailboxes = new Mailboxes();
        for (int round = 0; round < 3; round++) {
            mailboxes.register(bench.fixture().controller());
            bench.expectWorking(bench.bind(0), round);
            mailboxes.unregister(bench.fixture().controller());
        }
    }

    private static void eviction(ControllerBench bench) {
        bench.bind(0);
        new Mailboxes().register(bench.fixture().controller());

        bench.expectWorking(bench.bind(0), 1);
    }

    private static void closeLeavesNothingScheduled(ControllerBench bench) {
        bench.bind(0).send(0, 1);

        bench.fixture().controller().close();
        bench.settle();

        bench.expectNothingPending("after the controller was closed");
    }

    private static void closeDoesNotWait(ControllerBench bench) {
        bench.bind(0).send(0, 1);
        Duration before = bench.elapsed();

        bench.fixture().controller().close();

        bench.expectTimeUnmoved(before, "closing the controller");
    }

    private static void sideBySide(ControllerBench bench) {
        try (ControllerBench other = bench.another()) {
            ControllerProbe client = bench.bind(0);
            ControllerProbe otherClient = other.bind(0);

            client.send(1, 2);
            otherClient.send(100);
            other.finish(otherClient, 1);
            bench.finish(client, 2);

            other.expectTransmitted(0, 100);
            bench.expectTransmitted(0, 1, 2);
        }
    }
}
