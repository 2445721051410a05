// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.examples.gpio.GpioRecord.Acknowledgement;
import dev.hwmailbox.examples.gpio.GpioRecord.Event;
import dev.hwmailbox.examples.gpio.GpioRecord.Request;
import dev.hwmailbox.examples.gpio.GpioRecord.Response;
import dev.hwmailbox.gunyah.msgq.StaleMessage;
import dev.hwmailbox.gunyah.testing.GunyahTestBed;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A chip whose driver is scripted, and not always well behaved. */
class GpioDeviceTest {
    private static final byte[] DIRECTION = new Request(7, GpioType.DIRECTION.value(), 0, 0).encode();

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final GpioChip chip = new GpioChip(List.of("button"), (line, level) -> {});

    @AutoClose
    private final GunyahTestBed bed = GunyahTestBed.builder()
            .scheduler(scheduler)
            .nearClient(new GpioDevice(chip, scheduler))
            .scriptedPeer()
            .build();

    private void send(byte[]... records) {
        for (byte[] record : records) {
            bed.peer().sends(record);
            scheduler.runUntilIdle();
        }
    }

    private byte[] request(GpioType type, int value) {
        return new Request(7, type.value(), 0, value).encode();
    }

    @Test
    void aRequestOfWrongLengthIsRefusedByItsNumber() {
        send(Arrays.copyOf(DIRECTION, 4), Arrays.copyOf(DIRECTION, 11), Arrays.copyOf(DIRECTION, 13), DIRECTION);

        byte[] refused = Response.error(7).encode();
        bed.peer().assertReceived(refused, refused, refused, Response.ok(7, 0).encode());
        assertThat(chip.counters().refused(GpioField.LENGTH)).isEqualTo(3);
    }

    @Test
    void whatIsNoRequestGetsNoResponse() {
        byte[] noKind = DIRECTION.clone();
        noKind[2] = 9;
        send(new byte[] {7}, noKind, Response.ok(7, 0).encode(), new Event(7, 0, 1).encode(), new byte[] {7, 0, 4, 0});

        bed.peer().assertReceived();
        assertThat(chip.counters()).hasToString("refused {LENGTH=2, KIND=3}, stale 0, unsent 0");
    }

    @Test
    void everyFieldOfARequestIsChecked() {
        send(
                new Request(7, 0, 0, 0).encode(),
                new Request(7, 7, 0, 0).encode(),
                new Request(7, 2, 1, 0).encode(),
                new Request(7, 2, 0, 1).encode(),
                new Request(7, 6, 0, 1).encode());

        byte[] refused = Response.error(7).encode();
        bed.peer().assertReceived(refused, refused, refused, refused, refused);
        assertThat(chip.counters()).hasToString("refused {TYPE=2, LINE=1, VALUE=1, DIRECTION=1}, stale 0, unsent 0");
    }

    @Test
    void noiseChangesNothingAndTheChipAnswersAfterwards() {
        long seed = 0x6712;
        Random random = new Random(seed);
        for (int i = 0; i < 500; i++) {
            byte[] noise = new byte[3 + random.nextInt(238)];
            random.nextBytes(noise);
            noise[2] = (byte) random.nextInt(6); // or nothing would get beyond the kind
            bed.peer().sends(noise);
            scheduler.runUntilIdle();
        }
        int responses = bed.peer().received().size();

        send(DIRECTION);

        assertThat(bed.peer().received().get(responses)).as("seed %#x", seed).startsWith(7, 0, 2, 0, 0);
        assertThat(bed.peer().failures()).isEmpty();
    }

    @Test
    void anEventIsNotRepeatedHoweverOftenTheLineChanges() {
        send(request(GpioType.SET_DIRECTION, 2), request(GpioType.SET_INTERRUPT, 3));
        for (int i = 0; i < 10; i++) {
            chip.drive(0, 1);
            chip.drive(0, 0);
        }
        scheduler.runUntilIdle();
        assertThat(bed.peer().received()).hasSize(3).last().isEqualTo(new Event(1, 0, 1).encode());

        send(new Acknowledgement(1, 0).encode());
        send(new Acknowledgement(2, 0).encode());

        assertThat(bed.peer().received()).hasSize(4).last().isEqualTo(new Event(2, 0, 0).encode());
    }

    @Test
    void anAcknowledgementInsideTheSendIsNotLost() {
        send(request(GpioType.SET_DIRECTION, 2), request(GpioType.SET_INTERRUPT, 4));
        byte[] acknowledgement = new Acknowledgement(1, 0).encode();
        bed.near().client().onTxDone((channel, message, status) -> {
            bed.near().client().onTxDone((of, next, how) -> {});
            bed.near().client().rxCallback(channel, ByteBuffer.wrap(acknowledgement));
        });

        chip.drive(0, 1);
        scheduler.runUntilIdle();

        assertThat(bed.peer().received()).hasSize(4).last().isEqualTo(new Event(2, 0, 1).encode());
        assertThat(chip.counters().refused()).isZero();
    }

    @Test
    void messagesOfAFormerLifeAreOnlyCounted() {
        bed.near().client().rxCallback(bed.near().channel(), new StaleMessage(ByteBuffer.wrap(DIRECTION)));
        bed.near().channel().close();
        bed.near().client().rxCallback(bed.near().channel(), ByteBuffer.wrap(DIRECTION));

        assertThat(chip.counters().stale()).isEqualTo(2);
        bed.peer().assertReceived();
    }

    @Test
    void eventsWaitForAChannelAndMaskedLinesForTheirDriver() {
        send(request(GpioType.SET_DIRECTION, 2), request(GpioType.SET_INTERRUPT, 4));
        bed.near().channel().close();

        chip.drive(0, 1);
        scheduler.runUntilIdle();

        assertThat(bed.peer().received()).hasSize(2);
        assertThat(chip.line(0)).hasToString("button IN 1 NONE");
    }
}
