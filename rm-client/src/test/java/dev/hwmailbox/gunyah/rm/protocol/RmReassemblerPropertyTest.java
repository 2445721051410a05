// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.rm.protocol.RmArrival.Verdict;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds for any traffic. The seed is in the name of each case; {@code -Dhwmailbox.seed=N} runs that one alone. */
class RmReassemblerPropertyTest {
    private static final int ID = RmMessageId.VM_GET_HYP_RESOURCES;

    private final Map<Integer, Integer> outstanding = new HashMap<>();

    static LongStream seeds() {
        Long wanted = Long.getLong("hwmailbox.seed");
        return wanted == null ? LongStream.rangeClosed(1, 50) : LongStream.of(wanted);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void reassemblingUndoesSplitting(long seed) {
        var random = new Random(seed);
        RmReassembler manager = RmReassembler.forResourceManager();
        RmReassembler client = RmReassembler.forClient(sequence -> ID);
        for (int i = 0; i < 20; i++) {
            int sequence = random.nextInt(0x10000);
            var request = RmMessage.request(ID, sequence, bytes(random, RmFraming.MAX_REQUEST_LENGTH));
            assertThat(lastOf(manager, request)).isEqualTo(complete(request));
            var reply =
                    RmMessage.reply(ID, sequence, random.nextInt(), bytes(random, RmFraming.MAX_MESSAGE_LENGTH - 4));
            assertThat(lastOf(client, reply)).isEqualTo(complete(reply));
            var notification = RmMessage.of(
                    RmMessageType.NOTIFICATION,
                    random.nextInt(),
                    sequence,
                    bytes(random, RmFraming.MAX_MESSAGE_LENGTH));
            assertThat(lastOf(client, notification)).isEqualTo(complete(notification));
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void anyBytesGetAnAnswerAndLittleMemory(long seed) {
        var random = new Random(seed);
        for (var receiver : receivers(random)) {
            for (int i = 0; i < 5000; i++) {
                var arrival = receiver.accept(ByteBuffer.wrap(nearlyAFrame(random)));
                assertThat(arrival.message() == null || arrival.verdict() == Verdict.COMPLETE)
                        .isTrue();
                assertThatMemoryIsBounded(receiver);
            }
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void lostDuplicatedAndSwappedFramesDoNoHarm(long seed) {
        var random = new Random(seed);
        for (var receiver : receivers(random)) {
            for (RmFrame frame : disturbed(random, stream(random, 200))) {
                receiver.accept(frame);
                assertThatMemoryIsBounded(receiver);
            }
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void lostFramesNeverForgeAMessageNorEndACallTwice(long seed) {
        var random = new Random(seed);
        var replies = new HashMap<Integer, RmMessage>();
        var frames = new ArrayList<RmFrame>();
        for (int sequence = 0; sequence < 200; sequence++) {
            var reply = RmMessage.reply(ID, sequence, RmError.OK, bytes(random, 1000));
            replies.put(sequence, reply);
            outstanding.put(sequence, ID);
            RmFraming.split(reply).stream()
                    .filter(frame -> random.nextInt(10) != 0)
                    .forEach(frames::add);
        }
        RmReassembler client = RmReassembler.forClient(this::messageIdOf);

        for (RmFrame frame : frames) {
            var arrival = client.accept(frame);
            var loss = arrival.loss();
            if (loss != null) {
                assertThat(outstanding.remove(loss.sequence())).isEqualTo(ID);
            }
            var message = arrival.message();
            if (message != null) {
                assertThat(outstanding.remove(message.sequence())).isEqualTo(ID);
                assertThat(message).isEqualTo(replies.get(message.sequence()));
            }
        }
        assertThat(outstanding).hasSizeBetween(1, 199);
    }

    private List<RmReassembler> receivers(Random random) {
        return List.of(
                RmReassembler.forResourceManager(),
                RmReassembler.forClient(sequence -> random.nextBoolean() ? ID : random.nextInt(2)),
                RmReassembler.forClient(sequence -> ID, false));
    }

    private static List<RmFrame> stream(Random random, int messages) {
        var types = List.of(RmMessageType.values());
        var frames = new ArrayList<RmFrame>();
        for (int i = 0; i < messages; i++) {
            RmMessageType type = types.get(random.nextInt(types.size()));
            frames.addAll(RmFraming.split(RmMessage.of(type, ID, random.nextInt(4), bytes(random, 2000))));
        }
        return frames;
    }

    private static List<RmFrame> disturbed(Random random, List<RmFrame> frames) {
        var disturbed = new ArrayList<RmFrame>();
        for (RmFrame frame : frames) {
            switch (random.nextInt(10)) {
                case 0 -> {}
                case 1 -> disturbed.addAll(List.of(frame, frame));
                case 2 -> disturbed.add(Math.max(0, disturbed.size() - 1), frame);
                default -> disturbed.add(frame);
            }
        }
        return disturbed;
    }

    /** Random bytes, mostly with a header good enough to get somewhere. */
    private static byte[] nearlyAFrame(Random random) {
        var bytes = bytes(random, 250);
        if (bytes.length >= RmFrame.HEADER_LENGTH && random.nextInt(8) != 0) {
            RmFrame start = Frames.frame(random.nextInt(4), random.nextInt(64), random.nextInt(3), ID);
            start.copyTo(bytes, 0);
            bytes[1] = (byte) (random.nextBoolean() ? bytes[1] : 3 << 2 | (bytes[1] & 3));
        }
        return bytes;
    }

    private static byte[] bytes(Random random, int maxLength) {
        var bytes = new byte[random.nextInt(maxLength + 1)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static RmArrival lastOf(RmReassembler receiver, RmMessage message) {
        var last = RmArrival.dropped(Verdict.TOO_SHORT);
        for (RmFrame frame : RmFraming.split(message)) {
            last = receiver.accept(frame);
        }
        return last;
    }

    private static RmArrival complete(RmMessage message) {
        return new RmArrival(Verdict.COMPLETE, message, null);
    }

    private static void assertThatMemoryIsBounded(RmReassembler receiver) {
        assertThat(receiver.bytesGathered()).isBetween(0, RmFraming.MAX_MESSAGE_LENGTH);
        assertThat(receiver.remainingFragments()).isBetween(0, RmFraming.MAX_CONTINUATIONS);
        assertThat(receiver.remainingFragments() > 0).isEqualTo(receiver.isReassembling());
    }

    private int messageIdOf(int sequence) {
        return outstanding.getOrDefault(sequence, RmReassembler.OutstandingCalls.NONE);
    }
}
