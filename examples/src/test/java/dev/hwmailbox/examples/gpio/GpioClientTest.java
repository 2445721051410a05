// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.examples.calls.Arrival;
import dev.hwmailbox.examples.gpio.GpioRecord.Acknowledgement;
import dev.hwmailbox.examples.gpio.GpioRecord.Event;
import dev.hwmailbox.examples.gpio.GpioRecord.Request;
import dev.hwmailbox.examples.gpio.GpioRecord.Response;
import dev.hwmailbox.gunyah.msgq.StaleMessage;
import dev.hwmailbox.gunyah.testing.GunyahTestBed;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A driver whose device is scripted, and not always well behaved. */
class GpioClientTest {
    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final GpioClient client = new GpioClient(scheduler, () -> {});
    private final List<Integer> answers = new ArrayList<>();
    private final List<String> named = new ArrayList<>();
    private final List<Event> events = new ArrayList<>();
    private final GunyahTestBed bed = GunyahTestBed.builder()
            .scheduler(scheduler)
            .nearClient(client)
            .scriptedPeer()
            .messagesMayStay()
            .build();

    GpioClientTest() {
        client.open(bed.near().channel());
    }

    @AfterEach
    void close() {
        bed.close();
    }

    private Request lastRequest() {
        List<byte[]> received = bed.peer().received();
        return (Request) GpioRecord.decode(ByteBuffer.wrap(received.get(received.size() - 1)));
    }

    private void respond(Function<Integer, byte[]> response) {
        scheduler.runDue();
        bed.peer().sends(response.apply(lastRequest().id()));
        scheduler.runDue();
    }

    private static ByteBuffer names(String piece) {
        return ByteBuffer.wrap(piece.getBytes(StandardCharsets.UTF_8));
    }

    private void askNames() {
        client.names(outcome -> named.add(outcome.toString()));
    }

    @Test
    void aSilentDeviceTimesOutAndItsResponseIsLate() {
        client.value(0, answers::add);
        scheduler.advance(GpioClient.TIMEOUT);

        respond(id -> Response.ok(id, 1).encode());
        respond(id -> Response.ok(id + 1, 1).encode());

        assertThat(answers).containsExactly(-Errno.ETIMEDOUT);
        assertThat(client.calls().count(Arrival.LATE)).isEqualTo(1);
        assertThat(client.calls().count(Arrival.UNKNOWN)).isEqualTo(1);
    }

    @Test
    void aSecondResponseIsADuplicate() {
        client.value(0, answers::add);
        respond(id -> Response.ok(id, 1).encode());

        respond(id -> Response.ok(id, 0).encode());

        assertThat(answers).containsExactly(1);
        assertThat(client.calls().count(Arrival.DUPLICATE)).isEqualTo(1);
    }

    @Test
    void responsesThatDoNotFitTheirRequestAreNoAnswers() {
        client.value(0, answers::add);
        respond(id -> Response.ok(id, 2).encode());
        client.direction(0, answers::add);
        respond(id -> Response.ok(id, 3).encode());
        client.setValue(0, 1, answers::add);
        respond(id -> Response.ok(id, 1).encode());
        client.value(0, answers::add);
        respond(id -> new Response(id, 0, 1, names("?")).encode());
        client.value(0, answers::add);
        respond(id -> new Response(id, 2, 1, names("")).encode());
        client.value(0, answers::add);
        respond(id -> Arrays.copyOf(Response.ok(id, 1).encode(), 5));

        assertThat(answers).hasSize(6).containsOnly(-Errno.EPROTO);
        assertThat(client.counters()).hasToString("refused {LENGTH=2, VALUE=3, STATUS=1}, stale 0, unsent 0");
        assertThat(scheduler.pending()).as("no timer is left").isEmpty();
    }

    @Test
    void aDeviceThatRefusesIsToldFromOneThatIsBroken() {
        client.value(0, answers::add);
        respond(id -> Response.error(id).encode());
        askNames();
        respond(id -> Response.error(id).encode());

        assertThat(answers).containsExactly(-Errno.EIO);
        assertThat(named).containsExactly("EIO");
    }

    @Test
    void brokenNamesEndTheirReading() {
        askNames();
        respond(id -> new Response(id, 0, 1, names("")).encode());
        askNames();
        respond(id -> new Response(id, 0, 2, names("a\0")).encode());
        askNames();
        respond(id -> new Response(id, 0, 0, names("a\0b")).encode());
        askNames();
        respond(id -> new Response(id, 0, 1, names("a\0b")).encode());
        assertThat(lastRequest().value()).as("goes on behind what it has").isEqualTo(3);
        scheduler.advance(GpioClient.TIMEOUT);

        assertThat(named).containsExactly("EPROTO", "EPROTO", "EPROTO", "ETIMEDOUT");
    }

    @Test
    void namesWithoutEndAreGivenUp() {
        String piece = "n".repeat(GpioRecord.NAMES_LENGTH - 1) + "\0";
        askNames();
        for (int length = 0; length <= GpioNames.MAX_BLOCK; length += piece.length()) {
            respond(id -> new Response(id, 0, 1, names(piece)).encode());
        }

        assertThat(named).containsExactly("E2BIG");
        assertThat(scheduler.pending()).isEmpty();
    }

    @Test
    void strangeRecordsAreCountedAndNobodyIsTold() {
        byte[] badLevel = new Event(1, 0, 1).encode();
        badLevel[6] = 2;
        bed.peer().sends(new byte[] {1, 0, 3, 0});
        bed.peer().sends(badLevel);
        bed.peer().sends(new byte[] {1, 0, 9, 0});
        bed.peer().sends(new Request(1, 1, 0, 0).encode());
        bed.peer().sends(new Acknowledgement(1, 0).encode());
        bed.peer().sends(new Event(1, 0, 1).encode());
        scheduler.runUntilIdle();

        assertThat(client.counters()).hasToString("refused {LENGTH=1, KIND=3, LINE=1, LEVEL=1}, stale 0, unsent 0");
    }

    @Test
    void anEventThatComesTwiceIsDeliveredOnce() {
        client.setInterrupt(0, GpioInterrupt.HIGH, events::add, answers::add);
        respond(id -> Response.ok(id, 0).encode());

        bed.peer().sends(new Event(1, 0, 1).encode());
        bed.peer().sends(new Event(1, 0, 1).encode());
        bed.peer().sends(new Event(2, 0, 1).encode());
        scheduler.runUntilIdle();

        assertThat(events).containsExactly(new Event(1, 0, 1));
        assertThat(client.counters().refused(GpioField.EVENT)).isEqualTo(2);
    }

    @Test
    void aMaskedLineNeitherDeliversNorAcknowledges() {
        client.setInterrupt(0, GpioInterrupt.HIGH, events::add, answers::add);
        respond(id -> Response.ok(id, 0).encode());
        bed.peer().sends(new Event(1, 0, 1).encode());
        scheduler.runDue();

        client.setInterrupt(0, GpioInterrupt.NONE, events::add, answers::add);
        client.acknowledge(events.get(0));
        respond(id -> Response.ok(id, 0).encode());
        bed.peer().sends(new Event(2, 0, 1).encode());
        scheduler.runUntilIdle();

        assertThat(events).hasSize(1);
        assertThat(bed.peer().received()).as("no acknowledgement").hasSize(2);
    }

    @Test
    void aQueueThatIsFullForEverEndsEveryRequest() {
        bed.peer().stalls();
        for (int i = 0; i < 60; i++) {
            client.value(0, answers::add);
            if (i % GpioClient.MAX_OPEN == 0) {
                scheduler.advance(GpioClient.TIMEOUT);
            }
        }
        scheduler.advance(GpioClient.TIMEOUT);

        assertThat(answers).hasSize(60).containsOnly(-Errno.ETIMEDOUT, -Errno.ENOBUFS);
        bed.near().channel().close();
    }

    @Test
    void messagesOfAFormerLifeAreOnlyCounted() {
        client.value(0, answers::add);
        scheduler.runDue();
        byte[] response = Response.ok(lastRequest().id(), 1).encode();

        bed.near().client().rxCallback(bed.near().channel(), new StaleMessage(ByteBuffer.wrap(response)));
        assertThat(answers).isEmpty();
        bed.near().channel().close();
        bed.near().client().rxCallback(bed.near().channel(), ByteBuffer.wrap(response));

        assertThat(answers).containsExactly(-Errno.ESHUTDOWN);
        assertThat(client.counters().stale()).isEqualTo(2);
    }
}
