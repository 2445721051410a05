// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import static dev.hwmailbox.testing.ControllerTrait.ANONYMOUS_MESSAGES;
import static dev.hwmailbox.testing.ControllerTrait.CLIENT_REPORTS;
import static dev.hwmailbox.testing.ControllerTrait.COMPLETES_INSIDE_SEND;
import static dev.hwmailbox.testing.ControllerTrait.RECEIVES_NOTHING;
import static dev.hwmailbox.testing.ControllerTrait.REFUSES_NEVER;

import java.util.List;

/** Messages come in. */
final class ControllerReceiveChecks {
    private static final String RECEIVED_DATA = "ControllerChannel.receivedData: delivers received data to the client";
    private static final int MANY = 2000;

    private ControllerReceiveChecks() {}

    static void addTo(ControllerCheckList list) {
        list.add(
                "receive-arrives",
                "what the other side sends reaches the client, who has done nothing",
                RECEIVED_DATA,
                ControllerReceiveChecks::arrives,
                RECEIVES_NOTHING);
        list.add(
                "receive-in-order",
                "received messages reach the client in the order of sending",
                RECEIVED_DATA,
                ControllerReceiveChecks::inOrder,
                RECEIVES_NOTHING,
                ANONYMOUS_MESSAGES);
        list.add(
                "receive-once",
                "each received message reaches the client once, also of several at a time",
                RECEIVED_DATA,
                ControllerReceiveChecks::once,
                RECEIVES_NOTHING);
        list.add(
                "receive-many",
                "two thousand received messages go the way of the first one",
                RECEIVED_DATA,
                ControllerReceiveChecks::many,
                RECEIVES_NOTHING);
        list.add(
                "receive-not-after-close",
                "nothing reaches a client whose channel is closed",
                "ChannelOps.shutdown: afterwards nothing may be delivered",
                ControllerReceiveChecks::notAfterClose,
                RECEIVES_NOTHING);
        list.add(
                "receive-without-owner",
                "what comes to a channel without owner does no harm: the next owner receives what comes then",
                "ChannelOps.startup: a client is being bound; from now on received data goes to it",
                ControllerReceiveChecks::withoutOwner,
                RECEIVES_NOTHING);
        list.add(
                "receive-next-owner",
                "the next owner receives what comes in its time, and nothing that the one before has received",
                "ChannelOps.startup: a client is being bound; from now on received data goes to it",
                ControllerReceiveChecks::nextOwner,
                RECEIVES_NOTHING);
        addBusyTo(list);
    }

    private static void addBusyTo(ControllerCheckList list) {
        list.add(
                "receive-data-stays-in-callback",
                "what the client has received stays what it is until its callback ends, whatever comes meanwhile",
                "MailboxClient.rxCallback: controllers say how long the message is valid, no less than the callback",
                ControllerReceiveChecks::dataStaysInCallback,
                RECEIVES_NOTHING,
                ANONYMOUS_MESSAGES);
        list.add(
                "receive-during-callback",
                "what comes during the client's callback is delivered too, once",
                RECEIVED_DATA,
                ControllerReceiveChecks::duringCallback,
                RECEIVES_NOTHING);
        list.add(
                "receive-while-sending",
                "a message in flight does not hold up what comes in",
                RECEIVED_DATA,
                ControllerReceiveChecks::whileSending,
                RECEIVES_NOTHING,
                COMPLETES_INSIDE_SEND);
        list.add(
                "receive-while-refused",
                "a message that waits for room does not hold up what comes in",
                RECEIVED_DATA,
                ControllerReceiveChecks::whileRefused,
                RECEIVES_NOTHING,
                REFUSES_NEVER);
        list.add(
                "receive-is-no-completion",
                "what comes in does not end the message in flight",
                "ControllerChannel.txDone: reports that a certain transmission is done",
                ControllerReceiveChecks::isNoCompletion,
                RECEIVES_NOTHING,
                CLIENT_REPORTS,
                COMPLETES_INSIDE_SEND);
    }

    private static void arrives(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);

        bench.deliver(0, 5);

        bench.expectEventually(() -> client.received.size() == 1, "received: " + client.received);
        bench.expectReceived(client, 5);
    }

    private static void inOrder(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);

        deliverFive(bench);

        bench.expectOrder("the client has received", client.received);
    }

    private static void once(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);

        deliverFive(bench);

        bench.expectOnceEach("the client has received", client.received, List.of(0, 1, 2, 3, 4));
    }

    private static void deliverFive(ControllerBench bench) {
        for (int number = 0; number < 5; number++) {
            bench.deliver(0, number);
        }
        bench.settle();
    }

    private static void many(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);

        for (int number = 0; number < MANY; number++) {
            int expected = number + 1;
            bench.deliver(0, number);
            bench.expectEventually(
                    () -> client.received.size() == expected,
                    "after message " + number + " had been sent, " + client.received.size() + " had been received");
        }

        bench.expectOrder("the client has received", client.received);
    }

    private static void notAfterClose(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        client.close();

        bench.deliver(0, 1);
        bench.settle();

        bench.expectReceived(client);
    }

    private static void withoutOwner(ControllerBench bench) {
        bench.deliver(0, 1);
        bench.settle();
        ControllerProbe client = bench.bind(0);
        bench.settle();

        bench.expectReceiving(client, 2);
        bench.settle();

        bench.expect(client.received.size() <= 2, "received of two messages: " + client.received);
    }

    private static void nextOwner(ControllerBench bench) {
        ControllerProbe first = bench.bind(0);
        bench.expectReceiving(first, 1);
        first.close();

        ControllerProbe second = bench.bind(0);
        bench.deliver(0, 2);
        bench.settle();

        bench.expectReceived(second, 2);
    }

    private static void dataStaysInCallback(ControllerBench bench) {
        receiveDuringCallback(bench); // the client looks at each message again when its callback ends
    }

    private static void duringCallback(ControllerBench bench) {
        ControllerProbe client = receiveDuringCallback(bench);

        bench.expectOnceEach("the client has received", client.received, List.of(1, 2));
    }

    private static ControllerProbe receiveDuringCallback(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        client.onReceived = () -> {
            if (client.received.size() == 1) {
                bench.deliver(0, 2);
            }
        };

        bench.deliver(0, 1);
        bench.settle();

        return client;
    }

    private static void whileSending(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        client.send(0);

        bench.expectReceiving(client, 1);
    }

    private static void whileRefused(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        bench.refuse(0, true);
        client.send(0);

        bench.expectReceiving(client, 1);
    }

    private static void isNoCompletion(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        client.send(0);

        bench.deliver(0, 1);
        bench.settle();

        bench.expectStatuses(client);
    }
}
