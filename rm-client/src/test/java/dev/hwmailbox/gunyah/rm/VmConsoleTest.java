// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static dev.hwmailbox.gunyah.rm.ResourceManagerTest.errno;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Errno;
import dev.hwmailbox.gunyah.rm.VmConsole.Counters;
import dev.hwmailbox.gunyah.rm.protocol.ConsoleText;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import dev.hwmailbox.gunyah.rm.protocol.VmStatus;
import dev.hwmailbox.gunyah.rm.protocol.VmStatusNotification;
import dev.hwmailbox.gunyah.rm.testing.FakeReply;
import dev.hwmailbox.gunyah.rm.testing.FakeResourceManager;
import dev.hwmailbox.gunyah.rm.testing.ResourceManagerTestBed;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

final class VmConsoleTest {
    private static final int VM = 128;

    @AutoClose
    private final ResourceManagerTestBed bed = ResourceManagerTestBed.create();

    private final FakeResourceManager fake = bed.fake().otherwise(FakeReply.ok());
    private final List<String> log = new ArrayList<>();

    @Test
    void readsWhatTheVmWritesAndNothingOfOthers() throws IOException {
        VmConsole console = open();
        written(VM, "hello");
        written(VM + 1, "not for you");
        written(0, "nor this");
        bed.scheduler().runUntilIdle();

        assertThat(console.input().available()).isEqualTo(5);
        assertThat(console.input().read()).isEqualTo('h');
        assertThat(new String(console.input().readNBytes(4), StandardCharsets.UTF_8))
                .isEqualTo("ello");
        console.close();
        assertThat(console.input().read()).isEqualTo(-1);
    }

    @Test
    void readWaitsForTheFirstByteAndGivesWhatThereIs() {
        VmConsole console = open();
        bed.scheduler().spawn(() -> log.add(read(console, 100)));
        bed.scheduler().runDue();
        assertThat(log).isEmpty();

        written(VM, "ab");
        bed.scheduler().runUntilIdle();

        assertThat(log).containsExactly("ab");
    }

    @Test
    void closeEndsAReadThatWaits() {
        VmConsole console = open();
        bed.scheduler().spawn(() -> log.add(read(console, 1)));
        bed.scheduler().runDue();

        console.close();
        bed.scheduler().runUntilIdle();

        assertThat(log).containsExactly("end");
    }

    @Test
    void interruptEndsAReadThatWaitsAndIsKept() {
        VmConsole console = open();
        bed.scheduler().execute(() -> Thread.currentThread().interrupt());

        assertThatThrownBy(() -> console.input().read()).isInstanceOf(InterruptedIOException.class);

        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void inputBeyondTheCapacityIsDroppedAndCounted() throws IOException {
        VmConsole console = VmConsole.open(bed.resourceManager(), VM, 4);
        written(VM, "abc");
        written(VM, "defg");
        bed.scheduler().runUntilIdle();
        assertThat(console.input().readNBytes(4)).containsExactly('a', 'b', 'c', 'd');
        written(VM, "hijkl");
        bed.scheduler().runUntilIdle();

        assertThat(console.input().readNBytes(4)).containsExactly('h', 'i', 'j', 'k');
        assertThat(console.counters()).isEqualTo(new Counters(4, 0, 0));
    }

    @Test
    void outputGoesInPiecesThatFitOneFrameAndNeverEmpty() throws IOException {
        VmConsole console = open();
        console.output().flush();
        console.output().write(new byte[0]);
        console.output().write(new byte[500]);
        console.output().write('x');
        console.output().flush();
        console.output().flush();

        assertThat(writes()).containsExactly(228, 228, 45);
    }

    @Test
    void closeSendsTheRestAndClosesOnce() throws IOException {
        VmConsole console = open();
        console.output().write('x');

        console.close();
        console.close();

        fake.assertRequests(RmMessageId.VM_CONSOLE_OPEN, RmMessageId.VM_CONSOLE_WRITE, RmMessageId.VM_CONSOLE_CLOSE);
        assertThat(console.isOpen()).isFalse();
    }

    @Test
    void consoleThatIsRefusedIsNotThere() {
        fake.on(RmMessageId.VM_CONSOLE_OPEN, FakeReply.refuse(RmError.DENIED));

        assertThatThrownBy(this::open).satisfies(errno(Errno.EPERM));
        assertThatThrownBy(() -> VmConsole.open(bed.resourceManager(), VM, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void writeThatIsRefusedIsAnIoExceptionWithTheCause() throws IOException {
        fake.on(RmMessageId.VM_CONSOLE_WRITE, FakeReply.refuse(RmError.DENIED));
        VmConsole console = open();
        console.output().write('x');

        assertThatThrownBy(() -> console.output().flush())
                .isInstanceOf(IOException.class)
                .cause()
                .satisfies(errno(Errno.EPERM));
    }

    @Test
    void staysOpenOverARestartOfTheVmAndDropsWhatIsWrittenMeanwhile() throws IOException {
        VmConsole console = open();
        written(VM, "old ");
        status(VM, VmState.RESETTING);
        status(VM + 1, VmState.READY);
        bed.scheduler().runUntilIdle();
        assertThat(console.isOpen()).isFalse();
        console.output().write(new byte[] {1, 2, 3});
        console.output().flush();

        fake.on(RmMessageId.VM_CONSOLE_OPEN, FakeReply.refuse(RmError.ARGUMENT_INVALID), FakeReply.ok());
        status(VM, VmState.READY);
        bed.scheduler().runUntilIdle();
        assertThat(console.isOpen()).isFalse();
        status(VM, VmState.RUNNING);
        bed.scheduler().runUntilIdle();
        assertThat(console.isOpen()).isTrue();
        written(VM, "new");
        bed.scheduler().runUntilIdle();

        assertThat(read(console, 100)).isEqualTo("old new");
        assertThat(console.counters()).isEqualTo(new Counters(0, 3, 1));
        assertThat(writes()).isEmpty();
    }

    @Test
    void isOpenedAgainAfterARestartOfTheResourceManager() {
        VmConsole console = open();

        bed.restart();
        bed.scheduler().runUntilIdle();

        assertThat(console.isOpen()).isTrue();
        assertThat(console.counters()).isEqualTo(new Counters(0, 0, 1));
        fake.assertRequests(RmMessageId.VM_CONSOLE_OPEN, RmMessageId.VM_CONSOLE_OPEN);
    }

    @Test
    void closedConsoleIsNotOpenedAgain() {
        open().close();
        status(VM, VmState.READY);
        bed.restart();
        bed.scheduler().runUntilIdle();

        fake.assertRequests(RmMessageId.VM_CONSOLE_OPEN, RmMessageId.VM_CONSOLE_CLOSE);
    }

    @Test
    void closedClientEndsAReadThatWaits() {
        VmConsole console = open();
        bed.scheduler().spawn(() -> log.add(read(console, 1)));
        bed.scheduler().runDue();

        bed.resourceManager().close();
        bed.scheduler().runUntilIdle();

        assertThat(log).containsExactly("end");
        assertThat(console.isOpen()).isFalse();
        console.close();
        fake.assertRequests(RmMessageId.VM_CONSOLE_OPEN);
    }

    @Test
    void channelLostForGoodEndsAReadThatWaits() {
        VmConsole console = open();
        bed.scheduler().spawn(() -> log.add(read(console, 1)));
        bed.scheduler().runDue();

        bed.refuseRequests(ResourceManagerOptions.DEFAULT_REBIND_ATTEMPTS);
        bed.disconnect();
        bed.scheduler().runUntilIdle();

        assertThat(log).containsExactly("end");
    }

    @Test
    void consoleClosedWhileItIsOpenedAgainIsNotLeftOpen() {
        VmConsole console = open();
        fake.on(RmMessageId.VM_CONSOLE_OPEN, FakeReply.ok().after(ResourceManagerOptions.DEFAULT_TIMEOUT.dividedBy(2)));
        bed.restart();
        bed.scheduler().runDue();

        console.close();
        bed.scheduler().runUntilIdle();

        fake.assertRequests(RmMessageId.VM_CONSOLE_OPEN, RmMessageId.VM_CONSOLE_OPEN, RmMessageId.VM_CONSOLE_CLOSE);
    }

    @Test
    void lostConsoleIsAskedForAgainWhenTheAnswerIsLost() {
        VmConsole console = open();
        fake.on(RmMessageId.VM_CONSOLE_OPEN, FakeReply.silence(), FakeReply.silence(), FakeReply.ok());

        bed.restart();
        bed.scheduler().runUntilIdle();

        assertThat(console.isOpen()).isTrue();
    }

    @Test
    void lostConsoleIsNotAskedForForEver() {
        VmConsole console = open();
        fake.on(RmMessageId.VM_CONSOLE_OPEN, FakeReply.silence());

        bed.restart();
        bed.scheduler().runUntilIdle();

        assertThat(console.isOpen()).isFalse();
        assertThat(fake.requests(RmMessageId.VM_CONSOLE_OPEN)).hasSize(1 + VmConsole.MAX_ATTEMPTS);
    }

    @Test
    void consoleWhoseOpeningIsNotAnsweredIsNotLeftOpen() {
        fake.on(RmMessageId.VM_CONSOLE_OPEN, FakeReply.silence());

        assertThatThrownBy(this::open).satisfies(errno(Errno.ETIMEDOUT));
        bed.scheduler().runUntilIdle();

        fake.assertRequests(RmMessageId.VM_CONSOLE_OPEN, RmMessageId.VM_CONSOLE_CLOSE);
    }

    @Test
    void notificationThatIsNotUnderstoodDoesNoHarm() {
        VmConsole console = open();
        fake.tell(RmMessageId.NOTIFY_VM_CONSOLE_CHARS, new byte[] {(byte) VM, 0, 9, 0, 'x'});
        written(VM, "ok");
        bed.scheduler().runUntilIdle();

        assertThat(read(console, 9)).isEqualTo("ok");
    }

    private VmConsole open() {
        return VmConsole.open(bed.resourceManager(), VM);
    }

    private void written(int from, String text) {
        fake.tell(RmMessageId.NOTIFY_VM_CONSOLE_CHARS, ConsoleText.of(from, text));
    }

    private void status(int vmid, VmState state) {
        fake.tell(RmMessageId.NOTIFY_VM_STATUS, new VmStatusNotification(vmid, new VmStatus(state.value(), 0, 0)));
    }

    private List<Integer> writes() {
        return fake.requests(RmMessageId.VM_CONSOLE_WRITE).stream()
                .map(request -> ConsoleText.decode(request).bytes().length)
                .toList();
    }

    private static String read(VmConsole console, int max) {
        byte[] target = new byte[max];
        try {
            int count = console.input().read(target);
            return count < 0 ? "end" : new String(target, 0, count, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
