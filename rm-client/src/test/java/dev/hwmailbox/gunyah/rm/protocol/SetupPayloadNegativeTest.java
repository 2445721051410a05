// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Lists that are too long, kinds that do not exist: the layouts for setting up VMs and reserving addresses. */
class SetupPayloadNegativeTest {
    private static final MemRange RANGE = new MemRange(0, 1);
    private static final IpaReserveRequest.Wanted WANTED = new IpaReserveRequest.Wanted(0, 1, 1, 1);

    @Test
    void countsBeyondTheirBoundAreRefusedByName() {
        assertThatThrownBy(() -> VmDemandPagingRequest.decode(request(16, 4, VmDemandPagingRequest.MAX_RANGES + 1)))
                .isInstanceOf(RmProtocolException.class)
                .hasMessageContaining("number of ranges at byte 4");
        assertThatThrownBy(() -> VmAuthImageRequest.decode(request(16, 0, 0xFFFF0000)))
                .isInstanceOf(RmProtocolException.class)
                .hasMessageContaining("number of parameters at byte 2: found 65535");
        assertThatThrownBy(() -> IpaReserveRequest.decode(request(16, 12, 31)))
                .isInstanceOf(RmProtocolException.class)
                .hasMessageContaining("number of entries at byte 12: found 31, expected at most 30");
        assertThatThrownBy(() -> IpaReserveReply.decode(RmMessage.reply(1, 0, 0, new byte[] {-1, -1, -1, -1})))
                .isInstanceOf(RmProtocolException.class)
                .hasMessageContaining("found 4294967295");
    }

    @Test
    void reservationOfAnotherKindIsRefused() {
        assertThatThrownBy(() -> IpaReserveRequest.decode(request(16, 0, 2)))
                .isInstanceOf(RmProtocolException.class)
                .hasMessageContaining("kind at byte 0: found 2");
    }

    @Test
    void recordsThatDoNotFitTheWireAreRefused() {
        List<Runnable> wrong = List.of(
                () -> new VmTimeBaseRequest(0x10000, 0, 0),
                () -> new VmBootContextRequest(1, 256, 0, 0),
                () -> new VmBootContextRequest(1, 0, -1, 0),
                () -> new VmFirmwareRequest(-1, 0, 0, 0),
                () -> new VmDemandPagingRequest(1, Collections.nCopies(VmDemandPagingRequest.MAX_RANGES + 1, RANGE)),
                () -> new VmAuthImageRequest(
                        1,
                        Collections.nCopies(
                                VmAuthImageRequest.MAX_PARAMETERS + 1, new VmAuthImageRequest.Parameter(0, 0))),
                () -> new IpaReserveRequest(0, 0, Collections.nCopies(31, RANGE), List.of()),
                () -> new IpaReserveRequest(0, 0, List.of(), Collections.nCopies(31, WANTED)),
                () -> new IpaReserveRequest(0, 0, List.of(RANGE), List.of(WANTED)));
        for (Runnable each : wrong) {
            assertThatThrownBy(each::run).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static RmMessage request(int length, int offset, int value) {
        byte[] payload = ByteBuffer.allocate(length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(offset, value)
                .array();
        return RmMessage.request(1, 0, payload);
    }
}
