// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.ThreadedScheduler;
import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import dev.hwmailbox.gunyah.rm.protocol.RmFraming;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageType;
import dev.hwmailbox.gunyah.rm.protocol.RmReassembler;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;

/** Callers, the answering side, restarts and the close of the client, each on a thread of its own. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class ResourceManagerThreadsTest {
    private static final int CALLERS = 4;
    private static final int RESTARTS = 300;
    private static final int FIRST_ID = 0x57000000;
    private static final byte MASK = 0x5a;
    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final ResourceManagerOptions OPTIONS = ResourceManagerOptions.builder()
            .timeout(TIMEOUT)
            .maxOutstanding(3)
            .rebindAttempts(ResourceManagerOptions.MAX_REBIND_ATTEMPTS)
            .rebindDelay(Duration.ZERO)
            .build();

    private final ThreadedScheduler scheduler = new ThreadedScheduler();
    private final ExecutorService far = Executors.newSingleThreadExecutor();
    private final ExecutorService near = Executors.newFixedThreadPool(CALLERS);
    private final AtomicInteger calls = new AtomicInteger();
    private final Map<String, Integer> outcomes = new ConcurrentHashMap<>();

    @RepeatedTest(3)
    void everyCallEndsOnceWithItsOwnReplyOrWithTheRestart() throws InterruptedException, ExecutionException {
        var peer = new Peer();
        MailboxController controller = MailboxController.builder(peer, scheduler)
                .txDoneMethod(TxDoneMethod.IRQ)
                .build();
        ResourceManager client =
                ResourceManager.bind(controller.channel(0)::bindClient, RmFrameCarrier.FRAMES, scheduler, OPTIONS);
        List<Integer> generations = new ArrayList<>();
        client.addListener(new RmNotificationListener() {
            @Override
            public void notified(RmMessage notification) {
                outcomes.putIfAbsent("told", 0);
            }

            @Override
            public void restarted(int generation) {
                generations.add(generation);
            }
        });
        try {
            List<Future<?>> callers = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                boolean waits = i % 2 == 0;
                callers.add(near.submit(() -> callUntilClosed(client, waits)));
            }
            for (int i = 0; i < RESTARTS; i++) {
                scheduler.await(new Completion(), TimeUnit.MILLISECONDS.toNanos(1));
                controller.channel(0).raiseEvent(ChannelEvent.PEER_RESET);
            }
            client.close();
            for (Future<?> caller : callers) {
                caller.get();
            }

            assertThat(outcomes).containsOnlyKeys("told", "reply", "ECONNRESET", "ESHUTDOWN");
            assertThat(outcomes.values().stream().mapToInt(Integer::intValue).sum())
                    .isEqualTo(calls.get());
            assertThat(generations).isSorted().doesNotHaveDuplicates().isNotEmpty();
        } finally {
            client.close();
            controller.close();
            near.shutdownNow();
            far.shutdownNow();
            scheduler.close();
        }
    }

    /** Each call has a message id of its own, so that it cannot take another's reply for its own unnoticed. */
    private void callUntilClosed(ResourceManager client, boolean waits) {
        boolean open = true;
        while (open) {
            int id = FIRST_ID + calls.getAndIncrement();
            byte[] payload = ByteBuffer.allocate(300).putInt(id).array();
            String outcome;
            try {
                RmMessage reply = waits ? client.call(id, payload) : ended(client.callAsync(id, payload));
                RmMessage right = RmMessage.reply(id, reply.sequence(), 0, masked(payload));
                outcome = reply.messageId() == id && Arrays.equals(reply.payload(), right.payload())
                        ? "reply"
                        : "foreign " + reply;
            } catch (MailboxException e) {
                outcome = Errno.name(e.errno());
            }
            open = !outcome.equals("ESHUTDOWN");
            outcomes.merge(outcome, 1, Integer::sum);
        }
    }

    private static RmMessage ended(CompletableFuture<RmMessage> future) {
        try {
            return future.get(2 * TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw (MailboxException) e.getCause();
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] masked(byte[] payload) {
        byte[] masked = payload.clone();
        for (int i = 0; i < masked.length; i++) {
            masked[i] ^= MASK;
        }
        return masked;
    }

    /** Answers every request, and tells something before each reply, on a thread of its own. */
    private final class Peer implements ChannelOps {
        private final RmReassembler reassembler = RmReassembler.forResourceManager();

        @Override
        public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
            far.execute(() -> {
                channel.txDone(txId, 0);
                RmMessage request = reassembler
                        .accept((RmFrame) Objects.requireNonNull(message))
                        .message();
                if (request != null) {
                    answer(channel, request);
                }
            });
            return 0;
        }

        private void answer(ControllerChannel channel, RmMessage request) {
            RmMessage told = RmMessage.of(RmMessageType.NOTIFICATION, RmMessageId.NOTIFY_VM_STATUS, 0, new byte[8]);
            RmMessage reply = RmMessage.reply(request.messageId(), request.sequence(), 0, masked(request.payload()));
            RmFraming.split(told).forEach(channel::receivedData);
            RmFraming.split(reply).forEach(channel::receivedData);
        }
    }
}
