// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.examples.machine.Guest;
import dev.hwmailbox.examples.machine.GuestConnection;
import dev.hwmailbox.examples.machine.Machine;
import dev.hwmailbox.examples.machine.ServiceProgram;
import dev.hwmailbox.examples.machine.VirtualPlatform;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.rm.protocol.MemHandleNotification;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Borrowers that do not keep to the rules, with real memory: closing the machine fails if anything is left. */
@SuppressWarnings("FutureReturnValueIgnored") // what is mapped is only there to be in use
class MemBufMachineTest {
    private static final long POOL = 0xa0000000L;
    private static final int PAGES = 16;
    private static final int SIZE = 8192;

    private final VirtualPlatform platform = new VirtualPlatform();
    private final List<MemBufCaller> callers = new ArrayList<>();
    private final List<RmMapping> mappings = new ArrayList<>();
    private final List<MemBuf> lent = new ArrayList<>();
    private final Machine machine =
            new Machine(platform, (vmid, image) -> new ServiceProgram(connection -> begin(connection)));
    private final Guest guest = machine.allocate();
    private final PagePool pool = new PagePool(POOL, PAGES);
    private final RmLoans loans = new RmLoans(machine.resourceManager(), guest.vmid(), pool);
    private final MemBufLender lender = new MemBufLender(loans);

    MemBufMachineTest() {
        machine.host().vm().memory().map(POOL, MemoryExtent.allocate(PAGES * MemBufLender.PAGE));
        machine.channels().subscribe(lender, guest.channel(), lender);
        machine.resourceManager().addListener(notification -> {
            if (notification.messageId() == RmMessageId.NOTIFY_MEM_RELEASED) {
                lender.released(MemHandleNotification.decode(notification).handle());
            }
        });
        guest.start();
        pass();
    }

    private AutoCloseable begin(GuestConnection connection) {
        MemBufCaller caller = new MemBufCaller(connection.scheduler(), gone -> {});
        callers.add(caller);
        mappings.add(new RmMapping(connection.resourceManager()));
        return connection.channels().subscribe(caller, GuestConnection.TO_OWNER, caller);
    }

    private void pass() {
        platform.time().advance(Duration.ofMillis(10));
    }

    private MemBuf borrow() {
        callers.get(0).allocate(SIZE, outcome -> lent.add(outcome.reply()));
        pass();
        return lent.get(lent.size() - 1);
    }

    @AfterEach
    void nothingIsLeft() {
        machine.close();
        platform.close();
    }

    @Test
    void theLenderCannotReachWhatItHasLent() {
        MemBuf memory = borrow();
        byte[] bytes = new byte[1];
        assertThat(machine.host().vm().memory().read(POOL, bytes, 0, 1)).isNotEqualTo(GunyahError.OK);

        callers.get(0).free(memory);
        pass();

        assertThat(machine.host().vm().memory().read(POOL, bytes, 0, 1)).isEqualTo(GunyahError.OK);
        assertThat(pool.free()).isEqualTo(PAGES);
    }

    @Test
    void memoryGivenBackWithoutBeingReleasedComesWhenTheGuestIsReset() {
        MemBuf memory = borrow();
        mappings.get(0).accept(memory);
        pass();

        callers.get(0).free(memory);
        pass();
        assertThat(lender.stuck()).isEqualTo(1);
        assertThat(loans.parcels()).isEqualTo(1);
        guest.reset();
        pass();

        assertThat(lender.outstanding()).isZero();
        assertThat(pool.free()).isEqualTo(PAGES);
    }

    @Test
    void pagesThatCannotBeLentStayWithTheLender() {
        RmLoans toNobody = new RmLoans(machine.resourceManager(), 77, pool);

        var refused = toNobody.lend(SIZE);
        pass();

        assertThat(refused).isCompletedExceptionally();
        assertThat(pool.free()).isEqualTo(PAGES);
        assertThat(toNobody.parcels()).isZero();
    }

    @Test
    void aGuestThatDiesWithMemoryAndRequestsLeavesNothing() {
        mappings.get(0).accept(borrow());
        borrow();
        callers.get(0).allocate(SIZE, outcome -> {});
        callers.get(0).allocate(SIZE, outcome -> {});

        guest.reset();
        pass();

        assertThat(lender.outstanding()).isZero();
        assertThat(loans.parcels()).isZero();
        assertThat(pool.free()).isEqualTo(PAGES);
    }

    @Test
    void theNextLifeBorrowsFromWhereTheLastLeftOff() {
        borrow();
        guest.restart();
        pass();

        callers.get(1).allocate(PAGES * MemBufLender.PAGE, outcome -> lent.add(outcome.reply()));
        pass();

        assertThat(lent).hasSize(2);
        assertThat(pool.free()).isZero();
        guest.reset();
        pass();
        assertThat(pool.free()).isEqualTo(PAGES);
    }
}
