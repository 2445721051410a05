// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.examples.CommandLineRun;
import dev.hwmailbox.examples.machine.HostMachine;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class RmCommandTest {
    @TempDir
    private Path directory;

    @Test
    void aVmLivesItsLifeOverAUnixDomainSocket() throws IOException {
        Path path = directory.resolve("rm.sock");
        try (Served served = new Served(path.toString())) {
            CommandLineRun run = served.connect(
                    "get-vmid",
                    "alloc-vmid",
                    "lend-memory 128 0x84000000 0x400000",
                    "config-image 128 0 0x200000 0x200000 0x10000",
                    "init 128",
                    "resources 128",
                    "console-open 128",
                    "start 128",
                    "wait VM_CONSOLE_CHARS text=ready vmid=128",
                    "console-write 128 hello, guest",
                    "wait VM_CONSOLE_CHARS 20000",
                    "stop 128",
                    "wait VM_EXITED",
                    "reset 128",
                    "wait MEM_RELEASED",
                    "reclaim-memory 0",
                    "get-state 128",
                    "dealloc-vmid 128",
                    "get-peers");

            assertThat(run.err()).isEmpty();
            assertThat(run.exitCode()).as(run.out()).isZero();
            assertThat(run.out().lines())
                    .containsSubsequence(
                            "{\"call\":\"get-vmid\",\"error\":\"OK\",\"vmid\":3}",
                            "{\"call\":\"alloc-vmid\",\"error\":\"OK\",\"vmid\":128}",
                            "{\"call\":\"lend-memory\",\"error\":\"OK\",\"handle\":\"0x0\"}",
                            "{\"notification\":\"VM_STATUS\",\"vmid\":128,\"vmState\":\"READY\","
                                    + "\"osState\":\"NONE\",\"appState\":0}",
                            "{\"call\":\"init\",\"error\":\"OK\"}",
                            "{\"call\":\"start\",\"error\":\"OK\"}",
                            "{\"notification\":\"VM_CONSOLE_CHARS\",\"vmid\":128,\"text\":\"hello, guest\"}",
                            "{\"notification\":\"VM_EXITED\",\"vmid\":128,\"exitType\":\"VM_EXIT\","
                                    + "\"exitFlags\":0,\"exitCode\":0}",
                            "{\"notification\":\"MEM_RELEASED\",\"handle\":\"0x0\",\"vmid\":128,\"tag\":\"0x0\"}",
                            "{\"call\":\"reclaim-memory\",\"error\":\"OK\"}",
                            "{\"call\":\"dealloc-vmid\",\"error\":\"OK\"}");
            assertThat(run.out()).contains("\"type\":\"MSGQ_SEND\",\"partner\":128,\"label\":\"0x10\"");
            assertThat(served.end()).isEqualTo("0 connection ended: the other side has closed the connection");
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void callsComeFromTheStandardInputIfThereAreNone() throws IOException {
        try (Served served = new Served("127.0.0.1:0")) {
            InputStream before = System.in;
            System.setIn(new ByteArrayInputStream(
                    "# who am I\nget-vmid\n\nhost-type # of what kind\n".getBytes(StandardCharsets.UTF_8)));
            CommandLineRun run;
            try {
                run = served.connect();
            } finally {
                System.setIn(before);
            }

            assertThat(run.exitCode()).isZero();
            assertThat(run.out())
                    .isEqualTo("{\"call\":\"get-vmid\",\"error\":\"OK\",\"vmid\":3}\n"
                            + "{\"call\":\"host-type\",\"error\":\"OK\","
                            + "\"architecture\":100,\"hypervisor\":1,\"version\":1}\n");
        }
    }

    @Test
    void refusedAndUnknownCallsAreTold() throws IOException {
        try (Served served = new Served("127.0.0.1:0")) {
            CommandLineRun run = served.connect(
                    "get-state 99", "raw 0x56ffffff 0102", "raw 0x56000024", "wait VM_EXITED 1", "get-vmid");

            assertThat(run.exitCode()).isEqualTo(RmCommand.EXIT_REFUSED);
            assertThat(run.out().lines())
                    .containsExactly(
                            "{\"call\":\"get-state\",\"error\":\"NORESOURCE\"}",
                            "{\"call\":\"raw\",\"error\":\"UNIMPLEMENTED\"}",
                            "{\"call\":\"raw\",\"error\":\"OK\",\"vmid\":3}",
                            "{\"wait\":\"VM_EXITED\",\"failure\":\"none came within 1 ms\"}",
                            "{\"call\":\"get-vmid\",\"error\":\"OK\",\"vmid\":3}");
        }
    }

    @Test
    void theOwnNumberIsCheckedIfItIsGiven() throws IOException {
        try (Served served = new Served("127.0.0.1:0")) {
            CommandLineRun run = served.connect("--vmid", "5", "get-vmid");

            assertThat(run.exitCode()).isEqualTo(RmCommand.EXIT_INPUT);
            assertThat(run.err()).contains("knows this end as VM 3, not 5");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0700, a frame of 7 bytes was announced, 'frames have 8 to 240'",
        "f100, a frame of 241 bytes was announced, 'frames have 8 to 240'",
        "ffff, a frame of 65535 bytes was announced, 'frames have 8 to 240'",
        "08, the connection ended inside the length of a frame, ''",
        "0a0001020304, the connection ended after 4 of 10 bytes of a frame, ''"
    })
    void whatIsNoFrameEndsTheConnectionWithACause(String sent, String cause, String rule) throws IOException {
        Path path = directory.resolve("raw.sock");
        try (Served served = new Served(path.toString());
                SocketChannel raw = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            raw.write(ByteBuffer.wrap(HexFormat.of().parseHex(sent)));
            raw.shutdownOutput();

            assertThat(raw.read(ByteBuffer.allocate(1))).as("end of stream").isEqualTo(-1);
            assertThat(served.end()).contains(cause).contains(rule);
        }
    }

    @Test
    void aPeerThatDiesInTheMiddleOfACallIsTold() throws IOException {
        try (var listener = new SocketPlace(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).listen()) {
            var dying = CompletableFuture.runAsync(() -> {
                try (SocketChannel socket = listener.accept()) {
                    socket.read(ByteBuffer.allocate(1));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            CommandLineRun run =
                    CommandLineRun.of("rm", "--connect", listener.place().toString(), "get-vmid", "get-owner");

            dying.join();
            assertThat(run.exitCode()).isEqualTo(RmCommand.EXIT_REFUSED);
            assertThat(run.out().lines()).hasSize(2).allMatch(line -> line.contains("\"failure\":"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "frobnicate, no such call: frobnicate",
        "resources, VMID is missing",
        "resources 70000, 'VMID is 70000, not a number of 16 bits'",
        "resources x, 'VMID is x, not a number of 16 bits'",
        "get-vmid 3, nothing is known of 3",
        "stop 3 gently, nothing is known of gently",
        "lookup-guid x, GUID is x",
        "raw 0x1 abc, 'payload is abc, not pairs of hexadecimal digits'",
        "raw, message id is missing",
        "wait, notification is missing",
        "wait VM_EXITED soon, 'milliseconds is soon, not a number of 32 bits'",
        "lookup-name, name is missing"
    })
    void aCallThatCannotBeReadIsToldAndNotMade(String call, String complaint) throws IOException {
        try (Served served = new Served("127.0.0.1:0")) {
            CommandLineRun run = served.connect(call);

            assertThat(run.exitCode()).isEqualTo(RmCommand.EXIT_INPUT);
            assertThat(run.err()).contains(complaint);
            assertThat(run.out()).isEmpty();
        }
    }

    @Test
    void aPlaceWhereNobodyIsIsTold() {
        Path nowhere = directory.resolve("nobody.sock");

        CommandLineRun path = CommandLineRun.of("rm", "--connect", nowhere.toString(), "get-vmid");
        CommandLineRun port = CommandLineRun.of("rm", "--connect", "127.0.0.1:70000", "get-vmid");

        assertThat(path.exitCode()).isEqualTo(RmCommand.EXIT_INPUT);
        assertThat(path.err()).contains(nowhere.toString());
        assertThat(port.exitCode()).isEqualTo(RmCommand.EXIT_INPUT);
        assertThat(port.err()).contains("127.0.0.1:70000: ports end at 65535");
    }

    @Test
    void aPlaceThatIsTakenAndATreeThatIsTooLargeAreTold() throws IOException {
        Path taken = Files.writeString(directory.resolve("taken"), "a file, not a socket");
        Path large = Files.write(directory.resolve("large.dtb"), new byte[HostMachine.IMAGE_ROOM + 1]);

        CommandLineRun occupied = CommandLineRun.of("rm", "--serve", taken.toString());
        CommandLineRun tree =
                CommandLineRun.of("rm", "--serve", directory.resolve("s").toString(), "--tree", large.toString());
        CommandLineRun calling = CommandLineRun.of("rm", "--serve", taken.toString(), "get-vmid");

        assertThat(occupied.exitCode()).isEqualTo(RmCommand.EXIT_INPUT);
        assertThat(occupied.err()).contains(taken.toString());
        assertThat(taken).as("not ours to remove").exists();
        assertThat(tree.exitCode()).isEqualTo(RmCommand.EXIT_INPUT);
        assertThat(tree.err()).contains("65537 bytes, there is room for 65536");
        assertThat(calling.err()).contains("makes no calls: get-vmid");
    }

    @Test
    void helpListsTheCalls() {
        CommandLineRun run = CommandLineRun.of("rm", "--help");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out())
                .contains("console-write VMID TEXT")
                .contains("wait NOTIFICATION [MILLISECONDS] [FIELD=VALUE...]");
    }
}
