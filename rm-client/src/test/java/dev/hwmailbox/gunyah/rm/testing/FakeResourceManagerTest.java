// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.ResourceManagerOptions;
import dev.hwmailbox.gunyah.rm.RmCounters;
import dev.hwmailbox.gunyah.rm.RmNotificationListener;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmShutdownNotification;
import dev.hwmailbox.gunyah.rm.protocol.VmidReply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Everything the fake can be told to do, over each of its channels. */
class FakeResourceManagerTest {
    private static final int CALL = 0x5600AAAA;
    private static final byte[] NOTHING = {};
    private static final byte[] LONG = new byte[700];

    static Stream<ResourceManagerTestBed> beds() {
        return Stream.of(
                ResourceManagerTestBed.create(),
                ResourceManagerTestBed.builder().overGunyah().build());
    }

    @ParameterizedTest
    @MethodSource("beds")
    void answersWhatItIsToldOneAfterTheOtherAndTheLastForEver(ResourceManagerTestBed bed) {
        ResourceManager client = bed.resourceManager();
        bed.fake()
                .on(CALL, FakeReply.ok(new byte[] {1}), FakeReply.refuse(RmError.DENIED), FakeReply.ok(new byte[] {2}));

        assertThat(client.call(CALL, NOTHING).data()).containsExactly(1);
        assertThatThrownBy(() -> client.call(CALL, NOTHING)).hasMessageStartingWith("EPERM");
        assertThat(client.call(CALL, NOTHING).data()).containsExactly(2);
        assertThat(client.call(CALL, NOTHING).data()).containsExactly(2);
        assertThatThrownBy(() -> client.call(CALL + 1, NOTHING)).hasMessageStartingWith("EOPNOTSUPP");
        assertThat(bed.fake().requests(CALL)).extracting(RmMessage::sequence).containsExactly(0, 1, 2, 3);
        assertThat(bed.fake().requests()).hasSize(5);
        bed.close();
    }

    @ParameterizedTest
    @MethodSource("beds")
    void longMessagesPassBothWaysAndTheEchoIsNotTheRequest(ResourceManagerTestBed bed) {
        bed.fake().otherwise(FakeReply.echo());
        byte[] payload = new byte[14000];
        payload[13999] = 1;

        byte[] echo = bed.resourceManager().call(CALL, payload).data();

        assertThat(echo).hasSize(14000).startsWith(FakeReply.MASK).endsWith(FakeReply.MASK ^ 1);
        bed.close();
    }

    @ParameterizedTest
    @MethodSource("beds")
    void damageOnTheWayHasItsConsequence(ResourceManagerTestBed bed) {
        FakeReply reply = FakeReply.ok(LONG);
        bed.fake()
                .on(
                        CALL,
                        reply.loseFrame(3),
                        reply.loseFrame(0),
                        reply.duplicateFrame(0),
                        reply.swapFrames(0, 1),
                        reply.corruptFrame(1, 4),
                        reply.corruptFrame(1, 100),
                        reply.onTheWay(frames -> frames.subList(0, 1)),
                        reply);

        assertThat(Stream.generate(() -> outcome(bed, LONG)).limit(8))
                .containsExactly(
                        "ETIMEDOUT", "ETIMEDOUT", "EIO", "ETIMEDOUT", "EIO", "700 bytes", "ETIMEDOUT", "700 bytes");
        bed.close();
    }

    @ParameterizedTest
    @MethodSource("beds")
    void lateAndDuplicateRepliesComeAsTold(ResourceManagerTestBed bed) {
        bed.fake()
                .on(
                        CALL,
                        FakeReply.ok().after(Duration.ofSeconds(6)),
                        FakeReply.ok().twice());

        assertThat(outcome(bed, NOTHING)).isEqualTo("ETIMEDOUT");
        bed.scheduler().runUntilIdle();
        assertThat(outcome(bed, NOTHING)).isEqualTo("0 bytes");
        bed.scheduler().runUntilIdle();

        assertThat(bed.resourceManager().counters()).isEqualTo(new RmCounters(1, 1, 0, 0, 0, 0));
        bed.close();
    }

    @ParameterizedTest
    @MethodSource("beds")
    void restartEndsCallsAndIsHeardAfterWhatWasTold(ResourceManagerTestBed bed) {
        List<String> heard = new ArrayList<>();
        bed.resourceManager().addListener(hearing(heard));
        bed.fake().on(CALL, FakeReply.ok().after(Duration.ofSeconds(1)), FakeReply.ok());
        bed.scheduler().spawn(() -> heard.add("call: " + outcome(bed, NOTHING)));
        bed.fake().tell(RmMessageId.NOTIFY_VM_SHUTDOWN, new VmShutdownNotification(0));
        bed.scheduler().runDue();

        bed.restart();
        bed.scheduler().runUntilIdle();
        bed.fake().tell(0x56100099, NOTHING);
        bed.scheduler().runUntilIdle();

        assertThat(heard)
                .containsExactlyInAnyOrder(
                        "NOTIFY_VM_SHUTDOWN", "restarted 1", "call: ECONNRESET", "message 0x56100099")
                .containsSubsequence("NOTIFY_VM_SHUTDOWN", "restarted 1", "message 0x56100099");
        assertThat(outcome(bed, NOTHING)).isEqualTo("0 bytes");
        assertThat(bed.fake().requests()).extracting(RmMessage::sequence).containsExactly(0, 0);
        bed.close();
    }

    @ParameterizedTest
    @MethodSource("beds")
    void disconnectionIsSurvivedOnceTheChannelCanBeHadAgain(ResourceManagerTestBed bed) {
        bed.fake().otherwise(FakeReply.ok());
        bed.refuseRequests(2);
        bed.disconnect();

        assertThat(outcome(bed, NOTHING)).isEqualTo("0 bytes");

        assertThat(bed.scheduler().elapsed()).isEqualTo(ResourceManagerOptions.DEFAULT_REBIND_DELAY.multipliedBy(3));
        assertThat(bed.resourceManager().generation()).isEqualTo(1);
        bed.close();
    }

    @Test
    void computesRepliesAndSendsAnyFrame() {
        try (var bed = ResourceManagerTestBed.create()) {
            bed.fake().on(CALL, FakeReply.computed(request -> new VmidReply(request.payloadLength())));
            bed.fake().send(RmFrame.of(new byte[8], false));

            assertThat(VmidReply.decode(bed.resourceManager().call(CALL, LONG)).vmid())
                    .isEqualTo(700);
            assertThat(bed.resourceManager().counters().brokenFrames()).isEqualTo(1);
        }
    }

    @Test
    void checkOfRequestsSaysWhatCameInstead() {
        try (var bed = ResourceManagerTestBed.create()) {
            bed.fake().otherwise(FakeReply.ok());
            bed.resourceManager().start(128);

            assertThatThrownBy(() -> bed.fake().assertRequests(RmMessageId.VM_STOP))
                    .isInstanceOf(AssertionError.class)
                    .hasMessage("expected requests [VM_STOP], but there were [VM_START]");
            bed.fake().assertRequests(RmMessageId.VM_START);
            bed.fake().assertRequests();
        }
    }

    @Test
    void repliesOfNothingAndInThePastAreRefused() {
        try (var bed = ResourceManagerTestBed.create()) {
            assertThatThrownBy(() -> bed.fake().on(CALL)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> FakeReply.ok().after(Duration.ofNanos(-1)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static RmNotificationListener hearing(List<String> heard) {
        return new RmNotificationListener() {
            @Override
            public void notified(RmMessage notification) {
                heard.add(RmMessageId.name(notification.messageId()));
            }

            @Override
            public void restarted(int generation) {
                heard.add("restarted " + generation);
            }
        };
    }

    private static String outcome(ResourceManagerTestBed bed, byte[] payload) {
        try {
            return bed.resourceManager().call(CALL, payload).data().length + " bytes";
        } catch (MailboxException e) {
            return Errno.name(e.errno());
        }
    }
}
