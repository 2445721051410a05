// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static dev.hwmailbox.gunyah.msgq.RecordingClient.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.msgq.QueuePairBed.Pair;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Several users of one channel. */
final class MessageDispatcherTest {
    private final QueuePairBed bed = new QueuePairBed();
    private final GunyahMsgqController controller = bed.controller(bed.near).build();
    private final Pair pair = bed.pair(8);
    private final MessageDispatcher dispatcher = new MessageDispatcher();
    private final List<String> heard = new ArrayList<>();
    private final MailboxChannel channel = controller.requestChannel(
            new MailboxClient() {
                @Override
                public void rxCallback(MailboxChannel from, @Nullable Object message) {
                    dispatcher.dispatch(from, message);
                }
            },
            pair.near());

    private MessageDispatcher.Handler hearing(String name) {
        return (from, bytes) -> heard.add(name + " " + StandardCharsets.US_ASCII.decode(bytes));
    }

    private void arrives(String... texts) {
        for (String text : texts) {
            bed.rawSend(pair.farToNear(), bytes(text));
        }
        bed.scheduler.runDue();
    }

    @Test
    void eachTypeGoesToItsHandlerAndTheRestToTheDefault() {
        dispatcher.onType('a', hearing("A"));
        dispatcher.onType('b', hearing("B"));
        dispatcher.otherwise(hearing("other"));

        arrives("b1", "a2", "c3");

        assertThat(heard).containsExactly("B b1", "A a2", "other c3");
        assertThat(dispatcher.unhandled()).isZero();
    }

    @Test
    void firstConditionThatIsMetWinsAndSeesTheWholeMessage() {
        dispatcher.when(
                bytes -> {
                    bytes.position(bytes.limit()).limit(0);
                    return false;
                },
                hearing("greedy"));
        dispatcher.when(bytes -> bytes.remaining() > 2, hearing("long"));
        dispatcher.onType('x', hearing("X"));

        arrives("xyz", "x");

        assertThat(heard).containsExactly("long xyz", "X x");
    }

    @Test
    void conditionThatReadsInItsByteOrderLeavesTheHandlersTheirs() {
        List<ByteOrder> orders = new ArrayList<>();
        dispatcher.when(bytes -> bytes.order(ByteOrder.LITTLE_ENDIAN).remaining() > 9, hearing("long"));
        dispatcher.otherwise((from, bytes) -> orders.add(bytes.order()));

        arrives("x");

        assertThat(orders).containsExactly(ByteOrder.BIG_ENDIAN);
    }

    @Test
    void withoutAHandlerAMessageIsCounted() {
        arrives("a");
        dispatcher.dispatch(channel, null);
        dispatcher.dispatch(channel, "text");

        assertThat(dispatcher.unhandled()).isEqualTo(3);
    }

    @Test
    void removedHandlerGetsNoMoreAndTheNextInLineDoes() {
        Registration first = dispatcher.onType('a', hearing("first"));
        dispatcher.onType('a', hearing("second"));
        arrives("a1");

        first.close();
        first.close();
        arrives("a2");

        assertThat(heard).containsExactly("first a1", "second a2");
    }

    @Test
    void whatThrowsHarmsNobodyElse() {
        dispatcher.when(
                bytes -> {
                    throw new IllegalStateException("condition");
                },
                hearing("never"));
        dispatcher.onType('a', (from, bytes) -> {
            throw new IllegalStateException("handler");
        });
        dispatcher.otherwise(hearing("other"));

        arrives("a1", "b2");

        assertThat(heard).containsExactly("other b2");
        assertThat(dispatcher.failed()).isEqualTo(3);
        assertThat(bed.scheduler.failures()).isEmpty();
    }

    @Test
    void handlersMayRegisterRemoveAndSend() {
        List<Registration> own = new ArrayList<>();
        own.add(dispatcher.onType('a', (from, bytes) -> {
            hearing("first").received(from, bytes);
            own.get(0).close();
            dispatcher.onType('a', hearing("second"));
            from.sendMessage(MsgqMessage.of(bytes("reply")));
        }));

        arrives("a1", "a2");

        assertThat(heard).containsExactly("first a1", "second a2");
        assertThat(bed.rawReceive(pair.nearToFar())).isEqualTo(bytes("reply"));
    }

    @Test
    void messageOfAnEarlierLifeGoesToNobodyWhoDoesNotAskForIt() {
        dispatcher.otherwise(hearing("other"));
        var old = new StaleMessage(ByteBuffer.wrap(bytes("old")).asReadOnlyBuffer());

        dispatcher.dispatch(channel, old);
        assertThat(dispatcher.unhandled()).isEqualTo(1);
        dispatcher.onStale(hearing("stale"));
        dispatcher.dispatch(channel, old);

        assertThat(heard).containsExactly("stale old");
    }

    @Test
    void needsATypeThatIsAByte() {
        for (int type : new int[] {-1, 256}) {
            assertThatIllegalArgumentException().isThrownBy(() -> dispatcher.onType(type, hearing("A")));
        }
        dispatcher.onType(0xff, hearing("A"));
        assertThat(dispatcher).hasToString("MessageDispatcher[1 handlers, 0 unhandled, 0 failed]");
    }
}
