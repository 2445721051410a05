// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahDeviceTree;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.hypervisor.GuestContext;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * Replays recorded conversations against the server by the rules of the data's README: every error word, every
 * notification, every byte, except that capability IDs are another hypervisor's and compared up to a renaming. The
 * other four scenarios need requests this server answers UNIMPLEMENTED.
 */
final class ResourceManagerServerConformanceTest {
    private static final List<String> SERVED = List.of("query", "alloc", "state", "lifecycle", "exit");
    private static final List<String> NOT_SERVED_YET = List.of("console", "memory", "irq", "status");
    private static final int RECORDS_SERVED = 167;
    private static final HexFormat HEX = HexFormat.of();

    @Test
    void dataHoldsTheNineRecordedScenarios() {
        Map<String, List<JsonNode>> scenarios = RecordedCalls.scenarios();

        assertThat(scenarios.keySet())
                .containsExactlyInAnyOrderElementsOf(
                        Stream.concat(SERVED.stream(), NOT_SERVED_YET.stream()).toList());
        assertThat(scenarios.values().stream().mapToInt(List::size).sum()).isEqualTo(278);
    }

    @Test
    void repliesAndNotificationsAreTheRecordedOnes() {
        Map<String, List<JsonNode>> scenarios = RecordedCalls.scenarios();

        int records = 0;
        for (String name : SERVED) {
            List<JsonNode> steps = Objects.requireNonNull(scenarios.get(name), name);
            new Replay(steps).run();
            records += steps.size();
        }

        assertThat(records).isEqualTo(RECORDS_SERVED);
        LoggerFactory.getLogger("conformance")
                .info("conformance rm-rpc: calls {} of 278 records, 5 of 9 scenarios: 0 failed", records);
    }

    /** One scenario on a machine of its own. */
    private static final class Replay {
        private static final int HOST = 3;
        private static final long HOST_MEMORY = 0x84000000L;
        private static final int HOST_MEMORY_SIZE = 16 << 20;
        private static final int MEM_LEND = 0x51000012;
        private static final int VM_GET_HYP_RESOURCES = 0x56000020;

        private final List<JsonNode> steps;
        private final VirtualScheduler scheduler = new VirtualScheduler();
        private final Map<Integer, RawGuest> guests = new HashMap<>();
        private final Map<String, Long> capabilities = new HashMap<>();
        private final SoftwareHypervisor hypervisor = SoftwareHypervisor.builder()
                .schedulers(vmid -> scheduler)
                .guestPrograms((vmid, image) -> new GuestProgram() {
                    @Override
                    public void start(GuestContext vm) {
                        MsgqEndpoint endpoint = MsgqEndpoint.of(GunyahDeviceTree.resourceManager(vm.devicetree()));
                        guests.put(vmid, new RawGuest(vm.hypercalls(), endpoint));
                    }

                    @Override
                    public void stop(StopReason reason) {
                        guests.remove(vmid);
                    }
                })
                .build();
        private final ResourceManagerServer server =
                ResourceManagerServer.builder(hypervisor).build();
        private final VirtualMachine host = hypervisor.createVm(HOST);

        Replay(List<JsonNode> steps) {
            this.steps = steps;
            host.memory().map(HOST_MEMORY, MemoryExtent.allocate(HOST_MEMORY_SIZE));
            MsgqEndpoint endpoint = new MsgqEndpoint(CapabilityId.of(0x10), 960, CapabilityId.of(0x11), 961, 240);
            server.attachHost(host, endpoint, 8);
            guests.put(HOST, new RawGuest(host.hypercalls(), endpoint));
        }

        void run() {
            for (int i = 0; i < steps.size(); i++) {
                JsonNode step = steps.get(i);
                switch (step.get("kind").asText()) {
                    case "call" -> call(i, step);
                    case "wait" -> {
                        scheduler.runUntilIdle();
                        expectNotifications(step);
                    }
                    case "cause" -> cause(step);
                    default -> throw new AssertionError(step);
                }
            }
        }

        private void call(int index, JsonNode step) {
            int id = step.get("msg_id").intValue();
            if (id == MEM_LEND) {
                writeWhatFollows(index);
            }
            int caller = step.get("caller_vmid").asInt();
            byte[] request = HEX.parseHex(step.get("request").asText());
            RawGuest guest = guest(caller);
            guest.send(id, step.get("seq").asInt(), request);
            scheduler.runUntilIdle();

            Deque<RawGuest.Message> received = new ArrayDeque<>(guest.receive());
            RawGuest.Message reply = received.stream()
                    .filter(message -> message.type() == 2)
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no reply to " + step));
            assertThat(received.stream()
                            .takeWhile(message -> message.type() != 2)
                            .count())
                    .as("notifications before the reply at " + step.get("id").asText())
                    .isEqualTo(beforeTheReply(step));
            guest.receive().remove(reply);
            assertThat(reply.id()).isEqualTo(id);
            assertThat(reply.sequence()).isEqualTo(step.get("seq").asInt());
            expectReply(step, caller, id, reply.content());
            if (!nextIsWait(index)) {
                expectNotifications(step);
            } else {
                expectFirstNotifications(step);
            }
        }

        private RawGuest guest(int vmid) {
            return Objects.requireNonNull(guests.get(vmid), "guest");
        }

        private static long beforeTheReply(JsonNode step) {
            long count = 0;
            for (JsonNode notification : step.path("notifications")) {
                if (notification.path("when").asText().equals("before the reply")) {
                    count++;
                }
            }
            return count;
        }

        private boolean nextIsWait(int index) {
            return index + 1 < steps.size()
                    && steps.get(index + 1).get("kind").asText().equals("wait");
        }

        private void expectReply(JsonNode step, int caller, int id, byte[] content) {
            String where = step.get("id").asText();
            ByteBuffer reply = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
            assertThat(Integer.toUnsignedLong(reply.getInt()))
                    .as(where)
                    .isEqualTo(step.get("rm_error").asLong());
            byte[] data = new byte[reply.remaining()];
            reply.get(data);
            byte[] expected = HEX.parseHex(step.get("reply_data").asText());
            if (id == VM_GET_HYP_RESOURCES && expected.length == data.length) {
                renameCapabilities(caller, expected, data);
            }
            assertThat(HEX.formatHex(data)).as(where).isEqualTo(HEX.formatHex(expected));
        }

        /** Puts our capability IDs into the recorded entries, one to one, and the same ones each time. */
        private void renameCapabilities(int receiver, byte[] expected, byte[] actual) {
            ByteBuffer recorded = ByteBuffer.wrap(expected).order(ByteOrder.LITTLE_ENDIAN);
            ByteBuffer ours = ByteBuffer.wrap(actual).order(ByteOrder.LITTLE_ENDIAN);
            for (int at = 4 + 12; at + Long.BYTES <= expected.length; at += 44) {
                String name = receiver + "/" + Long.toHexString(recorded.getLong(at));
                long renamed = ours.getLong(at);
                if (!capabilities.containsKey(name)) {
                    assertThat(capabilities.values()).as(name).doesNotContain(renamed);
                    capabilities.put(name, renamed);
                }
                recorded.putLong(at, capabilities.get(name));
            }
        }

        private void expectNotifications(JsonNode step) {
            expectFirstNotifications(step);
            guests.values()
                    .forEach(guest -> assertThat(guest.receive())
                            .as("more than recorded at " + step.get("id").asText())
                            .isEmpty());
        }

        private void expectFirstNotifications(JsonNode step) {
            for (JsonNode expected : step.path("notifications")) {
                String where =
                        step.get("id").asText() + " " + expected.get("name").asText();
                RawGuest receiver = guest(expected.get("to_vmid").asInt());
                RawGuest.Message notification = receiver.receive().poll();
                assertThat(notification).as(where).isNotNull();
                assertThat(notification.type()).as(where).isEqualTo(3);
                assertThat(notification.id())
                        .as(where)
                        .isEqualTo(expected.get("msg_id").intValue());
                assertThat(HEX.formatHex(notification.content()))
                        .as(where)
                        .isEqualTo(expected.get("payload").asText());
            }
        }

        private void cause(JsonNode cause) {
            switch (cause.get("op").asText()) {
                case "repeat-call" -> repeat(cause);
                case "vcpu-power-off" -> server.vcpuPoweredOff(cause.get("vmid").asInt());
                case "write-memory", "attach", "detach" -> {}
                default -> throw new AssertionError(cause);
            }
        }

        private void repeat(JsonNode cause) {
            int sequence = cause.get("first_seq").asInt();
            for (JsonNode expected : cause.get("replies")) {
                RawGuest guest = guest(cause.get("caller_vmid").asInt());
                guest.send(
                        cause.get("msg_id").intValue(),
                        sequence++,
                        HEX.parseHex(cause.get("request").asText()));
                scheduler.runUntilIdle();
                ByteBuffer reply =
                        ByteBuffer.wrap(guest.receive().remove().content()).order(ByteOrder.LITTLE_ENDIAN);
                assertThat(reply.getInt()).isEqualTo(expected.get("rm_error").asInt());
                byte[] data = new byte[reply.remaining()];
                reply.get(data);
                assertThat(HEX.formatHex(data))
                        .isEqualTo(expected.get("reply_data").asText());
            }
        }

        /** A host writes before it lends: the image that the recording puts there next goes in now. */
        private void writeWhatFollows(int lend) {
            for (JsonNode step : steps.subList(lend + 1, steps.size())) {
                if (step.path("msg_id").intValue() == MEM_LEND) {
                    return;
                }
                if (step.path("op").asText().equals("write-memory")) {
                    byte[] bytes = step.has("image")
                            ? RecordedCalls.file("rm-rpc", step.get("image").asText())
                            : new byte[step.get("zeros").asInt()];
                    long address = Long.decode(step.get("host_address").asText());
                    assertThat(host.memory().write(address, bytes, 0, bytes.length))
                            .isEqualTo(GunyahError.OK);
                    return;
                }
            }
        }
    }
}
