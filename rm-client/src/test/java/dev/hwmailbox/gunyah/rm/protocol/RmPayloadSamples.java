// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import dev.hwmailbox.gunyah.CapabilityId;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;

/** One value of each typed payload, with its decoder. */
final class RmPayloadSamples {
    private RmPayloadSamples() {}

    static Stream<Sample> all() {
        return Stream.of(
                new Sample(new VmRequest(128), VmRequest::decode),
                new Sample(new VmRequest(128, 0xFFFF), VmRequest::decode),
                new Sample(new VmidReply(0xFFFF), VmidReply::decode),
                new Sample(new VmidListReply(List.of(3, 128, 0xFFFF)), VmidListReply::decode),
                new Sample(
                        new VmStopRequest(128, VmStopRequest.FLAG_FORCE, VmStopRequest.REASON_FORCED),
                        VmStopRequest::decode),
                new Sample(
                        new VmConfigImageRequest(
                                128, VmConfigImageRequest.AUTH_PLATFORM, -1, 0x1000, 0x2000, 0x3000, -1L),
                        VmConfigImageRequest::decode),
                new Sample(
                        new VmIdentifiersReply(List.of(
                                VmIdentifier.of(new UUID(1, 2)),
                                VmIdentifier.of(VmIdentifier.NAME, "guest"),
                                VmIdentifier.of(0xFF, new byte[] {1}))),
                        VmIdentifiersReply::decode),
                new Sample(RmText.of("vmuid/test1"), RmText::decode),
                new Sample(
                        new LookupGuidRequest(UUID.fromString("01234567-89ab-cdef-0123-456789abcdef")),
                        LookupGuidRequest::decode),
                new Sample(new VmStatus(3, 4, 0x1234), VmStatus::decode),
                new Sample(new VmStatusNotification(128, new VmStatus(2, 0, 0)), VmStatusNotification::decode),
                new Sample(
                        new VmExitRequest(VmExitRequest.FLAG_RESTART, VmExitRequest.CODE_BUS_ERROR),
                        VmExitRequest::decode),
                new Sample(new VmExitedNotification(128, 3, List.of(0x8000, 1, 2, -1)), VmExitedNotification::decode),
                new Sample(new VmShutdownNotification(-1), VmShutdownNotification::decode),
                new Sample(
                        new HostTypeReply(HostTypeReply.ARCHITECTURE_AARCH64, HostTypeReply.HYPERVISOR_GUNYAH, 1),
                        HostTypeReply::decode),
                new Sample(new RmHandle(-1), RmHandle::decode),
                new Sample(new VmTimeBaseRequest(128, -1L, 1), VmTimeBaseRequest::decode),
                new Sample(new VmBootContextRequest(128, 1, 30, -1L), VmBootContextRequest::decode),
                new Sample(new VmFirmwareMemRequest(128, -1, 0x1000, -1L), VmFirmwareMemRequest::decode),
                new Sample(new VmAddressLayoutRequest(128, 1, 0x1000, -1L), VmAddressLayoutRequest::decode),
                new Sample(new VmFirmwareRequest(2, -1, 0x1000, -1L), VmFirmwareRequest::decode),
                new Sample(
                        new VmDemandPagingRequest(128, List.of(new MemRange(1, 2), new MemRange(-1L, 3))),
                        VmDemandPagingRequest::decode),
                new Sample(
                        new VmAuthImageRequest(128, List.of(new VmAuthImageRequest.Parameter(1, -1))),
                        VmAuthImageRequest::decode),
                new Sample(
                        new IpaReserveRequest(1, -1, List.of(new MemRange(1, 2)), List.of()),
                        IpaReserveRequest::decode),
                new Sample(
                        new IpaReserveRequest(1, -1, List.of(), List.of(new IpaReserveRequest.Wanted(1, 2, 3, 4))),
                        IpaReserveRequest::decode),
                new Sample(new IpaReserveReply(List.of(1L, -1L)), IpaReserveReply::decode),
                new Sample(
                        new MemParcelRequest(
                                MemParcelRequest.TYPE_IO,
                                MemParcelRequest.FLAG_SANITIZE,
                                0x21,
                                List.of(new MemAclEntry(3, MemAclEntry.READ | MemAclEntry.WRITE)),
                                List.of(new MemRange(0x85000000L, 0x2000), new MemRange(-1L, -1L)),
                                List.of(new MemAttribute(1, 3))),
                        MemParcelRequest::decode),
                new Sample(new MemHandleRequest(1, MemHandleRequest.FLAG_CLEAR), MemHandleRequest::decode),
                new Sample(new MemHandleNotification(1, 128, 0x77), MemHandleNotification::decode),
                new Sample(
                        new MemAcceptRequest(
                                -1,
                                MemParcelRequest.TYPE_NORMAL,
                                MemAcceptRequest.SHARE,
                                MemAcceptRequest.FLAG_CHECK_LABEL | MemAcceptRequest.FLAG_DONE,
                                0x21,
                                List.of(new MemAclEntry(3, MemAclEntry.READ)),
                                List.of(new MemRange(0x1000, 0x2000)),
                                0xFFFF,
                                List.of(new MemAttribute(1, 3))),
                        MemAcceptRequest::decode),
                new Sample(
                        new MemAcceptReply(MemAcceptReply.FLAG_INCOMPLETE, List.of(new MemRange(-1L, 0x1000))),
                        MemAcceptReply::decode),
                new Sample(
                        new MemAppendRequest(1, MemAppendRequest.FLAG_LAST, List.of(new MemRange(0x1000, 0x2000))),
                        MemAppendRequest::decode),
                new Sample(
                        new MemNotifyRequest(1, MemNotifyRequest.FLAG_RECALL, -1, List.of(128, 0xFFFF)),
                        MemNotifyRequest::decode),
                new Sample(
                        new MemNotifyRequest(1, MemNotifyRequest.FLAG_ACCEPTED, -1, List.of()),
                        MemNotifyRequest::decode),
                new Sample(new MemRecallNotification(-1, 0x77), MemRecallNotification::decode),
                new Sample(
                        new MemSharedNotification(
                                1,
                                MemParcelRequest.TYPE_IO,
                                MemAcceptRequest.LEND,
                                MemParcelRequest.FLAG_SANITIZE,
                                3,
                                0x21,
                                0x77,
                                List.of(new MemAclEntry(128, MemAclEntry.READ)),
                                List.of(0x1000L, -1L),
                                List.of(new MemAttribute(1, 128))),
                        MemSharedNotification::decode),
                new Sample(new VmIrqAcceptRequest(-2, VmIrqAcceptRequest.CHOOSE), VmIrqAcceptRequest::decode),
                new Sample(new VmIrqAcceptReply(70), VmIrqAcceptReply::decode),
                new Sample(new VmIrqLendRequest(128, 70, -1), VmIrqLendRequest::decode),
                new Sample(new VmIrqLentNotification(0xFFFF, -2, 0x1234), VmIrqLentNotification::decode),
                new Sample(
                        new VmIrqNotifyRequest(-2, VmIrqNotifyRequest.FLAG_LENT, List.of(128)),
                        VmIrqNotifyRequest::decode),
                new Sample(
                        new VmIrqNotifyRequest(-2, VmIrqNotifyRequest.FLAG_RELEASED, List.of()),
                        VmIrqNotifyRequest::decode),
                new Sample(new VmIrqUnmapRequest(List.of(70, -1)), VmIrqUnmapRequest::decode),
                new Sample(ConsoleText.of(0xFFFF, "hello, host\n"), ConsoleText::decode),
                new Sample(
                        new HypResourceList(List.of(
                                HypResource.of(HypResourceType.MSGQ_SEND, 128, 7, CapabilityId.of(-2L), 40),
                                new HypResource(0xFF, 0xFFFF, 1, 2, CapabilityId.INVALID, 3, 4, -5L, -6L))),
                        HypResourceList::decode));
    }

    /** What has a last list that may be missing: cut before it, it decodes as well. */
    static Sample lookup() {
        return new Sample(
                new MemLookupRequest(
                        MemParcelRequest.TYPE_NORMAL,
                        0x21,
                        List.of(new MemAclEntry(128, MemAclEntry.READ)),
                        List.of(new MemRange(0x1000, 0x2000)),
                        List.of(new MemAttribute(1, 128))),
                MemLookupRequest::decode);
    }

    record Sample(RmPayload value, Function<RmMessage, ? extends RmPayload> decoder) {
        RmPayload decode(byte[] payload) {
            return decoder.apply(RmMessage.request(RmMessageId.VM_START, 0, payload));
        }

        @Override
        public String toString() {
            return value.toString();
        }
    }
}
