// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.msgq.RequestRefusedException.Reason;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The slots of a controller: which are free, who gets which, and that no two use the same resource. */
final class SlotTable {
    private final MailboxController controller;
    private final SlotPolicy policy;
    private final int segment; // 0: as many slots as there are
    private final AtomicLong releases = new AtomicLong();

    // guards: the fields below and taking slots
    private final ReentrantLock lock = new ReentrantLock();
    private volatile boolean closed;
    private int lastGiven = -1;

    /** Only ever replaced by a longer one with the same beginning. */
    private volatile Slot[] slots;

    SlotTable(MailboxController controller, SlotPolicy policy, int segment) {
        this.controller = controller;
        this.policy = policy;
        this.segment = segment;
        slots = extended(new Slot[0]);
    }

    List<Slot> slots() {
        return Arrays.asList(slots);
    }

    int free() {
        int free = 0;
        for (Slot slot : slots) {
            free += slot.isFree() ? 1 : 0;
        }
        return free;
    }

    long nextRelease() {
        return releases.incrementAndGet();
    }

    /** Gives a free slot to an owner that is made for it, under the lock: making it calls nobody. */
    <T extends SlotOwner> T take(@Nullable MsgqEndpoint endpoint, Function<Slot, T> owner) {
        yieldEvicted();
        lock.lock();
        try {
            checkOpen();
            refuseSharing(endpoint, null);
            Slot slot = freeSlot();
            T made = owner.apply(slot);
            slot.owner(made);
            lastGiven = slot.channel().index();
            return made;
        } finally {
            lock.unlock();
        }
    }

    /** Passes a slot on from an owner without resources to whoever will use these. */
    void passOn(Slot slot, MsgqEndpoint endpoint) {
        yieldEvicted();
        lock.lock();
        try {
            checkOpen();
            refuseSharing(endpoint, slot);
            slot.owner(new Claim(slot, endpoint));
        } finally {
            lock.unlock();
        }
    }

    /** Without the lock: giving a slot back detaches interrupts. */
    private void yieldEvicted() {
        for (Slot slot : slots) {
            SlotOwner owner = slot.owner();
            if (owner != null) {
                owner.yieldIfEvicted();
            }
        }
    }

    /** Refuses all further owners. */
    void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
    }

    boolean isClosed() {
        return closed;
    }

    void checkOpen() {
        if (closed) {
            throw new MailboxException(Errno.ESHUTDOWN, "controller is closed (" + controller.name() + ")");
        }
    }

    private Slot freeSlot() {
        Slot[] present = slots;
        Slot chosen = null;
        for (int i = 0; i < present.length; i++) {
            Slot slot = present[policy == SlotPolicy.ROUND_ROBIN ? (lastGiven + 1 + i) % present.length : i];
            boolean better =
                    chosen == null || (policy == SlotPolicy.LEAST_RECENT && slot.releasedAs() < chosen.releasedAs());
            if (better && slot.isFree()) {
                chosen = slot;
            }
        }
        return chosen != null ? chosen : oneMore(present);
    }

    private Slot oneMore(Slot[] present) {
        if (segment == 0) {
            throw new RequestRefusedException(
                    Reason.EXHAUSTED,
                    "slots",
                    "all " + present.length + " slots are in use (" + controller.name() + ")");
        }
        controller.addChannels(segment);
        slots = extended(present);
        return slots[present.length];
    }

    private Slot[] extended(Slot[] present) {
        Slot[] more = Arrays.copyOf(present, controller.channelCount());
        for (int i = present.length; i < more.length; i++) {
            more[i] = new Slot(this, controller.channel(i));
        }
        return more;
    }

    private void refuseSharing(@Nullable MsgqEndpoint endpoint, @Nullable Slot own) {
        for (Slot slot : slots) {
            SlotOwner other = slot.owner();
            if (other != null && slot != own) {
                MsgqEndpoint taken = other.endpoint();
                if (endpoint != null && taken != null) {
                    refuseSharing(endpoint, taken, " is in use (" + slot.channel() + ")");
                }
            }
        }
    }

    private static void refuseSharing(MsgqEndpoint endpoint, MsgqEndpoint taken, String where) {
        refuseSharing("txCapability", endpoint.txCapability(), taken, where);
        refuseSharing("rxCapability", endpoint.rxCapability(), taken, where);
        refuseSharing("txVirq", endpoint.txVirq(), taken, where);
        refuseSharing("rxVirq", endpoint.rxVirq(), taken, where);
    }

    private static void refuseSharing(String field, CapabilityId capability, MsgqEndpoint taken, String where) {
        if (capability.isValid()
                && (capability.equals(taken.txCapability()) || capability.equals(taken.rxCapability()))) {
            throw new RequestRefusedException(Reason.BUSY, field, field + " " + capability + where);
        }
    }

    private static void refuseSharing(String field, int virq, MsgqEndpoint taken, String where) {
        if (virq != MsgqEndpoint.NO_VIRQ && (virq == taken.txVirq() || virq == taken.rxVirq())) {
            throw new RequestRefusedException(Reason.BUSY, field, field + " " + virq + where);
        }
    }
}
