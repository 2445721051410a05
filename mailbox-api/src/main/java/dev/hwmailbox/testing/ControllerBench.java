// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** One fixture in the hands of one check. */
final class ControllerBench implements AutoCloseable {
    private final Supplier<? extends ControllerFixture> factory;
    private final Set<ControllerTrait> traits;
    private final ControllerLog log;
    private final ControllerFixture fixture;
    private final VirtualScheduler time;

    ControllerBench(Supplier<? extends ControllerFixture> factory, Set<ControllerTrait> traits, ControllerLog log) {
        this.factory = factory;
        this.traits = traits;
        this.log = log;
        fixture = factory.get();
        time = fixture.scheduler();
    }

    /** What the traits say of the method is true. */
    void expectMethodAsDeclared() {
        TxDoneMethod method = fixture.controller().txDoneMethod(0);
        expect(
                (method == TxDoneMethod.ACK) == has(ControllerTrait.CLIENT_REPORTS),
                "the channel's method is " + method + ": CLIENT_REPORTS must be declared for ACK, and only for ACK");
    }

    /** A second controller of the same kind. */
    ControllerBench another() {
        return new ControllerBench(factory, traits, log);
    }

    @Override
    public void close() {
        fixture.close();
        List<Throwable> thrown = time.failures();
        if (!thrown.isEmpty()) { // the scheduler has only logged it
            throw new AssertionError("a task on the scheduler threw " + thrown.get(0), thrown.get(0));
        }
    }

    ControllerFixture fixture() {
        return fixture;
    }

    boolean has(ControllerTrait trait) {
        return traits.contains(trait);
    }

    // Clients.

    ControllerProbe bind(int index) {
        return bind(index, ClientOptions.NON_BLOCKING);
    }

    ControllerProbe bind(int index, ClientOptions options) {
        ControllerProbe client = new ControllerProbe(this, index, options);
        client.bound(fixture.bind(index, client));
        log(client, "bound");
        return client;
    }

    MailboxException bindInVain(int index) {
        fixture.failStartup(index, true);
        try {
            bind(index);
        } catch (MailboxException e) {
            return e;
        }
        throw new AssertionError("channel " + index + " could be bound although its startup fails");
    }

    // The hardware.

    void complete(int index) {
        log("hardware of channel " + index + " completes");
        survive(() -> fixture.complete(index));
    }

    void refuse(int index, boolean refusing) {
        log("hardware of channel " + index + (refusing ? " has no room" : " has room"));
        survive(() -> fixture.refuse(index, refusing));
    }

    void deliver(int index, int number) {
        log("other side of channel " + index + " sends " + number);
        survive(() -> fixture.deliver(index, number));
    }

    List<Integer> transmitted(int index) {
        if (has(ControllerTrait.COMPLETES_INSIDE_SEND) || has(ControllerTrait.MAY_REPORT_EARLY)) {
            complete(index); // what the hardware has taken counts
        }
        return fixture.transmitted(index);
    }

    // Time.

    Duration patience() {
        return fixture.patience();
    }

    Duration elapsed() {
        return time.elapsed();
    }

    /** Lets happen what should not. */
    void settle() {
        Duration end = elapsed().plus(patience());
        while (end.compareTo(elapsed()) > 0) {
            survive(() -> time.advance(end.minus(elapsed())));
        }
        survive(time::runDue);
    }

    /** Moves time from one pending task to the next until something is so, or patience is at an end. */
    boolean eventually(BooleanSupplier condition) {
        Duration end = elapsed().plus(patience());
        survive(time::runDue);
        while (!condition.getAsBoolean()) {
            List<VirtualScheduler.Pending> pending = time.pending();
            if (pending.isEmpty() || elapsed().plus(pending.get(0).dueIn()).compareTo(end) > 0) {
                return false;
            }
            Duration step = pending.get(0).dueIn();
            survive(() -> time.advance(step.isNegative() ? Duration.ZERO : step));
        }
        return true;
    }

    /** Does something while a blocking send waits. */
    void later(Duration delay, Runnable action) {
        time.timer("check", action).arm(delay.toNanos());
    }

    /** Goes on after what a client threw on purpose, to whomever it was thrown. */
    void survive(Runnable action) {
        try {
            action.run();
        } catch (ControllerProbe.Deliberate e) {
            log("thrown to the caller: " + e.getMessage());
        }
    }

    /** Where a queue holds one message only, a refused one has to leave first; by itself. */
    void awaitSlot(ControllerProbe client) {
        if (client.channel().slotsAvailable() == 0) {
            eventually(() -> client.channel().slotsAvailable() > 0);
        }
    }

    /** Lets the hardware finish until so many messages have been reported. */
    void finish(ControllerProbe client, int total) {
        int reported = -1;
        while (client.statuses.size() < total && client.statuses.size() > reported) {
            int before = client.statuses.size();
            completeFor(client);
            eventually(() -> client.statuses.size() > before);
            reported = before;
        }
        expect(
                client.statuses.size() >= total,
                "of %d messages on channel %d, %d were reported, and a completion of the hardware led to no further report"
                        .formatted(total, client.index, client.statuses.size()));
    }

    /** What ends the message in flight: the hardware, and the client's report where that is its task. */
    void completeFor(ControllerProbe client) {
        complete(client.index);
        if (has(ControllerTrait.CLIENT_REPORTS)) {
            survive(time::runDue);
            survive(() -> client.channel().clientTxDone(0));
        }
    }

    // Expectations.

    void expect(boolean met, String found) {
        log.requireNoViolation();
        if (!met) {
            throw new AssertionError(found);
        }
    }

    void expectEventually(BooleanSupplier condition, String found) {
        expect(eventually(condition), found);
    }

    void expectStatuses(ControllerProbe client, Integer... expected) {
        expect(
                client.statuses.equals(List.of(expected)),
                "statuses reported on channel " + client.index + ": " + client.statuses + ", expected "
                        + List.of(expected));
    }

    void expectReceived(ControllerProbe client, Integer... expected) {
        expectNumbers("the client of channel " + client.index + " has received", client.received, List.of(expected));
    }

    void expectTransmitted(int index, Integer... expected) {
        expectNumbers("the other side of channel " + index + " has got", transmitted(index), List.of(expected));
    }

    void expectTransmitted(int index, List<Integer> expected) {
        expectNumbers("the other side of channel " + index + " has got", transmitted(index), expected);
    }

    /** Each message once, in any order. */
    void expectOnceEach(String who, List<Integer> actual, List<Integer> expected) {
        List<Integer> sorted = new ArrayList<>(actual);
        sorted.sort(null);
        expectNumbers(who, sorted, expected);
    }

    /** In order, whether or not all of them came and some came twice. */
    void expectOrder(String who, List<Integer> actual) {
        List<Integer> first = new ArrayList<>(new LinkedHashSet<>(actual));
        List<Integer> sorted = new ArrayList<>(first);
        sorted.sort(null);
        expect(first.equals(sorted), who + " " + actual + ", which is not the order of sending");
    }

    private void expectNumbers(String who, List<Integer> actual, List<Integer> expected) {
        boolean met =
                has(ControllerTrait.ANONYMOUS_MESSAGES) ? actual.size() == expected.size() : actual.equals(expected);
        expect(met, who + " " + shortened(actual) + ", expected " + shortened(expected));
    }

    private static String shortened(List<Integer> numbers) {
        return numbers.size() <= 40
                ? numbers.toString()
                : numbers.subList(0, 20) + "... (" + numbers.size() + " in all)";
    }

    /** A message reported as sent has reached the other side. */
    void expectReportedOnlyIfTransmitted(ControllerProbe client) {
        List<Integer> transmitted = transmitted(client.index);
        for (int i = 0; i < client.statuses.size(); i++) {
            int number = client.sent.get(i);
            expect(
                    client.statuses.get(i) < 0 || transmitted.contains(number),
                    "message " + number + " was reported as sent, but the other side has got " + transmitted);
        }
    }

    void expectReleased(int index, boolean released, String when) {
        if (!has(ControllerTrait.HOLDS_NOTHING)) {
            expect(
                    fixture.released(index) == released,
                    "channel " + index + (released ? " still holds something " : " holds nothing ") + when);
        }
    }

    void expectNothingPending(String when) {
        expect(time.pending().isEmpty(), "pending " + when + ": " + time.pending());
    }

    void expectTimeUnmoved(Duration before, String during) {
        expect(
                elapsed().equals(before),
                during + " took " + elapsed().minus(before).toNanos() / 1e6 + " ms of virtual time");
    }

    // Messages both ways, the usual sign of a channel in good order.

    /** Sends one more message, sees it arrive, and lets one be received. */
    void expectWorking(ControllerProbe client, int number) {
        int reported = client.statuses.size();
        client.send(number);
        finish(client, reported + 1);
        expect(
                client.statuses.get(reported) == 0,
                "message " + number + " was reported with status " + client.statuses.get(reported));
        List<Integer> transmitted = transmitted(client.index);
        expect(
                has(ControllerTrait.ANONYMOUS_MESSAGES) ? !transmitted.isEmpty() : transmitted.contains(number),
                "message " + number + " was reported as sent, but the other side has got " + shortened(transmitted));
        if (!has(ControllerTrait.RECEIVES_NOTHING)) {
            expectReceiving(client, number);
        }
    }

    void expectReceiving(ControllerProbe client, int number) {
        int before = client.received.size();
        deliver(client.index, number);
        boolean known = !has(ControllerTrait.ANONYMOUS_MESSAGES);
        expectEventually(
                () -> known
                        ? client.received
                                .subList(before, client.received.size())
                                .contains(number)
                        : client.received.size() > before,
                "the other side of channel " + client.index + " has sent " + number + ", but the client has received "
                        + shortened(client.received.subList(before, client.received.size())));
    }

    // Log.

    void log(String what) {
        log.add(elapsed(), what);
    }

    void log(ControllerProbe client, String what) {
        log("channel " + client.index + ": " + what);
    }

    void violation(String what) {
        log("VIOLATION: " + what);
        log.violation(what);
    }
}
