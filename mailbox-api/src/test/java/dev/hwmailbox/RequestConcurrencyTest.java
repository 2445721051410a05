// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.NodeBuilder;
import dev.hwmailbox.testing.VirtualScheduler;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients look for their channel while its controller comes and goes. */
@Timeout(60)
class RequestConcurrencyTest implements ChannelOps {
    private static final int CHANNELS = 2;

    private final DeviceTree tree = DeviceTree.of(NodeBuilder.root()
            .child("mbox", mbox -> mbox.property("phandle", 1).property("#mbox-cells", 1))
            .child("client", client -> client.property("mboxes", 1, 0, 1, 1))
            .build());
    private final Node node = tree.find("/client").orElseThrow();

    private final AtomicInteger startups = new AtomicInteger();
    private final AtomicInteger shutdowns = new AtomicInteger();
    private final AtomicInteger closes = new AtomicInteger();

    @AutoClose
    private final VirtualScheduler scheduler = new VirtualScheduler();

    @AutoClose
    private final Workers workers = new Workers();

    private final Mailboxes mailboxes = new Mailboxes();
    private final MailboxController controller = MailboxController.builder(this, scheduler)
            .channelCount(CHANNELS)
            .node(tree.find("/mbox").orElseThrow())
            .build();

    private final MailboxClient client = new MailboxClient() {
        @Override
        public Node node() {
            return node;
        }

        @Override
        public void event(MailboxChannel channel, ChannelEvent event) {
            closes.addAndGet(event == ChannelEvent.CLOSED ? 1 : 0);
        }
    };

    @Override
    public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
        return 0;
    }

    @Override
    public int startup(ControllerChannel channel) {
        startups.incrementAndGet();
        return 0;
    }

    @Override
    public void shutdown(ControllerChannel channel) {
        shutdowns.incrementAndGet();
    }

    @Test
    void aRequestLeavesNoBindingBehindOnAControllerThatIsUnregistered() throws Exception {
        Set<Integer> answers = ConcurrentHashMap.newKeySet();
        for (int round = 0; round < 1_500; round++) {
            Queue<MailboxChannel> got = new ConcurrentLinkedQueue<>();
            var barrier = new CyclicBarrier(CHANNELS + 1);
            mailboxes.register(controller);
            for (int i = 0; i < CHANNELS; i++) {
                int index = i;
                workers.start(() -> {
                    barrier.await();
                    try {
                        got.add(mailboxes.requestChannel(client, index));
                        answers.add(0);
                    } catch (MailboxException e) {
                        answers.add(e.errno());
                    }
                });
            }
            workers.start(() -> {
                barrier.await();
                mailboxes.unregister(controller);
            });
            workers.join();

            for (int i = 0; i < CHANNELS; i++) {
                assertThat(controller.channel(i).isBound())
                        .as("channel %d, round %d", i, round)
                        .isFalse();
            }
            assertThat(got).as("round %d", round).allMatch(MailboxChannel::isClosed);
            assertThat(shutdowns).as("round %d", round).hasValue(startups.get());
            assertThat(closes).as("round %d", round).hasValue(startups.get());
        }
        assertThat(answers).isSubsetOf(0, Errno.EPROBE_DEFER, Errno.ESHUTDOWN).contains(0);
    }

    @Test
    void aDeferredRequestIsToldWhenToRepeat() throws Exception {
        for (int round = 0; round < 1_500; round++) {
            var told = new Semaphore(0);
            RegistrationListener listener = registered -> told.release();
            var barrier = new CyclicBarrier(2);
            workers.start(() -> {
                barrier.await();
                mailboxes.register(controller);
            });
            mailboxes.addListener(listener);
            barrier.await();

            MailboxChannel channel = null;
            while (channel == null) {
                try {
                    channel = mailboxes.requestChannel(client, 0);
                } catch (MailboxException e) {
                    assertThat(e.errno()).isEqualTo(Errno.EPROBE_DEFER);
                    assertThat(told.tryAcquire(20, TimeUnit.SECONDS))
                            .as("told of the registration, round %d", round)
                            .isTrue();
                }
            }
            workers.join();

            assertThat(channel.sendMessage("a")).as("round %d", round).isZero();
            mailboxes.removeListener(listener);
            mailboxes.unregister(controller);
        }
    }
}
