// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * What a message says, typed. Each layout is one record, shared by the messages that have it; {@code decode(RmMessage)}
 * of that record is the way back. Messages without a type here are used raw, see {@link RmMessage#payload()}.
 *
 * <p>Decoding looks at the {@linkplain RmMessage#data() data} alone, wants every byte accounted for, and keeps numbers
 * it does not know. Reserved fields are written as 0 and not looked at.
 *
 * <p>Context: any thread; immutable.
 *
 * @since 0.1
 */
public sealed interface RmPayload
        permits ConsoleText,
                HostTypeReply,
                HypResourceList,
                LookupGuidRequest,
                MemAcceptReply,
                MemAcceptRequest,
                MemAppendRequest,
                MemHandleNotification,
                MemHandleRequest,
                MemLookupRequest,
                MemNotifyRequest,
                MemParcelRequest,
                MemRecallNotification,
                MemSharedNotification,
                RmHandle,
                RmText,
                VmConfigImageRequest,
                VmExitRequest,
                VmExitedNotification,
                VmIdentifiersReply,
                VmIrqAcceptReply,
                VmIrqAcceptRequest,
                VmIrqLendRequest,
                VmIrqLentNotification,
                VmIrqNotifyRequest,
                VmIrqUnmapRequest,
                VmRequest,
                VmShutdownNotification,
                VmStatus,
                VmStatusNotification,
                VmStopRequest,
                VmidListReply,
                VmidReply {
    /**
     * The bytes of a request or notification, or those of a reply that follow the error word.
     *
     * @return a new array
     */
    byte[] encode();
}
