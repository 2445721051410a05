// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * A line of the chip, with its interrupt.
 *
 * <pre>
 *              edge, or level asserted              sent
 *   quiet ------------------------------> due -------------> outstanding
 *     ^                                    ^                  |       |
 *     |                                    |  acknowledged,   |       |  edge: remembered,
 *     |                                    |  and remembered  |       |  once
 *     |                                    |  or still        |      -+
 *     |                                    +-- asserted ------+
 *     +--------------- acknowledged, and neither -------------+
 * </pre>
 *
 * <p>Whatever changes the interrupt type leads back to quiet; a level that is asserted then is due at once.
 *
 * <p>Context: the owner's scheduler.
 */
final class GpioLine {
    private enum State {
        QUIET,
        DUE,
        OUTSTANDING
    }

    private final String name;
    private final IntConsumer output;
    private GpioDirection direction = GpioDirection.NONE;
    private int latch;
    private int wire;
    private GpioInterrupt interrupt = GpioInterrupt.NONE;
    private State state = State.QUIET;
    private boolean remembered;
    private int eventId;

    /**
     * Makes a line without direction, low.
     *
     * @param name what the driver calls it, may be empty
     * @param output told the level whenever the line drives another one than before
     */
    GpioLine(String name, IntConsumer output) {
        this.name = name;
        this.output = output;
    }

    String name() {
        return name;
    }

    GpioDirection direction() {
        return direction;
    }

    /** The level of the line: what it drives, or what is wired to it. */
    int level() {
        return direction == GpioDirection.OUT ? latch : wire;
    }

    /** Ours: a line that stops being an input stops interrupting. */
    void turn(GpioDirection wanted) {
        boolean begins = wanted == GpioDirection.OUT && direction != GpioDirection.OUT;
        direction = wanted;
        if (wanted != GpioDirection.IN) {
            interruptAt(GpioInterrupt.NONE);
        }
        if (begins) {
            output.accept(latch);
        }
    }

    /** What the line drives, or will drive once it is an output: a driver sets the value first. */
    void latch(int level) {
        boolean changes = latch != level;
        latch = level;
        if (changes && direction == GpioDirection.OUT) {
            output.accept(level);
        }
    }

    /** What is wired to the line becomes high or low. */
    void drive(int level) {
        if (wire == level) {
            return;
        }
        wire = level;
        if (direction != GpioDirection.IN) {
            return;
        }
        if (interrupt.isEdge(level == 1)) {
            if (state == State.QUIET) {
                state = State.DUE;
            } else if (state == State.OUTSTANDING) {
                remembered = true;
            }
        }
        settle();
    }

    /** Ours: whatever was outstanding is forgotten. */
    void interruptAt(GpioInterrupt type) {
        interrupt = type;
        remembered = false;
        state = State.QUIET;
        settle();
    }

    /** The event that is to be sent now, if any. */
    Optional<GpioRecord.Event> due(int line, int id) {
        return state == State.DUE ? Optional.of(new GpioRecord.Event(id, line, wire)) : Optional.empty();
    }

    /** Before the event goes out: its acknowledgement may come back inside the call that sends it. */
    void sent(int id) {
        eventId = id;
        state = State.OUTSTANDING;
    }

    /** The event did not go out after all. */
    void unsent(int id) {
        if (state == State.OUTSTANDING && eventId == id) {
            state = State.DUE;
            remembered = false;
            settle();
        }
    }

    /** Whether this was the event that waited. */
    boolean acknowledge(int id) {
        if (state != State.OUTSTANDING || eventId != id) {
            return false;
        }
        state = remembered ? State.DUE : State.QUIET;
        remembered = false;
        settle();
        return true;
    }

    /** A level that nobody has been told of is due, and one that has gone before anybody was told is not. */
    private void settle() {
        if (interrupt != GpioInterrupt.HIGH && interrupt != GpioInterrupt.LOW) {
            return;
        }
        boolean asserted = interrupt.isAssertedAt(wire == 1);
        if (state == State.QUIET && asserted) {
            state = State.DUE;
        } else if (state == State.DUE && !asserted) {
            state = State.QUIET;
        }
    }

    @Override
    public String toString() {
        return "%s %s %d %s".formatted(name, direction, level(), interrupt);
    }
}
