// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hwmailbox.gunyah.rm.protocol.ConsoleText;
import dev.hwmailbox.gunyah.rm.protocol.HostTypeReply;
import dev.hwmailbox.gunyah.rm.protocol.HypResource;
import dev.hwmailbox.gunyah.rm.protocol.HypResourceList;
import dev.hwmailbox.gunyah.rm.protocol.HypResourceType;
import dev.hwmailbox.gunyah.rm.protocol.MemHandleNotification;
import dev.hwmailbox.gunyah.rm.protocol.OsState;
import dev.hwmailbox.gunyah.rm.protocol.RmHandle;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmText;
import dev.hwmailbox.gunyah.rm.protocol.VmExitedNotification;
import dev.hwmailbox.gunyah.rm.protocol.VmIdentifier;
import dev.hwmailbox.gunyah.rm.protocol.VmIdentifiersReply;
import dev.hwmailbox.gunyah.rm.protocol.VmShutdownNotification;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import dev.hwmailbox.gunyah.rm.protocol.VmStatus;
import dev.hwmailbox.gunyah.rm.protocol.VmStatusNotification;
import dev.hwmailbox.gunyah.rm.protocol.VmidListReply;
import dev.hwmailbox.gunyah.rm.protocol.VmidReply;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** What replies and notifications say, as JSON. What has no layout here is told as {@code "data"}, in hexadecimal. */
final class MessageJson {
    /** The field that names a notification. */
    static final String NOTIFICATION = "notification";

    private MessageJson() {}

    /** What a reply says beside its error word. */
    static ObjectNode reply(RmMessage reply) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        byte[] data = reply.data();
        if (data.length == 0) {
            return json;
        }
        switch (reply.messageId()) {
            case RmMessageId.VM_ALLOC_VMID, RmMessageId.VM_GET_VMID, RmMessageId.VM_GET_OWNER ->
                json.put("vmid", VmidReply.decode(reply).vmid());
            case RmMessageId.VM_GET_PEERS,
                    RmMessageId.VM_LOOKUP_NAME,
                    RmMessageId.VM_LOOKUP_URI,
                    RmMessageId.VM_LOOKUP_GUID ->
                VmidListReply.decode(reply).vmids().forEach(json.putArray("vmids")::add);
            case RmMessageId.VM_GET_STATE -> state(VmStatus.decode(reply), json);
            case RmMessageId.VM_GET_ID -> identifiers(VmIdentifiersReply.decode(reply), json.putArray("identifiers"));
            case RmMessageId.VM_GET_CRASH_MSG ->
                json.put("text", RmText.decode(reply).text());
            case RmMessageId.VM_GET_HYP_RESOURCES ->
                resources(HypResourceList.decode(reply), json.putArray("resources"));
            case RmMessageId.VM_HOST_GET_TYPE -> hostType(HostTypeReply.decode(reply), json);
            case RmMessageId.MEM_LEND, RmMessageId.MEM_SHARE, RmMessageId.MEM_DONATE, RmMessageId.VM_IRQ_LEND ->
                json.put("handle", hex(RmHandle.decode(reply).handle()));
            default -> json.put("data", HexFormat.of().formatHex(data));
        }
        return json;
    }

    /** {@code VM_STATUS}, for instance. */
    static String nameOf(RmMessage notification) {
        return RmMessageId.name(notification.messageId()).replaceFirst("^NOTIFY_", "");
    }

    /** What a notification says. */
    static ObjectNode notification(RmMessage notification) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put(NOTIFICATION, nameOf(notification));
        switch (notification.messageId()) {
            case RmMessageId.NOTIFY_VM_STATUS -> {
                VmStatusNotification status = VmStatusNotification.decode(notification);
                json.put("vmid", status.vmid());
                state(status.status(), json);
            }
            case RmMessageId.NOTIFY_VM_EXITED -> {
                VmExitedNotification exited = VmExitedNotification.decode(notification);
                json.put("vmid", exited.vmid());
                json.put("exitType", exited.type().name());
                json.put("exitFlags", exited.exitFlags());
                json.put("exitCode", exited.exitCode());
            }
            case RmMessageId.NOTIFY_VM_SHUTDOWN ->
                json.put("reason", VmShutdownNotification.decode(notification).reason());
            case RmMessageId.NOTIFY_VM_CONSOLE_CHARS -> {
                ConsoleText text = ConsoleText.decode(notification);
                json.put("vmid", text.vmid());
                json.put("text", new String(text.bytes(), StandardCharsets.UTF_8));
            }
            case RmMessageId.NOTIFY_MEM_RELEASED, RmMessageId.NOTIFY_MEM_ACCEPTED -> {
                MemHandleNotification memory = MemHandleNotification.decode(notification);
                json.put("handle", hex(memory.handle()));
                json.put("vmid", memory.vmid());
                json.put("tag", hex(memory.tag()));
            }
            default -> json.put("data", HexFormat.of().formatHex(notification.payload()));
        }
        return json;
    }

    private static void state(VmStatus status, ObjectNode json) {
        json.put("vmState", name(status.vm() == VmState.UNKNOWN, status.vm().name(), status.vmState()));
        json.put("osState", name(status.os() == OsState.UNKNOWN, status.os().name(), status.osState()));
        json.put("appState", status.appState());
    }

    private static void identifiers(VmIdentifiersReply reply, ArrayNode json) {
        for (VmIdentifier identifier : reply.identifiers()) {
            json.addObject().put("kind", identifier.kind()).put("text", identifier.text());
        }
    }

    private static void resources(HypResourceList list, ArrayNode json) {
        for (HypResource resource : list.resources()) {
            HypResourceType type = resource.resourceType();
            ObjectNode entry = json.addObject();
            entry.put("type", name(type == HypResourceType.UNKNOWN, type.name(), resource.type()));
            entry.put("partner", resource.partnerVmid());
            entry.put("label", hex(resource.label()));
            entry.put("capability", resource.capability().toString());
            if (resource.hasVirq()) {
                entry.put("virq", resource.virq());
            }
        }
    }

    private static void hostType(HostTypeReply type, ObjectNode json) {
        json.put("architecture", type.architecture());
        json.put("hypervisor", type.hypervisor());
        json.put("version", type.version());
    }

    private static String name(boolean unknown, String name, int number) {
        return unknown ? Integer.toString(number) : name;
    }

    private static String hex(int number) {
        return "0x" + Integer.toHexString(number);
    }
}
