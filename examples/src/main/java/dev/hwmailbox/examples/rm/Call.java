// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

import dev.hwmailbox.gunyah.rm.protocol.ConsoleText;
import dev.hwmailbox.gunyah.rm.protocol.LookupGuidRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemAclEntry;
import dev.hwmailbox.gunyah.rm.protocol.MemHandleRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmPayload;
import dev.hwmailbox.gunyah.rm.protocol.RmText;
import dev.hwmailbox.gunyah.rm.protocol.VmConfigImageRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmStopRequest;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/** One call to the Resource Manager, as it is written on the command line. */
final class Call {
    private static final int ALL_RIGHTS = MemAclEntry.READ | MemAclEntry.WRITE | MemAclEntry.EXECUTE;

    private static final List<Form> FORMS = List.of(
            plain("get-vmid", RmMessageId.VM_GET_VMID),
            plain("get-owner", RmMessageId.VM_GET_OWNER),
            plain("get-peers", RmMessageId.VM_GET_PEERS),
            plain("host-type", RmMessageId.VM_HOST_GET_TYPE),
            form("get-state", "[VMID]", RmMessageId.VM_GET_STATE, words -> new VmRequest(words.optionalVmid())),
            form("get-id", "[VMID]", RmMessageId.VM_GET_ID, words -> new VmRequest(words.optionalVmid())),
            form("crash-msg", "VMID", RmMessageId.VM_GET_CRASH_MSG, words -> new VmRequest(words.vmid())),
            form("lookup-name", "NAME", RmMessageId.VM_LOOKUP_NAME, words -> RmText.of(words.rest("name"))),
            form("lookup-uri", "URI", RmMessageId.VM_LOOKUP_URI, words -> RmText.of(words.next("URI"))),
            form(
                    "lookup-guid",
                    "GUID",
                    RmMessageId.VM_LOOKUP_GUID,
                    words -> new LookupGuidRequest(guid(words.next("GUID")))),
            form("resources", "VMID", RmMessageId.VM_GET_HYP_RESOURCES, words -> new VmRequest(words.vmid())),
            form("alloc-vmid", "[VMID]", RmMessageId.VM_ALLOC_VMID, words -> new VmRequest(words.optionalVmid())),
            form("dealloc-vmid", "VMID", RmMessageId.VM_DEALLOC_VMID, words -> new VmRequest(words.vmid())),
            form("lend-memory", "VMID ADDRESS SIZE", RmMessageId.MEM_LEND, Call::lending),
            form(
                    "reclaim-memory",
                    "HANDLE",
                    RmMessageId.MEM_RECLAIM,
                    words -> new MemHandleRequest(words.number32("handle"), 0)),
            form(
                    "config-image",
                    "VMID HANDLE IMAGE-SIZE TREE-OFFSET TREE-SIZE",
                    RmMessageId.VM_CONFIG_IMAGE,
                    Call::image),
            form("init", "VMID", RmMessageId.VM_INIT, words -> new VmRequest(words.vmid())),
            form("start", "VMID", RmMessageId.VM_START, words -> new VmRequest(words.vmid())),
            form("stop", "VMID [force]", RmMessageId.VM_STOP, Call::stopping),
            form("reset", "VMID", RmMessageId.VM_RESET, words -> new VmRequest(words.vmid())),
            form("console-open", "[VMID]", RmMessageId.VM_CONSOLE_OPEN, words -> new VmRequest(words.optionalVmid())),
            form("console-close", "[VMID]", RmMessageId.VM_CONSOLE_CLOSE, words -> new VmRequest(words.optionalVmid())),
            form("console-flush", "[VMID]", RmMessageId.VM_CONSOLE_FLUSH, words -> new VmRequest(words.optionalVmid())),
            form(
                    "console-write",
                    "VMID TEXT",
                    RmMessageId.VM_CONSOLE_WRITE,
                    words -> ConsoleText.of(words.vmid(), words.rest("text"))));

    private final String name;
    private final int messageId;
    private final byte[] payload;

    private Call(String name, int messageId, byte[] payload) {
        this.name = name;
        this.messageId = messageId;
        this.payload = payload;
    }

    /** What it is called on the command line. */
    String name() {
        return name;
    }

    /** What it is called on the wire. */
    int messageId() {
        return messageId;
    }

    /** The bytes of the request. */
    byte[] payload() {
        return payload.clone();
    }

    /** How a call is written. */
    private record Form(String name, String arguments, int messageId, Function<Words, byte[]> payload) {
        @Override
        public String toString() {
            return arguments.isEmpty() ? name : name + " " + arguments;
        }
    }

    private static Form plain(String name, int messageId) {
        return new Form(name, "", messageId, words -> new byte[0]);
    }

    private static Form form(String name, String arguments, int messageId, Function<Words, RmPayload> payload) {
        return new Form(
                name, arguments, messageId, words -> payload.apply(words).encode());
    }

    /** All that can be called, one form a line. */
    static String forms() {
        return FORMS.stream().map(form -> "  " + form).collect(Collectors.joining("\n"));
    }

    /** Reads a call; {@code raw ID [HEX]} is any. */
    static Call parse(String text) {
        var words = new Words(text);
        String name = words.next("call");
        Call call = name.equals("raw") ? raw(words) : named(name, words);
        words.end();
        return call;
    }

    private static Call named(String name, Words words) {
        Form form = FORMS.stream()
                .filter(candidate -> candidate.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new RmFailure("no such call: " + name + "; there are\n" + forms()));
        return new Call(name, form.messageId, form.payload.apply(words));
    }

    private static Call raw(Words words) {
        int id = words.number32("message id");
        String hex = words.hasNext() ? words.next("payload") : "";
        try {
            return new Call("raw", id, HexFormat.of().parseHex(hex));
        } catch (IllegalArgumentException e) {
            throw new RmFailure("payload is " + hex + ", not pairs of hexadecimal digits");
        }
    }

    private static UUID guid(String text) {
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            throw new RmFailure("GUID is " + text + ", not of the form 6f1c0f52-93f4-4f0e-8d5c-2a7be1c40d11");
        }
    }

    private static RmPayload lending(Words words) {
        int vmid = words.vmid();
        var range = new MemRange(words.number("address", Long.SIZE), words.number("size", Long.SIZE));
        return new MemParcelRequest(
                MemParcelRequest.TYPE_NORMAL,
                0,
                0,
                List.of(new MemAclEntry(vmid, ALL_RIGHTS)),
                List.of(range),
                List.of());
    }

    private static RmPayload image(Words words) {
        return new VmConfigImageRequest(
                words.vmid(),
                VmConfigImageRequest.AUTH_NONE,
                words.number32("handle"),
                0,
                words.number("image size", Long.SIZE),
                words.number("tree offset", Long.SIZE),
                words.number("tree size", Long.SIZE));
    }

    private static RmPayload stopping(Words words) {
        int vmid = words.vmid();
        if (!words.hasNext()) {
            return new VmStopRequest(vmid, 0, VmStopRequest.REASON_SHUTDOWN);
        }
        String how = words.next("how");
        if (!how.equals("force")) {
            throw new RmFailure("a VM is stopped, or stopped by force; nothing is known of " + how);
        }
        return new VmStopRequest(vmid, VmStopRequest.FLAG_FORCE, VmStopRequest.REASON_FORCED);
    }
}
