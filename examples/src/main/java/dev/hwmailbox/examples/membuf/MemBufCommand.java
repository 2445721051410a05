// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

import dev.hwmailbox.examples.machine.Guest;
import dev.hwmailbox.examples.machine.Machine;
import dev.hwmailbox.examples.machine.ServiceProgram;
import dev.hwmailbox.examples.machine.VirtualPlatform;
import dev.hwmailbox.examples.story.StoryCommand;
import dev.hwmailbox.examples.timeline.Timeline;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.rm.protocol.MemHandleNotification;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/** {@code membuf}: a guest borrows memory from its owner. */
@Command(
        name = "membuf",
        mixinStandardHelpOptions = true,
        description = {
            "A guest borrows memory from its owner, which lends it through the Resource Manager.",
            "Exits 0 if everything was as it must be, 1 on a mismatch."
        })
public final class MemBufCommand extends StoryCommand {
    private static final long POOL = 0xa0000000L;
    private static final int POOL_PAGES = 64;

    /** A request for this much takes the owner longer than a borrower waits. */
    private static final int SLOW_SIZE = 12 << 10;

    private static final Duration SLOW = Duration.ofSeconds(4);

    private @Nullable MemBufGuest guestSide;

    /** Made by picocli. */
    public MemBufCommand() {}

    @Override
    protected Map<String, Object> tell(VirtualPlatform platform, Timeline timeline) {
        try (Machine machine = new Machine(
                platform,
                (vmid, image) -> new ServiceProgram(connection -> {
                    guestSide = new MemBufGuest(connection, timeline);
                    return guestSide;
                }))) {
            machine.host().vm().memory().map(POOL, MemoryExtent.allocate(POOL_PAGES * MemBufLender.PAGE));
            return tell(platform, timeline, machine);
        }
    }

    private Map<String, Object> tell(VirtualPlatform platform, Timeline timeline, Machine machine) {
        Guest guest = machine.allocate();
        PagePool pool = new PagePool(POOL, POOL_PAGES);
        RmLoans loans = new RmLoans(machine.resourceManager(), guest.vmid(), pool);
        MemBufLender lender = new MemBufLender(new Told(loans, machine, timeline));
        machine.resourceManager().addListener(notification -> notified(notification, lender, timeline));
        machine.channels().subscribe(lender, guest.channel(), lender);
        guest.start();
        platform.time().advance(Duration.ofMillis(1));

        guest().use(64 << 10);
        platform.time().advance(Duration.ofMillis(10));
        timeline.add("owner", "reads '%s' at 0x%x", read(machine), POOL);
        expect("what the owner reads", read(machine), new String(MemBufGuest.PATTERN, StandardCharsets.US_ASCII));
        guest().use((POOL_PAGES + 1) * MemBufLender.PAGE);
        platform.time().advance(Duration.ofMillis(10));

        guest().use(SLOW_SIZE);
        platform.time().advance(Duration.ofSeconds(5));
        long givenBack = guest().caller().counters().givenBack();
        expect("parcels given back without a caller", givenBack, 1L);
        expect("pages free", pool.free(), POOL_PAGES);

        guest().keep(8 << 10);
        platform.time().advance(Duration.ofMillis(10));
        timeline.add("owner", "restarts the guest, which has %d parcel", lender.outstanding());
        guest.restart();
        platform.time().advance(Duration.ofMillis(10));
        expect("parcels out after the restart", lender.outstanding(), 0);
        guest().use(4 << 10);
        platform.time().advance(Duration.ofMillis(10));
        guest.stop(false);
        expect("parcels at the end", loans.parcels(), 0);
        expect("pages free at the end", pool.free(), POOL_PAGES);

        Map<String, Object> counts = new LinkedHashMap<>();
        counts.put("late_parcels_given_back", givenBack);
        counts.put("parcels_left", loans.parcels());
        counts.put("pages_free", pool.free());
        counts.put("pages", POOL_PAGES);
        return counts;
    }

    private MemBufGuest guest() {
        return Objects.requireNonNull(guestSide, "the guest has not begun");
    }

    private static String read(Machine machine) {
        byte[] bytes = new byte[MemBufGuest.PATTERN.length];
        machine.host().vm().memory().read(POOL, bytes, 0, bytes.length);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private static void notified(RmMessage notification, MemBufLender lender, Timeline timeline) {
        if (notification.messageId() == RmMessageId.NOTIFY_MEM_RELEASED) {
            int handle = MemHandleNotification.decode(notification).handle();
            timeline.add("rm", "notifies: parcel 0x%x is released", handle);
            lender.released(handle);
        }
    }

    /** Tells of lending and reclaiming, and takes its time with some. */
    private record Told(MemoryLoans loans, Machine machine, Timeline timeline) implements MemoryLoans {
        @Override
        public CompletableFuture<Integer> lend(int size) {
            CompletableFuture<Integer> lent = loans.lend(size)
                    .whenComplete((handle, failure) -> timeline.add(
                            "owner",
                            "lends %d KiB: %s",
                            size >> 10,
                            result(failure == null ? "parcel 0x%x".formatted(handle) : "", failure)));
            return size == SLOW_SIZE ? lent.thenCompose(this::slowly) : lent;
        }

        private CompletableFuture<Integer> slowly(int handle) {
            CompletableFuture<Integer> later = new CompletableFuture<>();
            Runnable answer = () -> {
                timeline.add("owner", "answers about parcel 0x%x, %d ms later", handle, SLOW.toMillis());
                later.complete(handle);
            };
            machine.scheduler().timer("slow lender", answer).arm(SLOW.toNanos());
            return later;
        }

        @Override
        public CompletableFuture<?> reclaim(int handle) {
            return loans.reclaim(handle)
                    .whenComplete((done, failure) ->
                            timeline.add("owner", "reclaims parcel 0x%x: %s", handle, result("done", failure)));
        }

        private static String result(String success, @Nullable Throwable failure) {
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            return cause == null ? success : String.valueOf(cause.getMessage());
        }
    }
}
