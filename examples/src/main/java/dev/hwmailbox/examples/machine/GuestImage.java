// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.machine;

import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.DeviceTreeSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * The image of a guest with a console, two queue pairs, a one-way queue and a doorbell. There is no kernel: a program
 * stands for it, and the image is the devicetree that says what the VM wants.
 *
 * @since 0.1
 */
public final class GuestImage {
    /** Label of a queue pair to the owner, of 240 bytes and 8 messages. */
    public static final int CONTROL_LABEL = 0x10;

    private static final String SOURCE = "sensor-hub.dts";

    private GuestImage() {}

    /**
     * The devicetree.
     *
     * @return a blob
     */
    public static byte[] blob() {
        try (InputStream in = Objects.requireNonNull(GuestImage.class.getResourceAsStream(SOURCE), SOURCE)) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return DeviceTreeBlob.write(DeviceTreeSource.read(SOURCE, text));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
