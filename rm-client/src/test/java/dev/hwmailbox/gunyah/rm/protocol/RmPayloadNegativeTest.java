// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.hwmailbox.Errno;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.rm.protocol.RmPayloadSamples.Sample;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RmPayloadNegativeTest {
    static Stream<Sample> samples() {
        return RmPayloadSamples.all();
    }

    static LongStream seeds() {
        Long wanted = Long.getLong("hwmailbox.seed");
        return wanted == null ? LongStream.rangeClosed(1, 50) : LongStream.of(wanted);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void anyMissingByteIsEbadmsg(Sample sample) {
        byte[] payload = sample.value().encode();
        for (int length = 0; length < payload.length; length++) {
            byte[] cut = Arrays.copyOf(payload, length);
            assertThatExceptionOfType(RmProtocolException.class)
                    .as("%d of %d bytes", length, payload.length)
                    .isThrownBy(() -> sample.decode(cut))
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBADMSG));
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void anyTrailingByteIsEbadmsg(Sample sample) {
        byte[] payload = sample.value().encode();
        for (int surplus = 1; surplus <= 5; surplus++) {
            byte[] tooLong = Arrays.copyOf(payload, payload.length + surplus);
            assertThatExceptionOfType(RmProtocolException.class)
                    .isThrownBy(() -> sample.decode(tooLong))
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBADMSG));
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void anyBytesDecodeToThemselvesOrAreRefusedByTheOneTypedError(long seed) {
        var random = new Random(seed);
        samples().forEach(sample -> {
            for (int i = 0; i < 200; i++) {
                byte[] bytes = random.nextInt(4) == 0 ? noise(random) : mutated(random, sample.value());
                try {
                    assertThat(sample.decode(bytes).encode()).hasSameSizeAs(bytes);
                } catch (RmProtocolException e) {
                    assertThat(e.offset()).isBetween(0, bytes.length);
                }
            }
        });
    }

    @Test
    void theErrorNamesThePlace() {
        byte[] data = HexFormat.of().parseHex("0100000002000300");

        assertThatExceptionOfType(RmProtocolException.class)
                .isThrownBy(() ->
                        HypResourceList.decode(RmMessage.reply(RmMessageId.VM_GET_HYP_RESOURCES, 0, RmError.OK, data)))
                .withMessage("EBADMSG: VM_GET_HYP_RESOURCES (0x56000020): resource handle at byte 8:"
                        + " found 0 bytes, expected 4 bytes")
                .satisfies(e -> {
                    assertThat(e.messageId()).isEqualTo(RmMessageId.VM_GET_HYP_RESOURCES);
                    assertThat(e.field()).isEqualTo("resource handle");
                    assertThat(e.offset()).isEqualTo(8);
                    assertThat(e.found()).isEqualTo("0 bytes");
                    assertThat(e.expected()).isEqualTo("4 bytes");
                });
    }

    @Test
    void aVmidOfMoreThan16BitsIsEbadmsg() {
        assertThatRefuses(VmidReply::decode, "00000100", "vmid at byte 0: found 0x00010000");
        assertThatRefuses(VmidListReply::decode, "010000000000ffff", "vmid at byte 4: found 0xffff0000");
    }

    @Test
    void paddingThatIsNotZeroIsEbadmsg() {
        assertThatRefuses(RmText::decode, "0100000041000001", "text padding at byte 7: found 0x01");
        assertThatRefuses(
                VmIdentifiersReply::decode, "010000000200010041ff0000", "identifier padding at byte 9: found 0xff");
    }

    @Test
    void moreThan512ListEntriesAreEbadmsg() {
        String header = "0000000000000000";

        assertThatRefuses(
                MemParcelRequest::decode,
                header + "01020000" + "00".repeat(513 * 4) + "0000000000000000",
                "number of ACL entries at byte 8: found 513, expected at most 512");
        assertThatRefuses(
                MemParcelRequest::decode,
                header + "00000000" + "01020000" + "00".repeat(513 * 16) + "00000000",
                "number of ranges at byte 12");
        assertThatRefuses(
                MemParcelRequest::decode,
                header + "0000000000000000" + "01020000" + "00".repeat(513 * 4),
                "number of attributes at byte 16");
    }

    @Test
    void moreThan512EntriesOfNewsListsAreEbadmsg() {
        assertThatRefuses(
                MemAcceptRequest::decode,
                "00".repeat(16) + "0102ffff" + "00".repeat(513 * 16) + "00000000",
                "number of ranges at byte 16: found 513, expected at most 512");
        assertThatRefuses(
                MemAppendRequest::decode, "00".repeat(8) + "01020000" + "00".repeat(513 * 16), "number of ranges");
        assertThatRefuses(
                MemNotifyRequest::decode,
                "000000000100000000000000" + "01020000" + "00".repeat(513 * 4),
                "number of VMIDs at byte 12: found 513");
        assertThatRefuses(
                VmIrqNotifyRequest::decode, "0000000001000000" + "01020000" + "00".repeat(513 * 4), "number of VMIDs");
        assertThatRefuses(MemAcceptReply::decode, "92030000", "number of ranges at byte 0: found 914");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "02000000000000000000000000", // half an interrupt more
                "030000000000000046000000", // less than announced
                "00000000000000004600000047000000", // more than announced
                "ffffffffffffffff", // negative if it were signed
                "020000000000004046000000" // four times this is small
            })
    void interruptsThatAreNotAsManyAsAnnouncedAreEbadmsg(String hex) {
        assertThatRefuses(VmIrqUnmapRequest::decode, hex, "number of virqs at byte 0");
    }

    @Test
    void aLookupIsRefusedBeforeItsLastList() {
        byte[] lookup = RmPayloadSamples.lookup().value().encode();
        int withoutAttributes = lookup.length - 8;
        for (int length = 0; length < lookup.length; length++) {
            byte[] cut = Arrays.copyOf(lookup, length);
            if (length != withoutAttributes) {
                assertThatExceptionOfType(RmProtocolException.class)
                        .as("%d of %d bytes", length, lookup.length)
                        .isThrownBy(() -> RmPayloadSamples.lookup().decode(cut));
            }
        }
        assertThatExceptionOfType(RmProtocolException.class)
                .isThrownBy(() -> RmPayloadSamples.lookup().decode(Arrays.copyOf(lookup, lookup.length + 1)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "8000000000000000", // no reason at all
                "800000000600000000000000ffff", // half a word
                "800000000800000000000000", // less than announced
                "80000000040000000000000000000000", // more than announced
                "80000000fcffffff00000000" // negative if it were signed
            })
    void aReasonThatIsNotWholeWordsIsEbadmsg(String hex) {
        assertThatRefuses(VmExitedNotification::decode, hex, "size of reason at byte 4");
    }

    @Test
    void countsThatLieAreEbadmsgAndTakeNoMemory() {
        assertThatRefuses(VmidListReply::decode, "ffffffff03000000", "vmid at byte 8");
        assertThatRefuses(VmIdentifiersReply::decode, "ffffffff", "identifier kind at byte 4");
        assertThatRefuses(HypResourceList::decode, "ffffffff", "resource type at byte 4");
    }

    @Test
    void dataOfAnErrorReplyDecodesToNothing() {
        var reply = RmMessage.reply(RmMessageId.VM_GET_VMID, 0, RmError.DENIED, new byte[4]);

        assertThatExceptionOfType(RmProtocolException.class).isThrownBy(() -> VmidReply.decode(reply));
    }

    @Test
    void valuesThatDoNotFitTheWireAreRefused() {
        for (ThrowingCallable attempt : List.<ThrowingCallable>of(
                () -> new VmRequest(0x10000),
                () -> new VmRequest(-1),
                () -> new VmRequest(0, 0x10000),
                () -> new VmidReply(0x10000),
                () -> new VmidListReply(List.of(1, -1)),
                () -> new VmStopRequest(0x10000, 0, 0),
                () -> new VmStopRequest(0, 0x100, 0),
                () -> new VmConfigImageRequest(-1, 0, 0, 0, 0, 0, 0),
                () -> new VmConfigImageRequest(0, 0x10000, 0, 0, 0, 0, 0),
                () -> new VmStatus(0x100, 0, 0),
                () -> new VmStatus(0, 0x100, 0),
                () -> new VmStatus(0, 0, 0x10000),
                () -> new VmStatusNotification(0x10000, new VmStatus(0, 0, 0)),
                () -> new VmExitRequest(0x10000, 0),
                () -> new VmExitRequest(0, 0x100),
                () -> new VmExitedNotification(0x10000, 0, List.of(0)),
                () -> new VmExitedNotification(0, 0x10000, List.of(0)),
                () -> new VmExitedNotification(0, 0, List.of()),
                () -> new HostTypeReply(0x100, 0, 0),
                () -> new HostTypeReply(0, 0x100, 0),
                () -> new HostTypeReply(0, 0, 0x100),
                () -> new MemHandleRequest(0, 0x100),
                () -> new MemHandleNotification(0, 0x10000, 0),
                () -> new MemAcceptReply(0x100, List.of()),
                () -> new MemAcceptReply(0, Collections.nCopies(914, new MemRange(0, 0))),
                () -> accept(0x100, 0, 0, 0),
                () -> accept(0, 0x100, 0, 0),
                () -> accept(0, 0, 0x100, 0),
                () -> accept(0, 0, 0, 0x10000),
                () -> new MemAppendRequest(0, 0x100, List.of()),
                () -> new MemAppendRequest(0, 0, Collections.nCopies(513, new MemRange(0, 0))),
                () -> new MemLookupRequest(0x100, 0, List.of(), List.of(), List.of()),
                () -> new MemNotifyRequest(0, 0x100, 0, List.of()),
                () -> new MemNotifyRequest(0, MemNotifyRequest.FLAG_SHARED, 0, List.of(0x10000)),
                () -> new MemNotifyRequest(0, MemNotifyRequest.FLAG_SHARED, 0, Collections.nCopies(513, 1)),
                () -> new MemNotifyRequest(0, MemNotifyRequest.FLAG_RELEASED, 0, List.of(3)),
                () -> shared(0x100, 0, 0, 0, 0),
                () -> shared(0, 0x100, 0, 0, 0),
                () -> shared(0, 0, 0x100, 0, 0),
                () -> shared(0, 0, 0, 0x10000, 0),
                () -> shared(0, 0, 0, 0, MemSharedNotification.MAX_SIZES + 1),
                () -> new VmIrqLendRequest(0x10000, 0, 0),
                () -> new VmIrqLentNotification(0x10000, 0, 0),
                () -> new VmIrqNotifyRequest(0, VmIrqNotifyRequest.FLAG_LENT, List.of(-1)),
                () -> new VmIrqNotifyRequest(0, VmIrqNotifyRequest.FLAG_ACCEPTED, List.of(3)),
                () -> ConsoleText.of(0x10000, ""),
                () -> ConsoleText.of(0, new byte[0x10000]),
                () -> new MemAclEntry(0x10000, 0),
                () -> new MemAclEntry(0, 0x100),
                () -> new MemAttribute(0x10000, 0),
                () -> new MemAttribute(0, 0x10000),
                () -> parcel(0x100, 0, 0, 0, 0),
                () -> parcel(0, 0x100, 0, 0, 0),
                () -> parcel(0, 0, 513, 0, 0),
                () -> parcel(0, 0, 0, 513, 0),
                () -> parcel(0, 0, 0, 0, 513),
                () -> new HypResource(0x100, 0, 0, 0, CapabilityId.INVALID, 0, 0, 0, 0),
                () -> new HypResource(0, 0x10000, 0, 0, CapabilityId.INVALID, 0, 0, 0, 0),
                () -> HypResource.of(HypResourceType.UNKNOWN, 0, 0, CapabilityId.INVALID, 0),
                () -> RmText.of(new byte[0x10000]),
                () -> RmText.of("x".repeat(0x10000)),
                () -> VmIdentifier.of(0x100, "x"),
                () -> VmIdentifier.of(0, new byte[0x10000]))) {
            assertThatIllegalArgumentException().isThrownBy(attempt);
        }
    }

    @Test
    void listsOf512EntriesFitAndFitIntoARequest() {
        var payload = parcel(0, 0, 512, 512, 512);

        assertThat(payload.encode()).hasSizeLessThan(RmFraming.MAX_REQUEST_LENGTH);
        assertThat(MemParcelRequest.decode(RmMessage.request(RmMessageId.MEM_LEND, 0, payload)))
                .isEqualTo(payload);
    }

    @Test
    void theLongestNotificationAboutMemoryFitsIntoAMessage() {
        var payload = new MemSharedNotification(
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                Collections.nCopies(512, new MemAclEntry(1, MemAclEntry.READ)),
                Collections.nCopies(MemSharedNotification.MAX_SIZES, -1L),
                Collections.nCopies(512, new MemAttribute(1, 1)));

        assertThat(payload.encode()).hasSizeLessThanOrEqualTo(RmFraming.MAX_MESSAGE_LENGTH);
        assertThat(new MemAcceptReply(0, Collections.nCopies(MemAcceptReply.MAX_LENGTH, new MemRange(0, 0))).encode())
                .hasSizeLessThanOrEqualTo(RmFraming.MAX_MESSAGE_LENGTH - 4);
    }

    @Test
    void anArrivalHasAMessageExactlyIfComplete() {
        var message = RmMessage.request(1, 0, new byte[0]);

        assertThatIllegalArgumentException().isThrownBy(() -> new RmArrival(RmArrival.Verdict.COMPLETE, null, null));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RmArrival(RmArrival.Verdict.INCOMPLETE, message, null));
        assertThat(RmArrival.Verdict.COMPLETE.isDrop()).isFalse();
        assertThat(RmArrival.Verdict.INCOMPLETE.isDrop()).isFalse();
        assertThat(RmArrival.Verdict.UNKNOWN_REPLY.isDrop()).isTrue();
    }

    @Test
    void aPayloadNotWrittenToItsEndIsAnError() {
        assertThatIllegalStateException()
                .isThrownBy(() -> new PayloadWriter(4).u16(1).toBytes());
    }

    private static MemParcelRequest parcel(int type, int flags, int acl, int ranges, int attributes) {
        return new MemParcelRequest(
                type,
                flags,
                0,
                Collections.nCopies(acl, new MemAclEntry(1, MemAclEntry.READ)),
                Collections.nCopies(ranges, new MemRange(0x1000, 0x1000)),
                Collections.nCopies(attributes, new MemAttribute(1, 1)));
    }

    private static MemAcceptRequest accept(int type, int transaction, int flags, int mapVmid) {
        return new MemAcceptRequest(0, type, transaction, flags, 0, List.of(), List.of(), mapVmid, List.of());
    }

    private static MemSharedNotification shared(int type, int transaction, int flags, int owner, int sizes) {
        return new MemSharedNotification(
                0, type, transaction, flags, owner, 0, 0, List.of(), Collections.nCopies(sizes, 1L), List.of());
    }

    private static void assertThatRefuses(Function<RmMessage, ?> decode, String hex, String place) {
        var message = RmMessage.request(1, 0, HexFormat.of().parseHex(hex));
        assertThatExceptionOfType(RmProtocolException.class)
                .isThrownBy(() -> decode.apply(message))
                .withMessageContaining(place);
    }

    private static byte[] noise(Random random) {
        var bytes = new byte[random.nextInt(100)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] mutated(Random random, RmPayload payload) {
        byte[] bytes = payload.encode();
        for (int i = random.nextInt(3); i >= 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        return bytes;
    }
}
