// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.examples.machine.GuestImage;
import dev.hwmailbox.examples.machine.MachineFailure;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code rm}: talks to a Resource Manager over a socket, or is one. */
@Command(
        name = "rm",
        mixinStandardHelpOptions = true,
        description = {
            "Talks to a Gunyah Resource Manager over a socket, or is one.",
            "On the socket a frame is its length (16 bits, little-endian) and its 8 to 240 bytes.",
            "Prints replies and notifications as JSON Lines. Exits 0 if every call was answered well, 1 if not,",
            "2 if the input cannot be used or there is no connection."
        },
        footer = {
            "",
            "A CALL is one argument; without any, calls are read from the standard input, one a line,",
            "where # begins a comment. Beside those below, 'raw ID [HEX]' is any call, and",
            "'wait NOTIFICATION [MILLISECONDS] [FIELD=VALUE...]' waits for one that no earlier wait was for.",
            ""
        },
        modelTransformer = RmCommand.CallsInFooter.class)
public final class RmCommand implements Callable<Integer> {
    static final int EXIT_OK = 0;
    static final int EXIT_REFUSED = 1;
    static final int EXIT_INPUT = 2;

    @ArgGroup(multiplicity = "1")
    private @Nullable Role role;

    @Option(
            names = "--vmid",
            paramLabel = "VMID",
            description = "With --connect: fail unless the Resource Manager knows this end by this number.")
    private @Nullable Integer vmid;

    @Option(
            names = "--tree",
            paramLabel = "FILE",
            description = "With --serve: the guest's devicetree blob that lies in the host's memory "
                    + "(default: one with a console and five devices).")
    private @Nullable Path tree;

    @Option(names = "--once", description = "With --serve: end when the first connection ends.")
    private boolean once;

    @Parameters(paramLabel = "CALL", arity = "0..*", description = "What to ask.")
    private List<String> calls = List.of();

    @SuppressWarnings("NullAway.Init") // picocli sets it
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    /** Puts the calls there are behind the help. */
    static final class CallsInFooter implements CommandLine.IModelTransformer {
        @Override
        public CommandLine.Model.CommandSpec transform(CommandLine.Model.CommandSpec spec) {
            Stream<String> footer = Stream.of(spec.usageMessage().footer());
            Stream<String> calls = Call.forms().lines();
            spec.usageMessage().footer(Stream.concat(footer, calls).toArray(String[]::new));
            return spec;
        }
    }

    /** Which end of the socket. */
    private static final class Role {
        @Option(
                names = "--connect",
                required = true,
                paramLabel = "HOST:PORT|PATH",
                description = "Where the Resource Manager is.")
        private @Nullable String connect;

        @Option(
                names = "--serve",
                required = true,
                paramLabel = "HOST:PORT|PATH",
                description = "Where to be the Resource Manager, for the host VM.")
        private @Nullable String serve;
    }

    @Override
    public Integer call() {
        Role ends = Objects.requireNonNull(role, "role");
        try {
            return ends.connect != null
                    ? connect(SocketPlace.parse(ends.connect))
                    : serve(SocketPlace.parse(Objects.requireNonNull(ends.serve, "serve")));
        } catch (RmFailure | MachineFailure | MailboxException e) {
            return fail(e.getMessage());
        }
    }

    private int fail(@Nullable String why) {
        spec.commandLine().getErr().println(why);
        return EXIT_INPUT;
    }

    private int connect(SocketPlace place) {
        try (SocketChannel socket = place.connect();
                RmSession session = new RmSession(socket, spec.commandLine().getOut())) {
            if (vmid != null && session.vmid() != vmid) {
                return fail("%s knows this end as VM %d, not %d".formatted(place, session.vmid(), vmid));
            }
            return calls.isEmpty() ? runScript(session) : runAll(session, calls);
        } catch (IOException e) {
            return fail(place + ": " + e.getMessage());
        }
    }

    private static int runAll(RmSession session, List<String> lines) {
        boolean ok = true;
        for (String line : lines) {
            ok &= session.run(line);
        }
        return ok ? EXIT_OK : EXIT_REFUSED;
    }

    private static int runScript(RmSession session) throws IOException {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        boolean ok = true;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String call = line.replaceFirst("#.*", "").strip();
            if (!call.isEmpty()) {
                ok &= session.run(call);
            }
        }
        return ok ? EXIT_OK : EXIT_REFUSED;
    }

    private int serve(SocketPlace place) {
        if (!calls.isEmpty()) {
            return fail("a Resource Manager makes no calls: " + calls.get(0));
        }
        try (RmService service = new RmService(treeBlob());
                SocketPlace.Listener listener = place.listen()) {
            spec.commandLine().getErr().println("serving at " + listener.place());
            do {
                try (SocketChannel socket = listener.accept()) {
                    spec.commandLine().getErr().println("connection ended: " + service.serve(socket));
                }
            } while (!once);
            return EXIT_OK;
        } catch (IOException e) {
            return fail(place + ": " + e.getMessage());
        }
    }

    private byte[] treeBlob() throws IOException {
        return tree == null ? GuestImage.blob() : Files.readAllBytes(tree);
    }
}
