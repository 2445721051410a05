// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
import dev.hwmailbox.gunyah.rm.ChannelSubscription;
import dev.hwmailbox.gunyah.rm.VmChannel;
import dev.hwmailbox.gunyah.rm.server.LiveTestBed.Subscriber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Channels that appear at run time, over the whole system. */
final class VmChannelsTest {
    private static final int LABEL = 0x10;
    private static final int OTHER = 0x11;

    @AutoClose
    private final LiveTestBed bed = new LiveTestBed(3);

    private final Subscriber subscriber = new Subscriber();

    private ChannelSubscription subscribe(ReservationKey key) {
        return bed.channels.subscribe(subscriber, key, subscriber);
    }

    private ChannelSubscription subscribeToAny() {
        return subscribe(ReservationKey.anyPartner(LABEL));
    }

    private static void assertRefused(ThrowingCallable call, int errno) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        MailboxException.class,
                        e -> assertThat(Errno.name(e.errno())).isEqualTo(Errno.name(errno)));
    }

    @Test
    void queuesAppearWhenTheirVmIsReadyAndAreGoneWhenItHasEnded() {
        int vmid = bed.allocate(LABEL);
        assertThat(bed.news()).isEmpty();

        bed.initialise(vmid);
        assertThat(bed.news()).containsExactly("appeared 128/16");
        bed.start(vmid);
        assertThat(bed.news()).isEmpty();
        bed.stop(vmid);
        assertThat(bed.news()).containsExactly("gone 128/16");
        bed.reset(vmid);
        assertThat(bed.news()).isEmpty();
    }

    @Test
    void queuesOfAVmThatNeverRanAreGoneWhenItIsReset() {
        int vmid = bed.allocate(LABEL);
        bed.initialise(vmid);
        bed.news();

        bed.client.reset(vmid);

        assertThat(bed.news()).containsExactly("gone 128/16");
    }

    @Test
    void subscriptionMadeBeforeTheVmExistsGetsAChannelThatWorks() {
        ChannelSubscription subscription = subscribe(new ReservationKey(128, LABEL));
        assertThat(bed.controller.freeSlots()).isEqualTo(2);
        assertThat(subscription.channel()).isEmpty();

        int vmid = bed.boot(LABEL);
        MailboxChannel channel = subscription.channel().orElseThrow();
        channel.sendMessage(MsgqMessage.of(new byte[] {'h', 'i'}));
        bed.scheduler.runDue();

        assertThat(subscriber.heard).containsExactly("bound 128/16");
        assertThat(subscriber.received).containsExactly("hello from 128.1");
        assertThat(bed.livingGuest(vmid).received).containsExactly("hi");
        assertThat(bed.controller.freeSlots()).isEqualTo(2);
    }

    @Test
    void subscriptionMadeAfterTheQueuesHaveAppearedGetsThemAtOnce() {
        bed.boot(LABEL);

        subscribeToAny();
        bed.scheduler.runDue();

        assertThat(subscriber.heard).containsExactly("bound 128/16");
        assertThat(subscriber.received).containsExactly("hello from 128.1");
    }

    @Test
    void secondLifeHasOtherQueuesAndTheSubscriptionGetsThem() {
        ChannelSubscription subscription = subscribeToAny();
        int vmid = bed.boot(LABEL);
        MailboxChannel first = subscription.channel().orElseThrow();
        VmChannel firstQueues = bed.known.get(0);

        bed.restart(vmid);
        MailboxChannel second = subscription.channel().orElseThrow();

        assertThat(subscriber.heard).containsExactly("bound 128/16", "closed 128/16", "bound 128/16");
        assertThat(subscriber.received).containsExactly("hello from 128.1", "hello from 128.2");
        assertThat(first.isClosed()).isTrue();
        assertThat(second.isClosed()).isFalse();
        assertThat(bed.known.get(0).endpoint().rxCapability())
                .isNotEqualTo(firstQueues.endpoint().rxCapability());
        assertThat(first.sendMessage(MsgqMessage.of(new byte[1]))).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void firstOfTwoVmsWithTheSameLabelBindsAndTheSecondOnlyAppears() {
        ChannelSubscription subscription = subscribeToAny();

        bed.boot(LABEL);
        int second = bed.boot(LABEL);

        assertThat(subscriber.heard).containsExactly("bound 128/16");
        assertThat(bed.news()).containsExactly("appeared 128/16", "appeared 129/16");
        bed.stop(second);
        bed.reset(second);
        assertThat(subscriber.heard).containsExactly("bound 128/16");
        assertThat(subscription.channel())
                .hasValueSatisfying(channel -> assertThat(channel.isClosed()).isFalse());
    }

    @Test
    void whoLosesItsQueuesGetsThoseOfAnotherVmThatAreThere() {
        subscribeToAny();
        int first = bed.boot(LABEL);
        bed.boot(LABEL);

        bed.stop(first);
        bed.scheduler.runDue();

        assertThat(subscriber.heard).containsExactly("bound 128/16", "closed 128/16", "bound 129/16");
    }

    @Test
    void subscriptionToOneVmGoesBeforeOneToAny() {
        var exact = new Subscriber();
        subscribeToAny();
        bed.channels.subscribe(exact, new ReservationKey(128, LABEL), exact);

        bed.boot(LABEL);
        bed.boot(LABEL);

        assertThat(exact.heard).containsExactly("bound 128/16");
        assertThat(subscriber.heard).containsExactly("bound 129/16");
    }

    @Test
    void secondSubscriptionForOneKeyIsRefusedWithEbusyBoundOrNot() {
        ChannelSubscription first = subscribeToAny();
        assertRefused(this::subscribeToAny, Errno.EBUSY);
        bed.boot(LABEL);
        assertRefused(this::subscribeToAny, Errno.EBUSY);

        first.close();
        subscribeToAny();
        bed.scheduler.runDue();

        assertThat(subscriber.heard).containsExactly("bound 128/16", "bound 128/16");
    }

    @Test
    void reservationOfTheControllersOwnForTheSameKeyCountsToo() {
        var reserved = bed.controller.reserve(subscriber, ReservationKey.anyPartner(LABEL), Duration.ofSeconds(1));

        assertRefused(this::subscribeToAny, Errno.EBUSY);
        bed.boot(LABEL);

        assertThat(reserved).isCompleted();
        subscribeToAny().close();
        reserved.join().close();
    }

    @Test
    void moreSubscriptionsThanSlotsAreRefusedWithEbusyAndLeaveNothing() {
        for (int label = 0; label < 3; label++) {
            subscribe(ReservationKey.anyPartner(label));
        }

        assertRefused(() -> subscribe(ReservationKey.anyPartner(7)), Errno.EBUSY);

        assertThat(bed.controller.freeSlots()).isZero();
        bed.boot(7);
        assertThat(subscriber.heard).isEmpty();
        assertThat(bed.news()).containsExactly("appeared 128/7");
    }

    @Test
    void closedSubscriptionGivesItsSlotBackBoundOrNot() {
        ChannelSubscription waiting = subscribe(ReservationKey.anyPartner(OTHER));
        ChannelSubscription bound = subscribeToAny();
        bed.boot(LABEL);
        MailboxChannel channel = bound.channel().orElseThrow();

        waiting.close();
        waiting.close();
        bound.close();

        assertThat(channel.isClosed()).isTrue();
        assertThat(bound.channel()).isEmpty();
        assertThat(bed.controller.freeSlots()).isEqualTo(3);
        bed.boot(OTHER);
        assertThat(subscriber.heard).containsExactly("bound 128/16");
    }

    @Test
    void subscriptionEndsWithEtimeWhenNothingAppearsInTime() {
        bed.channels.subscribe(subscriber, ReservationKey.anyPartner(LABEL), subscriber, Duration.ofSeconds(1));

        bed.scheduler.advance(Duration.ofMillis(999));
        assertThat(subscriber.heard).isEmpty();
        bed.scheduler.advance(Duration.ofMillis(1));

        assertThat(subscriber.heard).singleElement().asString().startsWith("ended: ETIME");
        assertThat(bed.controller.freeSlots()).isEqualTo(3);
        subscribeToAny();
    }

    @Test
    void timeBeginsAnewWithEachWait() {
        bed.channels.subscribe(subscriber, ReservationKey.anyPartner(LABEL), subscriber, Duration.ofSeconds(1));
        int vmid = bed.boot(LABEL);
        bed.scheduler.advance(Duration.ofMinutes(1));
        assertThat(subscriber.heard).containsExactly("bound 128/16");

        bed.stop(vmid);
        bed.scheduler.advance(Duration.ofSeconds(1));

        assertThat(subscriber.heard).hasSize(3).last().asString().startsWith("ended: ETIME");
        assertThat(bed.controller.freeSlots()).isEqualTo(3);
    }

    @Test
    void whoFindsAllSlotsTakenAfterAResetIsToldAndTriesAgainWhenThereAreQueues() {
        List<ChannelSubscription> others = new ArrayList<>();
        var generous = new Subscriber() {
            @Override
            public void closed(VmChannel queues) {
                super.closed(queues);
                for (int label = 0; bed.controller.freeSlots() > 0; label++) {
                    others.add(subscribe(ReservationKey.anyPartner(label)));
                }
            }
        };
        bed.channels.subscribe(generous, ReservationKey.anyPartner(LABEL), generous);
        int vmid = bed.boot(LABEL);

        bed.stop(vmid);
        bed.reset(vmid);
        assertThat(generous.heard.subList(0, 2)).containsExactly("bound 128/16", "closed 128/16");
        assertThat(generous.heard.subList(2, generous.heard.size()))
                .singleElement()
                .asString()
                .contains("refused 128/16: EBUSY", "slots are in use");
        bed.initialise(vmid);
        bed.scheduler.runDue();
        assertThat(generous.heard).hasSize(4).last().isEqualTo(generous.heard.get(2));
        others.get(0).close();
        bed.start(vmid);
        bed.scheduler.runDue();

        assertThat(generous.heard).hasSize(5).last().isEqualTo("bound 128/16");
        assertThat(generous.received).containsExactly("hello from 128.1", "hello from 128.2");
    }

    @Test
    void subscriberMayCloseTheSubscriptionInsideBoundAndInsideClosed() {
        List<ChannelSubscription> own = new ArrayList<>();
        var closing = new Subscriber() {
            @Override
            public void bound(MailboxChannel channel, VmChannel queues) {
                super.bound(channel, queues);
                own.get(0).close();
            }
        };
        own.add(bed.channels.subscribe(closing, ReservationKey.anyPartner(LABEL), closing));
        int vmid = bed.boot(LABEL);
        assertThat(bed.controller.freeSlots()).isEqualTo(3);
        var leaving = new Subscriber() {
            @Override
            public void closed(VmChannel queues) {
                super.closed(queues);
                own.get(1).close();
            }
        };
        own.add(bed.channels.subscribe(leaving, ReservationKey.anyPartner(LABEL), leaving));

        bed.restart(vmid);

        assertThat(closing.heard).containsExactly("bound 128/16");
        assertThat(leaving.heard).containsExactly("bound 128/16", "closed 128/16");
        assertThat(bed.controller.freeSlots()).isEqualTo(3);
    }

    @Test
    void clientMayCloseItsChannelAndHasTheNextOneInTheNextLife() {
        ChannelSubscription subscription = subscribeToAny();
        int vmid = bed.boot(LABEL);
        subscription.channel().orElseThrow().close();
        bed.channels.refresh();
        bed.scheduler.runDue();
        assertThat(subscriber.heard).containsExactly("bound 128/16");

        bed.restart(vmid);

        assertThat(subscriber.heard).containsExactly("bound 128/16", "closed 128/16", "bound 128/16");
    }

    @Test
    void refreshLeavesChannelsThatAreStillValid() {
        ChannelSubscription subscription = subscribeToAny();
        bed.boot(LABEL);
        MailboxChannel channel = subscription.channel().orElseThrow();
        bed.news();

        bed.channels.refresh();

        assertThat(bed.news()).isEmpty();
        assertThat(subscription.channel()).containsSame(channel);
        assertThat(channel.isClosed()).isFalse();
    }

    @Test
    void listenerThatComesLaterIsToldOfWhatIsThere() {
        bed.boot(LABEL);
        var later = new ArrayList<String>();
        var listener = new dev.hwmailbox.gunyah.rm.VmChannelListener() {
            @Override
            public void appeared(VmChannel channel) {
                later.add(LiveTestBed.name(channel));
            }
        };

        bed.channels.addListener(listener);
        bed.scheduler.runDue();
        bed.channels.removeListener(listener);
        bed.boot(OTHER);

        assertThat(later).containsExactly("128/16");
    }

    @Test
    void closingEndsSubscriptionsTellsThemAndRefusesMore() {
        var waiting = new Subscriber();
        bed.channels.subscribe(waiting, ReservationKey.anyPartner(OTHER), waiting);
        ChannelSubscription bound = subscribeToAny();
        bed.boot(LABEL);
        MailboxChannel channel = bound.channel().orElseThrow();
        bed.news();

        bed.channels.close();
        bed.boot(OTHER);

        assertThat(channel.isClosed()).isTrue();
        assertThat(waiting.heard).singleElement().asString().startsWith("ended: ESHUTDOWN");
        assertThat(subscriber.heard).hasSize(2).last().asString().startsWith("ended: ESHUTDOWN");
        assertThat(bed.news()).isEmpty();
        assertRefused(this::subscribeToAny, Errno.ESHUTDOWN);
    }

    @Test
    void closingTheControllerEndsWhatWaits() {
        subscribeToAny();

        bed.closeController();

        assertThat(subscriber.heard).singleElement().asString().startsWith("ended: ESHUTDOWN");
    }

    @Test
    void whatSomebodyElseSuppliesEndsTheSubscription() {
        int vmid = bed.allocate(LABEL);
        bed.initialise(vmid);
        bed.scheduler.runDue();
        VmChannel queues = bed.known.get(0);
        subscribeToAny();

        MailboxChannel channel =
                bed.controller.supply(vmid, LABEL, queues.endpoint()).orElseThrow();
        bed.scheduler.runDue();

        assertThat(subscriber.heard).singleElement().asString().startsWith("ended: ECANCELED");
        assertThat(channel.isClosed()).isFalse();
        channel.close();
    }
}
