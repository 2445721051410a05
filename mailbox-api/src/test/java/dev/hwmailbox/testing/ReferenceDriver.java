// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A driver in good order, with its hardware: two lines, each of which takes one message at a time. Made of small steps,
 * so that a broken driver is this one with a step or two replaced.
 */
class ReferenceDriver implements ChannelOps {
    /** Sorts of hardware, and what they cannot do. */
    enum Kind {
        IRQ(TxDoneMethod.IRQ),
        /** Interrupts are served later, by a task. */
        DEFERRED(TxDoneMethod.IRQ),
        INSIDE(TxDoneMethod.IRQ, ControllerTrait.COMPLETES_INSIDE_SEND),
        POLL(TxDoneMethod.POLL, ControllerTrait.NO_FAILURE_STATUS),
        ACK(TxDoneMethod.ACK, ControllerTrait.CLIENT_REPORTS, ControllerTrait.NO_FAILURE_STATUS),
        /** There is no interrupt for room. */
        PATIENT(TxDoneMethod.POLL, ControllerTrait.NO_FAILURE_STATUS, ControllerTrait.NO_RETRY),
        /** Nor one for data. */
        TICKING(TxDoneMethod.IRQ, ControllerTrait.LOOKS_BY_TIMER);

        final TxDoneMethod method;

        @SuppressWarnings("ImmutableEnumChecker") // a Set.of
        final Set<ControllerTrait> traits;

        Kind(TxDoneMethod method, ControllerTrait... traits) {
            this.method = method;
            this.traits = Set.of(traits);
        }
    }

    /** A message, both ways. */
    static final class Note {
        int number;

        Note(int number) {
            this.number = number;
        }

        @Override
        public String toString() {
            return "Note " + number;
        }
    }

    /** What a line is sending. */
    record Letter(int number, long txId) {}

    /** One channel's hardware, and what its driver knows of it. */
    static final class Line {
        boolean refusing;
        boolean failing;
        boolean roomWanted;

        @Nullable
        ControllerChannel channel;

        @Nullable
        Letter slot;

        @Nullable
        Completion flushing;

        final Deque<Integer> arrived = new ArrayDeque<>();
        final Deque<Integer> quiet = new ArrayDeque<>();
        final List<Integer> transmitted = new ArrayList<>();
    }

    final VirtualScheduler scheduler = new VirtualScheduler();
    final Line[] lines = {new Line(), new Line()};
    final Kind kind;

    ReferenceDriver() {
        this(Kind.IRQ);
    }

    ReferenceDriver(Kind kind) {
        this.kind = kind;
    }

    final Line line(ControllerChannel channel) {
        return lines[channel.index()];
    }

    // The driver.

    @Override
    public int startup(ControllerChannel channel) {
        Line line = line(channel);
        if (line.failing) {
            return -Errno.EIO;
        }
        reset(line);
        line.channel = channel;
        if (kind == Kind.TICKING) {
            tick(line, channel);
        }
        return 0;
    }

    @Override
    public void shutdown(ControllerChannel channel) {
        Line line = line(channel);
        reset(line);
        line.channel = null;
    }

    final void reset(Line line) {
        line.slot = null;
        line.roomWanted = false;
        line.arrived.clear();
    }

    @Override
    public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
        Line line = line(channel);
        if (!(message instanceof Note note)) {
            return unfit(channel, message, txId);
        }
        if (!hasRoom(line)) {
            return noRoom(line, channel, note, txId);
        }
        return accept(line, channel, new Letter(note.number, txId));
    }

    boolean hasRoom(Line line) {
        return line.slot == null && !line.refusing;
    }

    int unfit(ControllerChannel channel, @Nullable Object message, long txId) {
        if (kind.method != TxDoneMethod.IRQ) {
            return -Errno.EINVAL;
        }
        channel.txDone(txId, -Errno.EINVAL);
        return 0;
    }

    int noRoom(Line line, ControllerChannel channel, Note note, long txId) {
        line.roomWanted = true;
        return -Errno.EBUSY;
    }

    int accept(Line line, ControllerChannel channel, Letter letter) {
        line.slot = letter;
        if (kind == Kind.INSIDE) {
            completes(line);
        }
        return 0;
    }

    void txInterrupt(Line line, @Nullable Letter letter) {
        if (letter != null && line.channel != null && kind.method == TxDoneMethod.IRQ) {
            line.channel.txDone(letter.txId, 0);
        }
        room(line);
    }

    void room(Line line) {
        if (line.roomWanted && line.channel != null && kind != Kind.PATIENT) {
            line.roomWanted = false;
            line.channel.resubmit();
        }
    }

    void rxInterrupt(Line line) {
        while (line.channel != null && !line.arrived.isEmpty()) {
            receive(line, line.channel, line.arrived.remove());
        }
    }

    void receive(Line line, ControllerChannel channel, int number) {
        channel.receivedData(new Note(number));
    }

    private void tick(Line line, ControllerChannel channel) {
        scheduler
                .timer("look", () -> {
                    if (line.channel != null) {
                        tick(line, channel); // first: the client may throw
                        rxInterrupt(line);
                    }
                })
                .arm(Duration.ofMillis(5).toNanos());
    }

    @Override
    public boolean canPoll() {
        return kind.method == TxDoneMethod.POLL;
    }

    @Override
    public boolean lastTxDone(ControllerChannel channel) {
        return line(channel).slot == null;
    }

    @Override
    public boolean canFlush() {
        return true;
    }

    @Override
    public int flush(ControllerChannel channel, long timeoutNanos) {
        Line line = line(channel);
        Letter letter = line.slot;
        if (letter == null) {
            return 0;
        }
        line.flushing = new Completion();
        if (!scheduler.await(line.flushing, timeoutNanos)) {
            return -Errno.ETIME;
        }
        flushed(channel, letter);
        return 0;
    }

    void flushed(ControllerChannel channel, Letter letter) {
        if (kind.method == TxDoneMethod.IRQ) {
            channel.txDone(letter.txId, 0);
        }
    }

    @Override
    public boolean peekData(ControllerChannel channel) {
        Integer number = line(channel).quiet.poll();
        if (number != null) {
            channel.receivedData(new Note(number));
        }
        return number != null;
    }

    // The hardware.

    void completes(Line line) {
        Letter letter = line.slot;
        line.slot = null;
        if (letter != null) {
            transmit(line, letter.number);
        }
        if (line.flushing != null && line.flushing.complete(0)) {
            scheduler.wake(line.flushing);
        }
        interrupt(() -> txInterrupt(line, letter));
    }

    void transmit(Line line, int number) {
        line.transmitted.add(number);
    }

    void refuse(Line line, boolean refusing) {
        line.refusing = refusing;
        if (!refusing) {
            interrupt(() -> room(line));
        }
    }

    void arrives(Line line, int number) {
        line.arrived.add(number);
        if (kind != Kind.TICKING) {
            interrupt(() -> rxInterrupt(line));
        }
    }

    private void interrupt(Runnable handler) {
        if (kind == Kind.DEFERRED) {
            scheduler.execute(handler);
        } else {
            handler.run();
        }
    }
}
