// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
import dev.hwmailbox.gunyah.rm.protocol.HypResource;
import dev.hwmailbox.gunyah.rm.protocol.ResourceChannels;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;

/** The message queues of a resource list as channels can use them. */
final class ListedQueues {
    private final ToIntFunction<ReservationKey> messageSize;
    private final Consumer<MailboxException> complaint;
    private final List<VmChannel> usable = new ArrayList<>();

    private ListedQueues(ToIntFunction<ReservationKey> messageSize, Consumer<MailboxException> complaint) {
        this.messageSize = messageSize;
        this.complaint = complaint;
    }

    /**
     * Finds the queues: two of opposite direction make one channel, a single one a channel of one direction.
     *
     * @param resources the list
     * @param messageSize largest message of the queues with a partner and label, which the list does not tell
     * @param complaint told what is wrong with queues that are passed over
     */
    static List<VmChannel> of(
            List<HypResource> resources,
            ToIntFunction<ReservationKey> messageSize,
            Consumer<MailboxException> complaint) {
        var found = new ListedQueues(messageSize, complaint);
        ResourceChannels queues = ResourceChannels.of(resources);
        queues.pairs().forEach(found::add);
        queues.unpaired().forEach(found::add);
        return found.usable;
    }

    private void add(ResourceChannels.Pair pair) {
        HypResource send = pair.send();
        HypResource receive = pair.receive();
        add(
                new ReservationKey(pair.partnerVmid(), pair.label()),
                size -> new MsgqEndpoint(send.capability(), send.virq(), receive.capability(), receive.virq(), size));
    }

    private void add(ResourceChannels.Unpaired queues) {
        ReservationKey key = new ReservationKey(queues.partnerVmid(), queues.label());
        if (queues.reason() == ResourceChannels.Reason.AMBIGUOUS) {
            complaint.accept(new MailboxException(Errno.EINVAL, "several queues of one direction: " + key));
        } else if (queues.send().isEmpty()) {
            HypResource receive = queues.receive().get(0);
            add(key, size -> MsgqEndpoint.receiveOnly(receive.capability(), receive.virq(), size));
        } else {
            HypResource send = queues.send().get(0);
            add(key, size -> MsgqEndpoint.sendOnly(send.capability(), send.virq(), size));
        }
    }

    private void add(ReservationKey key, IntFunction<MsgqEndpoint> endpoint) {
        try {
            usable.add(new VmChannel(key.partner(), key.label(), endpoint.apply(messageSize.applyAsInt(key))));
        } catch (MailboxException e) {
            complaint.accept(e);
        }
    }
}
