// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.examples.bench.DevicetreeWorkload.Pathological;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The benchmarks do what they say; how fast is not for a test to tell. */
class BenchmarksTest {
    private static final byte[] MESSAGE = GunyahMessageBenchmark.message();

    @Test
    void eachMessageIsReportedAndEachDeliveryArrives() {
        var benchmark = new MessageBenchmark();

        for (int i = 0; i < 45; i++) {
            assertThat(benchmark.sendAndTxDone()).isEqualTo(i % 20);
            benchmark.receivedData();
        }

        assertThat(benchmark.delivered()).isEqualTo(90);
        assertThat(benchmark.arrayBlockingQueueOfferPoll()).isNotNull();
    }

    @Test
    void theResourceManagerAnswers() {
        assertThat(new RmCallBenchmark().rmCall(new RmCallBenchmark.Host())).isEqualTo(3);
    }

    @Test
    void bothChannelsTransmit() {
        var benchmark = new ScalingBenchmark();

        assertThat(benchmark.oneChannel()).isZero();
        assertThat(benchmark.oneChannel()).isEqualTo(1);
    }

    @Test
    void ringsCopyTheMessage() {
        var benchmark = new GunyahMessageBenchmark();
        var rings = new GunyahMessageBenchmark.Rings();

        for (int i = 0; i < 20; i++) {
            assertThat(benchmark.referenceThroughArrayBlockingQueue(rings)).isEqualTo(MESSAGE);
            Arrays.fill(rings.received, (byte) 0);
            assertThat(benchmark.bytesThroughLockedRing(rings)).isEqualTo(240);
            assertThat(rings.received).isEqualTo(MESSAGE);
            Arrays.fill(rings.received, (byte) 0);
            assertThat(benchmark.bytesThroughBareRing(rings)).isEqualTo(240);
            assertThat(rings.received).isEqualTo(MESSAGE);
            Arrays.fill(rings.receivedByDisruptor(), (byte) 0);
            assertThat(benchmark.bytesThroughDisruptor(rings)).isTrue();
            assertThat(rings.receivedByDisruptor()).isEqualTo(MESSAGE);
        }
    }

    @Test
    void ringsAreFullAndEmptyWhenTheyShouldBe() {
        var locked = new LockedRing(2);
        var bare = new BareRing(2);
        byte[] taken = new byte[240];

        for (int i = 0; i < 2; i++) {
            assertThat(locked.put(MESSAGE, 0, 240)).isTrue();
            assertThat(bare.put(MESSAGE, 0, 240)).isTrue();
        }

        assertThat(locked.put(MESSAGE, 0, 240)).isFalse();
        assertThat(bare.put(MESSAGE, 0, 240)).isFalse();
        for (int i = 0; i < 2; i++) {
            assertThat(locked.take(taken)).isEqualTo(240);
            assertThat(bare.take(taken)).isEqualTo(240);
        }
        assertThat(locked.take(taken)).isNegative();
        assertThat(bare.take(taken)).isNegative();
    }

    @Test
    void queueCopiesTheMessageBetweenVms() {
        var benchmark = new GunyahMessageBenchmark();
        var queue = new GunyahMessageBenchmark.Queue();

        for (int i = 0; i < 20; i++) {
            Arrays.fill(queue.received, (byte) 0);
            assertThat(benchmark.queueSendAndReceive(queue))
                    .isEqualTo(GunyahHypercalls.receiveResult(GunyahError.OK, 240, false));
            assertThat(queue.received).isEqualTo(MESSAGE);
        }
    }

    @Test
    void everyMessageOfTheWholeStackArrivesAndIsReported() {
        var benchmark = new GunyahMessageBenchmark();
        var channel = new GunyahMessageBenchmark.Channel();
        var crowd = new GunyahMessageBenchmark.Crowd();
        channel.receiver.copy = new byte[0];
        crowd.receiver.copy = new byte[0];

        for (int i = 0; i < 100; i++) {
            assertThat(benchmark.wholeStack(channel)).isNotNegative();
            assertThat(benchmark.wholeStackAmongMany(crowd)).isNotNegative();
        }

        for (var state : List.of(channel, crowd)) {
            assertThat(state.receiver.received).isEqualTo(100);
            assertThat(state.sender.sent).isEqualTo(100);
            assertThat(state.receiver.copy).isEqualTo(MESSAGE);
        }
    }

    @Test
    void neighbouringChannelsOfTwoVmsDeliver() {
        var receiver = new GunyahMessageBenchmark.Receiver();
        var benchmark = new GunyahScalingBenchmark(receiver);
        receiver.copy = new byte[0];

        assertThat(benchmark.send(0)).isNotNegative();
        assertThat(benchmark.send(1)).isNotNegative();

        assertThat(receiver.received).isEqualTo(2);
        assertThat(receiver.copy).isEqualTo(MESSAGE);
    }

    @Test
    void batchesArriveOnTheOtherThread() {
        for (OneWay way : List.of(new OneWay.References(64), new OneWay.Bytes(8), new OneWay.Bytes(64))) {
            try (OneWay opened = way.open()) {
                opened.batch();
                opened.batch();

                assertThat(opened.received()).isEqualTo(2 * OneWay.BATCH);
                assertThat(opened.taken[0]).isEqualTo(MESSAGE[0]);
            }
        }
    }

    @Test
    void batchesOfMessagesArriveAtTheOtherVm() {
        for (int depth : new int[] {8, 64}) {
            var mailbox = new OneWay.Mailbox(depth);
            mailbox.keepBytes();
            try (OneWay opened = mailbox.open()) {
                opened.batch();
                opened.batch();

                assertThat(opened.received()).isEqualTo(2 * OneWay.BATCH);
                assertThat(opened.taken).isEqualTo(MESSAGE);
            }
            assertThat(mailbox.done()).isEqualTo(2 * OneWay.BATCH);
        }
    }

    @Test
    void everyRoundTripBringsBackWhatWasSent() {
        for (RoundTrip trip : List.of(
                new RoundTrip.Disruptors(),
                new RoundTrip.Token(),
                new RoundTrip.Mailbox(false),
                new RoundTrip.Mailbox(true))) {
            try (RoundTrip opened = trip.open()) {
                for (int tag = Byte.MIN_VALUE; tag <= Byte.MAX_VALUE; tag += 5) {
                    assertThat(opened.exchange((byte) tag)).isEqualTo((byte) tag);
                }
            }
        }
    }

    @Test
    void sizesAreWithinTheirBars() {
        assertThat(Footprint.unboundChannelBytes()).isLessThanOrEqualTo(40);
        assertThat(Footprint.boundChannelBytes()).isLessThanOrEqualTo(256);
        assertThat(Footprint.controllerBytes(1000) - Footprint.controllerBytes(500))
                .as("500 channels")
                .isBetween(500 * 40L, 500 * 45L);
    }

    @Test
    void timesAreMeasured() {
        assertThat(Footprint.registerNanos(1000)).isPositive();
        assertThat(Footprint.bindAndCloseNanos(10)).isPositive();
    }

    @Test
    void theBoardHasTheSizeThatItsBarsAreFor() {
        DeviceTree board = DevicetreeWorkload.board();

        assertThat(board.nodes()).hasSizeBetween(9_900, 11_000);
        assertThat(DeviceTreeBlob.write(board)).hasSizeBetween(780_000, 900_000);
        assertThat(DevicetreeFootprint.memoryPerBlobByte()).isLessThanOrEqualTo(6);
    }

    @Test
    void whatTheDevicetreeBenchmarkLooksForIsThere() {
        var benchmark = new DevicetreeBenchmark();

        assertThat(benchmark.read()).isEqualTo(DevicetreeWorkload.board());
        assertThat(benchmark.findByPath()).isPresent().isEqualTo(benchmark.findByPhandle());
        assertThat(benchmark.findByPathAmongFew()).isPresent().isEqualTo(benchmark.findByPhandleAmongFew());
    }

    @Test
    void overlaysAddLabelledNodesThatReferToTheBoardAndToEachOther() {
        DeviceTree board = DevicetreeWorkload.board();
        DeviceTree merged = new DevicetreeBenchmark().overlayOfHundredFragments();
        Node added = merged.findByLabel("added999").orElseThrow();

        assertThat(DeviceTreeBlob.write(DevicetreeWorkload.overlay(100)).length).isBetween(220_000, 340_000);
        assertThat(merged.nodes()).hasSize(board.nodes().size() + 1000);
        assertThat(merged.findByPhandle(added.property("supply").orElseThrow().u32()))
                .containsSame(merged.findByLabel("dev99_0").orElseThrow());
        assertThat(merged.findByPhandle(
                        added.property("neighbour").orElseThrow().u32()))
                .containsSame(merged.findByLabel("added1000").orElseThrow());
    }

    @Test
    void pathologicalBlobsHaveAMegabyteAndAreReadUnlessTheyAreTooDeep() {
        for (Pathological kind : Pathological.values()) {
            byte[] blob = kind.blob();

            assertThat(blob).as(kind.name()).hasSizeBetween(1 << 19, 1 << 20);
            assertThat(DevicetreeFootprint.isRead(blob)).as(kind.name()).isEqualTo(kind != Pathological.DEEP);
        }
    }
}
