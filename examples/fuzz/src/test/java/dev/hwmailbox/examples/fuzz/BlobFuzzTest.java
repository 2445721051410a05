// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.DeviceTreeException;
import java.nio.ByteBuffer;

/** Any bytes are a tree that can be written and read again, or are refused. */
class BlobFuzzTest {
    @FuzzTest(maxDuration = "10m")
    void readsOrRefuses(byte[] blob) {
        DeviceTree tree;
        try {
            tree = DeviceTreeBlob.read(ByteBuffer.wrap(blob));
        } catch (DeviceTreeException e) {
            assertThat(e.reason()).isNotEmpty();
            return;
        }
        assertThat(DeviceTreeBlob.read(ByteBuffer.wrap(DeviceTreeBlob.write(tree))))
                .isEqualTo(tree);
    }
}
