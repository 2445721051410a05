// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import static dev.hwmailbox.gunyah.rm.protocol.RmMessageType.NOTIFICATION;
import static dev.hwmailbox.gunyah.rm.protocol.RmMessageType.REPLY;
import static dev.hwmailbox.gunyah.rm.protocol.RmMessageType.REQUEST;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Which messages have a type, and which one. */
final class TypedMessages {
    /** Decodes the data of a message and encodes it again. */
    interface RoundTrip extends Function<RmMessage, byte[]> {}

    private static final Map<Key, RoundTrip> BY_KEY = new HashMap<>();

    static {
        requests();
        replies();
        notifications();
    }

    private TypedMessages() {}

    static Optional<RoundTrip> of(RmMessageType type, int messageId) {
        return Optional.ofNullable(BY_KEY.get(new Key(type, messageId)));
    }

    private static void requests() {
        for (int id : new int[] {
            RmMessageId.VM_ALLOC_VMID,
            RmMessageId.VM_DEALLOC_VMID,
            RmMessageId.VM_START,
            RmMessageId.VM_RESET,
            RmMessageId.VM_INIT,
            RmMessageId.VM_GET_ID,
            RmMessageId.VM_GET_STATE,
            RmMessageId.VM_GET_CRASH_MSG,
            RmMessageId.VM_GET_HYP_RESOURCES,
            RmMessageId.VM_CONSOLE_OPEN,
            RmMessageId.VM_CONSOLE_CLOSE,
            RmMessageId.VM_CONSOLE_FLUSH
        }) {
            type(REQUEST, id, VmRequest::decode);
        }
        for (int id : new int[] {
            RmMessageId.VM_GET_OWNER, RmMessageId.VM_GET_VMID, RmMessageId.VM_GET_PEERS, RmMessageId.VM_HOST_GET_TYPE
        }) {
            BY_KEY.put(new Key(REQUEST, id), TypedMessages::nothing);
        }
        type(REQUEST, RmMessageId.VM_SET_TIME_BASE, VmTimeBaseRequest::decode);
        type(REQUEST, RmMessageId.VM_SET_BOOT_CONTEXT, VmBootContextRequest::decode);
        type(REQUEST, RmMessageId.VM_SET_FIRMWARE_MEM, VmFirmwareMemRequest::decode);
        type(REQUEST, RmMessageId.VM_SET_ADDRESS_LAYOUT, VmAddressLayoutRequest::decode);
        type(REQUEST, RmMessageId.VM_SET_DEMAND_PAGING, VmDemandPagingRequest::decode);
        type(REQUEST, RmMessageId.VM_AUTH_IMAGE, VmAuthImageRequest::decode);
        type(REQUEST, RmMessageId.FW_SET_VM_FIRMWARE, VmFirmwareRequest::decode);
        type(REQUEST, RmMessageId.IPA_RESERVE, IpaReserveRequest::decode);
        type(REQUEST, RmMessageId.VM_STOP, VmStopRequest::decode);
        type(REQUEST, RmMessageId.VM_CONFIG_IMAGE, VmConfigImageRequest::decode);
        type(REQUEST, RmMessageId.VM_LOOKUP_URI, RmText::decode);
        type(REQUEST, RmMessageId.VM_LOOKUP_NAME, RmText::decode);
        type(REQUEST, RmMessageId.VM_LOOKUP_GUID, LookupGuidRequest::decode);
        type(REQUEST, RmMessageId.VM_SET_CRASH_MSG, RmText::decode);
        type(REQUEST, RmMessageId.VM_SET_STATUS, VmStatus::decode);
        type(REQUEST, RmMessageId.VM_EXIT, VmExitRequest::decode);
        type(REQUEST, RmMessageId.VM_IRQ_RELEASE, RmHandle::decode);
        type(REQUEST, RmMessageId.VM_IRQ_RECLAIM, RmHandle::decode);
        type(REQUEST, RmMessageId.MEM_DONATE, MemParcelRequest::decode);
        type(REQUEST, RmMessageId.MEM_LEND, MemParcelRequest::decode);
        type(REQUEST, RmMessageId.MEM_SHARE, MemParcelRequest::decode);
        type(REQUEST, RmMessageId.MEM_RELEASE, MemHandleRequest::decode);
        type(REQUEST, RmMessageId.MEM_RECLAIM, MemHandleRequest::decode);
        type(REQUEST, RmMessageId.MEM_ACCEPT, MemAcceptRequest::decode);
        type(REQUEST, RmMessageId.MEM_APPEND, MemAppendRequest::decode);
        type(REQUEST, RmMessageId.MEM_NOTIFY, MemNotifyRequest::decode);
        type(REQUEST, RmMessageId.MEM_QCOM_LOOKUP_SGL, MemLookupRequest::decode);
        type(REQUEST, RmMessageId.VM_IRQ_ACCEPT, VmIrqAcceptRequest::decode);
        type(REQUEST, RmMessageId.VM_IRQ_LEND, VmIrqLendRequest::decode);
        type(REQUEST, RmMessageId.VM_IRQ_NOTIFY, VmIrqNotifyRequest::decode);
        type(REQUEST, RmMessageId.VM_IRQ_UNMAP, VmIrqUnmapRequest::decode);
        type(REQUEST, RmMessageId.VM_CONSOLE_WRITE, ConsoleText::decode);
    }

    private static void replies() {
        type(REPLY, RmMessageId.VM_GET_OWNER, VmidReply::decode);
        type(REPLY, RmMessageId.VM_GET_VMID, VmidReply::decode);
        type(REPLY, RmMessageId.VM_GET_PEERS, VmidListReply::decode);
        type(REPLY, RmMessageId.VM_LOOKUP_URI, VmidListReply::decode);
        type(REPLY, RmMessageId.VM_LOOKUP_GUID, VmidListReply::decode);
        type(REPLY, RmMessageId.VM_LOOKUP_NAME, VmidListReply::decode);
        type(REPLY, RmMessageId.VM_GET_ID, VmIdentifiersReply::decode);
        type(REPLY, RmMessageId.VM_GET_STATE, VmStatus::decode);
        type(REPLY, RmMessageId.VM_GET_CRASH_MSG, RmText::decode);
        type(REPLY, RmMessageId.VM_GET_HYP_RESOURCES, HypResourceList::decode);
        type(REPLY, RmMessageId.VM_HOST_GET_TYPE, HostTypeReply::decode);
        type(REPLY, RmMessageId.MEM_DONATE, RmHandle::decode);
        type(REPLY, RmMessageId.MEM_LEND, RmHandle::decode);
        type(REPLY, RmMessageId.MEM_SHARE, RmHandle::decode);
        type(REPLY, RmMessageId.MEM_QCOM_LOOKUP_SGL, RmHandle::decode);
        type(REPLY, RmMessageId.VM_IRQ_LEND, RmHandle::decode);
        type(REPLY, RmMessageId.VM_IRQ_ACCEPT, VmIrqAcceptReply::decode);
        // A parcel accepted at given addresses is answered without data.
        BY_KEY.put(
                new Key(REPLY, RmMessageId.MEM_ACCEPT),
                message -> message.data().length == 0
                        ? nothing(message)
                        : MemAcceptReply.decode(message).encode());
        // An allocation that asked for a given VMID is answered without data.
        BY_KEY.put(
                new Key(REPLY, RmMessageId.VM_ALLOC_VMID),
                message -> message.data().length == 0
                        ? nothing(message)
                        : VmidReply.decode(message).encode());
        for (int id : new int[] {
            RmMessageId.VM_DEALLOC_VMID,
            RmMessageId.VM_START,
            RmMessageId.VM_STOP,
            RmMessageId.VM_RESET,
            RmMessageId.VM_CONFIG_IMAGE,
            RmMessageId.VM_INIT,
            RmMessageId.VM_SET_STATUS,
            RmMessageId.VM_CONSOLE_OPEN,
            RmMessageId.VM_CONSOLE_CLOSE,
            RmMessageId.VM_CONSOLE_FLUSH,
            RmMessageId.VM_EXIT,
            RmMessageId.VM_SET_CRASH_MSG,
            RmMessageId.VM_IRQ_RELEASE,
            RmMessageId.VM_IRQ_RECLAIM,
            RmMessageId.VM_IRQ_NOTIFY,
            RmMessageId.VM_IRQ_UNMAP,
            RmMessageId.VM_CONSOLE_WRITE,
            RmMessageId.MEM_RELEASE,
            RmMessageId.MEM_RECLAIM,
            RmMessageId.MEM_NOTIFY,
            RmMessageId.MEM_APPEND
        }) {
            BY_KEY.put(new Key(REPLY, id), TypedMessages::nothing);
        }
    }

    private static void notifications() {
        type(NOTIFICATION, RmMessageId.NOTIFY_VM_STATUS, VmStatusNotification::decode);
        type(NOTIFICATION, RmMessageId.NOTIFY_VM_EXITED, VmExitedNotification::decode);
        type(NOTIFICATION, RmMessageId.NOTIFY_VM_SHUTDOWN, VmShutdownNotification::decode);
        type(NOTIFICATION, RmMessageId.NOTIFY_MEM_RELEASED, MemHandleNotification::decode);
        type(NOTIFICATION, RmMessageId.NOTIFY_MEM_ACCEPTED, MemHandleNotification::decode);
        type(NOTIFICATION, RmMessageId.NOTIFY_MEM_SHARED, MemSharedNotification::decode);
        type(NOTIFICATION, RmMessageId.NOTIFY_MEM_RECALL, MemRecallNotification::decode);
        type(NOTIFICATION, RmMessageId.NOTIFY_VM_CONSOLE_CHARS, ConsoleText::decode);
        type(NOTIFICATION, RmMessageId.NOTIFY_VM_IRQ_LENT, VmIrqLentNotification::decode);
        type(NOTIFICATION, RmMessageId.NOTIFY_VM_IRQ_RELEASED, RmHandle::decode);
        type(NOTIFICATION, RmMessageId.NOTIFY_VM_IRQ_ACCEPTED, RmHandle::decode);
    }

    private static void type(RmMessageType type, int id, Function<RmMessage, ? extends RmPayload> decode) {
        BY_KEY.put(new Key(type, id), message -> decode.apply(message).encode());
    }

    private static byte[] nothing(RmMessage message) {
        message.requireNoData();
        return new byte[0];
    }

    private record Key(RmMessageType type, int messageId) {}
}
