// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static dev.hwmailbox.gunyah.rm.ResourceManagerTest.errno;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Errno;
import dev.hwmailbox.gunyah.rm.protocol.HostTypeReply;
import dev.hwmailbox.gunyah.rm.protocol.IpaReserveReply;
import dev.hwmailbox.gunyah.rm.protocol.IpaReserveRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemAcceptReply;
import dev.hwmailbox.gunyah.rm.protocol.MemAcceptRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemAclEntry;
import dev.hwmailbox.gunyah.rm.protocol.MemLookupRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemNotifyRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import dev.hwmailbox.gunyah.rm.protocol.OsState;
import dev.hwmailbox.gunyah.rm.protocol.RmHandle;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmPayload;
import dev.hwmailbox.gunyah.rm.protocol.RmText;
import dev.hwmailbox.gunyah.rm.protocol.VmAddressLayoutRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmAuthImageRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmBootContextRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmDemandPagingRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmFirmwareMemRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmFirmwareRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmIdentifiersReply;
import dev.hwmailbox.gunyah.rm.protocol.VmIrqAcceptReply;
import dev.hwmailbox.gunyah.rm.protocol.VmTimeBaseRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmidListReply;
import dev.hwmailbox.gunyah.rm.protocol.VmidReply;
import dev.hwmailbox.testing.VirtualScheduler;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Every typed call sends the message of its name and reads its reply. */
final class TypedCallsTest {
    private static final int VM = 128;

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final ScriptedPeer peer = new ScriptedPeer(scheduler);
    private final ResourceManager client = peer.client();

    @Test
    void memory() {
        MemoryCalls memory = client.memory();
        var parcel = MemoryParcel.of(List.of(new MemAclEntry(VM, MemAclEntry.READ)), List.of(new MemRange(0x1000, 1)));
        answering(new RmHandle(7));
        assertThat(memory.donate(parcel)).isEqualTo(7);
        assertThat(memory.lend(parcel)).isEqualTo(7);
        assertThat(memory.share(parcel)).isEqualTo(7);
        assertThat(memory.find(new MemLookupRequest(0, 0, List.of(), List.of(), List.of())))
                .isEqualTo(7);
        answering(new MemAcceptReply(0, List.of(new MemRange(0x5000, 0x1000))));
        assertThat(memory.accept(accept(List.of())).ranges()).containsExactly(new MemRange(0x5000, 0x1000));
        peer.answering();
        assertThat(memory.accept(accept(List.of(new MemRange(0x6000, 0x1000)))).ranges())
                .isEmpty();
        memory.release(7, true);
        memory.reclaim(7, false);
        memory.append(7, List.of(), true);
        memory.tell(new MemNotifyRequest(7, MemNotifyRequest.FLAG_RECALL, 5, List.of(VM)));

        assertThat(sent())
                .containsExactly(
                        "MEM_DONATE 0000000000000000010000008000040001000000001000000000000001000000000000000000"
                                + "0000",
                        "MEM_LEND 0000000000000000010000008000040001000000001000000000000001000000000000000000"
                                + "0000",
                        "MEM_SHARE 0000000000000000010000008000040001000000001000000000000001000000000000000000"
                                + "0000",
                        "MEM_QCOM_LOOKUP_SGL " + "00".repeat(20),
                        "MEM_ACCEPT 070000000001000000000000000000000000000000000000",
                        "MEM_ACCEPT 070000000001000000000000000000000100000000600000000000000010000000000000"
                                + "00000000",
                        "MEM_RELEASE 0700000001000000",
                        "MEM_RECLAIM 0700000000000000",
                        "MEM_APPEND 070000000100000000000000",
                        "MEM_NOTIFY 0700000008000000050000000100000080000000");
    }

    @Test
    void parcelOfManyRangesIsContinuedWithAppends() {
        peer.onRequest(request -> {
            if (request.id() == RmMessageId.MEM_SHARE) {
                peer.reply(request, 0, new RmHandle(7).encode());
            } else {
                peer.reply(request, 0);
            }
        });

        client.memory().share(MemoryParcel.of(List.of(), ranges(1025)));

        assertThat(peer.requests())
                .extracting(request -> RmMessageId.name(request.id()) + " " + request.payload().length)
                .containsExactly(
                        "MEM_SHARE " + (20 + 512 * 16), "MEM_APPEND " + (12 + 512 * 16), "MEM_APPEND " + (12 + 16));
        assertThat(peer.request(0).payload()[2]).as("more ranges").isEqualTo((byte) 2);
        assertThat(peer.request(1).payload()[4]).as("not the last").isZero();
        assertThat(peer.request(2).payload()[4]).as("the last").isEqualTo((byte) 1);
    }

    @Test
    void parcelThatCannotBeContinuedIsReclaimed() {
        peer.onRequest(request -> {
            switch (request.id()) {
                case RmMessageId.MEM_LEND -> peer.reply(request, 0, new RmHandle(7).encode());
                case RmMessageId.MEM_APPEND -> peer.reply(request, 1);
                default -> peer.reply(request, 0);
            }
        });

        assertThatThrownBy(() -> client.memory().lend(MemoryParcel.of(List.of(), ranges(513))))
                .satisfies(errno(Errno.ENOMEM));

        assertThat(peer.requests())
                .extracting(request -> RmMessageId.name(request.id()))
                .containsExactly("MEM_LEND", "MEM_APPEND", "MEM_RECLAIM");
    }

    @Test
    void exactly512RangesTakeOneMessage() {
        answering(new RmHandle(7));

        client.memory().lend(MemoryParcel.of(List.of(), ranges(512)));

        assertThat(peer.requests()).hasSize(1);
        assertThat(peer.request(0).payload()[2]).as("no more ranges").isZero();
    }

    @Test
    void interrupts() {
        InterruptCalls interrupts = client.interrupts();
        answering(new RmHandle(9));
        assertThat(interrupts.lend(VM, 64, 3)).isEqualTo(9);
        answering(new VmIrqAcceptReply(70));
        assertThat(interrupts.accept(9, 0xFFFFFFFF)).isEqualTo(70);
        peer.answering();
        interrupts.release(9);
        interrupts.reclaim(9);
        interrupts.notifyLent(9, List.of(VM));
        interrupts.notifyAccepted(9);
        interrupts.notifyReleased(9);
        interrupts.unmap(List.of(64));

        assertThat(sent())
                .containsExactly(
                        "VM_IRQ_LEND 800000004000000003000000",
                        "VM_IRQ_ACCEPT 09000000ffffffff",
                        "VM_IRQ_RELEASE 09000000",
                        "VM_IRQ_RECLAIM 09000000",
                        "VM_IRQ_NOTIFY 09000000010000000100000080000000",
                        "VM_IRQ_NOTIFY 0900000004000000",
                        "VM_IRQ_NOTIFY 0900000002000000",
                        "VM_IRQ_UNMAP 010000000000000040000000");
    }

    @Test
    void console() {
        peer.answering();
        client.console().open(VM);
        client.console().write(ConsoleCalls.OWN, new byte[] {'h', 'i'});
        client.console().flush(VM);
        client.console().close(VM);

        assertThat(sent())
                .containsExactly(
                        "VM_CONSOLE_OPEN 80000000",
                        "VM_CONSOLE_WRITE 000002006869",
                        "VM_CONSOLE_FLUSH 80000000",
                        "VM_CONSOLE_CLOSE 80000000");
    }

    @Test
    void directory() {
        DirectoryCalls directory = client.directory();
        answering(new VmidListReply(List.of(3)));
        UUID guid = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
        assertThat(directory.peers()).containsExactly(3);
        peer.answering((byte) 1, (byte) 0, (byte) 0, (byte) 0, (byte) 3, (byte) 0, (byte) 0, (byte) 0);
        assertThat(directory.byName("vm")).containsExactly(3);
        assertThat(directory.byUri("u")).containsExactly(3);
        assertThat(directory.byGuid(guid)).containsExactly(3);
        answering(new VmidReply(3));
        assertThat(directory.owner()).isEqualTo(3);
        answering(new VmIdentifiersReply(List.of()));
        assertThat(directory.identifiers(VM)).isEmpty();
        answering(RmText.of("oops"));
        assertThat(directory.crashMessage(VM)).isEqualTo("oops");

        assertThat(sent())
                .containsExactly(
                        "VM_GET_PEERS ",
                        "VM_LOOKUP_NAME 02000000766d0000",
                        "VM_LOOKUP_URI 0100000075000000",
                        "VM_LOOKUP_GUID 00112233445566778899aabbccddeeff",
                        "VM_GET_OWNER ",
                        "VM_GET_ID 80000000",
                        "VM_GET_CRASH_MSG 80000000");
    }

    @Test
    void ownVmSetupAndPlatform() {
        peer.answering();
        client.self().status(OsState.RUN, 0x1234);
        client.self().crashMessage("oops");
        client.setup().authenticate(new VmAuthImageRequest(VM, List.of(new VmAuthImageRequest.Parameter(1, 2))));
        client.setup().timeBase(new VmTimeBaseRequest(VM, 1, 2));
        client.setup().bootContext(new VmBootContextRequest(VM, 0, 1, 2));
        client.setup().firmwareMemory(new VmFirmwareMemRequest(VM, 1, 2, 3));
        client.setup().demandPaging(new VmDemandPagingRequest(VM, List.of(new MemRange(1, 2))));
        client.setup().addressLayout(new VmAddressLayoutRequest(VM, 1, 2, 3));
        client.platform().firmwareLoaded();
        client.platform().vmFirmware(new VmFirmwareRequest(1, 2, 3, 4));
        var fixed = new IpaReserveRequest(1, 2, List.of(new MemRange(3, 4)), List.of());
        assertThat(client.platform().reserveAddresses(fixed)).isEmpty();
        answering(new IpaReserveReply(List.of(0x1000L)));
        var wanted = new IpaReserveRequest(1, 2, List.of(), List.of(new IpaReserveRequest.Wanted(3, 4, 5, 6)));
        assertThat(client.platform().reserveAddresses(wanted)).containsExactly(0x1000L);
        peer.answering((byte) 0x64, (byte) 1, (byte) 0, (byte) 1);
        assertThat(client.platform().hostType()).isEqualTo(new HostTypeReply(0x64, 1, 1));

        assertThat(sent())
                .containsExactly(
                        "VM_SET_STATUS 00043412",
                        "VM_SET_CRASH_MSG 040000006f6f7073",
                        "VM_AUTH_IMAGE 800001000100000002000000",
                        "VM_SET_TIME_BASE 8000000001000000000000000200000000000000",
                        "VM_SET_BOOT_CONTEXT 80000001000000000200000000000000",
                        "VM_SET_FIRMWARE_MEM 800000000100000002000000000000000300000000000000",
                        "VM_SET_DEMAND_PAGING 800000000100000001000000000000000200000000000000",
                        "VM_SET_ADDRESS_LAYOUT 800000000100000002000000000000000300000000000000",
                        "FW_MILESTONE ",
                        "FW_SET_VM_FIRMWARE 010000000200000003000000000000000400000000000000",
                        "IPA_RESERVE 0000000001000000020000000100000003000000000000000400000000000000",
                        "IPA_RESERVE 01000000010000000200000001000000030000000000000004000000000000000500000000000000"
                                + "0600000000000000",
                        "VM_HOST_GET_TYPE ");
    }

    private static MemAcceptRequest accept(List<MemRange> ranges) {
        return new MemAcceptRequest(7, 0, MemAcceptRequest.LEND, 0, 0, List.of(), ranges, 0, List.of());
    }

    private static List<MemRange> ranges(int count) {
        return LongStream.range(0, count)
                .mapToObj(page -> new MemRange(page * 0x2000, 0x1000))
                .toList();
    }

    private void answering(RmPayload reply) {
        peer.answering(reply.encode());
    }

    private List<String> sent() {
        return peer.requests().stream()
                .map(request ->
                        RmMessageId.name(request.id()) + " " + HexFormat.of().formatHex(request.payload()))
                .toList();
    }
}
