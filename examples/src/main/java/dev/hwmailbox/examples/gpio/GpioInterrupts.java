// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

import dev.hwmailbox.examples.gpio.GpioRecord.Acknowledgement;
import dev.hwmailbox.examples.gpio.GpioRecord.Event;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The events at the driver's end: who handles them, and which have been acknowledged. A line has at most one event that
 * is not, so nothing here grows beyond the lines that somebody handles.
 *
 * <p>Context: the guest's scheduler.
 */
final class GpioInterrupts {
    private final Map<Integer, Consumer<Event>> handlers = new HashMap<>();
    private final Map<Integer, Event> delivered = new HashMap<>();
    private final Map<Integer, Event> toAcknowledge = new LinkedHashMap<>();

    void handle(int line, GpioInterrupt type, Consumer<Event> handler) {
        if (type == GpioInterrupt.NONE) {
            handlers.remove(line);
        } else {
            handlers.put(line, handler);
        }
        delivered.remove(line);
        toAcknowledge.remove(line);
    }

    /** A second event of a line before the first is acknowledged breaks the protocol, and is not delivered. */
    void arrived(Event event, GpioCounters counters) {
        Consumer<Event> handler = handlers.get(event.line());
        if (handler == null) {
            counters.refuse(GpioField.LINE);
        } else if (delivered.containsKey(event.line())) {
            counters.refuse(GpioField.EVENT);
        } else {
            delivered.put(event.line(), event);
            handler.accept(event);
        }
    }

    /** Ignores what has been acknowledged already, or is of an interrupt that has been set anew. */
    void acknowledge(Event event) {
        if (event.equals(delivered.get(event.line()))) {
            toAcknowledge.put(event.line(), event);
        }
    }

    /** Sends what there is, until one is not taken. */
    void sendAcknowledgements(Predicate<Acknowledgement> send) {
        while (!toAcknowledge.isEmpty()) {
            Event event = toAcknowledge.values().iterator().next();
            int line = event.line();
            // Before it goes out: the next event may come back inside the call that sends it.
            toAcknowledge.remove(line);
            delivered.remove(line);
            if (!send.test(new Acknowledgement(event.id(), line))) {
                delivered.put(line, event);
                toAcknowledge.put(line, event);
                return;
            }
        }
    }

    /** The device has forgotten all interrupts, or is gone. */
    void forget() {
        handlers.clear();
        delivered.clear();
        toAcknowledge.clear();
    }
}
