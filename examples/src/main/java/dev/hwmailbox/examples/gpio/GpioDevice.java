// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.examples.calls.ProtocolEnd;
import dev.hwmailbox.examples.gpio.GpioRecord.Acknowledgement;
import dev.hwmailbox.examples.gpio.GpioRecord.Event;
import dev.hwmailbox.examples.gpio.GpioRecord.Malformed;
import dev.hwmailbox.examples.gpio.GpioRecord.Request;
import dev.hwmailbox.examples.gpio.GpioRecord.Response;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The device's end of the queues: reads requests, sends responses, and sends events when there is room.
 *
 * <p>A response that the channel does not take is dropped and counted, and its request times out. An event is a state
 * of its line and not a message in a queue: it waits there until the channel takes it. So a driver that never reads
 * costs nothing but what the channel holds.
 *
 * <p>Context: the owner's scheduler, on which all of it runs; calls from outside are not allowed. Nothing is locked.
 */
final class GpioDevice extends ProtocolEnd {
    private static final int LAST_ID = 0xffff;

    private final GpioChip chip;
    private final MailboxScheduler scheduler;
    private int lastEventId;
    private boolean sendingEvents;

    GpioDevice(GpioChip chip, MailboxScheduler scheduler) {
        this.chip = chip;
        this.scheduler = scheduler;
        chip.onChange(this::sendEvents);
    }

    @Override
    protected void opened(MailboxChannel opened) {
        sendEvents();
    }

    @Override
    protected void ended(int status) {
        chip.driverIsGone();
    }

    @Override
    protected void receivedStale() {
        chip.counters().foundStale();
    }

    @Override
    protected void received(MailboxChannel from, ByteBuffer message) {
        GpioRecord received = GpioRecord.decode(message);
        if (received instanceof Request request) {
            respond(from, chip.handle(request));
        } else if (received instanceof Acknowledgement acknowledgement) {
            chip.acknowledge(acknowledgement);
        } else if (received instanceof Malformed malformed) {
            chip.counters().refuse(malformed.field());
            if (malformed.kind() == GpioRecord.REQUEST) {
                respond(from, Response.error(malformed.id()));
            }
        } else {
            chip.counters().refuse(GpioField.KIND);
        }
        sendEvents();
    }

    private void respond(MailboxChannel to, Response response) {
        if (to.sendMessage(MsgqMessage.of(response.encode())) < 0) {
            chip.counters().couldNotSend();
        }
    }

    @Override
    public void writable(MailboxChannel to) {
        sendEvents();
    }

    private void sendEvents() {
        if (sendingEvents) {
            scheduler.execute(this::sendEvents); // a message may be done before sendMessage returns
            return;
        }
        sendingEvents = true;
        int first = 0;
        while (first < GpioChip.MAX_LINES) {
            first = sendEventFrom(first);
        }
        sendingEvents = false;
    }

    /** Sends the first event that is due; returns the line to go on from. */
    private int sendEventFrom(int first) {
        MailboxChannel to = channel();
        int id = lastEventId % LAST_ID + 1;
        Optional<Event> due = to == null ? Optional.empty() : chip.dueFrom(first, id);
        if (to == null || due.isEmpty()) {
            return GpioChip.MAX_LINES;
        }
        GpioLine line = chip.line(due.get().line());
        lastEventId = id;
        line.sent(id);
        if (to.sendMessage(MsgqMessage.of(due.get().encode())) < 0) {
            line.unsent(id);
            return GpioChip.MAX_LINES;
        }
        return due.get().line() + 1;
    }
}
