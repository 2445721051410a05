// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import static dev.hwmailbox.testing.ControllerTrait.RECEIVES_NOTHING;
import static dev.hwmailbox.testing.ControllerTrait.REFUSES_NEVER;

import java.util.stream.IntStream;

/** Callbacks call back in, or throw. */
final class ControllerReentrancyChecks {
    private static final String MAY_CALL_BACK =
            "MailboxClient: callbacks may send without blocking, report completion, peek, flush, close and bind";
    private static final String MAY_THROW =
            "MailboxClient: what a callback throws goes no further; an Error is thrown on once the channel is in order";
    private static final int CHAIN = 50;

    private ControllerReentrancyChecks() {}

    static void addTo(ControllerCheckList list) {
        list.add(
                "reentry-send-from-tx-done",
                "a client can send its next message from txDone, and so on",
                MAY_CALL_BACK,
                ControllerReentrancyChecks::sendFromTxDone);
        list.add(
                "reentry-send-from-rx-callback",
                "a client can answer from rxCallback",
                MAY_CALL_BACK,
                ControllerReentrancyChecks::sendFromRxCallback,
                RECEIVES_NOTHING);
        list.add(
                "reentry-close-from-tx-done",
                "a client can close its channel from txDone, with more on the way",
                MAY_CALL_BACK,
                ControllerReentrancyChecks::closeFromTxDone);
        list.add(
                "reentry-close-from-rx-callback",
                "a client can close its channel from rxCallback, with more to receive",
                MAY_CALL_BACK,
                ControllerReentrancyChecks::closeFromRxCallback,
                RECEIVES_NOTHING);
        list.add(
                "reentry-close-from-tx-prepare",
                "a client can close its channel from txPrepare; the message does not go out",
                MAY_CALL_BACK,
                ControllerReentrancyChecks::closeFromTxPrepare);
        list.add(
                "reentry-close-from-refused",
                "a client can close its channel when a message is refused; nothing stays scheduled",
                MAY_CALL_BACK,
                ControllerReentrancyChecks::closeFromRefused,
                REFUSES_NEVER);
        list.add(
                "reentry-bind-from-closed",
                "a channel can be bound again from inside the event CLOSED",
                "ChannelEvent.CLOSED: the channel can be bound again from inside it",
                ControllerReentrancyChecks::bindFromClosed);
        list.add(
                "error-in-tx-done",
                "an Error thrown from txDone does not stop the channel",
                MAY_THROW,
                ControllerReentrancyChecks::errorInTxDone);
        list.add(
                "error-in-rx-callback",
                "an Error thrown from rxCallback does not stop the channel",
                MAY_THROW,
                ControllerReentrancyChecks::errorInRxCallback,
                RECEIVES_NOTHING);
    }

    private static void sendFromTxDone(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        client.onTxDone = () -> {
            if (client.statuses.size() < CHAIN) {
                client.send(client.statuses.size());
            }
        };

        client.send(0);
        bench.finish(client, CHAIN);

        bench.expectTransmitted(0, IntStream.range(0, CHAIN).boxed().toList());
    }

    private static void sendFromRxCallback(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        client.onReceived = () -> client.send(client.received.size());

        bench.expectReceiving(client, 10);
        bench.finish(client, 1);
        bench.expectReceiving(client, 11);
        bench.finish(client, 2);

        bench.expectTransmitted(0, 1, 2);
    }

    private static void closeFromTxDone(ControllerBench bench) {
        ControllerProbe first = bench.bind(0);
        first.onTxDone = first::close;
        first.send(0);
        first.channel().sendMessage(bench.fixture().message(1)); // EINVAL if the first one is done already
        finishFirst(bench, first);
        bench.complete(0);
        bench.settle();

        bench.expect(first.statuses.size() == 1, "statuses reported to a client that closes: " + first.statuses);
        bench.expectReleased(0, true, "after it was closed from txDone");
        bench.expectWorking(bench.bind(0), 2);
    }

    private static void finishFirst(ControllerBench bench, ControllerProbe client) {
        if (client.statuses.isEmpty()) {
            bench.finish(client, 1);
        }
    }

    private static void closeFromRxCallback(ControllerBench bench) {
        ControllerProbe first = bench.bind(0);
        first.onReceived = first::close;
        for (int number = 1; number <= 3; number++) {
            bench.deliver(0, number);
        }
        bench.settle();

        bench.expect(first.received.size() == 1, "received by a client that closes: " + first.received);
        bench.expectReleased(0, true, "after it was closed from rxCallback");
        ControllerProbe second = bench.bind(0);
        bench.settle();
        bench.expectWorking(second, 4);
    }

    private static void closeFromTxPrepare(ControllerBench bench) {
        ControllerProbe first = bench.bind(0);
        first.onPrepare = first::close;
        first.send(0);
        bench.complete(0);
        bench.settle();

        bench.expectTransmitted(0);
        bench.expectReleased(0, true, "after it was closed from txPrepare");
        bench.expectWorking(bench.bind(0), 1);
    }

    private static void closeFromRefused(ControllerBench bench) {
        ControllerProbe first = bench.bind(0);
        bench.refuse(0, true);
        first.onRefused = first::close;
        first.send(0);
        bench.settle();

        bench.expectNothingPending("after the only channel was closed");
        bench.expectReleased(0, true, "after it was closed when a message was refused");
        bench.refuse(0, false);
        bench.expectWorking(bench.bind(0), 1);
    }

    private static void bindFromClosed(ControllerBench bench) {
        ControllerProbe first = bench.bind(0);
        ControllerProbe[] second = new ControllerProbe[1];
        first.onClosed = () -> {
            first.gone();
            second[0] = bench.bind(0);
        };
        first.send(0);
        first.close();
        bench.complete(0);
        bench.settle();

        bench.expect(second[0] != null, "the channel could not be bound inside the event CLOSED");
        bench.expectWorking(second[0], 1);
    }

    private static void errorInTxDone(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        client.onTxDone = () -> {
            if (client.statuses.size() == 1) {
                throw new ControllerProbe.Deliberate();
            }
        };

        client.send(0, 1);
        bench.finish(client, 2);

        bench.expectWorking(client, 2);
        bench.expectOnceEach(
                "the other side has got",
                bench.transmitted(0),
                IntStream.range(0, 3).boxed().toList());
    }

    private static void errorInRxCallback(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        client.onReceived = () -> {
            if (client.received.size() == 1) {
                throw new ControllerProbe.Deliberate();
            }
        };

        bench.deliver(0, 1);
        bench.deliver(0, 2);
        bench.settle();

        bench.expectReceiving(client, 3);
        bench.expectOrder("the client has received", client.received);
    }
}
