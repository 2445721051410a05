// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.serial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Errno;
import dev.hwmailbox.gunyah.msgq.StaleMessage;
import dev.hwmailbox.gunyah.testing.GunyahTestBed;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A port whose other side is scripted, and not always well behaved. */
final class SerialPortTest {
    private static final int CAPACITY = 1000;
    private static final byte[] OWN_WINDOW = SerialRecord.window(CAPACITY).encode();
    private static final byte[] OWN_LINES = SerialRecord.modem(SerialRecord.DTR).encode();

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final List<String> events = new ArrayList<>();
    private final SerialPort port = new SerialPort(scheduler, CAPACITY, new SerialListener() {
        @Override
        public void opened() {
            events.add("opened");
        }

        @Override
        public void readable() {
            events.add("readable");
        }

        @Override
        public void writable() {
            events.add("writable");
        }

        @Override
        public void breakReceived() {
            events.add("break");
        }

        @Override
        public void modemChanged(int lines) {
            events.add("lines " + lines);
        }

        @Override
        public void hungUp(int status, int unsent) {
            events.add("hung up " + Errno.name(-status) + " " + unsent);
        }
    });

    @AutoClose
    private final GunyahTestBed bed = GunyahTestBed.builder()
            .scheduler(scheduler)
            .nearClient(port)
            .scriptedPeer()
            .messagesMayStay()
            .build();

    private void open() {
        port.open(bed.near().channel());
        scheduler.runUntilIdle();
    }

    private void send(SerialRecord... records) {
        for (SerialRecord record : records) {
            bed.peer().sends(record.encode());
            scheduler.runUntilIdle();
        }
    }

    private int write(int bytes) {
        int taken = port.write(new byte[bytes], 0, bytes);
        scheduler.runUntilIdle();
        return taken;
    }

    private static SerialRecord data(int bytes) {
        return SerialRecord.data(new byte[bytes]);
    }

    @Test
    void saysItsWindowAndItsLinesWhenAChannelBegins() {
        open();

        bed.peer().assertReceived(OWN_WINDOW, OWN_LINES);
        assertThat(events).containsExactly("opened");
    }

    @Test
    void sendsNothingWithoutCreditAndAllThatCreditAllows() {
        open();
        assertThat(write(600)).isEqualTo(600);
        bed.peer().assertReceived(OWN_WINDOW, OWN_LINES);

        send(SerialRecord.window(500));

        bed.peer()
                .assertReceived(
                        OWN_WINDOW, OWN_LINES, data(236).encode(), data(236).encode(), data(28).encode());
        assertThat(port.unsent()).isEqualTo(100);
        assertThat(port.credit()).isZero();
    }

    @Test
    void whatIsWrittenInOneGoLeavesInFullRecordsAndBreaksStayInPlace() {
        open();
        send(SerialRecord.window(500));
        for (int i = 0; i < 100; i++) {
            port.write(new byte[3], 0, 3);
        }
        port.sendBreak();
        port.write(new byte[3], 0, 3);
        scheduler.runUntilIdle();

        bed.peer()
                .assertReceived(
                        OWN_WINDOW,
                        OWN_LINES,
                        data(236).encode(),
                        data(64).encode(),
                        SerialRecord.lineBreak().encode(),
                        data(3).encode());
    }

    @Test
    void aFullTransmitBufferTakesAPartAndTellsWhenThereIsRoom() {
        open();

        assertThat(write(TransmitBuffer.CAPACITY + 10)).isEqualTo(TransmitBuffer.CAPACITY);
        assertThat(write(1)).isEqualTo(-Errno.EAGAIN);
        assertThat(port.sendBreak()).isEqualTo(-Errno.EAGAIN);
        assertThat(events).doesNotContain("writable");
        send(SerialRecord.window(1));

        assertThat(events).containsExactly("opened", "writable");
        assertThat(write(0)).isZero();
        assertThat(write(5)).isEqualTo(1);
    }

    @Test
    void readingGrantsAnewOnlyWhenHalfIsFree() {
        open();
        send(data(200), data(200), data(200));
        byte[] buffer = new byte[CAPACITY];

        assertThat(port.read(buffer, 0, 499)).isEqualTo(499);
        scheduler.runUntilIdle();
        assertThat(bed.peer().received()).hasSize(2);
        assertThat(port.read(buffer, 0, 1)).isEqualTo(1);
        scheduler.runUntilIdle();

        bed.peer()
                .assertReceived(OWN_WINDOW, OWN_LINES, SerialRecord.window(500).encode());
        assertThat(port.readable()).isEqualTo(100);
        assertThat(port.read(buffer, 0, CAPACITY)).isEqualTo(100);
        assertThat(port.read(buffer, 0, CAPACITY)).isEqualTo(-Errno.EAGAIN);
        assertThat(port.counters().windows()).isEqualTo(2);
    }

    @Test
    void bytesBeyondTheCreditAreDroppedAndCounted() {
        open();
        for (int i = 0; i < 5; i++) {
            send(data(236));
        }

        assertThat(port.readable()).isEqualTo(CAPACITY);
        assertThat(port.counters()).asString().contains("received 1000,", "overrun 180,");
        byte[] buffer = new byte[CAPACITY];
        port.read(buffer, 0, CAPACITY);
        scheduler.runUntilIdle();
        send(data(1));
        assertThat(port.readable()).as("the line goes on").isEqualTo(1);
    }

    @Test
    void moreCreditThanThereCanBeIsRefused() {
        open();
        send(SerialRecord.window(Credit.MAX_WINDOW), SerialRecord.window(1));

        assertThat(port.credit()).isEqualTo(Credit.MAX_WINDOW);
        assertThat(port.counters()).asString().contains("refused {WINDOW=1}");
    }

    @Test
    void malformedRecordsAreCountedByFieldAndTheLineGoesOn() {
        open();
        bed.peer()
                .sends((byte) 1)
                .sends((byte) 9, (byte) 0, (byte) 0, (byte) 0)
                .sends((byte) 2, (byte) 4, (byte) 0, (byte) 0)
                .sends((byte) 1, (byte) 0, (byte) 9, (byte) 0, (byte) 1)
                .sends((byte) 3, (byte) 0, (byte) 1, (byte) 0, (byte) 64)
                .sends(SerialRecord.window(0).encode());
        scheduler.runUntilIdle();
        send(data(3));

        assertThat(port.counters())
                .asString()
                .contains("refused {HEAD=1, KIND=1, FLAGS=1, LENGTH=1, LINES=1, WINDOW=1}");
        assertThat(port.readable()).isEqualTo(3);
        assertThat(port.credit()).isZero();
    }

    @Test
    void modemLinesAndBreaksAreTold() {
        open();
        send(SerialRecord.modem(5), SerialRecord.lineBreak());
        port.setModemLines(0);
        port.setModemLines(SerialRecord.RTS);
        scheduler.runUntilIdle();

        assertThat(events).containsExactly("opened", "lines 5", "break");
        assertThat(port.modemLines()).isEqualTo(5);
        bed.peer()
                .assertReceived(
                        OWN_WINDOW,
                        OWN_LINES,
                        SerialRecord.modem(SerialRecord.RTS).encode());
        assertThatThrownBy(() -> port.setModemLines(8)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aPeerThatIsGoneInTheMiddleHangsUpAndWhatIsLeftIsDropped() {
        open();
        send(SerialRecord.modem(5), SerialRecord.window(100), data(50));
        write(300);

        bed.near().channel().close();
        scheduler.runUntilIdle();

        assertThat(events).endsWith("hung up ESHUTDOWN 200");
        assertThat(port.readable()).isZero();
        assertThat(port.modemLines()).isZero();
        assertThat(write(1)).isEqualTo(-Errno.EPIPE);
        assertThat(port.sendBreak()).isEqualTo(-Errno.EPIPE);
    }

    @Test
    void aPeerThatIsResetBeginsAnewWithFreshCredit() {
        open();
        send(SerialRecord.window(100), data(50));
        write(300);

        port.event(bed.near().channel(), ChannelEvent.PEER_RESET);
        scheduler.runUntilIdle();

        assertThat(events).endsWith("hung up ECONNRESET 200", "opened");
        assertThat(port.credit()).isZero();
        assertThat(bed.peer().received()).endsWith(OWN_WINDOW, OWN_LINES);
        send(SerialRecord.window(10));
        write(20);
        assertThat(bed.peer().received()).endsWith(data(10).encode());
    }

    @Test
    void aMessageOfAFormerLifeIsCountedAndNotRead() {
        open();

        port.rxCallback(bed.near().channel(), new StaleMessage(ByteBuffer.wrap(data(9).encode())));

        assertThat(port.readable()).isZero();
        assertThat(port.counters()).asString().contains("stale 1");
    }

    @Test
    void aPeerThatReadsNothingForEverCostsABoundedNumberOfBytes() {
        open();
        send(SerialRecord.window(Credit.MAX_WINDOW));
        bed.peer().stalls();
        int taken = 0;
        int last = 1;
        for (int i = 0; i < 100 && last > 0; i++) {
            last = port.write(new byte[1000], 0, 1000);
            taken += Math.max(last, 0);
            scheduler.advance(Duration.ofMillis(20));
        }

        assertThat(last).isEqualTo(-Errno.EAGAIN);
        assertThat(taken).as("queue, channel, transmit buffer").isBetween(9_000, 11_000);
        bed.peer().resumes();
        scheduler.runUntilIdle();
        assertThat(port.unsent()).isZero();
        assertThat(port.counters().sentBytes()).isEqualTo(taken);
    }

    @Test
    void aCapacityHasBounds() {
        assertThatThrownBy(() -> new ReceiveBuffer(1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ReceiveBuffer(Credit.MAX_WINDOW + 1)).isInstanceOf(IllegalArgumentException.class);
    }
}
