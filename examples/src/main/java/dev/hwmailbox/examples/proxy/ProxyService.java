// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.proxy;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.examples.calls.ProtocolEnd;
import dev.hwmailbox.examples.proxy.ProxyRecord.Malformed;
import dev.hwmailbox.examples.proxy.ProxyRecord.Map;
import dev.hwmailbox.examples.proxy.ProxyRecord.Reply;
import dev.hwmailbox.examples.proxy.ProxyRecord.Unmap;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import java.nio.ByteBuffer;
import java.util.function.IntConsumer;

/**
 * The other end: a table in a trusted VM, and who answers for it. Every request gets one reply, a malformed one an
 * error; a message too short to have a number gets none. When the caller is gone, so are its mappings.
 *
 * <p>Context: the trusted VM's scheduler, on which all of it runs; calls from outside are not allowed. Nothing is
 * locked.
 */
final class ProxyService extends ProtocolEnd {
    /** How the work is done: at once, unless it takes time. */
    @FunctionalInterface
    interface Worker {
        void work(ProxyRecord request, IntConsumer answer);
    }

    private final IommuTable table;
    private final Worker worker;
    private int epoch;
    private long stale;
    private long unsent;

    ProxyService(IommuTable table) {
        this(table, (request, answer) -> answer.accept(work(table, request)));
    }

    ProxyService(IommuTable table, Worker worker) {
        this.table = table;
        this.worker = worker;
    }

    /** What a request comes to, as an errno. */
    static int work(IommuTable table, ProxyRecord request) {
        if (request instanceof Map map) {
            return table.map(map.mapping());
        }
        if (request instanceof Unmap unmap) {
            return table.unmap(unmap.address(), unmap.size());
        }
        return table.refuse(request instanceof Malformed malformed ? malformed.field() : ProxyField.TYPE);
    }

    /** Messages of a former life of the caller, and answers that nobody waits for any more because of it. */
    long stale() {
        return stale;
    }

    /** Replies that the channel did not take. */
    long unsent() {
        return unsent;
    }

    @Override
    protected void ended(int status) {
        epoch++;
        table.clear();
    }

    @Override
    protected void receivedStale() {
        stale++;
    }

    @Override
    protected void received(MailboxChannel from, ByteBuffer message) {
        ProxyRecord request = ProxyRecord.decode(message);
        if (request instanceof Malformed malformed && !malformed.answerable()) {
            table.refuse(malformed.field());
            return;
        }
        int asked = epoch;
        worker.work(request, errno -> answer(from, asked, new Reply(request.sequence(), errno)));
    }

    private void answer(MailboxChannel to, int asked, Reply reply) {
        if (asked != epoch) {
            stale++;
        } else if (to.sendMessage(MsgqMessage.of(reply.encode())) < 0) {
            unsent++;
        }
    }
}
