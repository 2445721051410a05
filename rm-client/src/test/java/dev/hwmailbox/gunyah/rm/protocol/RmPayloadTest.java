// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.rm.protocol.RmPayloadSamples.Sample;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RmPayloadTest {
    static Stream<Sample> samples() {
        return Stream.concat(RmPayloadSamples.all(), Stream.of(RmPayloadSamples.lookup()));
    }

    @ParameterizedTest
    @MethodSource("samples")
    void decodingUndoesEncoding(Sample sample) {
        assertThat(sample.decode(sample.value().encode()))
                .isEqualTo(sample.value())
                .hasSameHashCodeAs(sample.value());
    }

    @Test
    void everyTypeIsSampled() {
        Set<Class<?>> sampled =
                samples().map(sample -> sample.value().getClass()).collect(Collectors.toSet());

        assertThat(sampled).containsExactlyInAnyOrder(RmPayload.class.getPermittedSubclasses());
    }

    @Test
    void attributesOfALookupMayBeMissingOrEmpty() {
        var none = new MemLookupRequest(1, 2, List.of(), List.of(), List.of());
        byte[] encoded = none.encode();

        assertThat(encoded).hasSize(16);
        for (int length : new int[] {16, 20}) {
            var message = RmMessage.request(RmMessageId.MEM_QCOM_LOOKUP_SGL, 0, Arrays.copyOf(encoded, length));
            assertThat(MemLookupRequest.decode(message)).isEqualTo(none);
        }
    }

    @Test
    void listedVmidsAreOnTheWireOnlyIfTheOwnerTells() {
        assertThat(new MemNotifyRequest(1, MemNotifyRequest.FLAG_SHARED, 2, List.of()).encode())
                .hasSize(16);
        assertThat(new MemNotifyRequest(1, MemNotifyRequest.FLAG_RELEASED, 2, List.of()).encode())
                .hasSize(12);
        assertThat(new VmIrqNotifyRequest(1, VmIrqNotifyRequest.FLAG_LENT, List.of()).encode())
                .hasSize(12);
        assertThat(new VmIrqNotifyRequest(1, VmIrqNotifyRequest.FLAG_ACCEPTED, List.of()).encode())
                .hasSize(8);
    }

    @Test
    void consoleTextKeepsBytesAndCopiesThem() {
        byte[] bytes = {'h', (byte) 0xFF};
        var text = ConsoleText.of(128, bytes);
        bytes[0] = 0;
        text.bytes()[1] = 0;

        assertThat(text.vmid()).isEqualTo(128);
        assertThat(text.bytes()).containsExactly('h', 0xFF);
        assertThat(text.text()).isEqualTo("h\uFFFD");
        assertThat(text)
                .hasToString("ConsoleText[vmid=128, 2 bytes]")
                .isNotEqualTo(ConsoleText.of(128, "h"))
                .isNotEqualTo(ConsoleText.of(0, new byte[] {'h', (byte) 0xFF}));
        assertThat(ConsoleText.MAX_SINGLE_FRAME_LENGTH).isEqualTo(228);
    }

    @Test
    void anInterruptLoanIsShownInHex() {
        assertThat(new VmIrqAcceptRequest(0x4dcbc8a3, VmIrqAcceptRequest.CHOOSE))
                .hasToString("VmIrqAcceptRequest[handle=0x4dcbc8a3, virq=-1]");
    }

    @Test
    void reservedFieldsAreNotLookedAt() {
        byte[] stop = HexFormat.of().parseHex("800001ff03000000");
        byte[] text = HexFormat.of().parseHex("0100ffff41000000");

        assertThat(VmStopRequest.decode(RmMessage.request(RmMessageId.VM_STOP, 0, stop)))
                .isEqualTo(new VmStopRequest(128, VmStopRequest.FLAG_FORCE, 3));
        assertThat(RmText.decode(RmMessage.request(RmMessageId.VM_LOOKUP_NAME, 0, text)))
                .isEqualTo(RmText.of("A"));
    }

    @Test
    void stopIsForcedByItsFlag() {
        assertThat(new VmStopRequest(1, VmStopRequest.FLAG_FORCE, 0).isForced()).isTrue();
        assertThat(new VmStopRequest(1, 0, VmStopRequest.REASON_FORCED).isForced())
                .isFalse();
    }

    @Test
    void statusNamesItsStatesAndKeepsStrangeOnes() {
        var status = new VmStatus(8, 7, 0);
        var strange = new VmStatus(7, 200, 0);

        assertThat(status.vm()).isEqualTo(VmState.INIT_FAILED);
        assertThat(status.os()).isEqualTo(OsState.CRASHED);
        assertThat(strange.vm()).isEqualTo(VmState.UNKNOWN);
        assertThat(strange.os()).isEqualTo(OsState.UNKNOWN);
        assertThat(strange.vmState()).isEqualTo(7);
    }

    @Test
    void exitedNamesItsTypeAndSplitsTheReason() {
        var exited = new VmExitedNotification(128, 1, List.of(0x0003_0001));

        assertThat(exited.type()).isEqualTo(VmExitType.POWER_OFF);
        assertThat(exited.exitFlags()).isEqualTo(VmExitRequest.FLAG_RESTART);
        assertThat(exited.exitCode()).isEqualTo(VmExitRequest.CODE_BUS_ERROR);
        assertThat(new VmExitedNotification(128, 99, List.of(0)).type()).isEqualTo(VmExitType.UNKNOWN);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5, 6, 7})
    void rightsWithReadAreAllowed(int rights) {
        assertThat(new MemAclEntry(3, rights).isAllowed()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 8, 255})
    void otherRightsAreNot(int rights) {
        assertThat(new MemAclEntry(3, rights).isAllowed()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1})
    void zeroAndAllOnesAreNoInterrupt(int virq) {
        assertThat(resource(virq).hasVirq()).isFalse();
        assertThat(resource(960).hasVirq()).isTrue();
    }

    @Test
    void resourceKeepsATypeItDoesNotKnow() {
        var strange = new HypResource(255, 0, 0, 0, CapabilityId.of(1), 0, 0, 0, 0);

        assertThat(strange.resourceType()).isEqualTo(HypResourceType.UNKNOWN);
        assertThat(strange.type()).isEqualTo(255);
    }

    @Test
    void aReplyHolds332ResourcesAtMost() {
        assertThat(HypResourceList.MAX_LENGTH).isEqualTo(332);
    }

    @Test
    void guidIsWrittenInTheOrderOfItsDigits() {
        var guid = UUID.fromString("01234567-89ab-cdef-0011-223344556677");

        assertThat(new LookupGuidRequest(guid).encode())
                .isEqualTo(HexFormat.of().parseHex("0123456789abcdef0011223344556677"));
        assertThat(VmIdentifier.of(guid).value())
                .isEqualTo(HexFormat.of().parseHex("0123456789abcdef0011223344556677"));
        assertThat(VmIdentifier.of(guid)).hasToString("VmIdentifier[kind=0, 0123456789abcdef0011223344556677]");
    }

    @Test
    void textIsUtf8AndItsBytesAreCopied() {
        byte[] bytes = {'o', 'o', 'p', 's'};
        var text = RmText.of(bytes);
        var identifier = VmIdentifier.of(VmIdentifier.NAME, bytes);
        bytes[0] = 0;
        text.bytes()[1] = 0;
        identifier.value()[1] = 0;

        assertThat(text.text()).isEqualTo("oops");
        assertThat(text.length()).isEqualTo(4);
        assertThat(text).hasToString("RmText[oops]").isNotEqualTo(RmText.of("else"));
        assertThat(identifier.text()).isEqualTo("oops");
        assertThat(identifier)
                .hasToString("VmIdentifier[kind=2, oops]")
                .isNotEqualTo(VmIdentifier.of(VmIdentifier.URI, "oops"))
                .isNotEqualTo(VmIdentifier.of(VmIdentifier.NAME, "else"));
    }

    private static HypResource resource(int virq) {
        return HypResource.of(HypResourceType.MSGQ_SEND, 128, 7, CapabilityId.of(1), virq);
    }
}
