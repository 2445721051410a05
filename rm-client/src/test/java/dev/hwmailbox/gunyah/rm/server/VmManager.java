// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.protocol.HypResource;
import dev.hwmailbox.gunyah.rm.protocol.HypResourceList;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.VmConfigImageRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

/** Leads one VM after the other through its lives, as far as the Resource Manager lets it; a simulated thread. */
final class VmManager implements Runnable {
    private final ExplorationWorld world;
    private final ResourceManager client;
    private final int number;
    private final Random random;
    private int vmid;
    private int handle = -1;
    private boolean finishing;
    boolean isOver;

    VmManager(ExplorationWorld world, int number, long seed) {
        this.world = world;
        this.client = world.client;
        this.number = number;
        random = new Random(seed);
    }

    void finish() {
        finishing = true;
    }

    @Override
    public void run() {
        while (!finishing && !Thread.currentThread().isInterrupted()) {
            try {
                step();
            } catch (MailboxException e) {
                // Lost, late, refused, restarted: what has become of it is asked for in the next step.
            }
            world.steps++;
            pause(50_000);
        }
        isOver = true;
    }

    private void pause(int nanos) {
        world.scheduler.await(new Completion(), random.nextInt(nanos));
    }

    private void step() {
        if (vmid == 0) {
            vmid = client.allocateVmid();
            return;
        }
        VmState state = client.status(vmid).vm();
        switch (state) {
            case LOAD -> configure(vmid);
            case INIT -> initialise(vmid);
            case READY -> {
                if (random.nextInt(6) == 0) {
                    client.reset(vmid);
                } else {
                    client.start(vmid);
                }
            }
            case RUNNING -> {
                pause(700_000);
                client.stop(vmid, random.nextInt(8) != 0);
            }
            case EXITED, INIT_FAILED -> client.reset(vmid);
            case RESET -> {
                if (handle >= 0) {
                    client.reclaimMemory(handle);
                    handle = -1;
                }
                if (random.nextInt(4) == 0) {
                    client.deallocateVmid(vmid);
                    vmid = 0;
                } else {
                    configure(vmid);
                }
            }
            default -> {}
        }
    }

    private void configure(int subject) {
        TestTree tree = TestTree.minimal().named("vm-" + number).queuePair(ExplorationWorld.HOST_LABEL);
        for (int other = 0; other < ExplorationWorld.VMS; other++) {
            if (other != number) {
                tree.queuePair(10 + number + other, "vm-name:vm-" + other);
            }
        }
        int piece = world.nextPiece();
        byte[] blob = tree.blob();
        assertThat(world.host.memory().write(RmTestBed.address(piece), blob, 0, blob.length))
                .isIn(GunyahError.OK, GunyahError.ADDR_INVALID, GunyahError.DENIED);
        MemParcelRequest parcel = world.parcel(subject, piece);
        handle = client.lendMemory(parcel);
        assertThat(handle).as("handle for label %d", parcel.label()).isEqualTo(world.ledger.handle(parcel.label()));
        client.configureImage(new VmConfigImageRequest(
                subject, VmConfigImageRequest.AUTH_NONE, handle, 0, RmTestBed.PARCEL_SIZE, 0, RmTestBed.TREE_SIZE));
    }

    private void initialise(int subject) {
        client.initialise(subject);
        assertAbout(subject, world.queuesOf(subject));
    }

    static void assertAbout(int vmid, RmMessage reply) {
        assertAbout(vmid, HypResourceList.decode(reply).resources());
    }

    private static void assertAbout(int vmid, List<HypResource> resources) {
        assertThat(resources)
                .allSatisfy(resource -> assertThat(resource.partnerVmid()).isIn(vmid, 0));
    }

    /** One whole life without faults; what it was given. */
    String oneLife() {
        int subject = client.allocateVmid();
        configure(subject);
        initialise(subject);
        String given = world.queuesOf(subject).stream()
                .map(resource -> resource.type() + " irq " + resource.virq())
                .collect(Collectors.joining(", ", subject + ": ", ""));
        client.start(subject);
        takeBack(world, subject);
        return given;
    }

    /** Ends a VM, whatever its state is, and gives its number and memory back. */
    static void takeBack(ExplorationWorld world, int vmid) {
        ResourceManager client = world.client;
        if (client.status(vmid).vm() == VmState.RUNNING) {
            client.stop(vmid, true);
        }
        VmState state = client.status(vmid).vm();
        if (state == VmState.INIT) {
            client.initialise(vmid);
        }
        if (state != VmState.LOAD && state != VmState.RESET) {
            client.reset(vmid);
            world.scheduler.runDue();
        }
        for (int handle : List.copyOf(world.ledger.lent)) {
            try {
                client.reclaimMemory(handle);
            } catch (MailboxException e) {
                // of another VM that still uses it
            }
        }
        client.deallocateVmid(vmid);
    }
}
