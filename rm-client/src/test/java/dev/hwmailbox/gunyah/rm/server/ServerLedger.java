// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.rm.protocol.HypResource;
import dev.hwmailbox.gunyah.rm.protocol.HypResourceList;
import dev.hwmailbox.gunyah.rm.protocol.RmHandle;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import dev.hwmailbox.gunyah.rm.protocol.VmStatusNotification;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a server was asked and has answered, whoever has heard it: the truth that the others are measured by. */
final class ServerLedger implements RmServerListener {
    /** A queue end of a VM; the same number may be a capability in two of them. */
    private record Held(int vmid, CapabilityId capability) {}

    /** Who asked, and what. */
    private record Question(int vmid, int messageId, int sequence) {}

    private final Map<Question, Deque<RmMessage>> open = new HashMap<>();
    private final Map<Integer, Integer> lives = new HashMap<>();
    private final Map<Integer, Integer> ended = new HashMap<>();
    private final Map<Integer, VmState> states = new HashMap<>();
    private final Map<Held, Integer> livesByQueue = new HashMap<>();
    private final Map<Integer, Integer> handlesByLabel = new HashMap<>();

    /** Memory that has been lent and not been taken back. */
    final Set<Integer> lent = new HashSet<>();

    long requests;
    long replies;
    long lost;

    @Override
    public void request(int vmid, RmMessage request) {
        requests++;
        open.computeIfAbsent(question(vmid, request), key -> new ArrayDeque<>()).add(request);
        if (request.messageId() == RmMessageId.VM_INIT) {
            lives.merge(VmRequest.decode(request).vmid(), 1, Integer::sum);
        }
    }

    @Override
    public void reply(int vmid, RmMessage reply, String reason) {
        replies++;
        Deque<RmMessage> asked = open.getOrDefault(question(vmid, reply), new ArrayDeque<>());
        assertThat(asked)
                .as("reply to what was not asked: %s to VM %d", reply, vmid)
                .isNotEmpty();
        RmMessage request = asked.remove();
        if (reply.error() != 0) {
            return;
        }
        switch (reply.messageId()) {
            case RmMessageId.MEM_LEND -> {
                int handle = RmHandle.decode(reply).handle();
                lent.add(handle);
                handlesByLabel.put(request.payloadBuffer().getInt(4), handle);
            }
            case RmMessageId.MEM_RECLAIM -> lent.remove(request.payloadBuffer().getInt(0));
            case RmMessageId.VM_GET_HYP_RESOURCES -> {
                int subject = VmRequest.decode(request).vmid();
                for (HypResource resource : HypResourceList.decode(reply).resources()) {
                    livesByQueue.put(new Held(vmid, resource.capability()), life(subject));
                }
            }
            default -> {}
        }
    }

    @Override
    public void notification(int vmid, RmMessage notification) {
        if (vmid == RmTestBed.HOST && notification.messageId() == RmMessageId.NOTIFY_VM_STATUS) {
            VmStatusNotification news = VmStatusNotification.decode(notification);
            states.put(news.vmid(), news.status().vm());
            if (news.status().vm() == VmState.RESETTING) {
                ended.put(news.vmid(), life(news.vmid()));
            }
        }
    }

    @Override
    public void lost(int vmid, RmMessage message) {
        lost++;
    }

    private static Question question(int vmid, RmMessage message) {
        return new Question(vmid, message.messageId(), message.sequence());
    }

    /** How often a VM has been initialised, or was to be. */
    int life(int vmid) {
        return lives.getOrDefault(vmid, 0);
    }

    /** The last life of a VM that has been reset. */
    int endedLife(int vmid) {
        return ended.getOrDefault(vmid, 0);
    }

    VmState state(int vmid) {
        return states.getOrDefault(vmid, VmState.NONE);
    }

    /** Which life of the VM at the other end queues belonged to when they were listed. */
    int lifeOf(int holder, CapabilityId capability) {
        return Objects.requireNonNull(livesByQueue.get(new Held(holder, capability)), "never listed");
    }

    /** The handle that the lending under a label was answered with. */
    @Nullable
    Integer handle(int label) {
        return handlesByLabel.get(label);
    }

    /** All that have ever been given out. */
    Collection<Integer> handles() {
        return handlesByLabel.values();
    }

    void assertAllAnswered() {
        open.values().removeIf(Deque::isEmpty);
        assertThat(open).as("requests without a reply").isEmpty();
        assertThat(replies).isEqualTo(requests);
    }
}
