// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes packets to a classic capture file with link type {@code LINKTYPE_USER0} (147), times in nanoseconds: a packet
 * begins with its QRTR header.
 */
final class PcapWriter implements AutoCloseable {
    /** A link type that means whatever its users agree on. */
    static final int LINKTYPE_USER0 = 147;

    private static final int MAGIC_NANOSECONDS = 0xA1B23C4D;
    private static final long SECOND = 1_000_000_000L;

    private final OutputStream out;

    PcapWriter(Path file) throws IOException {
        out = new BufferedOutputStream(Files.newOutputStream(file));
        ByteBuffer header = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt(MAGIC_NANOSECONDS).putShort((short) 2).putShort((short) 4);
        header.putInt(0).putInt(0).putInt(PacketCodec.MAX_PACKET).putInt(LINKTYPE_USER0);
        out.write(header.array());
    }

    void write(long nanos, byte[] packet) {
        ByteBuffer header = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt((int) (nanos / SECOND)).putInt((int) (nanos % SECOND));
        header.putInt(packet.length).putInt(packet.length);
        try {
            out.write(header.array());
            out.write(packet);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
