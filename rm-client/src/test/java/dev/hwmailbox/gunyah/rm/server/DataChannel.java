// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.gunyah.rm.ChannelSubscriber;
import dev.hwmailbox.gunyah.rm.ChannelSubscription;
import dev.hwmailbox.gunyah.rm.VmChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One subscription of a VM, with all the channels it gets: sends messages that say where they come from and go to, and
 * checks those it receives at once.
 */
final class DataChannel implements MailboxClient, ChannelSubscriber {
    /** What all subscriptions of a machine have in common. */
    static final class Traffic {
        /** The last message received on each queue: number of the channel, number of the message. */
        private final Map<String, long[]> last = new HashMap<>();

        private int channels;
        long messages;
        long bound;
    }

    /** A channel that was bound: to which queues, in which life of the VM at the other end. */
    private static final class Bound {
        final int number;
        final VmChannel queues;
        final int partnerLife;
        final List<ChannelEvent> events = new ArrayList<>();
        int sent;

        Bound(int number, VmChannel queues, int partnerLife) {
            this.number = number;
            this.queues = queues;
            this.partnerLife = partnerLife;
        }
    }

    private final Traffic traffic;
    private final ServerLedger ledger;
    private final int vmid;
    private final int life;
    private final IdentityHashMap<MailboxChannel, Bound> channels = new IdentityHashMap<>();
    private final IdentityHashMap<MailboxChannel, List<ChannelEvent>> early = new IdentityHashMap<>();
    private final List<String> heard = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();
    private @Nullable ChannelSubscription subscription;
    private boolean over;

    DataChannel(Traffic traffic, ServerLedger ledger, int vmid, int life) {
        this.traffic = traffic;
        this.ledger = ledger;
        this.vmid = vmid;
        this.life = life;
    }

    void subscription(ChannelSubscription made) {
        subscription = made;
    }

    boolean isOver() {
        return over;
    }

    @Nullable
    MailboxChannel channel() {
        return subscription == null ? null : subscription.channel().orElse(null);
    }

    void closeSubscription() {
        over = true;
        if (subscription != null) {
            subscription.close();
        }
    }

    // ---- what is heard ----

    @Override
    public void bound(MailboxChannel channel, VmChannel queues) {
        hears("bound");
        traffic.bound++;
        Bound made = new Bound(
                ++traffic.channels,
                queues,
                ledger.lifeOf(vmid, queues.endpoint().rxCapability()));
        made.events.addAll(early.getOrDefault(channel, List.of()));
        channels.put(channel, made);
    }

    @Override
    public void closed(VmChannel queues) {
        hears("closed");
    }

    @Override
    public void ended(MailboxException cause) {
        hears("ended");
        over = true;
    }

    @Override
    public void event(MailboxChannel channel, ChannelEvent event) {
        Bound known = channels.get(channel);
        (known == null ? early.computeIfAbsent(channel, key -> new ArrayList<>()) : known.events).add(event);
    }

    private void hears(String what) {
        if (over) {
            wrong.add("heard " + what + " after the end");
        }
        heard.add(what);
    }

    // ---- messages ----

    void send() {
        MailboxChannel channel = channel();
        Bound to = channel == null ? null : channels.get(channel);
        if (channel != null && to != null) {
            String receiver = vmid == RmTestBed.HOST || to.queues.partner() == RmTestBed.HOST
                    ? to.queues.partner() + "." + to.partnerLife
                    : to.queues.partner() + ".?";
            String text =
                    vmid + "." + life + " " + receiver + " " + to.queues.label() + " " + to.number + " " + to.sent++;
            channel.sendMessage(MsgqMessage.of(text.getBytes(StandardCharsets.US_ASCII)));
        }
    }

    @Override
    public void rxCallback(MailboxChannel channel, @Nullable Object message) {
        String text = LiveTestBed.text(message);
        String[] words = text.split(" ", -1);
        String[] from = words[0].split("\\.", -1);
        String[] to = words[1].split("\\.", -1);
        Bound here = channels.get(channel);
        boolean mine = Integer.parseInt(to[0]) == vmid && (to[1].equals("?") || Integer.parseInt(to[1]) == life);
        if (here != null) {
            mine &= Integer.parseInt(from[0]) == here.queues.partner();
            mine &= Integer.parseInt(words[2]) == here.queues.label();
            mine &= vmid != RmTestBed.HOST || Integer.parseInt(from[1]) == here.partnerLife;
        }
        if (!mine) {
            wrong.add("VM " + vmid + "." + life + " got what is not for it: " + text);
        }
        traffic.messages++;
        long[] now = {Long.parseLong(words[3]), Long.parseLong(words[4])};
        long[] before = traffic.last.put(from[0] + ">" + vmid + "/" + words[2], now);
        if (before != null && (now[0] < before[0] || (now[0] == before[0] && now[1] <= before[1]))) {
            wrong.add("out of order: " + text + " after " + before[0] + " " + before[1]);
        }
    }

    // ---- what must hold ----

    /** Listeners hear of a reset after the channels to it. */
    void checkTold(VmChannel reset) {
        MailboxChannel channel = channel();
        Bound open = channel == null ? null : channels.get(channel);
        if (open != null && open.queues.equals(reset) && open.events.isEmpty()) {
            wrong.add("not told of the reset of " + reset);
        }
    }

    /** With nothing left to happen: no channel leads to a life that is over, unless its client has been told. */
    void assertNoLifeMissed() {
        MailboxChannel channel = channel();
        Bound open = channel == null ? null : channels.get(channel);
        if (open == null || open.events.contains(ChannelEvent.CLOSED)) {
            return;
        }
        int partner = open.queues.partner();
        if (partner != RmTestBed.HOST && ledger.endedLife(partner) >= open.partnerLife) {
            assertThat(open.events)
                    .as("VM %d.%d: %s of life %d", vmid, life, open.queues, open.partnerLife)
                    .containsOnlyOnce(ChannelEvent.PEER_RESET);
            assertThat(vmid).as("queues of the host do not survive").isNotEqualTo(RmTestBed.HOST);
        }
    }

    /** At the end of the VM's life, or of everything. */
    void assertSound(boolean everythingIsClosed) {
        assertThat(wrong).isEmpty();
        for (int i = 0; i < heard.size(); i++) {
            if (i < heard.size() - 1 || !heard.get(i).equals("ended")) {
                assertThat(heard.get(i)).as("%s", heard).isEqualTo(i % 2 == 0 ? "bound" : "closed");
            }
        }
        channels.values().forEach(one -> {
            assertThat(one.events).as("%s", one.queues).doesNotHaveDuplicates();
            if (everythingIsClosed) {
                assertThat(one.events).as("%s", one.queues).endsWith(ChannelEvent.CLOSED);
            }
        });
    }
}
