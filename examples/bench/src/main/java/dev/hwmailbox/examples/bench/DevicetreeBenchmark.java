// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.DeviceTreeOverlay;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.NodeBuilder;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The devicetree of a large board: reading it, looking things up in it, writing it, laying overlays over it. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(5)
@Warmup(iterations = 4, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 100, timeUnit = TimeUnit.MILLISECONDS)
public class DevicetreeBenchmark {
    private final DeviceTree board = DevicetreeWorkload.board();
    private final byte[] blob = DeviceTreeBlob.write(board);
    private final DeviceTree small = DevicetreeWorkload.overlay(10);
    private final DeviceTree large = DevicetreeWorkload.overlay(100);
    private final DeviceTree huge = DevicetreeWorkload.overlay(1000);
    private final DeviceTree handful = DeviceTree.of(NodeBuilder.root()
            .child("bus@0", bus -> bus.child("device@0", device -> device.property("phandle", 1)))
            .build());
    private final String lastPath = "/" + DevicetreeWorkload.busName(DevicetreeWorkload.BUSES - 1) + "/"
            + DevicetreeWorkload.deviceName(DevicetreeWorkload.DEVICES_ON_A_BUS - 1);
    private final int lastPhandle = DevicetreeWorkload.devicePhandle(DevicetreeWorkload.BUSES - 1, 33);

    @Benchmark
    public DeviceTree overlayOfTenFragments() {
        return DeviceTreeOverlay.apply(board, small);
    }

    @Benchmark
    public DeviceTree overlayOfHundredFragments() {
        return DeviceTreeOverlay.apply(board, large);
    }

    @Benchmark
    public DeviceTree overlayOfThousandFragments() {
        return DeviceTreeOverlay.apply(board, huge);
    }

    @Benchmark
    public DeviceTree read() {
        DeviceTree tree = DeviceTreeBlob.read(ByteBuffer.wrap(blob));
        tree.findByPhandle(1);
        return tree;
    }

    @Benchmark
    public byte[] write() {
        return DeviceTreeBlob.write(board);
    }

    @Benchmark
    public Optional<Node> findByPath() {
        return board.find(lastPath);
    }

    @Benchmark
    public Optional<Node> findByPathAmongFew() {
        return handful.find("/bus@0/device@0");
    }

    @Benchmark
    public Optional<Node> findByPhandle() {
        return board.findByPhandle(lastPhandle);
    }

    @Benchmark
    public Optional<Node> findByPhandleAmongFew() {
        return handful.findByPhandle(1);
    }
}
