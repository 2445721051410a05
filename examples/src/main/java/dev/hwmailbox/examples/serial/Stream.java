// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.serial;

/**
 * Writes a number of bytes into a line as fast as it takes them, and verifies all that it reads.
 *
 * <p>Context: the VM's scheduler.
 */
final class Stream implements SerialListener {
    private final byte[] buffer = new byte[300];
    private Pattern out;
    private Pattern in;
    private SerialPort port;
    private int toWrite;
    private int breaks;
    private int hangUps;
    private int unsent;
    private boolean stalled;
    private boolean broken;

    @SuppressWarnings("NullAway.Init") // the port needs its listener
    Stream(int ownSeed, int otherSeed) {
        out = new Pattern(ownSeed);
        in = new Pattern(otherSeed);
    }

    void use(SerialPort used) {
        port = used;
    }

    /** Writes so many more bytes. */
    void write(int bytes) {
        toWrite += bytes;
        writable();
    }

    /** Stops reading, or goes on. */
    void stall(boolean on) {
        stalled = on;
        if (!on) {
            readable();
        }
    }

    int written() {
        return out.position();
    }

    int read() {
        return in.position();
    }

    int breaks() {
        return breaks;
    }

    int hangUps() {
        return hangUps;
    }

    int unsent() {
        return unsent;
    }

    /** Whether a byte was not as it had to be. */
    boolean isBroken() {
        return broken;
    }

    @Override
    public void opened() {
        out = new Pattern(out.seed());
        in = new Pattern(in.seed());
    }

    @Override
    public void writable() {
        int taken = 0;
        while (toWrite > 0 && taken >= 0) {
            byte[] bytes = out.next(Math.min(toWrite, 1000));
            taken = port.write(bytes, 0, bytes.length);
            if (taken > 0) {
                out.advance(taken);
                toWrite -= taken;
            }
        }
    }

    @Override
    public void readable() {
        int count = stalled ? 0 : port.read(buffer, 0, buffer.length);
        while (count > 0) {
            broken |= !in.accept(buffer, count);
            count = port.read(buffer, 0, buffer.length);
        }
    }

    @Override
    public void breakReceived() {
        breaks++;
    }

    @Override
    public void hungUp(int status, int left) {
        readable();
        hangUps++;
        unsent += left;
        toWrite = 0;
    }
}
