// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.gunyah.rm.protocol.ConsoleText;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/** Collects characters into pieces that fit one frame. Never sends an empty one. */
final class ConsoleOutput extends OutputStream {
    private static final int PIECE = ConsoleText.MAX_SINGLE_FRAME_LENGTH;

    /** Sends a piece; called without the lock. */
    interface Sender {
        void send(byte[] piece) throws IOException;
    }

    private final Sender sender;

    private final ReentrantLock lock = new ReentrantLock(); // guards: collected
    private final ByteFifo collected = new ByteFifo(PIECE);

    ConsoleOutput(Sender sender) {
        this.sender = sender;
    }

    @Override
    public void write(int character) throws IOException {
        write(new byte[] {(byte) character}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, source.length);
        int written = 0;
        while (written < length) {
            byte[] piece;
            lock.lock();
            try {
                written += collected.add(source, offset + written, length - written);
                piece = collected.length() == PIECE ? takeAll() : new byte[0];
            } finally {
                lock.unlock();
            }
            send(piece);
        }
    }

    @Override
    public void flush() throws IOException {
        byte[] piece;
        lock.lock();
        try {
            piece = takeAll();
        } finally {
            lock.unlock();
        }
        send(piece);
    }

    @Override
    public void close() throws IOException {
        flush();
    }

    private byte[] takeAll() {
        byte[] piece = new byte[collected.length()];
        collected.take(piece, 0, piece.length);
        return piece;
    }

    private void send(byte[] piece) throws IOException {
        if (piece.length > 0) {
            sender.send(piece);
        }
    }
}
