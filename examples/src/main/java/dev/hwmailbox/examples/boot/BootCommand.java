// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.boot;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.InterruptSpecifier;
import dev.hwmailbox.examples.machine.Platform;
import dev.hwmailbox.examples.machine.VirtualPlatform;
import dev.hwmailbox.examples.timeline.Timeline;
import dev.hwmailbox.gunyah.GunyahDeviceTree;
import dev.hwmailbox.gunyah.ResourceManagerNode;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code boot}: boots a Gunyah guest from a devicetree blob and spawns a channel at run time. */
@Command(
        name = "boot",
        mixinStandardHelpOptions = true,
        description = {
            "Boots a Gunyah guest from a devicetree blob and spawns a channel at run time.",
            "Exits 0 if everything was as it must be, 1 on a mismatch, 2 if the input cannot be run."
        })
public final class BootCommand implements Callable<Integer> {
    static final int EXIT_OK = 0;
    static final int EXIT_MISMATCH = 1;
    static final int EXIT_INPUT = 2;

    /** Compiled by dtc from the devicetree binding's own example. */
    private static final String BUNDLED = "final-example.dtb";

    private static final int MAX_DEPTH = 255;
    private static final long MAX_BLOB = 64L << 20;

    @Option(
            names = "--dtb",
            paramLabel = "FILE",
            description = "The guest's devicetree blob (default: the example of the devicetree binding).")
    private @Nullable Path dtb;

    @Option(
            names = "--depth",
            paramLabel = "N",
            description = "Messages each queue holds, 1..255 (default: what the devicetree says, or 8).")
    private @Nullable Integer depth;

    @Option(names = "--threads", description = "Run each VM on a thread of its own, in real time.")
    private boolean threads;

    @Option(
            names = "--restart",
            description =
                    "Restart the peer, with its channel open, and do it all again over the queues of its second life.")
    private boolean restart;

    @Option(names = "--json", description = "Print JSON Lines.")
    private boolean json;

    @SuppressWarnings("NullAway.Init") // picocli sets it
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() {
        if (depth != null && (depth < 1 || depth > MAX_DEPTH)) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--depth must be 1.." + MAX_DEPTH + ": " + depth);
        }
        PrintWriter err = spec.commandLine().getErr();
        Timeline timeline = new Timeline(spec.commandLine().getOut(), json);
        String source = dtb == null ? BUNDLED : dtb.toString();
        ResourceManagerNode node;
        MsgqEndpoint endpoint;
        try {
            node = GunyahDeviceTree.resourceManager(DeviceTreeBlob.read(ByteBuffer.wrap(blob())));
            timeline.add("owner", "%s: %s", source, node.nodePath());
            timeline.add("owner", "tx capability %s, %s", node.txCapability(), describe(node.txInterrupt()));
            timeline.add("owner", "rx capability %s, %s", node.rxCapability(), describe(node.rxInterrupt()));
            endpoint = MsgqEndpoint.of(node);
        } catch (NoSuchFileException e) {
            err.println(source + ": no such file");
            return EXIT_INPUT;
        } catch (IOException e) {
            err.println(source + ": cannot be read: " + e);
            return EXIT_INPUT;
        } catch (MailboxException e) {
            err.println(source + ": " + e.getMessage());
            return EXIT_INPUT;
        }
        return boot(timeline, node, endpoint, err);
    }

    private int boot(Timeline timeline, ResourceManagerNode node, MsgqEndpoint endpoint, PrintWriter err) {
        int queueDepth = depth == null ? Math.max(node.txQueueDepth(), node.rxQueueDepth()) : depth;
        try (Platform platform = threads ? new BootThreads() : new VirtualPlatform()) {
            timeline.startClock(platform.scheduler(Boot.OWNER)::nanoTime);
            Boot boot;
            try {
                boot = new Boot(platform, timeline, node, endpoint, queueDepth);
            } catch (MailboxException e) {
                err.println("no machine can be built for this devicetree: " + e.getMessage());
                return EXIT_INPUT;
            }
            boot.run(restart ? 2 : 1);
            return EXIT_OK;
        } catch (BootFailure | MailboxException e) {
            err.println("boot failed: " + e.getMessage());
            return EXIT_MISMATCH;
        }
    }

    private static String describe(InterruptSpecifier interrupt) {
        return "interrupt %d %s (%s)".formatted(interrupt.hwirq(), interrupt.trigger(), interrupt);
    }

    private byte[] blob() throws IOException {
        if (dtb == null) {
            try (InputStream in = Objects.requireNonNull(BootCommand.class.getResourceAsStream(BUNDLED), BUNDLED)) {
                return in.readAllBytes();
            }
        }
        if (Files.size(dtb) > MAX_BLOB) {
            throw new IOException("larger than " + MAX_BLOB + " bytes");
        }
        return Files.readAllBytes(dtb);
    }
}
