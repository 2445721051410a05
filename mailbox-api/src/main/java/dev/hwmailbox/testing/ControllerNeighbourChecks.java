// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import static dev.hwmailbox.testing.ControllerTrait.CLIENT_REPORTS;
import static dev.hwmailbox.testing.ControllerTrait.COMPLETES_INSIDE_SEND;
import static dev.hwmailbox.testing.ControllerTrait.ONE_CHANNEL;
import static dev.hwmailbox.testing.ControllerTrait.RECEIVES_NOTHING;
import static dev.hwmailbox.testing.ControllerTrait.REFUSES_NEVER;
import static dev.hwmailbox.testing.ControllerTrait.STARTS_ALWAYS;

import java.util.List;

/** Channels of one controller do not disturb each other. */
final class ControllerNeighbourChecks {
    private static final String CHANNEL = "ChannelOps: one object serves all channels of a controller, each for itself";

    private ControllerNeighbourChecks() {}

    static void addTo(ControllerCheckList list) {
        list.add(
                "neighbour-sends-its-own",
                "messages come out on the channel they were sent on",
                CHANNEL,
                ControllerNeighbourChecks::sendsItsOwn,
                ONE_CHANNEL);
        list.add(
                "neighbour-receives-its-own",
                "received messages reach the owner of their channel",
                CHANNEL,
                ControllerNeighbourChecks::receivesItsOwn,
                ONE_CHANNEL,
                RECEIVES_NOTHING);
        list.add(
                "neighbour-completes-its-own",
                "a completion ends a message of its own channel",
                CHANNEL,
                ControllerNeighbourChecks::completesItsOwn,
                ONE_CHANNEL,
                CLIENT_REPORTS,
                COMPLETES_INSIDE_SEND);
        list.add(
                "neighbour-in-flight",
                "a message in flight does not hold up other channels",
                CHANNEL,
                ControllerNeighbourChecks::inFlight,
                ONE_CHANNEL,
                COMPLETES_INSIDE_SEND);
        list.add(
                "neighbour-without-room",
                "a channel without room does not hold up other channels",
                CHANNEL,
                ControllerNeighbourChecks::withoutRoom,
                ONE_CHANNEL,
                REFUSES_NEVER);
        list.add(
                "neighbour-closed",
                "closing a channel does not disturb other channels",
                CHANNEL,
                ControllerNeighbourChecks::closed,
                ONE_CHANNEL);
        list.add(
                "neighbour-closed-in-flight",
                "closing a channel leaves the message in flight on another one to be reported",
                CHANNEL,
                ControllerNeighbourChecks::closedInFlight,
                ONE_CHANNEL,
                COMPLETES_INSIDE_SEND);
        list.add(
                "neighbour-fails-to-start",
                "a channel whose startup fails does not disturb other channels",
                CHANNEL,
                ControllerNeighbourChecks::failsToStart,
                ONE_CHANNEL,
                STARTS_ALWAYS);
    }

    private static void sendsItsOwn(ControllerBench bench) {
        ControllerProbe first = bench.bind(0);
        ControllerProbe second = bench.bind(1);

        first.send(0, 1);
        second.send(100);
        bench.finish(first, 2);
        bench.finish(second, 1);

        bench.expectTransmitted(0, 0, 1);
        bench.expectTransmitted(1, 100);
    }

    private static void receivesItsOwn(ControllerBench bench) {
        ControllerProbe first = bench.bind(0);
        ControllerProbe second = bench.bind(1);

        bench.deliver(0, 1);
        bench.deliver(0, 2);
        bench.deliver(1, 100);
        bench.settle();

        bench.expectReceived(first, 1, 2);
        bench.expectReceived(second, 100);
    }

    private static void completesItsOwn(ControllerBench bench) {
        ControllerProbe first = bench.bind(0);
        ControllerProbe second = bench.bind(1);
        first.send(0);
        second.send(100);

        bench.complete(1);
        bench.settle();

        bench.expectStatuses(first);
        bench.expectStatuses(second, 0);
    }

    private static void inFlight(ControllerBench bench) {
        bench.bind(0).send(0, 1);

        bench.expectWorking(bench.bind(1), 100);
    }

    private static void withoutRoom(ControllerBench bench) {
        ControllerProbe first = bench.bind(0);
        ControllerProbe second = bench.bind(1);
        bench.refuse(0, true);
        first.send(0);

        bench.expectWorking(second, 100);
        bench.expect(
                bench.fixture().transmitted(0).isEmpty(),
                "the other side of channel 0 has got " + bench.fixture().transmitted(0));
    }

    private static void closed(ControllerBench bench) {
        ControllerProbe first = bench.bind(0);
        ControllerProbe second = bench.bind(1);
        first.close();
        bench.settle();

        bench.expectReleased(1, false, "while it is bound and its neighbour closed");
        bench.expectWorking(second, 100);
    }

    private static void closedInFlight(ControllerBench bench) {
        ControllerProbe first = bench.bind(0);
        ControllerProbe second = bench.bind(1);
        first.send(0);
        second.send(100);
        first.close();

        bench.finish(second, 1);

        bench.expectTransmitted(1, List.of(100));
    }

    private static void failsToStart(ControllerBench bench) {
        ControllerProbe first = bench.bind(0);
        bench.bindInVain(1);

        bench.expectWorking(first, 0);
    }
}
