// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.examples.calls.OpenCalls;
import dev.hwmailbox.examples.calls.Outcome;
import dev.hwmailbox.examples.calls.ProtocolEnd;
import dev.hwmailbox.examples.gpio.GpioRecord.Event;
import dev.hwmailbox.examples.gpio.GpioRecord.Malformed;
import dev.hwmailbox.examples.gpio.GpioRecord.Request;
import dev.hwmailbox.examples.gpio.GpioRecord.Response;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The driver's end of the queues. What is asked is told its outcome exactly once, never inside the call that asks it: a
 * value of 0 or more, or
 *
 * <ul>
 *   <li>{@code -EIO}: the device refuses;
 *   <li>{@code -EPROTO}: its response is none for this request;
 *   <li>{@code -ETIMEDOUT}: it does not answer within {@link #TIMEOUT};
 *   <li>{@code -EBUSY}: {@link #MAX_OPEN} requests are open; {@code -ENOBUFS}: the channel is full;
 *   <li>{@code -ENODEV}: there is no channel; {@code -ESHUTDOWN}: it was closed meanwhile; {@code -ECONNRESET}: the
 *       other side was reset meanwhile.
 * </ul>
 *
 * <p>When the channel is closed or the other side was reset, interrupts are masked and nobody handles them any more:
 * set them again.
 *
 * <p>Context: the guest's scheduler, on which all of it runs; calls from outside are not allowed. Nothing is locked.
 */
final class GpioClient extends ProtocolEnd {
    /** Requests that may wait for their responses. Ours. */
    static final int MAX_OPEN = 16;

    /** How long a request waits for its response. Ours. */
    static final Duration TIMEOUT = Duration.ofSeconds(1);

    private final MailboxScheduler scheduler;
    private final OpenCalls<Response> calls;
    private final GpioInterrupts interrupts = new GpioInterrupts();
    private final GpioCounters counters = new GpioCounters();
    private final Runnable ready;

    /**
     * Makes a client without channel.
     *
     * @param scheduler the guest's
     * @param ready told when there is a channel, each time
     */
    GpioClient(MailboxScheduler scheduler, Runnable ready) {
        this.scheduler = scheduler;
        this.ready = ready;
        calls = new OpenCalls<>(scheduler, MAX_OPEN, TIMEOUT);
    }

    GpioCounters counters() {
        return counters;
    }

    OpenCalls<Response> calls() {
        return calls;
    }

    /** Asks for the names of all lines. */
    void names(Consumer<Outcome<GpioLines>> told) {
        new GpioNamesReader(this, told).begin();
    }

    /** Asks where a line leads: a value of {@link GpioDirection}. */
    void direction(int line, IntConsumer told) {
        ask(GpioType.DIRECTION, line, 0, GpioDirection.IN.value(), told);
    }

    void setDirection(int line, GpioDirection direction, IntConsumer told) {
        ask(GpioType.SET_DIRECTION, line, direction.value(), 0, told);
    }

    /** Asks for the level of a line, 0 or 1. */
    void value(int line, IntConsumer told) {
        ask(GpioType.VALUE, line, 0, 1, told);
    }

    void setValue(int line, int level, IntConsumer told) {
        ask(GpioType.SET_VALUE, line, level, 0, told);
    }

    /**
     * Says when a line interrupts, and who hears of it.
     *
     * @param handler told each event, which it then acknowledges; replaces the one before. NONE needs none
     */
    void setInterrupt(int line, GpioInterrupt type, Consumer<Event> handler, IntConsumer told) {
        interrupts.handle(line, type, handler);
        ask(GpioType.SET_INTERRUPT, line, type.value(), 0, told);
    }

    /** The event has been dealt with, its line may interrupt again. */
    void acknowledge(Event event) {
        interrupts.acknowledge(event);
        sendAcknowledgements();
    }

    private void ask(GpioType type, int line, int value, int largestAnswer, IntConsumer told) {
        request(type, line, value, outcome -> told.accept(value(outcome, largestAnswer)));
    }

    private int value(Outcome<Response> outcome, int largest) {
        if (!outcome.isAnswered()) {
            return outcome.status();
        }
        Response response = outcome.reply();
        if (response.status() == GpioRecord.STATUS_ERROR) {
            return -Errno.EIO;
        }
        if (response.names().hasRemaining()) {
            counters.refuse(GpioField.LENGTH);
            return -Errno.EPROTO;
        }
        if (response.value() > largest) {
            counters.refuse(GpioField.VALUE);
            return -Errno.EPROTO;
        }
        return response.value();
    }

    void request(GpioType type, int line, int value, Consumer<Outcome<Response>> told) {
        MailboxChannel to = channel();
        int id = to == null ? -Errno.ENODEV : calls.open(told);
        if (to == null || id < 0) {
            scheduler.execute(() -> told.accept(Outcome.failed(id)));
            return;
        }
        int sent = to.sendMessage(MsgqMessage.of(new Request(id, type.value(), line, value).encode()));
        if (sent < 0) {
            scheduler.execute(() -> calls.giveUp(id, sent));
        }
    }

    @Override
    protected void opened(MailboxChannel opened) {
        ready.run();
    }

    @Override
    protected void ended(int status) {
        interrupts.forget();
        calls.giveUpAll(status);
    }

    @Override
    protected void receivedStale() {
        counters.foundStale();
    }

    @Override
    protected void received(MailboxChannel from, ByteBuffer message) {
        GpioRecord received = GpioRecord.decode(message);
        if (received instanceof Response response) {
            calls.reply(response.id(), response);
        } else if (received instanceof Event event) {
            interrupts.arrived(event, counters);
        } else if (received instanceof Malformed malformed) {
            counters.refuse(malformed.field());
            if (malformed.kind() == GpioRecord.RESPONSE) {
                calls.badReply(malformed.id(), -Errno.EPROTO);
            }
        } else {
            counters.refuse(GpioField.KIND);
        }
    }

    @Override
    public void txDone(MailboxChannel of, @Nullable Object message, int status) {
        if (status < 0) {
            counters.couldNotSend(); // a request then ends by its time, if not by what has become of the channel
        }
    }

    @Override
    public void writable(MailboxChannel to) {
        sendAcknowledgements();
    }

    private void sendAcknowledgements() {
        MailboxChannel to = channel();
        if (to != null) {
            interrupts.sendAcknowledgements(
                    acknowledgement -> to.sendMessage(MsgqMessage.of(acknowledgement.encode())) >= 0);
        }
    }
}
