// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/**
 * Under any split, loss, duplication, reordering and corruption of frames, with calls given up and restarts in between,
 * every call ends once and as {@link NaiveClient} says. {@code -Dhwmailbox.seed=N} runs one seed alone.
 */
final class ResourceManagerPropertyTest {
    private static final int SEEDS = 10_000;
    private static final int CALLS = 6;
    private static final int MAX_CALLS = 30;
    private static final int FIRST_ID = 0x56000200;
    private static final int NEWS = 0x56100200;
    private static final int REFUSAL = 3;
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    @Test
    void everyCallEndsOnceAsTheNaiveClientSays() {
        Long wanted = Long.getLong("hwmailbox.seed");
        int answered = 0;
        Set<String> ends = new HashSet<>();
        for (long seed = wanted == null ? 1 : wanted; seed <= (wanted == null ? SEEDS : wanted); seed++) {
            var run = new Run(seed);
            run.go();
            answered += run.answered;
            run.model.ends().values().forEach(end -> ends.add(end.replaceAll(" .*", "")));
        }
        if (wanted == null) {
            assertThat(answered).as("replies").isGreaterThan(SEEDS);
            assertThat(ends)
                    .containsExactlyInAnyOrder(
                            "OK", "refused", "EIO", "ENOMEM", "ECONNRESET", "cancelled", "ETIMEDOUT");
        }
    }

    private static final class Run {
        private final long seed;
        private final Random random;
        private final VirtualScheduler scheduler = new VirtualScheduler();
        private final ScriptedPeer peer;
        private final NaiveClient model;
        private final int maxOutstanding;
        private final Map<Integer, CompletableFuture<RmMessage>> futures = new LinkedHashMap<>();
        private final Map<Integer, Integer> timesEnded = new LinkedHashMap<>();
        private final Map<Integer, String> undamaged = new LinkedHashMap<>();
        private final Set<Integer> hit = new HashSet<>();
        private final List<String> heard = new ArrayList<>();
        private Deque<byte[]> wire = new ArrayDeque<>();
        private int answered;

        Run(long seed) {
            this.seed = seed;
            random = new Random(seed);
            boolean strict = random.nextInt(4) != 0;
            maxOutstanding = 1 + random.nextInt(4);
            model = new NaiveClient(strict);
            peer = new ScriptedPeer(
                    scheduler,
                    ResourceManagerOptions.builder()
                            .timeout(TIMEOUT)
                            .maxOutstanding(maxOutstanding)
                            .comparesSequences(strict)
                            .rebindAttempts(MAX_CALLS)
                            .rebindDelay(Duration.ZERO)
                            .build());
            peer.onRequest(this::requested);
            peer.client().addListener(told -> heard.add(NaiveClient.text(told.messageId(), told.payload())));
        }

        void go() {
            makeCalls();
            while (!wire.isEmpty()) {
                switch (random.nextInt(60)) {
                    case 0 -> cancelOne();
                    case 1 -> restart();
                    case 2, 3, 4, 5 -> scheduler.runDue();
                    default -> deliver();
                }
            }
            peer.onRequest(ScriptedPeer.SILENT); // calls whose turn comes as the time of all is up
            scheduler.advance(TIMEOUT);
            futures.keySet().forEach(id -> model.ends().putIfAbsent(id, "ETIMEDOUT"));

            assertThat(heard).as("seed %d", seed).isEqualTo(model.notifications());
            assertThat(peer.client().droppedFrames()).as("seed %d", seed).isEqualTo(model.dropped());
            futures.forEach(this::assertEnd);
            assertThat(scheduler.pending()).as("seed %d", seed).isEmpty();
            peer.client().close();
        }

        private void assertEnd(int id, CompletableFuture<RmMessage> future) {
            String end = end(future);
            assertThat(end)
                    .as("seed %d, call %x", seed, id)
                    .isEqualTo(model.ends().get(id));
            assertThat(timesEnded.get(id)).as("seed %d, call %x", seed, id).isEqualTo(1);
            if (end.startsWith("OK") || end.startsWith("refused")) {
                answered++;
                if (!hit.contains(id)) {
                    assertThat(end)
                            .as("seed %d, call %x, no frame of which was hit", seed, id)
                            .isEqualTo(undamaged.get(id));
                }
            }
        }

        private void makeCalls() {
            for (int i = 0; i < CALLS; i++) {
                int id = FIRST_ID + futures.size();
                CompletableFuture<RmMessage> future = peer.client().callAsync(id, new byte[random.nextInt(500)]);
                futures.put(id, future);
                var unused = future.whenComplete((reply, failure) -> timesEnded.merge(id, 1, Integer::sum));
            }
        }

        private void requested(ScriptedPeer.Request request) {
            assertThat(model.ends()).as("seed %d", seed).doesNotContainKey(request.id());
            model.requested(request.sequence(), request.id());
            assertThat(model.outstanding()).as("seed %d", seed).isLessThanOrEqualTo(maxOutstanding);
            int error = random.nextInt(8) == 0 ? REFUSAL : 0;
            byte[] data = bytes(700);
            undamaged.put(request.id(), error == 0 ? "OK " + HexFormat.of().formatHex(data) : "refused " + error);
            byte[] content = ByteBuffer.allocate(4 + data.length)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(error)
                    .put(data)
                    .array();
            List<byte[]> frames = new ArrayList<>(wire);
            if (random.nextInt(3) == 0) {
                frames.addAll(split(ScriptedPeer.NOTIFICATION, NEWS + random.nextInt(3), 0x7777, bytes(500)));
            }
            frames.addAll(split(ScriptedPeer.REPLY, request.id(), request.sequence(), content));
            disturb(frames);
            wire = new ArrayDeque<>(frames);
        }

        /** Frames need not be full; the split of the content is free but for the error word. */
        private List<byte[]> split(int type, int id, int sequence, byte[] content) {
            if (random.nextInt(3) != 0) {
                return ScriptedPeer.message(type, id, sequence, content);
            }
            int count = content.length / 232 + random.nextInt(3);
            List<byte[]> frames = new ArrayList<>();
            int from = 0;
            for (int i = 0; i <= count; i++) {
                int rest = content.length - from;
                int least = i == 0 ? Math.min(4, rest) : 0;
                int needed = Math.max(least, rest - (count - i) * 232);
                int length = i == count ? rest : Math.min(232, needed + random.nextInt(Math.max(1, rest - needed + 1)));
                frames.add(ByteBuffer.allocate(8 + length)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .put((byte) 0x21)
                        .put((byte) ((i == 0 ? type : 0) | count << 2))
                        .putShort((short) sequence)
                        .putInt(id)
                        .put(content, from, length)
                        .array());
                from += length;
            }
            return frames;
        }

        private void disturb(List<byte[]> frames) {
            while (random.nextInt(3) == 0 && !frames.isEmpty()) {
                int at = random.nextInt(frames.size());
                byte[] frame = frames.get(at);
                hit(frame);
                switch (random.nextInt(6)) {
                    case 0 -> frames.remove(at);
                    case 1 -> frames.add(random.nextInt(frames.size() + 1), frame);
                    case 2 -> {
                        int other = random.nextInt(frames.size());
                        hit(frames.get(other));
                        Collections.swap(frames, at, other);
                    }
                    case 3 -> frames.set(at, Arrays.copyOf(frame, random.nextInt(250)));
                    default -> frames.set(at, corrupted(frame));
                }
            }
        }

        private byte[] corrupted(byte[] frame) {
            byte[] copy = frame.clone();
            if (copy.length > 0) {
                int at = random.nextInt(random.nextBoolean() ? Math.min(8, copy.length) : copy.length);
                copy[at] ^= (byte) (1 << random.nextInt(8));
            }
            return copy;
        }

        private void hit(byte[] frame) {
            if (frame.length >= 8) {
                hit.add(ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN).getInt(4));
            }
        }

        private void deliver() {
            byte[] frame = wire.remove();
            model.frame(frame);
            peer.deliver(frame);
        }

        private void cancelOne() {
            scheduler.runDue();
            List<Map.Entry<Integer, CompletableFuture<RmMessage>>> pending = futures.entrySet().stream()
                    .filter(call -> !call.getValue().isDone())
                    .toList();
            if (!pending.isEmpty()) {
                var call = pending.get(random.nextInt(pending.size()));
                model.gaveUp(call.getKey(), "cancelled");
                call.getValue().cancel(true);
            }
        }

        private void restart() {
            if (futures.size() >= MAX_CALLS) {
                return;
            }
            scheduler.runDue();
            model.restarted();
            futures.forEach((id, future) -> {
                if (!future.isDone()) {
                    model.gaveUp(id, "ECONNRESET");
                }
            });
            peer.reset();
            scheduler.runDue();
            makeCalls();
        }

        private byte[] bytes(int max) {
            byte[] bytes = new byte[random.nextInt(max)];
            random.nextBytes(bytes);
            return bytes;
        }

        private static String end(CompletableFuture<RmMessage> future) {
            if (future.isCancelled()) {
                return "cancelled";
            }
            try {
                return future.isDone()
                        ? "OK " + HexFormat.of().formatHex(future.join().data())
                        : "never";
            } catch (CompletionException e) {
                if (e.getCause() instanceof ResourceManagerException refusal) {
                    return "refused " + refusal.errorWord();
                }
                return e.getCause() instanceof MailboxException failure ? Errno.name(failure.errno()) : e.toString();
            }
        }
    }
}
