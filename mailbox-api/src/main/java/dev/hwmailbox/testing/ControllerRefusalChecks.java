// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import static dev.hwmailbox.testing.ControllerTrait.ANONYMOUS_MESSAGES;
import static dev.hwmailbox.testing.ControllerTrait.NO_RETRY;
import static dev.hwmailbox.testing.ControllerTrait.REFUSES_NEVER;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import java.time.Duration;
import java.util.List;

/** The hardware has no room. */
final class ControllerRefusalChecks {
    /** The fastest timer that is no busy loop, in attempts for each millisecond. */
    private static final int ATTEMPTS_PER_MILLISECOND = 10;

    private ControllerRefusalChecks() {}

    static void addTo(ControllerCheckList list) {
        list.add(
                "refusal-is-no-report",
                "a message that finds no room is not reported and does not get out",
                "ChannelOps.sendData: if refused for now, the message stays the first of the queue",
                ControllerRefusalChecks::isNoReport,
                REFUSES_NEVER);
        list.add(
                "refusal-has-errno",
                "a message that finds no room is refused with a negative errno",
                "ChannelOps.sendData: anything else, by custom a negative errno, if refused for now",
                ControllerRefusalChecks::hasErrno,
                REFUSES_NEVER);
        list.add(
                "refusal-keeps-order",
                "messages that found no room go out in the order of sending",
                "ChannelOps.sendData: if refused for now, the message stays the first of the queue",
                ControllerRefusalChecks::keepsOrder,
                REFUSES_NEVER,
                ANONYMOUS_MESSAGES);
        list.add(
                "refusal-goes-out-once",
                "a message that found no room goes out once",
                "ChannelOps.sendData: a refused message is the framework's; the driver does not keep it",
                ControllerRefusalChecks::goesOutOnce,
                REFUSES_NEVER);
        list.add(
                "refusal-retried-when-there-is-room",
                "a message that found no room goes out by itself when there is room",
                "ControllerChannel.resubmit: has a refused message tried again, now that there is room",
                ControllerRefusalChecks::retriedWhenThereIsRoom,
                REFUSES_NEVER,
                NO_RETRY);
        list.add(
                "refusal-retried-each-time",
                "finding no room again and again is no different from the first time",
                "ControllerChannel.resubmit: has a refused message tried again, now that there is room",
                ControllerRefusalChecks::retriedEachTime,
                REFUSES_NEVER,
                NO_RETRY);
        list.add(
                "refusal-retried-by-next-send",
                "a message that found no room goes out with the next send once there is room",
                "ChannelOps.sendData: a refused message is tried again by the client's next send",
                ControllerRefusalChecks::retriedByNextSend,
                REFUSES_NEVER);
        list.add(
                "refusal-does-not-spin",
                "while there is no room, attempts are rare",
                "ChannelOps.sendData: a refused message is tried again by a send, a completion report or resubmit",
                ControllerRefusalChecks::doesNotSpin,
                REFUSES_NEVER);
        list.add(
                "refusal-does-not-wait",
                "sending takes no time when there is no room either",
                "ChannelOps.sendData: must not block",
                ControllerRefusalChecks::doesNotWait,
                REFUSES_NEVER);
        list.add(
                "refusal-withdrawn-by-timeout",
                "a message whose blocking sender gave up before there was room never goes out",
                "MailboxChannel.sendMessage: a send that gives up takes its message with it",
                ControllerRefusalChecks::withdrawnByTimeout,
                REFUSES_NEVER);
        list.add(
                "refusal-forgotten-by-close",
                "a message that waits for room when its channel is closed never goes out, and nothing stays scheduled",
                "MailboxChannel.close: queued messages are dropped",
                ControllerRefusalChecks::forgottenByClose,
                REFUSES_NEVER);
        list.add(
                "refusal-not-inherited",
                "the next owner of a channel that was closed for want of room can send",
                "MailboxChannel.close: queued messages are dropped",
                ControllerRefusalChecks::notInherited,
                REFUSES_NEVER);
    }

    private static ControllerProbe bindWithoutRoom(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        bench.refuse(0, true);
        return client;
    }

    private static void isNoReport(ControllerBench bench) {
        ControllerProbe client = bindWithoutRoom(bench);

        client.send(0);
        bench.settle();

        bench.expectStatuses(client);
        bench.expect(
                bench.fixture().transmitted(0).isEmpty(),
                "the other side has got " + bench.fixture().transmitted(0));
        bench.expect(!client.refusals.isEmpty(), "the message was not refused");
    }

    private static void hasErrno(ControllerBench bench) {
        ControllerProbe client = bindWithoutRoom(bench);

        client.send(0);
        bench.settle();

        bench.expect(
                !client.refusals.isEmpty() && client.refusals.stream().allMatch(errno -> errno < 0),
                "refused with " + client.refusals);
    }

    private static void keepsOrder(ControllerBench bench) {
        ControllerProbe client = bindWithoutRoom(bench);

        int count = client.sendBurst(Math.min(3, client.channel().slotsAvailable() - 1)); // and room for one more
        bench.settle();
        bench.refuse(0, false);
        client.send(count);
        bench.finish(client, count + 1);

        bench.expectOrder("the other side has got", bench.transmitted(0));
    }

    private static void goesOutOnce(ControllerBench bench) {
        ControllerProbe client = bindWithoutRoom(bench);

        client.send(0);
        bench.settle();
        bench.refuse(0, false);
        bench.awaitSlot(client);
        client.send(1);
        bench.finish(client, 2);
        bench.complete(0);
        bench.settle();

        bench.expectOnceEach("the other side has got", bench.transmitted(0), List.of(0, 1));
    }

    private static void retriedWhenThereIsRoom(ControllerBench bench) {
        ControllerProbe client = bindWithoutRoom(bench);

        sendOneThatWaits(bench, client, 0);

        bench.expectTransmitted(0, 0);
    }

    private static void retriedEachTime(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);

        for (int number = 0; number < 5; number++) {
            bench.refuse(0, true);
            sendOneThatWaits(bench, client, number);
        }

        bench.expectTransmitted(0, 0, 1, 2, 3, 4);
    }

    private static void sendOneThatWaits(ControllerBench bench, ControllerProbe client, int number) {
        client.send(number);
        bench.settle();
        bench.refuse(0, false);
        bench.expectEventually(
                () -> client.attempts - client.refusals.size() == number + 1,
                "message " + number + " was not tried again, or in vain, although there is room");
        bench.finish(client, number + 1);
    }

    private static void retriedByNextSend(ControllerBench bench) {
        ControllerProbe client = bindWithoutRoom(bench);

        client.send(0);
        bench.refuse(0, false);
        bench.awaitSlot(client);
        client.send(1);
        bench.finish(client, 2);

        bench.expectStatuses(client, 0, 0);
        bench.expectOnceEach("the other side has got", bench.transmitted(0), List.of(0, 1));
    }

    private static void doesNotSpin(ControllerBench bench) {
        ControllerProbe client = bindWithoutRoom(bench);
        long milliseconds = bench.patience().toMillis();

        client.send(0);
        bench.settle();

        bench.expect(
                client.attempts <= Math.max(20, milliseconds * ATTEMPTS_PER_MILLISECOND),
                client.attempts + " attempts in " + milliseconds + " ms");
    }

    private static void doesNotWait(ControllerBench bench) {
        ControllerProbe client = bindWithoutRoom(bench);
        Duration before = bench.elapsed();

        client.sendBurst(2);

        bench.expectTimeUnmoved(before, "sending without room");
    }

    private static void withdrawnByTimeout(ControllerBench bench) {
        ControllerProbe client = bench.bind(0, ClientOptions.blocking(bench.patience()));
        bench.refuse(0, true);

        int result = client.trySend(0);
        bench.refuse(0, false);
        bench.settle();
        bench.complete(0);
        bench.settle();

        bench.expect(result == -Errno.ETIME, "the blocking send gave " + result);
        bench.expectTransmitted(0, List.of());
        bench.expectStatuses(client);
        client.close();
        bench.expectWorking(bench.bind(0), 1);
    }

    private static void forgottenByClose(ControllerBench bench) {
        ControllerProbe client = bindWithoutRoom(bench);

        client.sendBurst(2);
        client.close();
        bench.refuse(0, false);
        bench.complete(0);
        bench.settle();

        bench.expectTransmitted(0, List.of());
        bench.expectStatuses(client);
        bench.expectNothingPending("after the only channel was closed");
    }

    private static void notInherited(ControllerBench bench) {
        ControllerProbe first = bindWithoutRoom(bench);
        first.send(0);
        first.close();
        bench.refuse(0, false);

        ControllerProbe second = bench.bind(0);
        second.send(1);
        bench.finish(second, 1);

        bench.expectStatuses(second, 0);
        bench.expectTransmitted(0, 1);
    }
}
