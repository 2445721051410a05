// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import static dev.hwmailbox.testing.ControllerTrait.COMPLETES_INSIDE_SEND;
import static dev.hwmailbox.testing.ControllerTrait.HOLDS_NOTHING;
import static dev.hwmailbox.testing.ControllerTrait.LOOKS_BY_TIMER;
import static dev.hwmailbox.testing.ControllerTrait.STARTS_ALWAYS;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import java.time.Duration;

/** Owners come and go. */
final class ControllerBindingChecks {
    private static final int MANY = 1000;

    private ControllerBindingChecks() {}

    static void addTo(ControllerCheckList list) {
        list.add(
                "binding-second-owner",
                "a channel with an owner is refused to anybody else, who gets EBUSY, and its owner keeps it",
                "ControllerChannel.bindClient: EBUSY if the channel has an owner",
                ControllerBindingChecks::secondOwner);
        list.add(
                "binding-after-close",
                "a channel that was closed can be bound again, and works",
                "ChannelOps.startup: a client is being bound; from now on received data goes to it",
                ControllerBindingChecks::afterClose);
        list.add(
                "binding-after-close-in-flight",
                "a channel that was closed over messages works for the next owner",
                "MailboxChannel.close: queued messages and the one in flight are dropped",
                ControllerBindingChecks::afterCloseInFlight,
                COMPLETES_INSIDE_SEND);
        list.add(
                "binding-many-times",
                "binding and closing can go on without end",
                "ChannelOps.shutdown: the client is leaving",
                ControllerBindingChecks::manyTimes);
        list.add(
                "binding-holds-and-releases",
                "a channel holds its resources from startup until close has returned, and no longer",
                "ChannelOps.shutdown: afterwards nothing may be reported or delivered",
                ControllerBindingChecks::holdsAndReleases,
                HOLDS_NOTHING);
        list.add(
                "binding-idle-costs-nothing",
                "a bound channel without traffic has nothing scheduled",
                "MailboxController: it has at most one timer, and only if a channel is polled",
                ControllerBindingChecks::idleCostsNothing,
                LOOKS_BY_TIMER);
        addStartupTo(list);
        addCloseTo(list);
    }

    private static void addStartupTo(ControllerCheckList list) {
        list.add(
                "startup-failure-is-told",
                "a startup that fails makes the request fail",
                "ChannelOps.startup: 0, or a negative errno to fail the binding",
                ControllerBindingChecks::startupFailureIsTold,
                STARTS_ALWAYS);
        list.add(
                "startup-failure-has-errno",
                "a startup that fails gives a negative errno",
                "ChannelOps.startup: 0, or a negative errno to fail the binding",
                ControllerBindingChecks::startupFailureHasErrno,
                STARTS_ALWAYS);
        list.add(
                "startup-failure-leaves-channel-free",
                "a channel whose startup failed can be bound once the cause is gone, and works",
                "ChannelOps.startup: shutdown is not called after a failure",
                ControllerBindingChecks::startupFailureLeavesChannelFree,
                STARTS_ALWAYS);
        list.add(
                "startup-failure-holds-nothing",
                "a startup that fails holds nothing and leaves nothing scheduled",
                "ChannelOps.startup: shutdown is not called after a failure",
                ControllerBindingChecks::startupFailureHoldsNothing,
                STARTS_ALWAYS);
    }

    private static void addCloseTo(ControllerCheckList list) {
        list.add(
                "close-is-silent",
                "nothing is heard of a message that was in flight when its channel was closed",
                "ChannelOps.shutdown: afterwards nothing may be reported or delivered",
                ControllerBindingChecks::closeIsSilent,
                COMPLETES_INSIDE_SEND);
        list.add(
                "close-cancels-work",
                "closing a channel over messages leaves nothing scheduled",
                "ChannelOps.shutdown: the client is leaving",
                ControllerBindingChecks::closeCancelsWork);
        list.add(
                "close-does-not-wait",
                "closing takes no time, whatever is in flight",
                "ChannelOps.shutdown: must not wait for other threads",
                ControllerBindingChecks::closeDoesNotWait);
    }

    private static void secondOwner(ControllerBench bench) {
        ControllerProbe owner = bench.bind(0);

        try {
            bench.bind(0);
        } catch (MailboxException e) {
            bench.expect(e.errno() == Errno.EBUSY, "the second client got " + e.getMessage());
            bench.expectWorking(owner, 1);
            return;
        }
        throw new AssertionError("a second client could bind channel 0");
    }

    private static void afterClose(ControllerBench bench) {
        for (int round = 0; round < 3; round++) {
            ControllerProbe client = bench.bind(0);
            bench.expectWorking(client, round);
            client.close();
        }
    }

    private static void afterCloseInFlight(ControllerBench bench) {
        ControllerProbe first = bench.bind(0);
        first.send(0, 1);
        first.close();
        bench.complete(0);

        bench.expectWorking(bench.bind(0), 2);
    }

    private static void manyTimes(ControllerBench bench) {
        for (int round = 0; round < MANY; round++) {
            bench.bind(0).close();
        }
        bench.settle();

        bench.expectNothingPending("after the channel was bound and closed " + MANY + " times");
        bench.expectWorking(bench.bind(0), 1);
    }

    private static void holdsAndReleases(ControllerBench bench) {
        bench.expectReleased(0, true, "before anybody has bound it");

        ControllerProbe client = bench.bind(0);
        bench.expectReleased(0, false, "while it is bound");
        bench.expectWorking(client, 0);
        client.close();

        bench.expectReleased(0, true, "after it was closed");
    }

    private static void idleCostsNothing(ControllerBench bench) {
        bench.bind(0);

        bench.settle();

        bench.expectNothingPending("although nothing has been sent");
    }

    private static void startupFailureIsTold(ControllerBench bench) {
        bench.bindInVain(0);
    }

    private static void startupFailureHasErrno(ControllerBench bench) {
        MailboxException failure = bench.bindInVain(0);

        bench.expect(failure.errno() > 0, "binding failed with " + failure.getMessage());
    }

    private static void startupFailureLeavesChannelFree(ControllerBench bench) {
        bench.bindInVain(0);
        bench.fixture().failStartup(0, false);

        bench.expectWorking(bench.bind(0), 1);
    }

    private static void startupFailureHoldsNothing(ControllerBench bench) {
        bench.bindInVain(0);
        bench.fixture().failStartup(0, false);
        bench.settle();

        bench.expectReleased(0, true, "after its startup failed");
        bench.expectNothingPending("after a startup that failed");
    }

    private static void closeIsSilent(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        client.send(0, 1);
        client.close();

        bench.complete(0);
        bench.settle();

        bench.expectStatuses(client);
    }

    private static void closeCancelsWork(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        client.send(0, 1);
        client.close();

        bench.settle();

        bench.expectNothingPending("after the only channel was closed");
    }

    private static void closeDoesNotWait(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        client.send(0, 1);
        Duration before = bench.elapsed();

        client.close();

        bench.expectTimeUnmoved(before, "closing");
    }
}
