// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.loopback;

import dev.hwmailbox.Errno;
import dev.hwmailbox.Mailboxes;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.NodeBuilder;
import dev.hwmailbox.examples.timeline.Timeline;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code loopback}: a test client waits for its channels, and talks to a device that sends everything back. */
@Command(
        name = "loopback",
        mixinStandardHelpOptions = true,
        description = {
            "A test client waits for its channels, and talks to a device that sends everything back.",
            "Every byte comes back XOR 0xa5.",
            "Exits 0 if everything was as it must be, 1 on a mismatch, 2 if the message is too long."
        })
public final class LoopbackCommand implements Callable<Integer> {
    private static final Duration LATENCY = Duration.ofNanos(12_000);
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final byte[] SIGNAL = {0x51, 0x60};

    @Parameters(
            arity = "0..1",
            paramLabel = "MESSAGE",
            defaultValue = "hello, mailbox",
            description = "What to send, at most 128 bytes (default: ${DEFAULT-VALUE}).")
    private String message = "";

    @Option(
            names = "--shared-memory",
            description = "The message goes through shared memory, and only a signal through the channel.")
    private boolean sharedMemory;

    @SuppressWarnings("NullAway.Init") // picocli sets it
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() {
        byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MailboxTestClient.MESSAGE_SIZE) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "MESSAGE has more than " + MailboxTestClient.MESSAGE_SIZE + " bytes");
        }
        Timeline timeline = new Timeline(spec.commandLine().getOut(), false);
        try (VirtualScheduler scheduler = new VirtualScheduler()) {
            timeline.startClock(scheduler::nanoTime);
            boolean ok = run(bytes, scheduler, timeline);
            return ok ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
        }
    }

    private static DeviceTree tree() {
        return DeviceTree.of(NodeBuilder.root()
                .child("mailbox", mailbox -> mailbox.property("#mbox-cells", 1).property("phandle", 1))
                .child(
                        "mailbox-test",
                        test -> test.property("mboxes", 1, 0, 1, 1).property("mbox-names", "tx", "rx"))
                .build());
    }

    private Windows windows() {
        ByteBuffer memory = ByteBuffer.allocate(2 * MailboxTestClient.MESSAGE_SIZE);
        return sharedMemory
                ? new Windows(
                        memory.slice(0, MailboxTestClient.MESSAGE_SIZE),
                        memory.slice(MailboxTestClient.MESSAGE_SIZE, MailboxTestClient.MESSAGE_SIZE))
                : Windows.NONE;
    }

    private boolean run(byte[] bytes, VirtualScheduler scheduler, Timeline timeline) {
        DeviceTree tree = tree();
        Windows windows = windows();
        try (Mailboxes mailboxes = new Mailboxes();
                LoopbackController device =
                        new LoopbackController(tree.find("/mailbox").orElseThrow(), windows, LATENCY, scheduler);
                MailboxTestProbe probe = MailboxTestProbe.start(
                        mailboxes, tree.find("/mailbox-test").orElseThrow(), windows, scheduler)) {
            timeline.add("client", "%s", probe);
            mailboxes.register(device.controller());
            timeline.add("device", "%s registered", device);
            timeline.add("client", "%s", probe);
            MailboxTestClient client = probe.client().orElseThrow();

            boolean answered = exchange(client, bytes, timeline);
            device.silent(true);
            timeline.add("device", "falls silent");
            boolean gaveUp = write(client, bytes, timeline) == -Errno.ETIME;
            device.silent(false);
            timeline.add("device", "is back");
            boolean answeredAgain = exchange(client, bytes, timeline);

            mailboxes.unregister(device.controller());
            timeline.add("device", "unregistered");
            int end = client.read(new StringBuilder(), PATIENCE);
            timeline.add("client", "reads: %s", Errno.name(end));
            boolean ok = answered && gaveUp && answeredAgain && end == -Errno.ESHUTDOWN;
            timeline.end(ok ? "ok" : "mismatch", Map.of("bytes", bytes.length));
            return ok;
        }
    }

    private boolean exchange(MailboxTestClient client, byte[] bytes, Timeline timeline) {
        if (write(client, bytes, timeline) != bytes.length) {
            return false;
        }
        StringBuilder dump = new StringBuilder();
        int result = client.read(dump, PATIENCE);
        if (result < 0) {
            timeline.add("client", "reads: %s", Errno.name(result));
            return false;
        }
        int lines = (bytes.length + HexDump.BYTES_PER_LINE - 1) / HexDump.BYTES_PER_LINE;
        dump.toString().lines().limit(lines).forEach(line -> timeline.add("client", "reads: %s", line));
        return dump.toString().equals(expected(bytes));
    }

    private int write(MailboxTestClient client, byte[] bytes, Timeline timeline) {
        if (sharedMemory) {
            int signalled = client.signal(SIGNAL);
            timeline.add("client", "sets a signal of %d bytes", signalled);
        }
        int result = client.write(bytes);
        timeline.add("client", "writes: %s", result < 0 ? Errno.name(result) : result + " bytes");
        return result;
    }

    /** Through memory all of the window comes back, through the channel only what was sent. */
    private String expected(byte[] bytes) {
        byte[] answer = Arrays.copyOf(bytes, MailboxTestClient.MESSAGE_SIZE);
        int altered = sharedMemory ? answer.length : bytes.length;
        for (int i = 0; i < altered; i++) {
            answer[i] ^= (byte) LoopbackController.ALTERED;
        }
        StringBuilder dump = new StringBuilder();
        HexDump.append(dump, answer);
        return dump.toString();
    }
}
