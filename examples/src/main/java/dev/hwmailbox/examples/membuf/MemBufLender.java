// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.examples.calls.ProtocolEnd;
import dev.hwmailbox.examples.membuf.MemBufRecord.Malformed;
import dev.hwmailbox.examples.membuf.MemBufRecord.Relinquish;
import dev.hwmailbox.examples.membuf.MemBufRecord.Reply;
import dev.hwmailbox.examples.membuf.MemBufRecord.Request;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;

/**
 * The lender's end, for one borrower. Every request gets one reply. Memory whose reply cannot be sent, or whose
 * borrower is gone by then, is taken back at once; memory that a borrower gives back without having released it, as
 * soon as the Resource Manager says that it has, at the latest when its VM is reset.
 *
 * <p>Context: the lender's scheduler, on which all of it runs; calls from outside are not allowed. Nothing is locked.
 */
final class MemBufLender extends ProtocolEnd {
    /** Parcels that one borrower may have, and requests being worked at. Ours. */
    static final int MAX_LOANS = 16;

    /** Largest request, in bytes. Ours. */
    static final int MAX_SIZE = 1 << 20;

    static final int PAGE = 4096;

    /** How far a parcel on its way back is. News of its release may overtake the answer that it is still in use. */
    private enum Return {
        RECLAIMING,
        RELEASED_MEANWHILE,
        STUCK
    }

    private final MemoryLoans memory;
    private final List<MemBuf> lent = new ArrayList<>();
    private final Set<Integer> lending = new HashSet<>();
    private final Map<Integer, Return> returning = new HashMap<>();
    private final MemBufCounters counters = new MemBufCounters();
    private int life;

    MemBufLender(MemoryLoans memory) {
        this.memory = memory;
    }

    MemBufCounters counters() {
        return counters;
    }

    /** Parcels that are not back, for whatever reason. */
    int outstanding() {
        return lent.size() + returning.size();
    }

    /** Parcels that have been given back and are still in use. */
    int stuck() {
        return Collections.frequency(returning.values(), Return.STUCK);
    }

    @Override
    protected void ended(int status) {
        life++;
        lending.clear();
        List<MemBuf> all = List.copyOf(lent);
        lent.clear();
        all.forEach(loan -> reclaim(loan.handle()));
    }

    /** The Resource Manager says that the borrower has released a parcel. */
    void released(int handle) {
        Return state = returning.get(handle);
        if (state == Return.STUCK) {
            reclaim(handle);
        } else if (state == Return.RECLAIMING) {
            returning.put(handle, Return.RELEASED_MEANWHILE);
        }
    }

    @Override
    protected void receivedStale() {
        counters.foundStale();
    }

    @Override
    protected void received(MailboxChannel from, ByteBuffer message) {
        MemBufRecord received = MemBufRecord.decode(message);
        if (received instanceof Request request) {
            requested(from, request);
        } else if (received instanceof Relinquish relinquish) {
            relinquished(relinquish);
        } else if (received instanceof Malformed malformed) {
            counters.refuse(malformed.field());
            if (malformed.kind() == MemBufWire.REQUEST) {
                refuse(from, malformed.transaction(), Errno.EBADMSG);
            }
        } else {
            counters.refuse(MemBufField.KIND);
        }
    }

    private void requested(MailboxChannel from, Request request) {
        int transaction = request.transaction();
        if (request.size() <= 0 || request.size() > MAX_SIZE) {
            counters.refuse(MemBufField.SIZE);
            refuse(from, transaction, Errno.EINVAL);
        } else if (lending.contains(transaction) || lent.stream().anyMatch(loan -> loan.transaction() == transaction)) {
            counters.refuse(MemBufField.TRANSACTION);
            refuse(from, transaction, Errno.EINVAL);
        } else if (lending.size() + outstanding() >= MAX_LOANS) {
            refuse(from, transaction, Errno.ENOSPC);
        } else {
            lend(from, transaction, (request.size() + PAGE - 1) & -PAGE);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // failures are answered
    private void lend(MailboxChannel from, int transaction, int size) {
        int asked = life;
        lending.add(transaction);
        memory.lend(size).whenComplete((handle, failure) -> {
            if (failure == null && asked != life) {
                counters.gaveBack();
                reclaim(handle);
            } else if (asked == life) {
                lending.remove(transaction);
                if (failure != null) {
                    refuse(from, transaction, errno(failure));
                } else {
                    offer(from, new MemBuf(transaction, handle, size));
                }
            }
        });
    }

    @SuppressWarnings("FutureReturnValueIgnored") // failures take the memory back
    private void offer(MailboxChannel to, MemBuf loan) {
        lent.add(loan);
        to.sendMessageAsync(MsgqMessage.of(Reply.lent(loan).encode())).whenComplete((slot, failure) -> {
            if (failure != null) {
                counters.couldNotSend();
                takeBack(loan);
            }
        });
    }

    private void refuse(MailboxChannel to, int transaction, int errno) {
        if (to.sendMessage(MsgqMessage.of(Reply.refused(transaction, errno).encode())) < 0) {
            counters.couldNotSend();
        }
    }

    private void relinquished(Relinquish relinquish) {
        lent.stream()
                .filter(loan -> loan.transaction() == relinquish.transaction() && loan.handle() == relinquish.handle())
                .findFirst()
                .ifPresentOrElse(this::takeBack, () -> counters.refuse(MemBufField.HANDLE));
    }

    private void takeBack(MemBuf loan) {
        if (lent.remove(loan)) {
            reclaim(loan.handle());
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // failures are remembered
    private void reclaim(int handle) {
        returning.put(handle, Return.RECLAIMING);
        memory.reclaim(handle).whenComplete((done, failure) -> {
            Return state = returning.remove(handle);
            if (failure != null && state == Return.RELEASED_MEANWHILE) {
                reclaim(handle);
            } else if (failure != null) {
                returning.put(handle, Return.STUCK);
            }
        });
    }

    private static int errno(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause instanceof MailboxException refusal ? refusal.errno() : Errno.EIO;
    }
}
