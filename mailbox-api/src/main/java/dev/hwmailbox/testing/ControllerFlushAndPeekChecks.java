// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import static dev.hwmailbox.testing.ControllerTrait.ANONYMOUS_MESSAGES;
import static dev.hwmailbox.testing.ControllerTrait.CLIENT_REPORTS;
import static dev.hwmailbox.testing.ControllerTrait.COMPLETES_INSIDE_SEND;
import static dev.hwmailbox.testing.ControllerTrait.NO_FLUSH;
import static dev.hwmailbox.testing.ControllerTrait.NO_PEEK;

import dev.hwmailbox.Errno;
import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.List;

/** The client asks the controller to finish or to look. */
final class ControllerFlushAndPeekChecks {
    private static final String FLUSH =
            "ChannelOps.flush: finishes transmission by waiting for it, and reports completion itself before it returns 0";
    private static final String PEEK = "ChannelOps.peekData: delivers received data now; true if there was data";

    private static final int MOST_LOOKS = 5;

    private ControllerFlushAndPeekChecks() {}

    static void addTo(ControllerCheckList list) {
        list.addFor(
                NO_FLUSH,
                "flush-absent",
                "a controller without flush answers ENOTSUPP",
                "ChannelOps.canFlush: tells whether flush is implemented",
                ControllerFlushAndPeekChecks::flushAbsent);
        list.add(
                "flush-idle",
                "with nothing in flight flush gives 0, at once",
                FLUSH,
                ControllerFlushAndPeekChecks::flushIdle,
                NO_FLUSH);
        list.add(
                "flush-zero-means-done",
                "flush gives 0 if the hardware finishes in time, and the message is done then",
                FLUSH,
                ControllerFlushAndPeekChecks::flushZeroMeansDone,
                NO_FLUSH);
        list.add(
                "flush-zero-only-if-done",
                "flush does not give 0 while the message is still in flight",
                FLUSH,
                ControllerFlushAndPeekChecks::flushZeroOnlyIfDone,
                NO_FLUSH,
                COMPLETES_INSIDE_SEND);
        list.add(
                "flush-keeps-to-its-timeout",
                "flush does not take longer than its timeout",
                "ChannelOps.flush: may block up to the timeout",
                ControllerFlushAndPeekChecks::flushKeepsToItsTimeout,
                NO_FLUSH,
                COMPLETES_INSIDE_SEND);
        list.add(
                "flush-failure-goes-on",
                "a channel works on after a flush that ran out of time",
                "ChannelOps.flush: or a negative errno, with which the message in flight is then ended",
                ControllerFlushAndPeekChecks::flushFailureGoesOn,
                NO_FLUSH,
                COMPLETES_INSIDE_SEND);
        list.add("peek-empty", "with nothing received peek gives false", PEEK, ControllerFlushAndPeekChecks::peekEmpty);
        list.add(
                "peek-delivers",
                "peek gives true if there is data, and has delivered it then",
                PEEK,
                ControllerFlushAndPeekChecks::peekDelivers,
                NO_PEEK);
        list.add(
                "peek-delivers-once",
                "data that peek has found is not found again",
                PEEK,
                ControllerFlushAndPeekChecks::peekDeliversOnce,
                NO_PEEK);
        list.add(
                "peek-inside-callback",
                "peek inside the callback for data does not find that data again",
                "ChannelOps: all operations may call back into the framework",
                ControllerFlushAndPeekChecks::peekInsideCallback,
                NO_PEEK);
        list.add(
                "peek-without-owner",
                "peek on a closed channel does no harm: the next owner can peek",
                "ChannelOps.peekData: the channel, possibly without a client",
                ControllerFlushAndPeekChecks::peekWithoutOwner,
                NO_PEEK);
        list.add(
                "peek-does-not-wait",
                "peek takes no time",
                "ChannelOps.peekData: must not block",
                ControllerFlushAndPeekChecks::peekDoesNotWait,
                NO_PEEK);
    }

    private static void flushAbsent(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);

        int result = flush(bench, client);

        bench.expect(result == -Errno.ENOTSUPP, "flush gave " + result + "; the trait NO_FLUSH is declared");
    }

    private static void flushIdle(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        Duration before = bench.elapsed();

        int result = flush(bench, client);

        bench.expect(result == 0, "flush with nothing in flight gave " + result);
        bench.expectTimeUnmoved(before, "flush with nothing in flight");
    }

    private static void flushZeroMeansDone(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        client.send(0);
        bench.later(bench.patience().dividedBy(10), () -> bench.complete(0));

        int result = flush(bench, client);

        bench.expect(result == 0, "flush gave " + result + " although the hardware finished in time");
        expectDone(bench, client);
    }

    private static void flushZeroOnlyIfDone(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        client.send(0);

        int result = flush(bench, client);

        if (result == 0) {
            expectDone(bench, client);
        } else {
            bench.expectStatuses(client, result);
        }
    }

    private static void expectDone(ControllerBench bench, ControllerProbe client) {
        bench.expectTransmitted(0, 0);
        if (bench.has(CLIENT_REPORTS)) {
            return;
        }
        if (bench.fixture().controller().txDoneMethod(0) == TxDoneMethod.POLL) {
            bench.settle(); // only the timer can report it
        }
        bench.expectStatuses(client, 0);
    }

    private static void flushKeepsToItsTimeout(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        client.send(0);
        Duration before = bench.elapsed();

        flush(bench, client);

        Duration taken = bench.elapsed().minus(before);
        bench.expect(taken.compareTo(bench.patience()) <= 0, "flush took " + taken + " of " + bench.patience());
    }

    private static void flushFailureGoesOn(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        client.send(0);
        flush(bench, client);
        bench.complete(0);
        bench.settle();

        bench.expectWorking(client, 1);
    }

    private static int flush(ControllerBench bench, ControllerProbe client) {
        int result = client.channel().flush(bench.patience());
        bench.log(client, "flush -> " + result);
        return result;
    }

    private static void peekEmpty(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        bench.settle();

        bench.expect(!peek(bench, client), "peek gave true");
        bench.expectReceived(client);
    }

    private static void peekDelivers(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        bench.fixture().deliverQuietly(0, 5);

        bench.expect(peek(bench, client), "peek gave false");
        bench.expectReceived(client, 5);
    }

    private static void peekDeliversOnce(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        bench.fixture().deliverQuietly(0, 5);
        peek(bench, client);
        int received = client.received.size();

        bench.expect(!peek(bench, client), "a second peek gave true");
        bench.settle();
        bench.expect(client.received.size() == received, "the client has received " + client.received);
    }

    private static void peekInsideCallback(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        client.onReceived = () -> {
            if (client.received.size() == 1) {
                peek(bench, client);
            }
        };
        bench.fixture().deliverQuietly(0, 1);
        bench.fixture().deliverQuietly(0, 2);

        peekForAll(bench, client);

        bench.expectOnceEach("the client has received", client.received, List.of(1, 2));
    }

    private static void peekWithoutOwner(ControllerBench bench) {
        ControllerProbe first = bench.bind(0);
        first.close();
        bench.fixture().deliverQuietly(0, 1);
        peek(bench, first);

        ControllerProbe second = bench.bind(0);
        bench.fixture().deliverQuietly(0, 2);
        boolean found = peek(bench, second);
        peekForAll(bench, second);

        bench.expect(found, "peek gave false");
        bench.expect(
                second.received.size() == 1 || isBoth(bench, second.received),
                "the client has received " + second.received);
    }

    private static boolean isBoth(ControllerBench bench, List<Integer> received) {
        return bench.has(ANONYMOUS_MESSAGES) ? received.size() == 2 : received.equals(List.of(1, 2));
    }

    private static void peekDoesNotWait(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        Duration before = bench.elapsed();
        peek(bench, client);
        bench.fixture().deliverQuietly(0, 5);
        peek(bench, client);

        bench.expectTimeUnmoved(before, "peek");
    }

    /** However many the controller delivers at a time. */
    private static void peekForAll(ControllerBench bench, ControllerProbe client) {
        int looks = 0;
        while (looks < MOST_LOOKS && peek(bench, client)) {
            looks++;
        }
    }

    private static boolean peek(ControllerBench bench, ControllerProbe client) {
        boolean found = client.channel().peekData();
        bench.log(client, "peekData -> " + found);
        return found;
    }
}
