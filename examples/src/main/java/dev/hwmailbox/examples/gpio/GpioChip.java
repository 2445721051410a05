// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

import dev.hwmailbox.examples.gpio.GpioRecord.Event;
import dev.hwmailbox.examples.gpio.GpioRecord.Request;
import dev.hwmailbox.examples.gpio.GpioRecord.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The device: lines with names, and what a request does to them. It knows of no queue.
 *
 * <p>Ours: after the driver's VM has restarted, lines keep direction and value, so that nothing outside notices;
 * interrupts are the driver's, and are masked until the new one asks for them.
 *
 * <p>Context: the owner's scheduler.
 */
final class GpioChip {
    /** Ours: more than any event queue should have to hold. */
    static final int MAX_LINES = 256;

    /** Told what outputs do. */
    @FunctionalInterface
    interface Wiring {
        void output(int line, int level);
    }

    private final List<GpioLine> lines = new ArrayList<>();
    private final byte[] names;
    private final GpioCounters counters = new GpioCounters();
    private Runnable changed = () -> {};

    GpioChip(List<String> lineNames, Wiring wiring) {
        if (lineNames.isEmpty() || lineNames.size() > MAX_LINES) {
            throw new IllegalArgumentException(lineNames.size() + " lines, 1.." + MAX_LINES + " are possible");
        }
        names = GpioNames.block(lineNames);
        for (String name : lineNames) {
            int number = lines.size();
            lines.add(new GpioLine(name, level -> wiring.output(number, level)));
        }
    }

    /** Calls this whenever an event may have become due. */
    void onChange(Runnable listener) {
        changed = listener;
    }

    GpioCounters counters() {
        return counters;
    }

    GpioLine line(int number) {
        return lines.get(number);
    }

    /** What is wired to a line becomes high or low. */
    void drive(int number, int level) {
        lines.get(number).drive(level);
        changed.run();
    }

    /** Masks all interrupts. */
    void driverIsGone() {
        lines.forEach(line -> line.interruptAt(GpioInterrupt.NONE));
    }

    /** The first event that is due, from a line on. */
    Optional<Event> dueFrom(int first, int id) {
        for (int number = first; number < lines.size(); number++) {
            Optional<Event> event = lines.get(number).due(number, id);
            if (event.isPresent()) {
                return event;
            }
        }
        return Optional.empty();
    }

    void acknowledge(GpioRecord.Acknowledgement acknowledgement) {
        if (acknowledgement.line() >= lines.size()) {
            counters.refuse(GpioField.LINE);
        } else if (!lines.get(acknowledgement.line()).acknowledge(acknowledgement.id())) {
            counters.refuse(GpioField.EVENT);
        }
    }

    /** Does what is asked; what cannot be done changes nothing, and is counted by what was wrong. */
    Response handle(Request request) {
        GpioType type = GpioType.fromValue(request.type());
        if (type == GpioType.UNKNOWN) {
            return refuse(request, GpioField.TYPE);
        }
        if (type == GpioType.NAMES) {
            return names(request);
        }
        if (request.line() >= lines.size()) {
            return refuse(request, GpioField.LINE);
        }
        GpioLine line = lines.get(request.line());
        return switch (type) {
            case DIRECTION -> answer(request, line.direction().value());
            case VALUE -> answer(request, line.level());
            case SET_DIRECTION -> setDirection(request, line);
            case SET_VALUE -> setValue(request, line);
            case SET_INTERRUPT -> setInterrupt(request, line);
            case NAMES, UNKNOWN -> refuse(request, GpioField.TYPE);
        };
    }

    private Response names(Request request) {
        if (request.line() != 0) {
            return refuse(request, GpioField.LINE);
        }
        int offset = request.value();
        if (offset < 0 || offset >= names.length) {
            return refuse(request, GpioField.VALUE);
        }
        var piece = GpioNames.piece(names, offset);
        int more = offset + piece.remaining() < names.length ? 1 : 0;
        return new Response(request.id(), GpioRecord.STATUS_OK, more, piece);
    }

    private Response answer(Request request, int value) {
        return request.value() == 0 ? Response.ok(request.id(), value) : refuse(request, GpioField.VALUE);
    }

    private Response setDirection(Request request, GpioLine line) {
        GpioDirection direction = GpioDirection.fromValue(request.value());
        if (direction == GpioDirection.UNKNOWN) {
            return refuse(request, GpioField.VALUE);
        }
        line.turn(direction);
        return Response.ok(request.id(), 0);
    }

    private Response setValue(Request request, GpioLine line) {
        if (request.value() != 0 && request.value() != 1) {
            return refuse(request, GpioField.VALUE);
        }
        if (line.direction() == GpioDirection.IN) {
            return refuse(request, GpioField.DIRECTION);
        }
        line.latch(request.value());
        return Response.ok(request.id(), 0);
    }

    /** Ours: only an input interrupts. */
    private Response setInterrupt(Request request, GpioLine line) {
        GpioInterrupt type = GpioInterrupt.fromValue(request.value());
        if (type == GpioInterrupt.UNKNOWN) {
            return refuse(request, GpioField.VALUE);
        }
        if (line.direction() != GpioDirection.IN) {
            return refuse(request, GpioField.DIRECTION);
        }
        line.interruptAt(type);
        return Response.ok(request.id(), 0);
    }

    private Response refuse(Request request, GpioField field) {
        counters.refuse(field);
        return Response.error(request.id());
    }

    @Override
    public String toString() {
        return lines + ", " + counters;
    }
}
