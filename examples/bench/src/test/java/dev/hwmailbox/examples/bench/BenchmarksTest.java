// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.examples.bench.DevicetreeWorkload.Pathological;
import org.junit.jupiter.api.Test;

/** The benchmarks do what they say; how fast is not for a test to tell. */
class BenchmarksTest {
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
    void bothChannelsTransmit() {
        var benchmark = new ScalingBenchmark();

        assertThat(benchmark.oneChannel()).isZero();
        assertThat(benchmark.oneChannel()).isEqualTo(1);
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
