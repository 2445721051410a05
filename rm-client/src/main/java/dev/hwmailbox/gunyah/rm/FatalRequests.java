// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmProtocolException;
import dev.hwmailbox.gunyah.rm.protocol.VmRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import dev.hwmailbox.gunyah.rm.protocol.VmStatus;
import dev.hwmailbox.gunyah.rm.protocol.VmStatusNotification;
import dev.hwmailbox.gunyah.rm.protocol.VmidReply;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The requests of which the published Resource Manager dies, and with it every VM: none is ever sent. Some are fatal
 * because of what they name, so this remembers what the conversation has told of VMs; what it has not told can be asked
 * for.
 */
final class FatalRequests {
    /** The VM that must not exit. */
    static final int HOST_VMID = 3;

    private static final int UNKNOWN = -1;

    /** VMIDs have 16 bits. */
    private static final int VMID_MASK = 0xFFFF;

    private static final int VM_REQUEST_LENGTH = 4;

    /** How much is known of a VM. */
    private enum Known {
        EXISTS,
        CONFIGURED,
        /** Being given back: whatever is told of it meanwhile will not be true any more. */
        LEAVING
    }

    private final Map<Integer, Known> vms = new ConcurrentHashMap<>();
    private volatile int ownVmid = UNKNOWN;

    /** Nothing said before counts any more; what is being given back is so until {@link #ended} says otherwise. */
    void forget() {
        vms.values().removeIf(known -> known != Known.LEAVING);
        ownVmid = UNKNOWN;
    }

    /** What to ask before a request can be judged; the sequence is not meant. */
    Optional<RmMessage> question(int messageId, byte[] payload) {
        return switch (messageId) {
            case RmMessageId.VM_DEALLOC_VMID, RmMessageId.VM_RESET ->
                payload.length < VM_REQUEST_LENGTH || isJudged(messageId, payload)
                        ? Optional.empty()
                        : Optional.of(RmMessage.request(RmMessageId.VM_GET_STATE, 0, new VmRequest(vmid(payload))));
            case RmMessageId.VM_EXIT ->
                ownVmid == UNKNOWN
                        ? Optional.of(RmMessage.request(RmMessageId.VM_GET_VMID, 0, new byte[0]))
                        : Optional.empty();
            default -> Optional.empty();
        };
    }

    private boolean isJudged(int messageId, byte[] payload) {
        return isHarmless(messageId, payload) || vms.get(vmid(payload)) == Known.LEAVING;
    }

    /** Refuses, with EINVAL, what is fatal or not known to be harmless. */
    void requireHarmless(int messageId, byte[] payload) {
        if (!isHarmless(messageId, payload)) {
            throw refusal(messageId, payload);
        }
    }

    /** A request is about to go out, if it is harmless; of two that give a VM back, one is refused. */
    void begin(RmMessage request) {
        requireHarmless(request.messageId(), request.payload());
        if (request.messageId() == RmMessageId.VM_DEALLOC_VMID) {
            int vmid = vmid(request.payload());
            if (!vms.replace(vmid, Known.EXISTS, Known.LEAVING)
                    && !vms.replace(vmid, Known.CONFIGURED, Known.LEAVING)) {
                throw refusal(request.messageId(), request.payload());
            }
        }
    }

    /** A request that has begun has ended, with a reply or without: what it has changed is not known any more. */
    void ended(RmMessage request) {
        if (request.messageId() == RmMessageId.VM_DEALLOC_VMID) {
            vms.remove(vmid(request.payload()), Known.LEAVING);
        }
    }

    private MailboxException refusal(int messageId, byte[] payload) {
        return new MailboxException(
                Errno.EINVAL,
                "%s is not sent, the Resource Manager might die of it: %s"
                        .formatted(RmMessageId.name(messageId), danger(messageId, payload)));
    }

    void replied(RmMessage request, RmMessage reply) {
        if (reply.error() != RmError.OK) {
            return;
        }
        try {
            switch (request.messageId()) {
                case RmMessageId.VM_ALLOC_VMID -> {
                    int wanted = vmid(request.payload());
                    // A new VM, whatever was known of a former one with its number.
                    put(wanted != 0 ? wanted : VmidReply.decode(reply).vmid(), Known.EXISTS);
                }
                case RmMessageId.VM_CONFIG_IMAGE -> put(vmid(request.payload()), Known.CONFIGURED);
                case RmMessageId.VM_GET_STATE -> learn(vmid(request.payload()), VmStatus.decode(reply));
                case RmMessageId.VM_GET_VMID ->
                    ownVmid = VmidReply.decode(reply).vmid();
                default -> {}
            }
        } catch (RmProtocolException e) {
            // The caller is told; here nothing is learnt.
        }
    }

    void notified(RmMessage notification) {
        if (notification.messageId() == RmMessageId.NOTIFY_VM_STATUS) {
            try {
                var told = VmStatusNotification.decode(notification);
                learn(told.vmid(), told.status());
            } catch (RmProtocolException e) {
                // Listeners get it as it is; here nothing is learnt.
            }
        }
    }

    private void learn(int vmid, VmStatus status) {
        if (vmid == 0) {
            return; // the caller itself
        }
        switch (status.vm()) {
            case NONE -> vms.computeIfPresent(vmid, (number, known) -> known == Known.LEAVING ? known : null);
            case LOAD, UNKNOWN -> vms.putIfAbsent(vmid, Known.EXISTS);
            default -> put(vmid, Known.CONFIGURED);
        }
    }

    private void put(int vmid, Known now) {
        vms.merge(vmid, now, (before, same) -> before == Known.LEAVING ? before : same);
    }

    private boolean isHarmless(int messageId, byte[] payload) {
        return switch (messageId) {
            case RmMessageId.VM_CONSOLE_WRITE,
                    RmMessageId.VM_IRQ_LEND,
                    RmMessageId.VM_IRQ_ACCEPT,
                    RmMessageId.VM_IRQ_RELEASE,
                    RmMessageId.VM_IRQ_RECLAIM,
                    RmMessageId.VM_IRQ_NOTIFY -> payload.length > 0;
            case RmMessageId.VM_DEALLOC_VMID -> isAlive(vms.get(vmid(payload)));
            case RmMessageId.VM_RESET -> vms.get(vmid(payload)) == Known.CONFIGURED;
            case RmMessageId.VM_EXIT -> ownVmid != UNKNOWN && ownVmid != HOST_VMID;
            default -> true;
        };
    }

    private static boolean isAlive(@Nullable Known known) {
        return known == Known.EXISTS || known == Known.CONFIGURED;
    }

    private static String danger(int messageId, byte[] payload) {
        return switch (messageId) {
            case RmMessageId.VM_DEALLOC_VMID -> "no VM " + vmid(payload) + " is known, or it is being given back";
            case RmMessageId.VM_RESET ->
                "VM " + vmid(payload) + " is not known to be configured (state " + VmState.LOAD + " kills)";
            case RmMessageId.VM_EXIT -> "this may be the host, which must not exit";
            default -> "its payload is empty";
        };
    }

    /** The VMID at the front of a payload; one that no VM has if there is none. */
    private static int vmid(byte[] payload) {
        return payload.length < VM_REQUEST_LENGTH
                ? UNKNOWN
                : ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN).getShort() & VMID_MASK;
    }
}
