// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import static dev.hwmailbox.gunyah.rm.protocol.RmRpcVectors.hex;
import static dev.hwmailbox.gunyah.rm.protocol.RmRpcVectors.id;
import static dev.hwmailbox.gunyah.rm.protocol.RmRpcVectors.texts;
import static dev.hwmailbox.gunyah.rm.protocol.RmRpcVectors.u32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.rm.server.CallReplay;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** The recorded data of the Resource Manager's protocol, complete and exact. */
class RmRpcConformanceTest {
    /**
     * Recorded heads of variable messages, read as whole messages: one that announces nothing is exact, one that
     * announces more than there is or may be is refused by the name of the count.
     */
    private static final Map<String, Function<RmMessage, RmPayload>> HEADS = Map.of(
            "IPA_RESERVE header/request", IpaReserveRequest::decode,
            "NOTIFY_VM_EXITED header/notification", VmExitedNotification::decode,
            "VM_AUTH_IMAGE header/request", VmAuthImageRequest::decode);

    private static final Set<String> REFUSALS_OF_HEADS =
            Set.of("kind", "number of entries", "number of parameters", "size of reason");

    /** Requests the Resource Manager refused for their shape; typed decoding refuses the same. */
    private static final Set<String> MALFORMED_REQUESTS = Set.of(
            "s-query-014",
            "s-query-016",
            "s-query-017",
            "s-query-018",
            "s-query-019",
            "s-query-022",
            "s-query-025",
            "s-query-026",
            "s-query-028",
            "s-query-030",
            "s-query-034",
            "s-query-040",
            "s-alloc-015",
            "s-alloc-016",
            "s-alloc-017",
            "s-alloc-020",
            "s-state-005",
            "s-state-007",
            "s-state-014",
            "s-state-015",
            "s-console-017",
            "s-console-019",
            "s-memory-029",
            "s-memory-030",
            "s-memory-033",
            "s-irq-019");

    private final Tally tally = new Tally();

    @Test
    void everyRecordIsReproduced() {
        RmRpcVectors.bundled().forEach(this::checkAndCount);
        replay(RmRpcVectors.bundled());
        assertThatNothingWasLeftOut();

        RmRpcVectors.extra().forEach(this::checkAndCount);
        replay(RmRpcVectors.extra());
        LoggerFactory.getLogger("conformance").info("{}", tally);
        assertThat(tally.failures).isEmpty();
    }

    @Test
    void comparingTheSequenceOfContinuationsChangesOneVectorOnly() {
        assertThat(RmRpcVectors.bundled().stream()
                        .filter(vector -> vector.get("kind").asText().equals("decode-client"))
                        .filter(DecodeVectors::differsIfSequenceIsCompared)
                        .map(RmRpcVectors::id))
                .containsExactly("s-dec-cl-036");
    }

    @Test
    void filesOfTheUserAreCheckedAsWellWhateverKindsTheyHold(@TempDir Path directory) throws IOException {
        Map<String, JsonNode> oneOfEachKind = new TreeMap<>();
        RmRpcVectors.bundled()
                .forEach(vector -> oneOfEachKind.putIfAbsent(vector.get("kind").asText(), vector));
        ObjectNode wrong = Objects.requireNonNull(oneOfEachKind.get("encode")).deepCopy();
        wrong.put("id", "mine-1").put("msg_id", wrong.get("msg_id").asLong() ^ 1);
        Files.write(
                directory.resolve("mine.jsonl"),
                oneOfEachKind.values().stream().map(JsonNode::toString).toList());
        Files.writeString(directory.resolve("wrong.jsonl"), wrong.toString());
        Files.writeString(directory.resolve("ignored.txt"), "no record");

        RmRpcVectors.in(directory.toString()).forEach(this::checkAndCount);

        assertThat(tally.checked).hasSize(8).containsEntry("encode", 2).containsEntry("struct", 1);
        assertThat(tally.failures).singleElement().asString().startsWith("mine-1: ");
    }

    private void assertThatNothingWasLeftOut() {
        assertThat(tally.checked)
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "encode",
                        129,
                        "decode-rm",
                        40,
                        "decode-client",
                        55,
                        "struct",
                        134,
                        "resources",
                        27,
                        "call",
                        256,
                        "wait",
                        5,
                        "cause",
                        17));
        assertThat(tally.replayed).isEqualTo(256 + 5 + 17);
        if (tally.failures.isEmpty()) {
            assertThat(tally.exactStructures).isEqualTo(127);
            assertThat(tally.refusedHeads).isEqualTo(7);
            assertThat(tally.malformedRequests).isEqualTo(MALFORMED_REQUESTS);
            assertThat(tally.typedRequests).isEqualTo(310);
            assertThat(tally.typedReplies).isEqualTo(221);
            assertThat(tally.typedNotifications).isEqualTo(62);
        }
    }

    /** The conversations are records like all others, and beyond that the server must answer as recorded. */
    private void replay(List<JsonNode> vectors) {
        CallReplay replay = CallReplay.of(vectors);
        tally.replayed += replay.records();
        tally.failures.addAll(replay.failures());
    }

    private void checkAndCount(JsonNode vector) {
        tally.checked.merge(vector.get("kind").asText(), 1, Integer::sum);
        try {
            check(vector);
        } catch (AssertionError | RuntimeException e) {
            tally.failures.add(id(vector) + ": " + e);
        }
    }

    private void check(JsonNode vector) {
        String kind = vector.get("kind").asText();
        switch (kind) {
            case "encode" -> checkEncode(vector);
            case "decode-rm" -> DecodeVectors.checkAtResourceManager(vector);
            case "decode-client" -> DecodeVectors.checkAtClient(vector);
            case "struct" -> checkStruct(vector);
            case "resources" -> ResourceVectors.check(vector);
            case "call" -> checkCall(vector);
            case "wait" -> checkNotifications(vector);
            case "cause" -> checkCause(vector);
            default -> throw new AssertionError("unknown kind " + kind);
        }
    }

    private static void checkEncode(JsonNode vector) {
        byte[] payload = payloadOf(vector);
        var type = RmMessageType.valueOf(vector.get("type").asText().toUpperCase(Locale.ROOT));
        var message =
                RmMessage.of(type, u32(vector.get("msg_id")), vector.path("seq").asInt(), payload);
        boolean byClient = vector.get("sender").asText().equals("client");
        int errno = byClient
                ? -vector.get("errno").asInt()
                : RmError.toErrno(vector.get("rm_error").asInt());

        if (errno != 0) {
            var refusal = catchThrowableOfType(MailboxException.class, () -> RmFraming.split(message));
            assertThat(refusal).as(id(vector)).isNotNull();
            assertThat(refusal.errno()).as(id(vector)).isEqualTo(errno);
            assertThat(vector.get("frames")).as(id(vector)).isEmpty();
            return;
        }
        List<RmFrame> frames = RmFraming.split(message);
        assertThat(hexOf(frames)).as(id(vector)).isEqualTo(texts(vector.get("frames")));
        for (int i = 0; i < frames.size(); i++) {
            boolean push = byClient && vector.get("push").get(i).asBoolean();
            assertThat(frames.get(i).push())
                    .as("%s push of frame %d", id(vector), i)
                    .isEqualTo(push);
        }
    }

    private static byte[] payloadOf(JsonNode vector) {
        if (vector.has("payload")) {
            return hex(vector.get("payload"));
        }
        var payload = new byte[vector.get("payload_len").asInt()];
        int x = u32(vector.get("payload_lcg_seed"));
        for (int i = 0; i < payload.length; i++) {
            x = x * 1664525 + 1013904223;
            payload[i] = (byte) (x >>> 24);
        }
        assertThat(RmRpcVectors.sha256(payload))
                .as(id(vector))
                .isEqualTo(vector.get("payload_sha256").asText());
        return payload;
    }

    private void checkStruct(JsonNode vector) {
        String message = vector.get("message").asText();
        String direction = vector.get("direction").asText();
        var codec = StructCodecs.of(message, direction).orElse(null);
        if (codec == null) {
            checkHead(vector, message + "/" + direction);
            return;
        }
        var fields = new LinkedHashMap<String, Long>();
        for (JsonNode field : vector.get("fields")) {
            if (!field.path("reserved").asBoolean()) {
                fields.put(
                        field.get("name").asText(),
                        new BigInteger(field.get("value").asText()).longValue());
            }
        }

        assertThat(hex(codec.encode().apply(new StructCodecs.Fields(fields))))
                .as(id(vector))
                .isEqualTo(vector.get("hex").asText());
        assertThat(codec.decode().apply(hex(vector.get("hex")))).as(id(vector)).isEqualTo(fields);
        tally.exactStructures++;
    }

    private void checkHead(JsonNode vector, String name) {
        Function<RmMessage, RmPayload> decoder = Objects.requireNonNull(HEADS.get(name), name);
        RmPayload head;
        try {
            head = decoder.apply(RmMessage.request(RmMessageId.VM_GET_ID, 0, hex(vector.get("hex"))));
        } catch (RmProtocolException refusal) {
            assertThat(refusal.field()).as(id(vector)).isIn(REFUSALS_OF_HEADS);
            tally.refusedHeads++;
            return;
        }
        assertThat(hex(head.encode()))
                .as(id(vector))
                .isEqualTo(vector.get("hex").asText());
        tally.exactStructures++;
    }

    private void checkCall(JsonNode vector) {
        int messageId = u32(vector.get("msg_id"));
        int sequence = vector.get("seq").asInt();
        var request = RmMessage.request(messageId, sequence, hex(vector.get("request")));
        int error = u32(vector.get("rm_error"));
        var reply = RmMessage.reply(messageId, sequence, error, hex(vector.get("reply_data")));
        if (!vector.get("name").isNull()) {
            assertThat(RmMessageId.name(messageId))
                    .as(id(vector))
                    .isEqualTo(vector.get("name").asText());
        }

        assertThat(hexOf(RmFraming.split(request))).as(id(vector)).isEqualTo(texts(vector.get("request_frames")));
        assertThat(reassemble(RmReassembler.forResourceManager(), vector.get("request_frames")))
                .as(id(vector))
                .isEqualTo(request);
        assertThat(hexOf(RmFraming.split(reply))).as(id(vector)).isEqualTo(texts(vector.get("reply_frames")));
        var client = RmReassembler.forClient(s -> s == sequence ? messageId : RmReassembler.OutstandingCalls.NONE);
        assertThat(reassemble(client, vector.get("reply_frames")))
                .as(id(vector))
                .isEqualTo(reply);
        checkRequest(id(vector), request, error);
        checkReply(id(vector), reply);
        checkNotifications(vector);
    }

    private void checkCause(JsonNode vector) {
        if (!vector.get("op").asText().equals("repeat-call")) {
            return;
        }
        int messageId = u32(vector.get("msg_id"));
        int sequence = vector.get("first_seq").asInt();
        for (JsonNode recorded : vector.get("replies")) {
            int error = u32(recorded.get("rm_error"));
            checkRequest(id(vector), RmMessage.request(messageId, sequence, hex(vector.get("request"))), error);
            checkReply(id(vector), RmMessage.reply(messageId, sequence, error, hex(recorded.get("reply_data"))));
            sequence++;
        }
    }

    /** A typed request round-trips, unless its shape is wrong; then the Resource Manager refused it as well. */
    private void checkRequest(String id, RmMessage request, int error) {
        if (error == RmError.UNIMPLEMENTED) {
            return; // it has not looked at the payload
        }
        TypedMessages.of(request.type(), request.messageId()).ifPresent(roundTrip -> {
            tally.typedRequests++;
            try {
                assertThat(hex(roundTrip.apply(request))).as(id).isEqualTo(hex(request.payload()));
            } catch (RmProtocolException e) {
                assertThat(error).as(id).isIn(RmError.MSG_INVALID, RmError.ARGUMENT_INVALID);
                tally.malformedRequests.add(id);
            }
        });
    }

    private void checkReply(String id, RmMessage reply) {
        if (reply.error() != RmError.OK) {
            return;
        }
        TypedMessages.of(reply.type(), reply.messageId()).ifPresent(roundTrip -> {
            tally.typedReplies++;
            assertThat(hex(roundTrip.apply(reply))).as(id).isEqualTo(hex(reply.data()));
        });
    }

    private void checkNotifications(JsonNode vector) {
        for (JsonNode recorded : vector.get("notifications")) {
            int messageId = u32(recorded.get("msg_id"));
            byte[] payload = hex(recorded.get("payload"));
            var notification = RmMessage.of(RmMessageType.NOTIFICATION, messageId, 0, payload);
            assertThat(RmMessageId.name(messageId))
                    .as(id(vector))
                    .isEqualTo(recorded.get("name").asText());
            TypedMessages.of(RmMessageType.NOTIFICATION, messageId).ifPresent(roundTrip -> {
                tally.typedNotifications++;
                assertThat(hex(roundTrip.apply(notification))).as(id(vector)).isEqualTo(hex(payload));
            });
        }
    }

    private static RmMessage reassemble(RmReassembler reassembler, JsonNode frames) {
        RmArrival last = RmArrival.dropped(RmArrival.Verdict.TOO_SHORT);
        for (JsonNode frame : frames) {
            last = reassembler.accept(ByteBuffer.wrap(hex(frame)));
        }
        return Objects.requireNonNull(last.message(), () -> "no message completed");
    }

    private static List<String> hexOf(List<RmFrame> frames) {
        return frames.stream()
                .map(frame -> {
                    var bytes = new byte[frame.length()];
                    frame.copyTo(bytes, 0);
                    return hex(bytes);
                })
                .toList();
    }

    /** Headers of lists that the three records of each announce, but do not have. */
    private static final class Tally {
        private final Map<String, Integer> checked = new TreeMap<>();
        private final Set<String> malformedRequests = new LinkedHashSet<>();
        private int exactStructures;
        private int refusedHeads;
        private int replayed;
        private int typedRequests;
        private int typedReplies;
        private int typedNotifications;
        private final List<String> failures = new ArrayList<>();

        @Override
        public String toString() {
            return ("conformance rm-rpc: encode %d, decode-rm %d, decode-client %d, structs %d, calls %d, "
                            + "resources %d: %d failed (%d documented)")
                    .formatted(
                            checked.get("encode"),
                            checked.get("decode-rm"),
                            checked.get("decode-client"),
                            exactStructures + refusedHeads,
                            replayed,
                            checked.get("resources"),
                            failures.size(),
                            refusedHeads);
        }
    }
}
