// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.testing.RecordingClient;
import dev.hwmailbox.testing.VirtualScheduler;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One virtual machine of a {@link GunyahTestBed}: a controller with a channel and a recorded client, or a
 * {@link ScriptedPeer}.
 *
 * <p>Context: the thread of the test.
 *
 * @since 0.1
 */
public final class GunyahSide {
    private final String name;
    private final VirtualMachine vm;
    private final MsgqEndpoint endpoint;
    private final VirtualScheduler scheduler;
    private final FaultyHypercalls hypercalls;
    private final FaultyInterrupts interrupts;
    private @Nullable Talker talker;
    private @Nullable ScriptedPeer peer;

    /** Controller, channel and client: all or none. */
    private record Talker(
            GunyahMsgqController controller, RecordingClient client, BedClient watcher, MailboxChannel channel) {
        int queued() {
            return MailboxChannel.TX_QUEUE_LENGTH - channel.slotsAvailable();
        }

        boolean hasMessages() {
            return !channel.isClosed() && (watcher.isInFlight() || queued() > 0);
        }

        String state() {
            return channel.isClosed()
                    ? "closed"
                    : queued() + " messages queued, " + (watcher.isInFlight() ? "one" : "none") + " in flight";
        }
    }

    GunyahSide(String name, VirtualMachine vm, MsgqEndpoint endpoint, VirtualScheduler scheduler) {
        this.name = name;
        this.vm = vm;
        this.endpoint = endpoint;
        this.scheduler = scheduler;
        hypercalls = FaultyHypercalls.over(vm.hypercalls());
        interrupts = FaultyInterrupts.over(vm.interrupts(), scheduler);
    }

    void open(MailboxClient client, Consumer<GunyahMsgqController.Builder> settings) {
        GunyahMsgqController.Builder builder =
                GunyahMsgqController.builder(hypercalls, interrupts, scheduler).name(name);
        settings.accept(builder);
        GunyahMsgqController controller = builder.build();
        var watcher = new BedClient(client);
        RecordingClient recorder = RecordingClient.around(scheduler, watcher);
        talker = new Talker(controller, recorder, watcher, controller.requestChannel(recorder, endpoint));
    }

    void openPeer() {
        peer = ScriptedPeer.create(hypercalls, interrupts, scheduler, endpoint);
    }

    void close() {
        if (talker != null) {
            talker.controller.close();
        }
        if (peer != null) {
            peer.close();
        }
    }

    /**
     * The VM, with its hypercalls and interrupts as they are, without faults.
     *
     * @return the VM
     */
    public VirtualMachine vm() {
        return vm;
    }

    /**
     * The hypercalls that the controller makes.
     *
     * @return to inject faults, or to call beside the controller
     */
    public FaultyHypercalls hypercalls() {
        return hypercalls;
    }

    /**
     * The interrupts that the controller hears.
     *
     * @return to inject faults
     */
    public FaultyInterrupts interrupts() {
        return interrupts;
    }

    /**
     * The queue pair as this side sees it.
     *
     * @return capabilities of this VM's space, and interrupts
     */
    public MsgqEndpoint endpoint() {
        return endpoint;
    }

    /**
     * The controller.
     *
     * @return a controller with the bed's channel
     * @throws IllegalStateException if this side is scripted
     */
    public GunyahMsgqController controller() {
        return talker().controller;
    }

    /**
     * The client of the channel, or the recorder before it.
     *
     * @return the recorder
     * @throws IllegalStateException if this side is scripted
     */
    public RecordingClient client() {
        return talker().client;
    }

    /**
     * The channel over the bed's queue pair.
     *
     * @return the channel, bound since the bed was made
     * @throws IllegalStateException if this side is scripted
     */
    public MailboxChannel channel() {
        return talker().channel;
    }

    private Talker talker() {
        if (talker == null) {
            throw new IllegalStateException(name + " is scripted, and has no channel");
        }
        return talker;
    }

    ScriptedPeer peer() {
        if (peer == null) {
            throw new IllegalStateException(name + " is not scripted");
        }
        return peer;
    }

    boolean hasMessages() {
        return (talker != null && talker.hasMessages()) || (peer != null && peer.unsent() > 0);
    }

    List<Throwable> failures() {
        return talker == null ? List.of() : talker.client.failures();
    }

    /**
     * Describes this side, for a failed test.
     *
     * @return the channel with its messages, or what the scripted peer is at
     */
    @Override
    public String toString() {
        String what = talker != null ? talker.channel + ": " + talker.state() : String.valueOf(peer);
        return name + " (vm " + vm.vmid() + "): " + what;
    }
}
