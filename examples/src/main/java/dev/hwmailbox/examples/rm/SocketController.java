// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A mailbox controller whose only channel is a socket that carries {@link RmFrame}s. A message is done when the
 * operating system has taken it. The end of the connection, whoever ended it, is a {@link ChannelEvent#PEER_RESET}:
 * what is sent afterwards ends with EPIPE.
 *
 * <p>Two threads serve the socket from startup to shutdown, because reading and writing block: one reads and delivers,
 * one writes and reports. A controller serves one binding, as a connection cannot be had twice.
 */
final class SocketController implements ChannelOps, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SocketController.class);

    private final FrameStream stream;
    private final MailboxController controller;

    /** The message the channel has in flight, and perhaps one whose sender has given up meanwhile. */
    private final BlockingQueue<Outgoing> outgoing = new ArrayBlockingQueue<>(2);

    private final Thread reader = new Thread(this::readUntilEnd, "rm-socket-reader");
    private final Thread writer = new Thread(this::writeUntilEnd, "rm-socket-writer");
    private final AtomicReference<@Nullable String> end = new AtomicReference<>();

    private record Outgoing(RmFrame frame, long txId) {}

    SocketController(SocketChannel socket, MailboxScheduler scheduler) {
        stream = new FrameStream(socket);
        controller = MailboxController.builder(this, scheduler)
                .name("rm-socket")
                .channelCount(1)
                .txDoneMethod(TxDoneMethod.IRQ)
                .build();
        reader.setDaemon(true);
        writer.setDaemon(true);
    }

    ControllerChannel channel() {
        return controller.channel(0);
    }

    /** Why the connection is over, in words; null while it lasts. */
    @Nullable
    String end() {
        return end.get();
    }

    private boolean isOver() {
        return end.get() != null;
    }

    @Override
    public int startup(ControllerChannel channel) {
        if (isOver() || reader.isAlive()) {
            return -Errno.EPIPE;
        }
        reader.start();
        writer.start();
        return 0;
    }

    @Override
    public void shutdown(ControllerChannel channel) {
        close();
    }

    @Override
    public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
        if (!(message instanceof RmFrame frame)) {
            channel.txDone(txId, -Errno.EINVAL); // it will never be any better
            return 0;
        }
        if (!outgoing.offer(new Outgoing(frame, txId))) {
            return -Errno.EAGAIN;
        }
        if (isOver()) { // then nobody may be left to take it
            abandonOutgoing();
        }
        return 0;
    }

    private void writeUntilEnd() {
        try {
            while (!isOver()) {
                write(outgoing.take());
            }
        } catch (InterruptedException e) {
            // The connection has ended, and with it this thread.
        }
        abandonOutgoing();
    }

    private void write(Outgoing next) {
        int status = 0;
        try {
            stream.write(next.frame());
        } catch (IOException e) {
            status = -Errno.EPIPE;
            endConnection("cannot write: " + reason(e));
        }
        channel().txDone(next.txId(), status);
        channel().resubmit();
    }

    private void abandonOutgoing() {
        for (Outgoing next = outgoing.poll(); next != null; next = outgoing.poll()) {
            channel().txDone(next.txId(), -Errno.EPIPE);
        }
        channel().resubmit();
    }

    private void readUntilEnd() {
        try {
            RmFrame frame = stream.read();
            while (frame != null) {
                channel().receivedData(frame);
                frame = stream.read();
            }
            endConnection("the other side has closed the connection");
        } catch (IOException e) {
            endConnection(reason(e));
        }
    }

    private static String reason(IOException e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private void endConnection(String why) {
        if (end.compareAndSet(null, why)) { // the first reason counts: closing the socket makes both threads fail
            LOG.info("connection ended: {}", why);
            closeSocket();
            channel().raiseEvent(ChannelEvent.PEER_RESET);
        }
    }

    /** Ends the connection, because this side wants no more of it. */
    @Override
    public void close() {
        if (end.compareAndSet(null, "this side has closed the connection")) {
            closeSocket();
        }
    }

    private void closeSocket() {
        try {
            stream.close();
        } catch (IOException e) {
            LOG.warn("cannot close the socket", e);
        }
        writer.interrupt();
    }
}
