// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import static dev.hwmailbox.testing.ControllerTrait.ANONYMOUS_MESSAGES;
import static dev.hwmailbox.testing.ControllerTrait.COMPLETES_INSIDE_SEND;
import static dev.hwmailbox.testing.ControllerTrait.NO_FAILURE_STATUS;
import static dev.hwmailbox.testing.ControllerTrait.TAKES_ANYTHING;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** Messages go out. */
final class ControllerSendChecks {
    private static final int MANY = 10_000;

    /** More than any queue is meant to hold. */
    private static final int FLOOD = 5000;

    private ControllerSendChecks() {}

    static void addTo(ControllerCheckList list) {
        list.add(
                "send-arrives",
                "a message reaches the other side",
                "ChannelOps.sendData: 0 if accepted",
                ControllerSendChecks::arrives);
        list.add(
                "send-in-order",
                "messages reach the other side in the order of sending",
                "MailboxChannel.sendMessage: sends a message, behind those queued already",
                ControllerSendChecks::inOrder,
                ANONYMOUS_MESSAGES);
        list.add(
                "send-once",
                "each message reaches the other side once",
                "ChannelOps.sendData: 0 if accepted; it is not handed over again then",
                ControllerSendChecks::once);
        list.add(
                "send-many",
                "ten thousand messages go the way of the first one",
                "ChannelOps.sendData: tries to transmit a message",
                ControllerSendChecks::many);
        list.add(
                "send-same-object-again",
                "one object sent several times is several messages",
                "MailboxChannel.sendMessage: each call is a message of its own",
                ControllerSendChecks::sameObjectAgain);
        list.add(
                "send-until-queue-is-full",
                "a full queue refuses a message with ENOBUFS, and goes on when there is room; nothing accepted is lost",
                "MailboxChannel.sendMessage: ENOBUFS if the queue is full; MailboxClient.writable tells when to try again",
                ControllerSendChecks::untilQueueIsFull,
                COMPLETES_INSIDE_SEND);
        list.add(
                "send-does-not-wait",
                "sending takes no time",
                "ChannelOps.sendData: must not block",
                ControllerSendChecks::doesNotWait);
        list.add(
                "send-blocking",
                "a blocking send returns when its message is done",
                "MailboxChannel.sendMessage: waits for the report of this very message",
                ControllerSendChecks::blocking);
        list.add(
                "send-null",
                "a null message gets an answer, and the next message goes out",
                "MailboxChannel.sendMessage: null is legal, a bare signal",
                ControllerSendChecks::nullMessage,
                ANONYMOUS_MESSAGES,
                NO_FAILURE_STATUS);
        list.add(
                "send-bad-message-goes-nowhere",
                "a message that cannot be sent does not reach the other side, and is never reported as sent",
                "ChannelOps.sendData: anything else if refused; MailboxClient.txDone: a negative errno",
                ControllerSendChecks::badMessageGoesNowhere,
                TAKES_ANYTHING);
        list.add(
                "send-bad-message-blocks-nothing",
                "a message that cannot be sent ends with a negative status, and the next one goes out",
                "ChannelOps.sendData: a refused message stays the first of the queue, so one that can never go must not be",
                ControllerSendChecks::badMessageBlocksNothing,
                TAKES_ANYTHING,
                NO_FAILURE_STATUS);
    }

    private static void arrives(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);

        client.send(7);
        bench.finish(client, 1);

        bench.expectTransmitted(0, 7);
    }

    private static void inOrder(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);

        bench.finish(client, client.sendBurst());

        bench.expectOrder("the other side has got", bench.transmitted(0));
    }

    private static void once(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);

        int count = client.sendBurst();
        bench.finish(client, count);
        bench.complete(0);
        bench.settle();

        bench.expectOnceEach("the other side has got", bench.transmitted(0), upTo(count));
    }

    private static void many(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);

        for (int number = 0; number < MANY; number++) {
            client.send(number);
            bench.finish(client, number + 1);
        }

        bench.expectTransmitted(0, upTo(MANY));
        bench.expect(client.statuses.stream().allMatch(status -> status == 0), "not all were reported with status 0");
    }

    private static void sameObjectAgain(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        Object message = bench.fixture().message(5);

        int count = Math.min(3, client.channel().slotsAvailable());
        for (int i = 0; i < count; i++) {
            client.trySend(5, message);
        }
        bench.finish(client, count);

        bench.expectTransmitted(0, Collections.nCopies(count, 5));
    }

    private static void untilQueueIsFull(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        int accepted = 0;
        int result = 0;
        while (result >= 0 && accepted < FLOOD) {
            result = client.trySend(accepted);
            accepted += result >= 0 ? 1 : 0;
        }
        bench.expect(result == -Errno.ENOBUFS, "after " + accepted + " messages in a row a send gave " + result);
        bench.settle();
        bench.expect(client.writable == 0, "writable was told although no message has left");

        bench.finish(client, 1);
        bench.expectEventually(() -> client.writable == 1, "writable was told " + client.writable + " times");
        client.send(accepted);
        bench.finish(client, accepted + 1);

        bench.expectTransmitted(0, upTo(accepted + 1));
    }

    private static void doesNotWait(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        Duration before = bench.elapsed();

        client.send(0, 1);

        bench.expectTimeUnmoved(before, "sending");
    }

    private static void blocking(ControllerBench bench) {
        ControllerProbe client = bench.bind(0, ClientOptions.blocking(bench.patience()));
        bench.later(bench.patience().dividedBy(10), () -> bench.completeFor(client));

        int result = client.trySend(3);
        bench.settle();

        bench.expect(result >= 0, "the blocking send gave " + result);
        bench.expectTransmitted(0, 3);
    }

    private static void nullMessage(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);

        int result = client.trySend(0, null);
        bench.expect(result >= 0, "sending null gave " + result);
        bench.finish(client, 1);

        bench.expectWorking(client, 1);
    }

    private static void badMessageGoesNowhere(ControllerBench bench) {
        for (Object message : badMessages(bench)) {
            ControllerProbe client = bench.bind(0);
            int result = client.trySend(0, message);
            bench.expect(result >= 0, "sending " + message + " gave " + result);
            bench.complete(0);
            bench.settle();

            bench.expectTransmitted(0, List.of());
            boolean ended = !client.statuses.isEmpty() && client.statuses.get(0) < 0;
            bench.expect(
                    ended || (client.statuses.isEmpty() && !client.refusals.isEmpty()),
                    message + " was neither refused nor ended with a negative status; reported: " + client.statuses);
            client.close();
        }
        bench.expectWorking(bench.bind(0), 1);
    }

    private static void badMessageBlocksNothing(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        int number = 0;
        for (Object message : badMessages(bench)) {
            client.trySend(-1, message);
            bench.expectEventually(
                    () -> client.statuses.size() % 2 == 1, message + " was not ended; refusals: " + client.refusals);
            int status = client.statuses.get(client.statuses.size() - 1);
            bench.expect(status < 0, message + " was reported with status " + status);

            bench.expectWorking(client, number++);
        }
    }

    private static List<Object> badMessages(ControllerBench bench) {
        List<Object> messages = bench.fixture().badMessages();
        bench.expect(!messages.isEmpty(), "the fixture names no bad message: declare TAKES_ANYTHING");
        return messages;
    }

    private static List<Integer> upTo(int end) {
        return IntStream.range(0, end).boxed().toList();
    }
}
