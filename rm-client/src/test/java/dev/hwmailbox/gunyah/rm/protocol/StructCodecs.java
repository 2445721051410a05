// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.CapabilityId;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/** For each recorded structure that has a type here: from its fields to bytes, and from bytes to its fields. */
final class StructCodecs {
    private static final Map<String, StructCodec> BY_MESSAGE = new HashMap<>();

    static {
        vms();
        memory();
        memoryNews();
        interrupts();
        console();
        setup();
        handles();
    }

    private StructCodecs() {}

    static Optional<StructCodec> of(String message, String direction) {
        return Optional.ofNullable(BY_MESSAGE.get(message + "/" + direction));
    }

    private static void vms() {
        payload(
                "VM_CONFIG_IMAGE/request",
                f -> new VmConfigImageRequest(
                        f.i("target"),
                        f.i("auth_type"),
                        f.i("image_mp_handle"),
                        f.l("image_offset"),
                        f.l("image_size"),
                        f.l("dt_offset"),
                        f.l("dt_size")),
                VmConfigImageRequest::decode,
                (p, f) -> f.put("target", p.vmid())
                        .put("auth_type", p.authentication())
                        .put("image_mp_handle", p.memoryHandle())
                        .put64("image_offset", p.imageOffset())
                        .put64("image_size", p.imageSize())
                        .put64("dt_offset", p.deviceTreeOffset())
                        .put64("dt_size", p.deviceTreeSize()));
        for (var message : List.of("VM_INIT", "VM_CONSOLE_OPEN", "VM_CONSOLE_CLOSE", "VM_CONSOLE_FLUSH")) {
            vmRequest(message, "target");
        }
        vmRequest(
                "VMID-only request (ALLOC, DEALLOC, START, RESET, GET_STATE, GET_ID, GET_HYP_RESOURCES, GET_CRASH_MSG)",
                "vmid");
        payload(
                "VM_STOP/request",
                f -> new VmStopRequest(f.i("vmid"), f.i("flags"), f.i("stop_reason")),
                VmStopRequest::decode,
                (p, f) -> f.put("vmid", p.vmid()).put("flags", p.flags()).put("stop_reason", p.reason()));
        payload(
                "VM_EXIT/request",
                f -> new VmExitRequest(f.i("exit_flags"), f.i("exit_code")),
                VmExitRequest::decode,
                (p, f) -> f.put("exit_flags", p.flags()).put("exit_code", p.code()));
        payload(
                "NOTIFY_VM_STATUS/notification",
                f -> new VmStatusNotification(
                        f.i("vm_vmid"), new VmStatus(f.i("vm_status"), f.i("os_status"), f.i("app_status"))),
                VmStatusNotification::decode,
                (p, f) -> f.put("vm_vmid", p.vmid())
                        .put("vm_status", p.status().vmState())
                        .put("os_status", p.status().osState())
                        .put("app_status", p.status().appState()));
        element(
                "VM_GET_HYP_RESOURCES entry/reply",
                HypResource.LENGTH,
                (f, out) -> new HypResource(
                                f.i("resource_type"),
                                f.i("partner_vmid"),
                                f.i("resource_handle"),
                                f.i("resource_label"),
                                CapabilityId.of(f.halves("resource_capid")),
                                f.i("resource_virq_handle"),
                                f.i("resource_virq_number"),
                                f.halves("resource_base_address"),
                                f.halves("resource_size"))
                        .write(out),
                HypResource::read,
                (p, f) -> f.put("resource_type", p.type())
                        .put("partner_vmid", p.partnerVmid())
                        .put("resource_handle", p.handle())
                        .put("resource_label", p.label())
                        .putHalves("resource_capid", p.capability().value())
                        .put("resource_virq_handle", p.virqHandle())
                        .put("resource_virq_number", p.virq())
                        .putHalves("resource_base_address", p.base())
                        .putHalves("resource_size", p.size()));
    }

    private static void memory() {
        element(
                "memory ACL entry/request",
                MemAclEntry.LENGTH,
                (f, out) -> new MemAclEntry(f.i("vmid"), f.i("rights")).write(out),
                MemAclEntry::read,
                (p, f) -> f.put("vmid", p.vmid()).put("rights", p.rights()));
        element(
                "memory range entry/request",
                MemRange.LENGTH,
                (f, out) -> new MemRange(f.l("ipa"), f.l("size")).write(out),
                MemRange::read,
                (p, f) -> f.put64("ipa", p.address()).put64("size", p.size()));
        element(
                "memory attribute entry/request",
                MemAttribute.LENGTH,
                (f, out) -> new MemAttribute(f.i("attr"), f.i("vmid")).write(out),
                MemAttribute::read,
                (p, f) -> f.put("attr", p.attribute()).put("vmid", p.vmid()));
        payload(
                "MEM_DONATE MEM_LEND MEM_SHARE with three empty lists/request",
                f -> new MemParcelRequest(f.i("mem_type"), f.i("flags"), f.i("label"), List.of(), List.of(), List.of()),
                MemParcelRequest::decode,
                (p, f) -> f.put("mem_type", p.memoryType())
                        .put("flags", p.flags())
                        .put("label", p.label()));
        payload(
                "MEM_RELEASE MEM_RECLAIM/request",
                f -> new MemHandleRequest(f.i("handle"), f.i("flags")),
                MemHandleRequest::decode,
                (p, f) -> f.put("handle", p.handle()).put("flags", p.flags()));
        payload(
                "NOTIFY_MEM_RELEASED and NOTIFY_MEM_ACCEPTED/notification",
                f -> new MemHandleNotification(f.i("handle"), f.i("vmid"), f.i("mem_info_tag")),
                MemHandleNotification::decode,
                (p, f) -> f.put("handle", p.handle()).put("vmid", p.vmid()).put("mem_info_tag", p.tag()));
    }

    private static void memoryNews() {
        payload(
                "MEM_ACCEPT with three empty lists/request",
                f -> new MemAcceptRequest(
                        f.i("handle"),
                        f.i("mem_type"),
                        f.i("trans_type"),
                        f.i("flags"),
                        f.i("label"),
                        List.of(),
                        List.of(),
                        f.i("map_vmid"),
                        List.of()),
                MemAcceptRequest::decode,
                (p, f) -> f.put("handle", p.handle())
                        .put("mem_type", p.memoryType())
                        .put("trans_type", p.transaction())
                        .put("flags", p.flags())
                        .put("label", p.label())
                        .put("map_vmid", p.mapVmid()));
        payload(
                "MEM_APPEND with an empty list/request",
                f -> new MemAppendRequest(f.i("handle"), f.i("flags"), List.of()),
                MemAppendRequest::decode,
                (p, f) -> f.put("handle", p.handle()).put("flags", p.flags()));
        header(
                "MEM_NOTIFY header/request",
                12,
                f -> new MemNotifyRequest(f.i("handle"), f.i("flags"), f.i("mem_info_tag"), List.of()),
                head -> (head.get(4) & (MemNotifyRequest.FLAG_SHARED | MemNotifyRequest.FLAG_RECALL)) == 0 ? 0 : 4,
                MemNotifyRequest::decode,
                (p, f) -> f.put("handle", p.handle()).put("flags", p.flags()).put("mem_info_tag", p.tag()));
        vmidEntry("MEM_NOTIFY vmid entry/request");
        payload(
                "NOTIFY_MEM_RECALL/notification",
                f -> new MemRecallNotification(f.i("handle"), f.i("mem_info_tag")),
                MemRecallNotification::decode,
                (p, f) -> f.put("handle", p.handle()).put("mem_info_tag", p.tag()));
        payload(
                "NOTIFY_MEM_SHARED with three empty lists/notification",
                f -> new MemSharedNotification(
                        f.i("handle"),
                        f.i("mem_type"),
                        f.i("trans_type"),
                        f.i("flags"),
                        f.i("owner_vmid"),
                        f.i("label"),
                        f.i("mem_info_tag"),
                        List.of(),
                        List.of(),
                        List.of()),
                MemSharedNotification::decode,
                (p, f) -> f.put("handle", p.handle())
                        .put("mem_type", p.memoryType())
                        .put("trans_type", p.transaction())
                        .put("flags", p.flags())
                        .put("owner_vmid", p.owner())
                        .put("label", p.label())
                        .put("mem_info_tag", p.tag()));
    }

    private static void interrupts() {
        payload(
                "VM_IRQ_ACCEPT/request",
                f -> new VmIrqAcceptRequest(f.i("handle"), f.i("virq_num")),
                VmIrqAcceptRequest::decode,
                (p, f) -> f.put("handle", p.handle()).put("virq_num", p.virq()));
        payload(
                "VM_IRQ_ACCEPT/reply",
                f -> new VmIrqAcceptReply(f.i("virq_num")),
                VmIrqAcceptReply::decode,
                (p, f) -> f.put("virq_num", p.virq()));
        payload(
                "VM_IRQ_LEND/request",
                f -> new VmIrqLendRequest(f.i("borrower"), f.i("virq_num"), f.i("label")),
                VmIrqLendRequest::decode,
                (p, f) -> f.put("borrower", p.borrower())
                        .put("virq_num", p.virq())
                        .put("label", p.label()));
        payload(
                "NOTIFY_VM_IRQ_LENT/notification",
                f -> new VmIrqLentNotification(f.i("owner"), f.i("virq_handle"), f.i("virq_label")),
                VmIrqLentNotification::decode,
                (p, f) ->
                        f.put("owner", p.owner()).put("virq_handle", p.handle()).put("virq_label", p.label()));
        header(
                "VM_IRQ_NOTIFY header/request",
                8,
                f -> new VmIrqNotifyRequest(f.i("handle"), f.i("flags"), List.of()),
                head -> (head.getInt(4) & VmIrqNotifyRequest.FLAG_LENT) == 0 ? 0 : 4,
                VmIrqNotifyRequest::decode,
                (p, f) -> f.put("handle", p.handle()).put("flags", p.flags()));
        vmidEntry("VM_IRQ_NOTIFY vmid entry/request");
    }

    private static void setup() {
        payload(
                "VM_SET_TIME_BASE/request",
                f -> new VmTimeBaseRequest(f.i("vmid"), f.halves("time_base"), f.halves("arch_timer_ref")),
                VmTimeBaseRequest::decode,
                (p, f) -> f.put("vmid", p.vmid())
                        .putHalves("time_base", p.timeBase())
                        .putHalves("arch_timer_ref", p.timerReference()));
        payload(
                "VM_SET_BOOT_CONTEXT/request",
                f -> new VmBootContextRequest(f.i("vmid"), f.i("reg_set"), f.i("reg_index"), f.l("value")),
                VmBootContextRequest::decode,
                (p, f) -> f.put("vmid", p.vmid())
                        .put("reg_set", p.registerSet())
                        .put("reg_index", p.registerIndex())
                        .put64("value", p.value()));
        payload(
                "VM_SET_FIRMWARE_MEM/request",
                f -> new VmFirmwareMemRequest(f.i("target"), f.i("fw_mp_handle"), f.l("fw_offset"), f.l("fw_size")),
                VmFirmwareMemRequest::decode,
                (p, f) -> f.put("target", p.vmid())
                        .put("fw_mp_handle", p.memoryHandle())
                        .put64("fw_offset", p.offset())
                        .put64("fw_size", p.size()));
        payload(
                "VM_SET_ADDRESS_LAYOUT/request",
                f -> new VmAddressLayoutRequest(f.i("vmid"), f.i("range_id"), f.l("range_base"), f.l("range_size")),
                VmAddressLayoutRequest::decode,
                (p, f) -> f.put("vmid", p.vmid())
                        .put("range_id", p.rangeId())
                        .put64("range_base", p.base())
                        .put64("range_size", p.size()));
        payload(
                "VM_SET_DEMAND_PAGING with one range/request",
                f -> new VmDemandPagingRequest(f.i("vmid"), List.of(new MemRange(f.l("ipa"), f.l("size")))),
                VmDemandPagingRequest::decode,
                (p, f) -> f.put("vmid", p.vmid())
                        .put("range_count", p.ranges().size())
                        .put64("ipa", p.ranges().get(0).address())
                        .put64("size", p.ranges().get(0).size()));
        payload(
                "FW_SET_VM_FIRMWARE/request",
                f -> new VmFirmwareRequest(
                        f.i("auth_type"), f.i("image_mp_handle"), f.l("image_offset"), f.l("image_size")),
                VmFirmwareRequest::decode,
                (p, f) -> f.put("auth_type", p.authentication())
                        .put("image_mp_handle", p.memoryHandle())
                        .put64("image_offset", p.offset())
                        .put64("image_size", p.size()));
        element(
                "VM_AUTH_IMAGE parameter/request",
                VmAuthImageRequest.Parameter.LENGTH,
                (f, out) -> new VmAuthImageRequest.Parameter(f.i("auth_param_type"), f.i("auth_param")).write(out),
                VmAuthImageRequest.Parameter::read,
                (p, f) -> f.put("auth_param_type", p.type()).put("auth_param", p.value()));
        element(
                "IPA_RESERVE fixed entry/request",
                MemRange.LENGTH,
                (f, out) -> new MemRange(f.l("base"), f.l("size")).write(out),
                MemRange::read,
                (p, f) -> f.put64("base", p.address()).put64("size", p.size()));
        element(
                "IPA_RESERVE allocate entry/request",
                IpaReserveRequest.Wanted.LENGTH,
                (f, out) -> new IpaReserveRequest.Wanted(
                                f.l("region_base"), f.l("region_size"), f.l("size"), f.l("alignment"))
                        .write(out),
                IpaReserveRequest.Wanted::read,
                (p, f) -> f.put64("region_base", p.regionBase())
                        .put64("region_size", p.regionSize())
                        .put64("size", p.size())
                        .put64("alignment", p.alignment()));
    }

    private static void console() {
        header(
                "VM_CONSOLE_WRITE header/request",
                4,
                f -> ConsoleText.of(f.i("target"), new byte[f.i("num_bytes")]),
                head -> Short.toUnsignedInt(head.getShort(2)),
                ConsoleText::decode,
                (p, f) -> f.put("target", p.vmid()).put("num_bytes", p.bytes().length));
        header(
                "NOTIFY_VM_CONSOLE_CHARS header/notification",
                4,
                f -> ConsoleText.of(f.i("from"), new byte[f.i("num_bytes")]),
                head -> Short.toUnsignedInt(head.getShort(2)),
                ConsoleText::decode,
                (p, f) -> f.put("from", p.vmid()).put("num_bytes", p.bytes().length));
    }

    private static void handles() {
        handle("MEM_DONATE MEM_LEND MEM_SHARE MEM_QCOM_LOOKUP_SGL/reply", "handle");
        handle("VM_IRQ_LEND/reply", "handle");
        handle("VM_IRQ_RELEASE/request", "handle");
        handle("VM_IRQ_RECLAIM/request", "handle");
        handle("NOTIFY_VM_IRQ_RELEASED and NOTIFY_VM_IRQ_ACCEPTED/notification", "virq_handle");
    }

    private static void handle(String key, String field) {
        payload(key, f -> new RmHandle(f.i(field)), RmHandle::decode, (p, f) -> f.put(field, p.handle()));
    }

    private static void vmRequest(String message, String field) {
        payload(
                message + "/request",
                f -> new VmRequest(f.i(field)),
                VmRequest::decode,
                (p, f) -> f.put(field, p.vmid()));
    }

    private static <T extends RmPayload> void payload(
            String key, Function<Fields, T> make, Function<RmMessage, T> decode, Filler<T> fill) {
        BY_MESSAGE.put(
                key,
                new StructCodec(
                        fields -> make.apply(fields).encode(),
                        bytes -> filled(fields -> fill.fill(decode.apply(RmMessage.request(1, 0, bytes)), fields))));
    }

    private static void vmidEntry(String key) {
        element(
                key,
                4,
                (f, out) -> out.paddedU16(f.i("vmid")),
                in -> in.paddedU16("vmid"),
                (vmid, f) -> f.put("vmid", vmid));
    }

    /** Recorded is the head of a payload; the rest is as many zeros as the head asks for. */
    private static <T extends RmPayload> void header(
            String key,
            int length,
            Function<Fields, T> make,
            ToIntFunction<ByteBuffer> rest,
            Function<RmMessage, T> decode,
            Filler<T> fill) {
        BY_MESSAGE.put(
                key,
                new StructCodec(
                        fields -> {
                            byte[] whole = make.apply(fields).encode();
                            assertThat(Arrays.copyOfRange(whole, length, whole.length))
                                    .isEqualTo(new byte[rest.applyAsInt(littleEndian(whole))]);
                            return Arrays.copyOf(whole, length);
                        },
                        head -> {
                            byte[] whole = Arrays.copyOf(head, length + rest.applyAsInt(littleEndian(head)));
                            return filled(fields -> fill.fill(decode.apply(RmMessage.request(1, 0, whole)), fields));
                        }));
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static <T> void element(
            String key, int length, ElementWriter write, Function<PayloadReader, T> read, Filler<T> fill) {
        BY_MESSAGE.put(
                key,
                new StructCodec(
                        fields -> {
                            var out = new PayloadWriter(length);
                            write.write(fields, out);
                            return out.toBytes();
                        },
                        bytes -> {
                            var in = new PayloadReader(RmMessage.request(1, 0, bytes));
                            T element = read.apply(in);
                            in.end();
                            return filled(fields -> fill.fill(element, fields));
                        }));
    }

    private static Map<String, Long> filled(Consumer<Fields> fill) {
        var fields = new Fields(new LinkedHashMap<>());
        fill.accept(fields);
        return fields.values;
    }

    record StructCodec(Function<Fields, byte[]> encode, Function<byte[], Map<String, Long>> decode) {}

    private interface Filler<T> {
        void fill(T from, Fields into);
    }

    private interface ElementWriter {
        void write(Fields from, PayloadWriter to);
    }

    /** Field values by name, unsigned 64 bits each. */
    record Fields(Map<String, Long> values) {
        int i(String name) {
            return (int) l(name);
        }

        long l(String name) {
            var value = values.get(name);
            if (value == null) {
                throw new AssertionError("no field " + name + " in " + values);
            }
            return value;
        }

        long halves(String name) {
            return l(name + "_low") | l(name + "_high") << 32;
        }

        Fields put(String name, int value) {
            return put64(name, Integer.toUnsignedLong(value));
        }

        Fields put64(String name, long value) {
            values.put(name, value);
            return this;
        }

        Fields putHalves(String name, long value) {
            return put(name + "_low", (int) value).put(name + "_high", (int) (value >>> 32));
        }
    }
}
