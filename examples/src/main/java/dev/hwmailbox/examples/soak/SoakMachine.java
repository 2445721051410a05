// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.soak;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.examples.machine.Guest;
import dev.hwmailbox.examples.machine.Machine;
import dev.hwmailbox.examples.machine.ServiceProgram;
import dev.hwmailbox.examples.machine.ThreadedPlatform;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.rm.server.ResourceManagerServer;

/** A machine with a host and one guest that lives again and again; each VM has a thread. */
final class SoakMachine implements AutoCloseable {
    private static final int MESSAGES_PER_LIFE = 20;

    private final ThreadedPlatform platform = new ThreadedPlatform();
    private final Machine machine = new Machine(platform, (vmid, image) -> new ServiceProgram(EchoProgram::new));
    private final Conversation conversation = new Conversation();
    private final Guest guest = machine.allocate();

    SoakMachine() {
        machine.channels().subscribe(conversation, guest.channel(), conversation);
    }

    /** One call. */
    void call() {
        int vmid = machine.resourceManager().vmid();
        if (vmid != ResourceManagerServer.HOST_VMID) {
            throw new SoakFailure("the host is VM " + vmid + "?");
        }
    }

    /** One life of the guest, from its image to its reset, with its channel open until its queues are gone. */
    void live(int life, boolean force) {
        guest.start();
        MailboxChannel channel = conversation.awaitBound();
        conversation.exchange(channel, life, MESSAGES_PER_LIFE);
        guest.stop(force);
        conversation.awaitClosed();
        guest.reset();
    }

    /** What is alive; the same after each life, whatever messages other calls have on their way. */
    String census() {
        SoftwareHypervisor.Census census = machine.host().hypervisor().census();
        return "%d VMs, %d capabilities, %d queues, %d bound interrupts, %d handlers, %d free slots"
                .formatted(
                        census.vms(),
                        census.capabilities(),
                        census.messageQueues(),
                        census.boundVirqs(),
                        census.attachedHandlers(),
                        machine.host().controller().freeSlots());
    }

    /** Takes everything back; nothing may be left. */
    @Override
    public void close() {
        machine.close();
        platform.close();
    }
}
