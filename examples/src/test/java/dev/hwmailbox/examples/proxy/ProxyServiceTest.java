// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.examples.proxy.ProxyRecord.Map;
import dev.hwmailbox.examples.proxy.ProxyRecord.Reply;
import dev.hwmailbox.examples.proxy.ProxyRecord.Unmap;
import dev.hwmailbox.gunyah.msgq.StaleMessage;
import dev.hwmailbox.gunyah.testing.GunyahTestBed;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The service, with a caller that is scripted and not always well behaved. */
class ProxyServiceTest {
    private static final Mapping GOOD = new Mapping(0x1000, 0x8000, Mapping.PAGE, Mapping.READ);
    private static final byte[] MAP = new Map(7, GOOD).encode();
    private static final byte[] UNMAP = new Unmap(8, 0x1000, Mapping.PAGE).encode();

    private final IommuTable table = new IommuTable();
    private final List<IntConsumer> later = new ArrayList<>();
    private boolean slow;

    private final ProxyService service = new ProxyService(table, this::work);

    @AutoClose
    private final GunyahTestBed bed = GunyahTestBed.builder()
            .nearClient(service)
            .scriptedPeer()
            .messagesMayStay()
            .build();

    private void work(ProxyRecord request, IntConsumer answer) {
        if (slow) {
            later.add(answer);
        } else {
            answer.accept(ProxyService.work(table, request));
        }
    }

    private void send(byte[]... messages) {
        for (byte[] message : messages) {
            bed.peer().sends(message);
            bed.scheduler().runUntilIdle();
        }
    }

    @Test
    void recordsHaveTheLayoutThatIsWrittenDown() {
        assertThat(new Map(0x0102, new Mapping(0x1000, 0x8000, 0x2000, 3)).encode())
                .containsExactly(
                        2, 1, 1, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 3, 0, 0, 0);
        assertThat(new Unmap(7, 0x1000, 0x2000).encode())
                .containsExactly(7, 0, 2, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0);
        assertThat(new Reply(7, 22).encode()).containsExactly(7, 0, 0, 0x80, 22, 0, 0, 0);
        assertThat(ProxyRecord.decode(ByteBuffer.wrap(MAP))).isEqualTo(new Map(7, GOOD));
        assertThat(ProxyRecord.decode(ByteBuffer.wrap(UNMAP))).isEqualTo(new Unmap(8, 0x1000, Mapping.PAGE));
    }

    @Test
    void everyRequestHasItsReply() {
        send(MAP, MAP, UNMAP, UNMAP);

        bed.peer()
                .assertReceived(
                        new Reply(7, 0).encode(),
                        new Reply(7, Errno.EBUSY).encode(),
                        new Reply(8, 0).encode(),
                        new Reply(8, Errno.ENOENT).encode());
    }

    @Test
    void malformedRequestsAreAnsweredWithAnErrorByTheirNumber() {
        byte[] noType = MAP.clone();
        noType[2] = 3;
        send(
                Arrays.copyOf(MAP, 2),
                Arrays.copyOf(MAP, 3),
                Arrays.copyOf(MAP, MAP.length - 1),
                Arrays.copyOf(MAP, MAP.length + 1),
                Arrays.copyOf(UNMAP, UNMAP.length + 1),
                noType,
                new Reply(7, 0).encode());

        assertThat(bed.peer().received())
                .hasSize(7)
                .allSatisfy(reply -> assertThat(ProxyRecord.decode(ByteBuffer.wrap(reply)))
                        .extracting("errno")
                        .isEqualTo(Errno.EBADMSG));
        assertThat(table.refused()).hasToString("{LENGTH=5, TYPE=2}");
        assertThat(table.mappings()).isEmpty();
    }

    @Test
    void aMessageWithoutNumberGetsNoReply() {
        send(new byte[] {7});

        bed.peer().assertReceived();
        assertThat(table.refused()).hasToString("{LENGTH=1}");
    }

    @Test
    void noiseIsAnsweredAndChangesNothing() {
        long seed = 0x5101;
        Random random = new Random(seed);
        for (int i = 0; i < 500; i++) {
            byte[] noise = new byte[3 + random.nextInt(238)];
            random.nextBytes(noise);
            noise[2] = (byte) random.nextInt(4);
            send(noise);
        }

        assertThat(bed.peer().received()).as("seed %#x", seed).hasSize(500);
        assertThat(table.mappings()).isEmpty();
        assertThat(bed.peer().failures()).isEmpty();
    }

    @Test
    void aCallerThatIsResetLosesItsMappingsAndItsReplies() {
        send(MAP);
        slow = true;
        send(UNMAP);

        bed.near().controller().peerReset(bed.near().channel());
        later.get(0).accept(0);

        assertThat(table.mappings()).isEmpty();
        assertThat(service.stale()).isEqualTo(1);
        assertThat(bed.peer().received()).hasSize(1);
    }

    @Test
    void messagesOfAFormerLifeAreOnlyCounted() {
        send(UNMAP);
        bed.near().client().rxCallback(bed.near().channel(), new StaleMessage(ByteBuffer.wrap(MAP)));
        bed.near().channel().close();
        bed.near().client().rxCallback(bed.near().channel(), ByteBuffer.wrap(MAP));

        assertThat(service.stale()).isEqualTo(2);
        assertThat(table.mappings()).isEmpty();
    }

    @Test
    void aCallerThatNeverReadsCostsOnlyWhatTheChannelHolds() {
        bed.peer().stalls();
        for (int i = 0; i < 100; i++) {
            bed.near().client().rxCallback(bed.near().channel(), ByteBuffer.wrap(UNMAP));
        }

        assertThat(service.unsent()).isEqualTo(100 - 8 - 20);
        bed.near().channel().close();
    }
}
