// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

import dev.hwmailbox.examples.calls.Outcome;
import dev.hwmailbox.examples.machine.GuestConnection;
import dev.hwmailbox.examples.timeline.Timeline;
import dev.hwmailbox.gunyah.GuestMemory;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.rm.ChannelSubscription;
import java.util.function.Consumer;

/**
 * What the guest does with memory that it borrows: writes into it and gives it back, or keeps it.
 *
 * <p>Context: the guest's scheduler.
 */
final class MemBufGuest implements AutoCloseable {
    static final byte[] PATTERN = {'b', 'o', 'r', 'r', 'o', 'w', 'e', 'd'};

    private final Timeline timeline;
    private final GuestMemory memory;
    private final RmMapping mapping;
    private final MemBufCaller caller;
    private final ChannelSubscription subscription;

    MemBufGuest(GuestConnection connection, Timeline timeline) {
        this.timeline = timeline;
        memory = connection.vm().memory();
        mapping = new RmMapping(connection.resourceManager());
        caller = new MemBufCaller(connection.scheduler(), lost -> timeline.add("guest", "lost %s", lost));
        subscription = connection.channels().subscribe(caller, GuestConnection.TO_OWNER, caller);
    }

    MemBufCaller caller() {
        return caller;
    }

    /** Asks for memory, writes into it, and gives it back. */
    @SuppressWarnings("FutureReturnValueIgnored") // failures are told
    void use(int size) {
        allocate(
                size,
                buffer -> mapping.release(buffer).whenComplete((done, failure) -> {
                    timeline.add(
                            "guest", "%s %s, and gives it back", failure == null ? "has released" : "keeps", buffer);
                    caller.free(buffer);
                }));
    }

    /** Asks for memory, writes into it, and keeps it. */
    void keep(int size) {
        allocate(size, buffer -> timeline.add("guest", "keeps %s", buffer));
    }

    private void allocate(int size, Consumer<MemBuf> then) {
        timeline.add("guest", "asks for %d KiB", size >> 10);
        caller.allocate(size, outcome -> allocated(outcome, then));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // failures are told
    private void allocated(Outcome<MemBuf> outcome, Consumer<MemBuf> then) {
        if (!outcome.isAnswered()) {
            timeline.add("guest", "has none: %s", outcome);
            return;
        }
        MemBuf buffer = outcome.reply();
        mapping.accept(buffer).whenComplete((address, failure) -> {
            if (failure == null) {
                int status = memory.write(address, PATTERN, 0, PATTERN.length);
                timeline.add("guest", "has %s at 0x%x, writes: %s", buffer, address, GunyahError.name(status));
                then.accept(buffer);
            } else {
                timeline.add("guest", "cannot have %s mapped: %s", buffer, failure);
                caller.free(buffer);
            }
        });
    }

    @Override
    public void close() {
        subscription.close();
        timeline.add("guest", "stops with %d parcels, %s", caller.held(), caller.counters());
    }
}
