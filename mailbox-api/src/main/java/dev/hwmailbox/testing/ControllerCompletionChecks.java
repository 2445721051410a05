// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import static dev.hwmailbox.testing.ControllerTrait.ANONYMOUS_MESSAGES;
import static dev.hwmailbox.testing.ControllerTrait.CLIENT_REPORTS;
import static dev.hwmailbox.testing.ControllerTrait.COMPLETES_INSIDE_SEND;
import static dev.hwmailbox.testing.ControllerTrait.LOOKS_BY_TIMER;
import static dev.hwmailbox.testing.ControllerTrait.MAY_REPORT_EARLY;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import java.time.Duration;
import java.util.Collections;

/** Messages are reported. */
final class ControllerCompletionChecks {
    private ControllerCompletionChecks() {}

    static void addTo(ControllerCheckList list) {
        list.add(
                "completion-comes",
                "a message is reported when the hardware has finished it, without further sends",
                "ControllerChannel.txDone: reports that a transmission is done; ChannelOps.lastTxDone: true if it has left",
                ControllerCompletionChecks::comes,
                CLIENT_REPORTS);
        list.add(
                "completion-not-before-hardware",
                "a message is not reported before the hardware has finished it",
                "MailboxClient.txDone: a message that the controller had accepted is done",
                ControllerCompletionChecks::notBeforeHardware,
                CLIENT_REPORTS,
                COMPLETES_INSIDE_SEND);
        list.add(
                "completion-of-one-message-only",
                "one completion of the hardware is one report; the next message waits for its own",
                "ControllerChannel.txDone: reports that a certain transmission is done",
                ControllerCompletionChecks::ofOneMessageOnly,
                CLIENT_REPORTS,
                COMPLETES_INSIDE_SEND,
                MAY_REPORT_EARLY);
        list.add(
                "completion-status-is-zero",
                "messages that went well are reported with status 0",
                "MailboxClient.txDone: by custom 0, or a negative errno",
                ControllerCompletionChecks::statusIsZero,
                CLIENT_REPORTS);
        list.addFor(
                COMPLETES_INSIDE_SEND,
                "completion-inside-send",
                "a controller that leaves nothing in flight reports before sendMessage returns",
                "ChannelOps.sendData: completion may be reported from inside",
                ControllerCompletionChecks::insideSend);
        list.add(
                "completion-without-message",
                "a completion of idle hardware means nothing, then and later",
                "ControllerChannel.txDone: if it is not in flight, nothing happens",
                ControllerCompletionChecks::withoutMessage,
                CLIENT_REPORTS,
                COMPLETES_INSIDE_SEND);
        list.add(
                "completion-late-after-timeout",
                "a completion that comes after its sender gave up does not end the next message",
                "ControllerChannel.txDone: a late completion cannot end somebody else's message",
                ControllerCompletionChecks::lateAfterTimeout,
                CLIENT_REPORTS,
                COMPLETES_INSIDE_SEND,
                ANONYMOUS_MESSAGES);
        list.add(
                "completion-late-after-close",
                "a completion that comes after its channel was closed does not end the next owner's message",
                "ControllerChannel.txDone: a late completion cannot end somebody else's message",
                ControllerCompletionChecks::lateAfterClose,
                CLIENT_REPORTS,
                COMPLETES_INSIDE_SEND,
                ANONYMOUS_MESSAGES);
        list.add(
                "completion-after-timeout-goes-on",
                "a channel works on after a blocking sender gave up on a message in flight",
                "MailboxChannel.sendMessage: ETIME if not reported in time",
                ControllerCompletionChecks::afterTimeoutGoesOn,
                COMPLETES_INSIDE_SEND);
        list.add(
                "completion-leaves-nothing-scheduled",
                "when the last message is reported nothing stays scheduled",
                "MailboxController: it has at most one timer, and only if a channel is polled",
                ControllerCompletionChecks::leavesNothingScheduled,
                LOOKS_BY_TIMER);
    }

    private static void comes(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);

        client.send(0);
        bench.complete(0);

        bench.expectEventually(() -> client.statuses.size() == 1, "reports: " + client.statuses.size());
    }

    private static void notBeforeHardware(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);

        client.send(0);
        bench.settle();

        bench.expectStatuses(client);
    }

    private static void ofOneMessageOnly(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);

        client.send(0, 1);
        bench.complete(0);
        bench.settle();

        bench.expect(client.statuses.size() == 1, "reports after one completion: " + client.statuses.size());
        bench.finish(client, 2);
    }

    private static void statusIsZero(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);

        int count = client.sendBurst(3);
        bench.finish(client, count);

        bench.expectStatuses(client, Collections.nCopies(count, 0).toArray(Integer[]::new));
    }

    private static void insideSend(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);

        client.send(0);

        bench.expectStatuses(client, 0);
    }

    private static void withoutMessage(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);
        for (int i = 0; i < 3; i++) {
            bench.complete(0);
        }
        bench.settle();

        client.send(0, 1);
        bench.settle();
        bench.expectStatuses(client);

        bench.finish(client, 2);
    }

    private static void lateAfterTimeout(ControllerBench bench) {
        Duration timeout = bench.patience();
        ControllerProbe client = bench.bind(0, ClientOptions.blocking(timeout));
        int first = client.trySend(0);
        bench.expect(first == -Errno.ETIME, "a blocking send that the hardware does not finish gave " + first);

        bench.later(timeout.dividedBy(10), () -> bench.complete(0));
        int second = client.trySend(1);

        bench.expect(
                second < 0 || bench.transmitted(0).contains(1),
                "message 1 was reported as sent, but the other side has got " + bench.transmitted(0));
    }

    private static void lateAfterClose(ControllerBench bench) {
        ControllerProbe first = bench.bind(0);
        first.send(0);
        first.close();
        ControllerProbe second = bench.bind(0);
        second.send(1);

        bench.complete(0);
        bench.settle();

        bench.expectReportedOnlyIfTransmitted(second);
    }

    private static void afterTimeoutGoesOn(ControllerBench bench) {
        ControllerProbe client = bench.bind(0, ClientOptions.blocking(bench.patience()));
        client.trySend(0);
        bench.complete(0);
        bench.settle();

        bench.later(bench.patience().dividedBy(10), () -> bench.completeFor(client));
        int second = client.trySend(1);

        bench.expect(second >= 0, "the send after the one that gave up gave " + second);
    }

    private static void leavesNothingScheduled(ControllerBench bench) {
        ControllerProbe client = bench.bind(0);

        client.send(0, 1);
        bench.finish(client, 2);
        bench.settle();

        bench.expectNothingPending("although everything has been reported");
    }
}
