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
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/**
 * Replays recorded conversations against the server by the rules of the data's README: every error word, every
 * notification, every byte, except that parcel and interrupt handles, capability IDs and addresses are another
 * machine's and compared up to a renaming. Interrupt numbers are compared exactly.
 */
public final class CallReplay {
    private static final HexFormat HEX = HexFormat.of();

    private final Map<String, Integer> counts = new TreeMap<>();
    private final List<String> failures = new ArrayList<>();
    private final Set<String> scenarios;

    private CallReplay(Map<String, List<JsonNode>> conversations) {
        scenarios = conversations.keySet();
        conversations.forEach((name, steps) -> {
            try {
                new Replay(steps, counts).run();
            } catch (AssertionError | RuntimeException e) {
                failures.add(name + ": " + e);
            }
        });
    }

    /** Replays all conversations among some records, each on a machine of its own. */
    @SuppressWarnings("exports") // to another package of the tests only
    public static CallReplay of(List<JsonNode> records) {
        Map<String, List<JsonNode>> scenarios = new LinkedHashMap<>();
        for (JsonNode step : records) {
            if (step.has("scenario")) {
                scenarios
                        .computeIfAbsent(step.get("scenario").asText(), name -> new ArrayList<>())
                        .add(step);
            }
        }
        return new CallReplay(scenarios);
    }

    /** How many records were reproduced. */
    public int records() {
        return counts.getOrDefault("call", 0) + counts.getOrDefault("wait", 0) + counts.getOrDefault("cause", 0);
    }

    /** What differed. */
    public List<String> failures() {
        return failures;
    }

    Set<String> scenarios() {
        return scenarios;
    }

    /** How much of what there was. */
    Map<String, Integer> counts() {
        return counts;
    }

    /** One scenario on a machine of its own. */
    private static final class Replay {
        private static final int HOST = 3;
        private static final long HOST_MEMORY = 0x84000000L;

        /** As much of the recorded host's 256 MiB as the recordings touch. */
        private static final int HOST_MEMORY_SIZE = 32 << 20;

        private static final int MEM_LEND = 0x51000012;
        private static final String PARCEL = "parcel";
        private static final String LOAN = "interrupt handle";

        private final List<JsonNode> steps;
        private final Map<String, Integer> replayed;
        private final VirtualScheduler scheduler = new VirtualScheduler();
        private final Map<Integer, RawGuest> guests = new HashMap<>();
        private final Set<Integer> detached = new HashSet<>();
        private final Renaming renaming = new Renaming();
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

        Replay(List<JsonNode> steps, Map<String, Integer> replayed) {
            this.steps = steps;
            this.replayed = replayed;
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
                count(step.get("kind").asText());
            }
        }

        private void count(String what) {
            replayed.merge(what, 1, Integer::sum);
        }

        private void call(int index, JsonNode step) {
            int id = step.get("msg_id").intValue();
            if (id == MEM_LEND) {
                writeWhatFollows(index);
            }
            int caller = step.get("caller_vmid").asInt();
            byte[] request = renamedRequest(id, HEX.parseHex(step.get("request").asText()));
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
            renameReply(caller, id, expected, data);
            assertThat(HEX.formatHex(data)).as(where).isEqualTo(HEX.formatHex(expected));
        }

        private byte[] renamedRequest(int id, byte[] request) {
            switch (id) {
                case RmMessageId.MEM_ACCEPT,
                        RmMessageId.MEM_RELEASE,
                        RmMessageId.MEM_RECLAIM,
                        RmMessageId.MEM_NOTIFY,
                        RmMessageId.MEM_APPEND -> renaming.apply32(PARCEL, request, 0);
                case RmMessageId.VM_CONFIG_IMAGE -> renaming.apply32(PARCEL, request, 4);
                case RmMessageId.VM_IRQ_ACCEPT,
                        RmMessageId.VM_IRQ_RELEASE,
                        RmMessageId.VM_IRQ_RECLAIM,
                        RmMessageId.VM_IRQ_NOTIFY -> renaming.apply32(LOAN, request, 0);
                default -> {}
            }
            return request;
        }

        private void renameReply(int caller, int id, byte[] expected, byte[] data) {
            switch (id) {
                case RmMessageId.MEM_DONATE, RmMessageId.MEM_LEND, RmMessageId.MEM_SHARE ->
                    renaming.learn32(PARCEL, expected, data, 0);
                case RmMessageId.VM_IRQ_LEND -> renaming.learn32(LOAN, expected, data, 0);
                case RmMessageId.MEM_ACCEPT -> {
                    renaming.learn64("address/" + caller, expected, data, 4);
                    assertThat(data.length == 0 || (data[4] == 0 && (data[5] & 0xf) == 0))
                            .as("page aligned")
                            .isTrue();
                }
                case RmMessageId.VM_GET_HYP_RESOURCES -> {
                    for (int at = 4 + 12; at + Long.BYTES <= expected.length; at += 44) {
                        renaming.learn64("capability/" + caller, expected, data, at);
                    }
                }
                default -> {}
            }
        }

        private byte[] renamedNotification(int id, byte[] payload) {
            switch (id) {
                case RmMessageId.NOTIFY_MEM_SHARED,
                        RmMessageId.NOTIFY_MEM_RELEASED,
                        RmMessageId.NOTIFY_MEM_ACCEPTED,
                        RmMessageId.NOTIFY_MEM_RECALL -> renaming.apply32(PARCEL, payload, 0);
                case RmMessageId.NOTIFY_VM_IRQ_LENT -> renaming.apply32(LOAN, payload, 4);
                case RmMessageId.NOTIFY_VM_IRQ_RELEASED, RmMessageId.NOTIFY_VM_IRQ_ACCEPTED ->
                    renaming.apply32(LOAN, payload, 0);
                default -> {}
            }
            return payload;
        }

        private void expectNotifications(JsonNode step) {
            expectFirstNotifications(step);
            guests.forEach((vmid, guest) -> {
                Deque<RawGuest.Message> rest = guest.receive();
                if (detached.contains(vmid)) {
                    rest.clear();
                }
                assertThat(rest)
                        .as("more than recorded at " + step.get("id").asText())
                        .isEmpty();
            });
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
                byte[] payload = renamedNotification(
                        notification.id(), HEX.parseHex(expected.get("payload").asText()));
                assertThat(HEX.formatHex(notification.content())).as(where).isEqualTo(HEX.formatHex(payload));
                count("notification");
            }
        }

        private void cause(JsonNode cause) {
            switch (cause.get("op").asText()) {
                case "repeat-call" -> repeat(cause);
                case "vcpu-power-off" -> server.vcpuPoweredOff(cause.get("vmid").asInt());
                case "attach" -> {
                    assertThat(guest(cause.get("vmid").asInt()).receive())
                            .as("before the guest attached")
                            .isEmpty();
                    count("attach");
                }
                case "detach" -> {
                    detached.add(cause.get("vmid").asInt());
                    count("detach");
                }
                case "write-memory" -> {}
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
                count("repeated call");
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
