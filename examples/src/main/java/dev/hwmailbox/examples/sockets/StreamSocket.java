// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A connected socket.
 *
 * <pre>
 *  connect ─▶ CONNECTING ── reply ──▶ CONNECTED ── close ──▶ CLOSING ── the other side's close, time ──▶ CLOSED
 *                  │                      │                                                                ▲
 *                  └── refused, time ─────┴── the other side's close, link gone, reader stalled ───────────┘
 * </pre>
 *
 * <p>Ours: the framing has no credits, so a reader that lets {@link #CAPACITY} bytes lie loses its connection, which
 * the other side is told; no other socket waits for it.
 */
final class StreamSocket implements AutoCloseable {
    /** Bytes kept for the reader, with the headers of their frames: many small frames cost memory too. */
    static final int CAPACITY = 256 << 10;

    /** Bytes that may be on their way into the queue; then writing waits, so that one socket does not fill it. */
    static final int MAX_UNSENT = 128 << 10;

    /** What reading and writing return when there will be nothing any more. */
    static final int END = -1;

    enum State {
        CONNECTING,
        CONNECTED,
        CLOSING,
        CLOSED
    }

    private final SocketHub hub;
    private final Endpoint local;
    private final Endpoint remote;
    private final Deque<byte[]> unread = new ArrayDeque<>();
    private SocketListener listener;
    private State state;
    private Status status = Status.OK;
    private int unreadBytes;
    private int readFromFirst;
    private int unsent;
    private boolean refusedWriter;
    private boolean noMoreReads;
    private boolean noMoreWrites;
    private boolean endOfInput;

    StreamSocket(SocketHub hub, Endpoint local, Endpoint remote, SocketListener listener, State state) {
        this.hub = hub;
        this.local = local;
        this.remote = remote;
        this.listener = listener;
        this.state = state;
    }

    Endpoint local() {
        return local;
    }

    Endpoint remote() {
        return remote;
    }

    State state() {
        return state;
    }

    /** Why it is closed. */
    Status status() {
        return status;
    }

    /**
     * Reads what has come.
     *
     * @return bytes, 0 if there is nothing now, {@link #END} if there will be nothing any more
     */
    int read(ByteBuffer into) {
        int count = 0;
        while (into.hasRemaining() && !unread.isEmpty()) {
            byte[] first = unread.element();
            int part = Math.min(into.remaining(), first.length - readFromFirst);
            into.put(first, readFromFirst, part);
            readFromFirst += part;
            count += part;
            if (readFromFirst == first.length) {
                unread.remove();
                unreadBytes -= Frame.HEADER;
                readFromFirst = 0;
            }
        }
        unreadBytes -= count;
        boolean over = endOfInput || noMoreReads || state == State.CLOSED || state == State.CLOSING;
        return count == 0 && over && unread.isEmpty() ? END : count;
    }

    /**
     * Writes as much as there is room for.
     *
     * @return bytes, 0 if there is no room now, which {@link SocketListener#writable} ends; {@link #END} if nothing can
     *     be written any more
     */
    int write(ByteBuffer from) {
        if (noMoreWrites || state == State.CLOSED || state == State.CLOSING) {
            return END;
        }
        int count = 0;
        while (state == State.CONNECTED && from.hasRemaining() && unsent < MAX_UNSENT) {
            int start = from.position();
            byte[] payload = new byte[Math.min(from.remaining(), Frame.MAX_PAYLOAD)];
            from.get(payload); // before the listener may write the rest of it from inside
            Frame frame = Frame.data(FrameType.DATA, local, remote, payload);
            unsent += payload.length;
            if (hub.send(frame, outcome -> left(payload.length)) < 0) {
                unsent -= payload.length;
                from.position(start);
                break;
            }
            count += payload.length;
        }
        refusedWriter |= from.hasRemaining();
        return count;
    }

    /** Reads no more: what has come and what comes is dropped. */
    void shutdownInput() {
        if (!noMoreReads) {
            noMoreReads = true;
            drop();
            shutdown(Frame.NO_MORE_READS);
        }
    }

    /** Writes no more: the other side reads the end behind what was written. */
    void shutdownOutput() {
        if (!noMoreWrites) {
            noMoreWrites = true;
            shutdown(Frame.NO_MORE_WRITES);
        }
    }

    private void shutdown(int directions) {
        if (state == State.CONNECTED) {
            hub.send(Frame.status(FrameType.SHUTDOWN, local, remote, directions), outcome -> {});
        }
    }

    /** Closes the connection behind what was written. Closing again does nothing. */
    @Override
    public void close() {
        if (state == State.CONNECTED || state == State.CONNECTING) {
            state = State.CLOSING;
            drop();
            hub.closing(this);
        }
    }

    // ---- what the hub says ----

    /** Somebody has accepted the connection; perhaps there is something to read already. */
    void use(SocketListener accepting) {
        listener = accepting;
        if (!unread.isEmpty() || endOfInput) {
            listener.readable(this);
        }
    }

    private void left(int bytes) {
        unsent -= bytes;
        wakeWriter();
    }

    /** There may be room in the queue again. */
    void wakeWriter() {
        if (refusedWriter && state == State.CONNECTED && unsent < MAX_UNSENT) {
            refusedWriter = false;
            listener.writable(this);
        }
    }

    void connected() {
        if (state == State.CONNECTING) {
            state = State.CONNECTED;
            int ended = (noMoreReads ? Frame.NO_MORE_READS : 0) | (noMoreWrites ? Frame.NO_MORE_WRITES : 0);
            if (ended != 0) {
                shutdown(ended);
            }
            listener.connected(this);
            wakeWriter();
        }
    }

    /** Takes bytes; false if there are too many. */
    boolean take(byte[] bytes) {
        if (noMoreReads || state != State.CONNECTED || bytes.length == 0) {
            return true; // nobody will read them
        }
        int cost = Frame.HEADER + bytes.length;
        if (unreadBytes + cost > CAPACITY) {
            return false;
        }
        unread.add(bytes);
        unreadBytes += cost;
        listener.readable(this);
        return true;
    }

    /** Whether the other side has said that it writes no more. */
    boolean hasEnd() {
        return endOfInput;
    }

    void otherShutsDown(int directions) {
        if (state != State.CONNECTED) {
            return; // its owner is not there yet, or no more
        }
        if ((directions & Frame.NO_MORE_READS) != 0) {
            noMoreWrites = true;
        }
        if ((directions & Frame.NO_MORE_WRITES) != 0 && !endOfInput) {
            endOfInput = true;
            listener.readable(this);
        }
    }

    /**
     * The connection is over. What has come can be read, unless its owner has closed it.
     *
     * @return true if its owner does not know
     */
    boolean over(Status why) {
        State before = state;
        if (before != State.CLOSED) {
            state = State.CLOSED;
            status = why;
        }
        return before == State.CONNECTING || before == State.CONNECTED;
    }

    void tellOver() {
        listener.closed(this, status);
    }

    private void drop() {
        unread.clear();
        unreadBytes = 0;
        readFromFirst = 0;
    }

    @Override
    public String toString() {
        return local + " - " + remote + ", " + state;
    }
}
