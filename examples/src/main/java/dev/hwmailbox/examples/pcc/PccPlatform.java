// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pcc;

import dev.hwmailbox.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A machine in memory: the hardware that the driver sees, and behind it what the machine's firmware needs to play its
 * part.
 *
 * <p>Context: any thread; calls nobody while it holds its lock.
 */
final class PccPlatform implements PccHardware {
    private final long base;
    private final ByteBuffer memory;
    private final List<PccSubspace> table;
    private final Executor interruptDelivery;
    private volatile IntConsumer firmware = subspace -> {};

    private final ReentrantLock lock =
            new ReentrantLock(); // guards: registers, lines and what is in them, mapped, unclaimed
    private final List<Registers> registers = new ArrayList<>();
    private final Map<Integer, Line> lines = new HashMap<>();
    private final List<Long> mapped = new ArrayList<>();
    private int unclaimed;

    private static final class Registers {
        private boolean complete = true;
        private boolean asserted;
        private boolean doorbellBroken;
        private int error;
    }

    private static final class Line {
        private final List<InterruptHandler> handlers = new ArrayList<>();
        private boolean shared;
        private boolean pending;
        private boolean running;
    }

    /**
     * Makes a machine.
     *
     * @param base where its shared memory begins
     * @param size how much there is
     * @param table its subspaces
     * @param interruptDelivery where interrupt handlers run
     */
    PccPlatform(long base, int size, List<PccSubspace> table, Executor interruptDelivery) {
        this.base = base;
        memory = ByteBuffer.allocate(size);
        this.table = List.copyOf(table);
        this.interruptDelivery = interruptDelivery;
        for (PccSubspace subspace : table) {
            registers.add(new Registers());
            lines.put(subspace.interrupt(), new Line());
        }
    }

    // The firmware's side.

    /** Sets who is told of doorbells: the number of the subspace. */
    void onDoorbell(IntConsumer listener) {
        firmware = listener;
    }

    /** The window of a subspace, as the firmware sees it. */
    ByteBuffer window(int subspace) {
        return slice(table.get(subspace).windowAddress(), table.get(subspace).windowSize());
    }

    /** The firmware has done what it was commanded, or has failed: 0 or a negative errno. */
    void complete(int subspace, int error) {
        raise(subspace, true, error);
    }

    /** The firmware has put a command for a responder into the window. */
    void command(int subspace) {
        raise(subspace, false, 0);
    }

    private void raise(int subspace, boolean complete, int error) {
        int line = table.get(subspace).interrupt();
        locked(() -> {
            Registers register = registers.get(subspace);
            register.complete = complete;
            register.error = error;
            register.asserted = true;
            line(line).pending = true;
        });
        interruptDelivery.execute(() -> deliver(line));
    }

    /** Lets writes to a doorbell fail from now on, or succeed again. */
    void breakDoorbell(int subspace, boolean broken) {
        locked(() -> registers.get(subspace).doorbellBroken = broken);
    }

    /** How many handlers a line has. */
    int handlers(int line) {
        return locked(() -> line(line).handlers.size());
    }

    /** The addresses of what is mapped. */
    List<Long> mapped() {
        return locked(() -> List.copyOf(mapped));
    }

    /** How many interrupts no handler has recognised as its own. */
    int unclaimed() {
        return locked(() -> unclaimed);
    }

    // The driver's side.

    @Override
    public @Nullable ByteBuffer map(long address, int size) {
        if (address < base || address - base > memory.capacity() - size) {
            return null;
        }
        locked(() -> mapped.add(address));
        return slice(address, size);
    }

    @Override
    public void unmap(long address) {
        locked(() -> mapped.remove(address));
    }

    private ByteBuffer slice(long address, int size) {
        return memory.slice((int) (address - base), size).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public int requestInterrupt(int line, boolean shared, InterruptHandler handler) {
        boolean attached = locked(() -> {
            Line wanted = line(line);
            if (!wanted.handlers.isEmpty() && !(shared && wanted.shared)) {
                return false;
            }
            wanted.shared = shared;
            wanted.pending = true; // something may have come before there was anybody to hear it
            return wanted.handlers.add(handler);
        });
        if (!attached) {
            return -Errno.EBUSY;
        }
        interruptDelivery.execute(() -> deliver(line));
        return 0;
    }

    @Override
    public void freeInterrupt(int line, InterruptHandler handler) {
        locked(() -> line(line).handlers.remove(handler));
    }

    @Override
    public void acknowledgeInterrupt(int subspace) {
        locked(() -> registers.get(subspace).asserted = false);
    }

    @Override
    public boolean commandComplete(int subspace) {
        return locked(() -> registers.get(subspace).complete);
    }

    @Override
    public void commandComplete(int subspace, boolean complete) {
        locked(() -> registers.get(subspace).complete = complete);
    }

    @Override
    public int takeError(int subspace) {
        return locked(() -> {
            int error = registers.get(subspace).error;
            registers.get(subspace).error = 0;
            return error;
        });
    }

    @Override
    public int ringDoorbell(int subspace) {
        if (locked(() -> registers.get(subspace).doorbellBroken)) {
            return -Errno.EIO;
        }
        firmware.accept(subspace);
        return 0;
    }

    // The interrupt controller.

    private Line line(int number) {
        return lines.computeIfAbsent(number, absent -> new Line());
    }

    private boolean isAsserted(int line) {
        return IntStream.range(0, table.size())
                .anyMatch(i -> table.get(i).interrupt() == line && registers.get(i).asserted);
    }

    private void deliver(int number) {
        Error failure = null;
        for (List<InterruptHandler> round = begin(number); !round.isEmpty(); round = begin(number)) {
            boolean claimed = false;
            for (InterruptHandler handler : round) {
                try {
                    claimed |= handler.handle();
                } catch (Error e) { // a client's; the neighbours on the line are not to blame
                    failure = e;
                    claimed = true;
                }
            }
            end(number, claimed);
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** Whom to call now: nobody if there is nothing to tell, or if the line is being served, which then goes on. */
    private List<InterruptHandler> begin(int number) {
        return locked(() -> {
            Line line = line(number);
            if (line.running || !line.pending || !isAsserted(number)) {
                return List.of();
            }
            line.pending = false;
            line.running = !line.handlers.isEmpty();
            return List.copyOf(line.handlers);
        });
    }

    private void end(int number, boolean claimed) {
        locked(() -> {
            unclaimed += claimed ? 0 : 1;
            line(number).running = false;
        });
    }

    private void locked(Runnable action) {
        lock.lock();
        try {
            action.run();
        } finally {
            lock.unlock();
        }
    }

    private <T> T locked(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        return "%d subspaces, %d bytes of memory at 0x%x".formatted(table.size(), memory.capacity(), base);
    }
}
