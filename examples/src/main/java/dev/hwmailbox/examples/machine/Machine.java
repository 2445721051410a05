// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.machine;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.VmChannels;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A machine whose owner VM is connected: it makes guests at run time, and finds its channels to them as they come and
 * go.
 *
 * <pre>{@code
 * try (Platform platform = new VirtualPlatform();
 *         Machine machine = new Machine(platform, (vmid, image) -> new ServiceProgram(MyService::new))) {
 *     Guest guest = machine.allocate();
 *     machine.channels().subscribe(client, guest.channel(), client);
 *     guest.start();
 * }
 * }</pre>
 *
 * <p>Context: the thread that made it, which is no VM's; may block.
 *
 * @since 0.1
 */
public final class Machine implements AutoCloseable {
    private final HostMachine host;
    private final ResourceManager resourceManager;
    private final VmChannels channels;
    private final VmWatch watch = new VmWatch(this);
    private final List<Guest> guests = new ArrayList<>();

    /**
     * Builds a machine.
     *
     * @param platform time and threads; stays open
     * @param programs what runs in the guests
     */
    public Machine(Platform platform, GuestProgram.Factory programs) {
        this(platform, programs, UnaryOperator.identity());
    }

    /**
     * Builds a machine.
     *
     * @param platform time and threads; stays open
     * @param programs what runs in the guests
     * @param settings what else the hypervisor is to be, such as one with a probe
     */
    public Machine(
            Platform platform, GuestProgram.Factory programs, UnaryOperator<SoftwareHypervisor.Builder> settings) {
        host = new HostMachine(platform, programs, settings);
        resourceManager = ResourceManager.bind(host.controller(), host.bootEndpoint(), scheduler());
        channels = VmChannels.builder(resourceManager, host.controller(), scheduler())
                .build();
        resourceManager.addListener(watch);
        channels.addListener(watch);
    }

    /**
     * The owner's scheduler, on which its channels call their clients.
     *
     * @return the scheduler
     */
    public MailboxScheduler scheduler() {
        return host.vm().scheduler();
    }

    /**
     * The owner's client of the Resource Manager.
     *
     * @return the client
     */
    public ResourceManager resourceManager() {
        return resourceManager;
    }

    /**
     * The owner's channels to its guests.
     *
     * @return where to subscribe
     */
    public VmChannels channels() {
        return channels;
    }

    /**
     * What is below.
     *
     * @return the hypervisor, the owner VM and its controller
     */
    public HostMachine host() {
        return host;
    }

    /**
     * Gets a number for a guest, so that its channels can be subscribed to before there are any.
     *
     * @return a guest that has not been started
     */
    public Guest allocate() {
        if (guests.size() == HostMachine.MAX_GUESTS) {
            throw new MachineFailure("there is memory for " + HostMachine.MAX_GUESTS + " guests");
        }
        Guest guest = new Guest(this, guests.size());
        guests.add(guest);
        return guest;
    }

    /**
     * Makes a guest and starts it.
     *
     * @return the running guest
     */
    public Guest launch() {
        Guest guest = allocate();
        guest.start();
        return guest;
    }

    /**
     * Waits.
     *
     * @param done what for
     * @param otherwise what to say if it takes longer than {@link Platform#PATIENCE}
     */
    public void await(Completion done, String otherwise) {
        if (!scheduler().await(done, Platform.PATIENCE.toNanos())) {
            throw new MachineFailure(otherwise + "\n" + host.hypervisor().dump());
        }
    }

    VmWatch watch() {
        return watch;
    }

    /**
     * Stops all guests by force, and closes everything.
     *
     * @throws MachineFailure if something is left in the hypervisor
     */
    @Override
    public void close() {
        guests.forEach(Guest::release);
        channels.close();
        resourceManager.close();
        host.close();
    }
}
