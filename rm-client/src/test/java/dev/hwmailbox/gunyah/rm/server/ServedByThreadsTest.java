// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.ThreadedScheduler;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahDeviceTree;
import dev.hwmailbox.gunyah.hypervisor.GuestContext;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.protocol.MemAclEntry;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmConfigImageRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import dev.hwmailbox.gunyah.rm.protocol.VmStatusNotification;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Client and server on real threads: each VM has its own, several callers share the host's client, and interrupts are
 * delivered on the receiver's scheduler or inline on the asserting thread.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class ServedByThreadsTest {
    private static final int CALLERS = 4;
    private static final int LIVES = 15;
    private static final int QUERIES = 300;
    private static final int PARCEL = 64 << 10;
    private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final Map<Integer, ThreadedScheduler> schedulers = new ConcurrentHashMap<>();
    private final Map<Integer, Completion> resets = new ConcurrentHashMap<>();
    private final List<String> guestFailures = new ArrayList<>();

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void callersFromManyThreadsAreAllAnsweredAndLivesLeaveNothingBehind(boolean inline)
            throws InterruptedException, ExecutionException {
        SoftwareHypervisor.Builder builder =
                SoftwareHypervisor.builder().schedulers(this::scheduler).guestPrograms((vmid, image) -> new Asking());
        if (inline) {
            builder.interruptDelivery(vmid -> Runnable::run);
        }
        SoftwareHypervisor hypervisor = builder.build();
        ResourceManagerServer server = ResourceManagerServer.builder(hypervisor).build();
        VirtualMachine host = hypervisor.createVm(3);
        host.memory().map(RmTestBed.MEMORY, MemoryExtent.allocate(CALLERS * PARCEL));
        MsgqEndpoint endpoint = new MsgqEndpoint(CapabilityId.of(0x10), 960, CapabilityId.of(0x11), 961, 240);
        server.attachHost(host, endpoint, 8);
        ExecutorService threads = Executors.newFixedThreadPool(CALLERS);
        try (GunyahMsgqController controller = GunyahMsgqController.builder(
                                host.hypercalls(), host.interrupts(), scheduler(3))
                        .build();
                ResourceManager client = ResourceManager.bind(controller, endpoint, scheduler(3))) {
            client.addListener(notification -> {
                if (notification.messageId() == RmMessageId.NOTIFY_VM_STATUS) {
                    VmStatusNotification news = VmStatusNotification.decode(notification);
                    Completion reset = resets.get(news.vmid());
                    if (news.status().vmState() == VmState.RESET.value() && reset != null) {
                        reset.complete(0);
                        scheduler(3).wake(reset);
                    }
                }
            });
            List<Future<?>> callers = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                int caller = i;
                callers.add(threads.submit(() -> live(host, client, caller)));
            }
            for (Future<?> caller : callers) {
                caller.get();
            }
            assertThat(client.droppedFrames()).isZero();
        } finally {
            threads.shutdownNow();
        }
        synchronized (guestFailures) {
            assertThat(guestFailures).isEmpty();
        }
        server.close();
        settle(255);
        settle(255);
        hypervisor.close();
        assertThat(hypervisor.census().isEmpty()).as("%s", hypervisor.census()).isTrue();
        schedulers.values().forEach(ThreadedScheduler::close);
    }

    /** Whole lives of VMs, and queries in between. */
    private void live(VirtualMachine host, ResourceManager client, int caller) {
        long memory = RmTestBed.MEMORY + (long) caller * PARCEL;
        byte[] tree = TestTree.minimal().queuePair(caller).blob();
        for (int life = 0; life < LIVES; life++) {
            for (int i = 0; i < QUERIES / LIVES; i++) {
                assertThat(client.vmid()).isEqualTo(3);
            }
            int vmid = client.allocateVmid();
            host.memory().write(memory, tree, 0, tree.length);
            int handle = client.lendMemory(new MemParcelRequest(
                    MemParcelRequest.TYPE_NORMAL,
                    0,
                    0,
                    List.of(new MemAclEntry(vmid, MemAclEntry.READ | MemAclEntry.WRITE)),
                    List.of(new MemRange(memory, PARCEL)),
                    List.of()));
            client.configureImage(
                    new VmConfigImageRequest(vmid, VmConfigImageRequest.AUTH_NONE, handle, 0, PARCEL, 0, PARCEL));
            client.initialise(vmid);
            assertThat(client.hypervisorResources(vmid)).hasSize(3);
            client.start(vmid);
            client.stop(vmid, true);
            Completion reset = new Completion();
            resets.put(vmid, reset);
            client.reset(vmid);
            assertThat(scheduler(3).await(reset, WAIT_NANOS)).isTrue();
            resets.remove(vmid);
            client.reclaimMemory(handle);
            client.deallocateVmid(vmid);
        }
    }

    private MailboxScheduler scheduler(int vmid) {
        return schedulers.computeIfAbsent(vmid, id -> new ThreadedScheduler("vm " + id));
    }

    private void settle(int vmid) {
        Completion done = new Completion();
        MailboxScheduler scheduler = scheduler(vmid);
        scheduler.execute(() -> {
            done.complete(0);
            scheduler.wake(done);
        });
        assertThat(scheduler.await(done, WAIT_NANOS)).isTrue();
    }

    /** A guest that asks for its own number as soon as it runs. */
    private final class Asking implements GuestProgram {
        private @Nullable GunyahMsgqController controller;
        private @Nullable ResourceManager client;

        @Override
        public void start(GuestContext vm) {
            MsgqEndpoint endpoint = MsgqEndpoint.of(GunyahDeviceTree.resourceManager(vm.devicetree()));
            controller = GunyahMsgqController.builder(vm.hypercalls(), vm.interrupts(), vm.scheduler())
                    .build();
            client = ResourceManager.bind(controller, endpoint, vm.scheduler());
            try {
                int own = client.vmid();
                if (own != vm.vmid()) {
                    failed("VM " + vm.vmid() + " was told " + own);
                }
            } catch (MailboxException e) {
                // Stopped before the answer was there.
                if (e.errno() != Errno.ESHUTDOWN) {
                    failed(e.toString());
                }
            }
        }

        private void failed(String how) {
            synchronized (guestFailures) {
                guestFailures.add(how);
            }
        }

        @Override
        public void stop(StopReason reason) {
            if (client != null) {
                client.close();
            }
            if (controller != null) {
                controller.close();
            }
        }
    }
}
