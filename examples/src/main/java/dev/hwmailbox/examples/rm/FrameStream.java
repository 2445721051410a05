// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * A stream socket that carries frames, each as its length (16 bits, little-endian) and its bytes.
 *
 * <p>Context: one thread reads and another may write at the same time; both block. {@link #close} ends either.
 */
final class FrameStream implements AutoCloseable {
    private static final int LENGTH_BYTES = Short.BYTES;

    private final SocketChannel socket;
    private final ByteBuffer in = newBuffer();
    private final ByteBuffer out = newBuffer();

    FrameStream(SocketChannel socket) {
        this.socket = socket;
    }

    private static ByteBuffer newBuffer() {
        return ByteBuffer.allocate(LENGTH_BYTES + RmFrame.MAX_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Reads a frame.
     *
     * @return the frame; null if the other side has ended the connection after a whole one
     * @throws IOException if the connection broke, or ended inside a frame, or what came is no frame
     */
    @Nullable
    RmFrame read() throws IOException {
        in.clear().limit(LENGTH_BYTES);
        if (!fill()) {
            if (in.position() == 0) {
                return null;
            }
            throw new EOFException("the connection ended inside the length of a frame");
        }
        int length = Short.toUnsignedInt(in.getShort(0));
        if (length < RmFrame.HEADER_LENGTH || length > RmFrame.MAX_LENGTH) {
            throw new IOException("a frame of %d bytes was announced, frames have %d to %d"
                    .formatted(length, RmFrame.HEADER_LENGTH, RmFrame.MAX_LENGTH));
        }
        in.limit(LENGTH_BYTES + length);
        if (!fill()) {
            throw new EOFException("the connection ended after %d of %d bytes of a frame"
                    .formatted(in.position() - LENGTH_BYTES, length));
        }
        in.flip().position(LENGTH_BYTES);
        return RmFrame.of(in, true);
    }

    /** Reads up to the limit; false if the other side has ended the connection before. */
    private boolean fill() throws IOException {
        while (in.hasRemaining()) {
            if (socket.read(in) < 0) {
                return false;
            }
        }
        return true;
    }

    /** Writes a frame. */
    void write(RmFrame frame) throws IOException {
        out.clear();
        out.putShort((short) frame.length());
        frame.copyTo(out);
        out.flip();
        while (out.hasRemaining()) {
            socket.write(out);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
