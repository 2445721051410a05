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

    /** Both directions. */
    static MsgqEndpoint endpoint(ResourceChannels.Pair pair, int maxMessageSize) {
        HypResource send = pair.send();
        HypResource receive = pair.receive();
        return new MsgqEndpoint(send.capability(), send.virq(), receive.capability(), receive.virq(), maxMessageSize);
    }

    /** The only direction of a lone queue. */
    static MsgqEndpoint endpoint(ResourceChannels.Unpaired queue, int maxMessageSize) {
        if (queue.send().isEmpty()) {
            HypResource receive = queue.receive().get(0);
            return MsgqEndpoint.receiveOnly(receive.capability(), receive.virq(), maxMessageSize);
        }
        HypResource send = queue.send().get(0);
        return MsgqEndpoint.sendOnly(send.capability(), send.virq(), maxMessageSize);
    }

    private void add(ResourceChannels.Pair pair) {
        add(new ReservationKey(pair.partnerVmid(), pair.label()), size -> endpoint(pair, size));
    }

    private void add(ResourceChannels.Unpaired queues) {
        ReservationKey key = new ReservationKey(queues.partnerVmid(), queues.label());
        if (queues.reason() == ResourceChannels.Reason.AMBIGUOUS) {
            complaint.accept(new MailboxException(Errno.EINVAL, "several queues of one direction: " + key));
        } else {
            add(key, size -> endpoint(queues, size));
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
