// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.examples.machine.Machine;
import dev.hwmailbox.examples.machine.ServiceProgram;
import dev.hwmailbox.examples.machine.VirtualPlatform;
import dev.hwmailbox.examples.story.StoryCommand;
import dev.hwmailbox.examples.timeline.Timeline;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code qrtr}: services of guests that find each other through their owner. */
@Command(
        name = "qrtr",
        mixinStandardHelpOptions = true,
        description = {
            "Guests find each other's services by QRTR, through their owner, which routes.",
            "Exits 0 if everything was as it must be, 1 on a mismatch, 2 on a bad option."
        })
public final class QrtrCommand extends StoryCommand {
    @SuppressWarnings("NullAway.Init") // picocli sets it
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec command;

    @Option(names = "--vms", defaultValue = "3", description = "Guests, 2 to 8. Default: ${DEFAULT-VALUE}.")
    private int vms;

    @Option(names = "--header", defaultValue = "1", description = "Header version, 1 or 2. Default: ${DEFAULT-VALUE}.")
    private int header;

    @Option(
            names = "--pcap",
            description = "Write what passes the owner to a capture file with link type LINKTYPE_USER0 (147).")
    private @Nullable Path pcap;

    /** Made by picocli. */
    public QrtrCommand() {}

    @Override
    public Integer call() {
        if (vms < 2 || vms > 8) {
            throw new CommandLine.ParameterException(command.commandLine(), "--vms must be 2 to 8");
        }
        if (header != 1 && header != 2) {
            throw new CommandLine.ParameterException(command.commandLine(), "--header must be 1 or 2");
        }
        return super.call();
    }

    @Override
    protected Map<String, Object> tell(VirtualPlatform platform, Timeline timeline) {
        timeline.add("note", "drivers found in public kernels carry QRTR over shared memory and doorbells;");
        timeline.add("note", "this mapping to message queues is ours");
        Map<Integer, Node> nodes = new HashMap<>();
        QrtrStory story;
        Map<String, Object> counts;
        try (PcapWriter capture = pcap == null ? null : new PcapWriter(pcap);
                Machine machine = new Machine(
                        platform,
                        (vmid, image) -> new ServiceProgram(connection -> {
                            QrtrGuest guest = new QrtrGuest(connection, header);
                            nodes.put(vmid, guest.node());
                            return guest;
                        }))) {
            story = new QrtrStory(platform, timeline, machine, nodes, header, capture, this::expect);
            counts = story.tell(vms);
        } catch (IOException e) {
            throw new MailboxException(Errno.EIO, "cannot write " + pcap + ": " + e.getMessage());
        }
        counts.put("packets_traced", story.packets());
        return counts;
    }
}
