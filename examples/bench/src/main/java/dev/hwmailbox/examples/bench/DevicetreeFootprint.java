// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.DeviceTreeException;
import java.nio.ByteBuffer;
import org.openjdk.jol.info.GraphLayout;

/** What a devicetree takes that needs no benchmark harness: bytes, which are exact, and times of milliseconds. */
final class DevicetreeFootprint {
    private static final int READINGS = 10;

    private DevicetreeFootprint() {}

    /** Bytes of a tree that was read, its indexes included, for each byte of its blob. */
    static double memoryPerBlobByte() {
        byte[] blob = DeviceTreeBlob.write(DevicetreeWorkload.board());
        DeviceTree tree = DeviceTreeBlob.read(ByteBuffer.wrap(blob));
        tree.findByPhandle(1);
        return (double) GraphLayout.parseInstance(tree).totalSize() / blob.length;
    }

    /** Reads or refuses for the first time, in nanoseconds; nothing is compiled for blobs of this kind yet. */
    static long firstReadNanos(byte[] blob) {
        long start = System.nanoTime();
        isRead(blob);
        return System.nanoTime() - start;
    }

    /** The slowest of several readings, in nanoseconds, of a blob whose kind has been read before. */
    static long slowestReadNanos(byte[] blob) {
        long slowest = 0;
        for (int reading = 0; reading < READINGS; reading++) {
            slowest = Math.max(slowest, firstReadNanos(blob));
        }
        return slowest;
    }

    static boolean isRead(byte[] blob) {
        try {
            return DeviceTreeBlob.read(ByteBuffer.wrap(blob)).findByPhandle(1).isEmpty();
        } catch (DeviceTreeException e) {
            return false;
        }
    }
}
