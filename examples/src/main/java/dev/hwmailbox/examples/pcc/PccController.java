// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pcc;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A controller whose channels a table prepares and clients pick by number: one for each subspace of the table.
 *
 * <p>A message is only a signal. Its payload goes through the window, where the client puts it in
 * {@link MailboxClient#txPrepare}; the window is the platform's until the command is complete. Every interrupt that is
 * for the channel is told by {@link MailboxClient#rxCallback} with null, which says "look": at
 * {@link PccChannel#status}, then into the window. On a responder's channel the platform has the window back when the
 * callback returns, and nothing can be sent: EOPNOTSUPP.
 *
 * <p>Who reports a message is chosen when the controller is made. {@link TxDoneMethod#IRQ}: the controller, after the
 * callback, with the status of the error register; right for most. {@link TxDoneMethod#ACK}: the client, which can then
 * look at the answer first and decide itself how its command has ended; it may report from inside the callback. A
 * command whose sender has gone, by timeout or close, still keeps the platform busy; the next one is refused with EBUSY
 * until then, and sent as soon as it is complete. One whose doorbell cannot be rung is refused too, and waits for the
 * next send.
 *
 * <p>Context: any thread; never blocks. Clients are called on the thread of the interrupt, possibly before
 * {@link #requestChannel} has returned.
 *
 * <p>Kernel counterpart: drivers/mailbox/pcc.c (Linux 6.12). Differs: the window is mapped inside the bind, before the
 * interrupt is requested, so every end of a binding unmaps it; with IRQ the controller does report, because here a
 * client could not; completions know their message.
 */
final class PccController implements AutoCloseable {
    /** Most subspaces a table can have. */
    static final int MAX_SUBSPACES = 256;

    private static final String NAME = "pcc";

    private final MailboxController controller;
    private final List<PccLink> links;

    PccController(PccHardware hardware, List<PccSubspace> table, TxDoneMethod method, MailboxScheduler scheduler) {
        if (method == TxDoneMethod.POLL) {
            throw new IllegalArgumentException("there are interrupts, nobody has to poll");
        }
        if (table.size() > MAX_SUBSPACES) {
            throw new IllegalArgumentException("more than " + MAX_SUBSPACES + " subspaces: " + table.size());
        }
        controller = MailboxController.builder(new Ops(), scheduler)
                .name(NAME)
                .channelCount(table.size())
                .txDoneMethod(method)
                .build();
        links = IntStream.range(0, table.size())
                .mapToObj(index -> new PccLink(hardware, table.get(index), controller.channel(index)))
                .toList();
    }

    /** The controller as the framework knows it. */
    MailboxController controller() {
        return controller;
    }

    /**
     * Requests the channel of a subspace.
     *
     * <p>Kernel counterpart: {@code pcc_mbox_request_channel}, drivers/mailbox/pcc.c (Linux 6.12).
     *
     * @throws MailboxException ENOENT if the table has no such subspace; EBUSY if it has an owner, or its interrupt
     *     line is taken; ENXIO if there is no memory where its window should be. Nothing is bound or held then
     */
    PccChannel requestChannel(MailboxClient client, int subspace) {
        if (subspace < 0 || subspace >= links.size()) {
            throw new MailboxException(
                    Errno.ENOENT, "no subspace %d, there are %d (%s)".formatted(subspace, links.size(), NAME));
        }
        MailboxChannel channel = controller.channel(subspace).bindClient(client);
        return new PccChannel(channel, links.get(subspace));
    }

    /** Closes all channels. */
    @Override
    public void close() {
        controller.close();
    }

    @Override
    public String toString() {
        return controller.toString();
    }

    private final class Ops implements ChannelOps {
        @Override
        public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
            return links.get(channel.index()).sendData(txId);
        }

        @Override
        public int startup(ControllerChannel channel) {
            return links.get(channel.index()).startup();
        }

        @Override
        public void shutdown(ControllerChannel channel) {
            links.get(channel.index()).shutdown();
        }
    }
}
