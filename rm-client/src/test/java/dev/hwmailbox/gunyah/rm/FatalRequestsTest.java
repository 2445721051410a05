// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static dev.hwmailbox.gunyah.rm.ResourceManagerTest.errno;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Errno;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmExitRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import dev.hwmailbox.gunyah.rm.protocol.VmStatus;
import dev.hwmailbox.gunyah.rm.protocol.VmStatusNotification;
import dev.hwmailbox.testing.VirtualScheduler;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the published Resource Manager dies of is never sent. */
final class FatalRequestsTest {
    private static final int VM = 130;
    private static final byte[] NOTHING = {};

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final ScriptedPeer peer = new ScriptedPeer(scheduler);
    private final ResourceManager client = peer.client();

    @ParameterizedTest
    @ValueSource(
            ints = {
                RmMessageId.VM_CONSOLE_WRITE,
                RmMessageId.VM_IRQ_LEND,
                RmMessageId.VM_IRQ_ACCEPT,
                RmMessageId.VM_IRQ_RELEASE,
                RmMessageId.VM_IRQ_RECLAIM,
                RmMessageId.VM_IRQ_NOTIFY
            })
    void emptyPayloadIsRefused(int messageId) {
        assertThatThrownBy(() -> client.call(messageId, NOTHING)).satisfies(errno(Errno.EINVAL));
        assertThatThrownBy(() -> client.callAsync(messageId, NOTHING)).satisfies(errno(Errno.EINVAL));

        assertThat(peer.frames()).isEmpty();
    }

    @Test
    void writeOfNoCharactersIsRefused() {
        assertThatThrownBy(() -> client.console().write(VM, NOTHING)).satisfies(errno(Errno.EINVAL));

        assertThat(peer.frames()).isEmpty();
    }

    @Test
    void unknownVmidIsAskedForAndNotGivenBack() {
        peer.onRequest(request -> peer.reply(request, RmError.NORESOURCE));

        assertThatThrownBy(() -> client.deallocateVmid(VM))
                .satisfies(errno(Errno.EINVAL))
                .hasMessageContaining("no VM 130 is known");

        assertThat(sent()).containsExactly("VM_GET_STATE");
    }

    @Test
    void vmidThatTheResourceManagerKnowsIsGivenBackAndAskedForAgainTheNextTime() {
        answeringState(VmState.LOAD);
        client.deallocateVmid(VM);
        peer.onRequest(request -> peer.reply(request, RmError.NORESOURCE));
        assertThatThrownBy(() -> client.deallocateVmid(VM)).satisfies(errno(Errno.EINVAL));

        assertThat(sent()).containsExactly("VM_GET_STATE", "VM_DEALLOC_VMID", "VM_GET_STATE");
    }

    @Test
    void allocatedVmidIsGivenBackWithoutAsking() {
        peer.answering();
        client.allocateVmid(VM);
        client.deallocateVmid(VM);

        assertThat(sent()).containsExactly("VM_ALLOC_VMID", "VM_DEALLOC_VMID");
    }

    @Test
    void vmInStateLoadIsNotReset() {
        answeringState(VmState.LOAD);

        assertThatThrownBy(() -> client.reset(VM)).satisfies(errno(Errno.EINVAL));

        assertThat(sent()).containsExactly("VM_GET_STATE");
    }

    @Test
    void configuredVmIsReset() {
        answeringState(VmState.INIT_FAILED);

        client.reset(VM);

        assertThat(sent()).containsExactly("VM_GET_STATE", "VM_RESET");
    }

    @Test
    void stateThatANotificationToldNeedNotBeAskedFor() {
        knowing(VmState.EXITED);
        peer.answering();
        client.reset(VM);

        assertThat(sent()).containsExactly("VM_RESET");
    }

    @Test
    void hostDoesNotExit() {
        peer.answering((byte) FatalRequests.HOST_VMID, (byte) 0, (byte) 0, (byte) 0);

        assertThatThrownBy(() -> client.self().exit(new VmExitRequest(0, VmExitRequest.CODE_NORMAL)))
                .satisfies(errno(Errno.EINVAL));

        assertThat(sent()).containsExactly("VM_GET_VMID");
    }

    @Test
    void anotherVmExits() {
        peer.onRequest(request -> {
            if (request.id() == RmMessageId.VM_GET_VMID) {
                peer.reply(request, 0, (byte) VM, (byte) 0, (byte) 0, (byte) 0);
            } else {
                peer.reply(request, 0);
            }
        });

        client.self().exit(new VmExitRequest(0, VmExitRequest.CODE_NORMAL));

        assertThat(sent()).containsExactly("VM_GET_VMID", "VM_EXIT");
    }

    @Test
    void afterARestartNothingIsKnown() {
        peer.answering();
        client.allocateVmid(VM);
        peer.reset();
        scheduler.runUntilIdle();
        peer.onRequest(request -> peer.reply(request, RmError.NORESOURCE));

        assertThatThrownBy(() -> client.deallocateVmid(VM)).satisfies(errno(Errno.EINVAL));
    }

    @Test
    void asynchronousCallDoesNotAskButRefusesWhatIsNotKnown() {
        assertThatThrownBy(() -> client.callAsync(RmMessageId.VM_RESET, new VmRequest(VM).encode()))
                .satisfies(errno(Errno.EINVAL));

        assertThat(peer.frames()).isEmpty();
    }

    @Test
    void vmidThatWasGivenBackIsUnknownWhateverWasToldMeanwhile() {
        knowing(VmState.RESET);
        peer.onRequest(ScriptedPeer.SILENT);
        var unused = client.callAsync(RmMessageId.VM_DEALLOC_VMID, new VmRequest(VM).encode());
        knowing(VmState.RESET);
        peer.reply(peer.request(0), RmError.OK);

        assertThatThrownBy(() -> client.callAsync(RmMessageId.VM_DEALLOC_VMID, new VmRequest(VM).encode()))
                .satisfies(errno(Errno.EINVAL));
        assertThat(sent()).containsExactly("VM_DEALLOC_VMID");
    }

    @Test
    void vmidThatIsBeingGivenBackIsNotGivenBackASecondTime() {
        knowing(VmState.RESET);
        var unused = client.callAsync(RmMessageId.VM_DEALLOC_VMID, new VmRequest(VM).encode());
        answeringState(VmState.RESET);

        assertThatThrownBy(() -> client.deallocateVmid(VM))
                .satisfies(errno(Errno.EINVAL))
                .hasMessageContaining("it is being given back");
        peer.reply(peer.request(0), RmError.BUSY);
        client.deallocateVmid(VM);

        assertThat(sent()).containsExactly("VM_DEALLOC_VMID", "VM_GET_STATE", "VM_DEALLOC_VMID");
    }

    @Test
    void newVmUnderTheNumberOfAFormerOneIsNotReset() {
        knowing(VmState.RESET);
        peer.answering((byte) VM, (byte) 0, (byte) 0, (byte) 0);
        assertThat(client.allocateVmid()).isEqualTo(VM);

        assertThatThrownBy(() -> client.callAsync(RmMessageId.VM_RESET, new VmRequest(VM).encode()))
                .satisfies(errno(Errno.EINVAL));
        assertThat(sent()).containsExactly("VM_ALLOC_VMID");
    }

    private void knowing(VmState state) {
        peer.notification(
                RmMessageId.NOTIFY_VM_STATUS, new VmStatusNotification(VM, new VmStatus(state.value(), 0, 0)).encode());
    }

    @Test
    void requestTooShortForAVmidIsRefused() {
        assertThatThrownBy(() -> client.call(RmMessageId.VM_DEALLOC_VMID, new byte[3]))
                .satisfies(errno(Errno.EINVAL));
        assertThatThrownBy(() -> client.call(RmMessageId.VM_RESET, NOTHING)).satisfies(errno(Errno.EINVAL));

        assertThat(peer.frames()).isEmpty();
    }

    private void answeringState(VmState state) {
        peer.onRequest(request -> {
            if (request.id() == RmMessageId.VM_GET_STATE) {
                peer.reply(request, 0, (byte) state.value(), (byte) 0, (byte) 0, (byte) 0);
            } else {
                peer.reply(request, 0);
            }
        });
    }

    private List<String> sent() {
        return peer.requests().stream()
                .map(request -> RmMessageId.name(request.id()))
                .toList();
    }
}
