// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import static dev.hwmailbox.gunyah.rm.protocol.RmRpcVectors.describe;
import static dev.hwmailbox.gunyah.rm.protocol.RmRpcVectors.described;
import static dev.hwmailbox.gunyah.rm.protocol.RmRpcVectors.hex;
import static dev.hwmailbox.gunyah.rm.protocol.RmRpcVectors.id;
import static dev.hwmailbox.gunyah.rm.protocol.RmRpcVectors.texts;
import static dev.hwmailbox.gunyah.rm.protocol.RmRpcVectors.u32;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.hwmailbox.Errno;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The records of decode-rm.jsonl and decode-client.jsonl: frames into a fresh receiver, messages out. */
final class DecodeVectors {
    private DecodeVectors() {}

    static void checkAtResourceManager(JsonNode vector) {
        var reassembler = RmReassembler.forResourceManager();
        var delivered = new ArrayList<RmMessage>();
        for (JsonNode frame : vector.get("frames")) {
            var message = reassembler.accept(ByteBuffer.wrap(hex(frame))).message();
            if (message != null) {
                delivered.add(message);
            }
        }

        assertThat(delivered).as(id(vector)).hasSameSizeAs(vector.get("delivered"));
        for (int i = 0; i < delivered.size(); i++) {
            RmMessage message = delivered.get(i);
            JsonNode expected = vector.get("delivered").get(i);
            assertThat(message.type().name().toLowerCase(Locale.ROOT))
                    .as(id(vector))
                    .isEqualTo(expected.get("type").asText());
            assertThat(message.messageId()).as(id(vector)).isEqualTo(u32(expected.get("msg_id")));
            if (!expected.get("seq").isNull()) {
                assertThat(message.sequence())
                        .as(id(vector))
                        .isEqualTo(expected.get("seq").asInt());
            }
            assertThat(describe(message.payload(), expected)).as(id(vector)).isEqualTo(described(expected));
        }
        JsonNode end = vector.get("end_state");
        assertThat(reassembler.isReassembling())
                .as(id(vector))
                .isEqualTo(end.get("pending").asBoolean());
        assertThat(reassembler.remainingFragments())
                .as(id(vector))
                .isEqualTo(end.get("remaining_fragments").asInt());
        assertThat(reassembler.bytesGathered())
                .as(id(vector))
                .isEqualTo(end.get("bytes_so_far").asInt());
    }

    static void checkAtClient(JsonNode vector) {
        var client = new RecordingCalls(vector.get("outstanding"));
        var reassembler = RmReassembler.forClient(client::messageIdOf, false);
        feed(vector, reassembler, client);

        JsonNode expected = vector.get("expected");
        assertThat(client.ended).as(id(vector)).hasSameSizeAs(expected.get("calls"));
        for (int i = 0; i < client.ended.size(); i++) {
            RecordingCalls.Ended actual = client.ended.get(i);
            JsonNode call = expected.get("calls").get(i);
            assertThat(actual.sequence).as(id(vector)).isEqualTo(call.get("seq").asInt());
            assertThat(actual.errno == 0 ? "OK" : Errno.name(actual.errno))
                    .as(id(vector))
                    .isEqualTo(call.get("result").asText());
            assertThat(-actual.errno).as(id(vector)).isEqualTo(call.get("errno").asInt());
            assertThat(actual.rmError).as(id(vector)).isEqualTo(u32(call.get("rm_error")));
            assertThat(actual.afterFrame)
                    .as(id(vector))
                    .isEqualTo(call.get("after_frame").asInt());
            assertThat(describe(actual.data, call)).as(id(vector)).isEqualTo(described(call));
        }
        assertThat(client.notifications).as(id(vector)).hasSameSizeAs(expected.get("notifications"));
        for (int i = 0; i < client.notifications.size(); i++) {
            JsonNode notification = expected.get("notifications").get(i);
            RmMessage actual = client.notifications.get(i);
            assertThat(actual.messageId()).as(id(vector)).isEqualTo(u32(notification.get("msg_id")));
            assertThat(describe(actual.payload(), notification)).as(id(vector)).isEqualTo(described(notification));
        }
        assertThat(client.outstanding.keySet().stream().map(Object::toString).toList())
                .as(id(vector))
                .isEqualTo(texts(expected.get("still_pending")));
        assertThat(client.lostNotifications.stream().map(Object::toString).toList())
                .as(id(vector))
                .isEqualTo(texts(expected.path("aborted_notifications")));
        assertThat(reassembler.isReassembling())
                .as(id(vector))
                .isEqualTo(expected.get("reassembly_active").asBoolean());
    }

    /** Whether a client that compares the sequence of continuations answers any frame differently. */
    static boolean differsIfSequenceIsCompared(JsonNode vector) {
        var lenient = new RecordingCalls(vector.get("outstanding"));
        var strict = new RecordingCalls(vector.get("outstanding"));
        return !feed(vector, RmReassembler.forClient(lenient::messageIdOf, false), lenient)
                .equals(feed(vector, RmReassembler.forClient(strict::messageIdOf), strict));
    }

    private static List<RmArrival> feed(JsonNode vector, RmReassembler reassembler, RecordingCalls client) {
        var arrivals = new ArrayList<RmArrival>();
        for (JsonNode frame : vector.get("frames")) {
            var arrival = reassembler.accept(ByteBuffer.wrap(hex(frame)));
            client.handle(arrival);
            arrivals.add(arrival);
        }
        return arrivals;
    }

    /** The calls of a client: each ends once, and is gone at once. */
    private static final class RecordingCalls {
        private final Map<Integer, Integer> outstanding = new LinkedHashMap<>();
        private final List<Ended> ended = new ArrayList<>();
        private final List<RmMessage> notifications = new ArrayList<>();
        private final List<Integer> lostNotifications = new ArrayList<>();
        private int frame;

        RecordingCalls(JsonNode calls) {
            calls.forEach(call -> outstanding.put(call.get("seq").asInt(), u32(call.get("msg_id"))));
        }

        int messageIdOf(int sequence) {
            return outstanding.getOrDefault(sequence, RmReassembler.OutstandingCalls.NONE);
        }

        void handle(RmArrival arrival) {
            var loss = arrival.loss();
            if (loss != null && loss.type() == RmMessageType.NOTIFICATION) {
                lostNotifications.add(loss.messageId());
            } else if (loss != null) {
                end(new Ended(loss.sequence(), loss.errno(), RmError.OK, frame, new byte[0]));
            }
            var message = arrival.message();
            if (message != null && message.type() == RmMessageType.NOTIFICATION) {
                notifications.add(message);
            } else if (message != null) {
                int error = message.error();
                end(new Ended(message.sequence(), RmError.toErrno(error), error, frame, message.data()));
            }
            frame++;
        }

        private void end(Ended call) {
            assertThat(outstanding.remove(call.sequence)).isNotNull();
            ended.add(call);
        }

        private static final class Ended {
            private final int sequence;
            private final int errno;
            private final int rmError;
            private final int afterFrame;
            private final byte[] data;

            Ended(int sequence, int errno, int rmError, int afterFrame, byte[] data) {
                this.sequence = sequence;
                this.errno = errno;
                this.rmError = rmError;
                this.afterFrame = afterFrame;
                this.data = data;
            }
        }
    }
}
