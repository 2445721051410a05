// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import static dev.hwmailbox.gunyah.rm.protocol.RmRpcVectors.hex;
import static dev.hwmailbox.gunyah.rm.protocol.RmRpcVectors.id;
import static dev.hwmailbox.gunyah.rm.protocol.RmRpcVectors.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import dev.hwmailbox.Errno;
import dev.hwmailbox.gunyah.CapabilityId;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The records of resources.jsonl: a reply's data into entries and channels. */
final class ResourceVectors {
    private ResourceVectors() {}

    static void check(JsonNode vector) {
        var reply = RmMessage.reply(RmMessageId.VM_GET_HYP_RESOURCES, 0, RmError.OK, hex(vector.get("reply_data")));
        if (vector.has("error")) {
            var refusal = catchThrowableOfType(RmProtocolException.class, () -> HypResourceList.decode(reply));
            assertThat(refusal).as(id(vector)).isNotNull();
            assertThat(Errno.name(refusal.errno()))
                    .as(id(vector))
                    .isEqualTo(vector.get("error").asText());
            return;
        }
        HypResourceList list = HypResourceList.decode(reply);
        assertThat(list.resources().stream().map(ResourceVectors::entryText).toList())
                .as(id(vector))
                .isEqualTo(each(vector.get("entries"), ResourceVectors::entryText));
        ResourceChannels channels = ResourceChannels.of(list.resources());
        assertThat(channels.pairs().stream().map(ResourceVectors::pairText).toList())
                .as(id(vector))
                .isEqualTo(each(vector.get("channel_pairs"), ResourceVectors::pairText));
        assertThat(channels.unpaired().stream()
                        .map(ResourceVectors::unpairedText)
                        .toList())
                .as(id(vector))
                .isEqualTo(each(vector.get("unpaired"), ResourceVectors::unpairedText));
    }

    private static String entryText(HypResource r) {
        return "%d %d %d %d %s %d %d 0x%x 0x%x %b"
                .formatted(
                        r.type(),
                        r.partnerVmid(),
                        Integer.toUnsignedLong(r.handle()),
                        Integer.toUnsignedLong(r.label()),
                        r.capability(),
                        Integer.toUnsignedLong(r.virqHandle()),
                        Integer.toUnsignedLong(r.virq()),
                        r.base(),
                        r.size(),
                        r.hasVirq());
    }

    private static String entryText(JsonNode e) {
        return String.join(
                " ",
                e.get("type").asText(),
                e.get("partner_vmid").asText(),
                e.get("handle").asText(),
                e.get("label").asText(),
                e.get("cap").asText(),
                e.get("virq_handle").asText(),
                e.get("virq").asText(),
                e.get("base").asText(),
                e.get("size").asText(),
                e.get("has_irq").asText());
    }

    private static String pairText(ResourceChannels.Pair p) {
        return "%d %d %s %d %s %d"
                .formatted(
                        p.partnerVmid(),
                        Integer.toUnsignedLong(p.label()),
                        p.send().capability(),
                        Integer.toUnsignedLong(p.send().virq()),
                        p.receive().capability(),
                        Integer.toUnsignedLong(p.receive().virq()));
    }

    private static String pairText(JsonNode p) {
        return String.join(
                " ",
                p.get("partner_vmid").asText(),
                p.get("label").asText(),
                p.get("tx_cap").asText(),
                p.get("tx_virq").asText(),
                p.get("rx_cap").asText(),
                p.get("rx_virq").asText());
    }

    private static String unpairedText(ResourceChannels.Unpaired u) {
        String key = u.partnerVmid() + " " + Integer.toUnsignedLong(u.label());
        if (u.reason() == ResourceChannels.Reason.AMBIGUOUS) {
            return key + " ambiguous " + capabilities(u.send()) + capabilities(u.receive());
        }
        boolean isSend = u.receive().isEmpty();
        HypResource side = isSend ? u.send().get(0) : u.receive().get(0);
        return key + (isSend ? " tx " : " rx ") + side.capability() + " " + Integer.toUnsignedLong(side.virq());
    }

    private static String unpairedText(JsonNode u) {
        String key = u.get("partner_vmid").asText() + " " + u.get("label").asText();
        if (u.path("ambiguous").asBoolean()) {
            return key + " ambiguous " + texts(u.get("tx")) + texts(u.get("rx"));
        }
        return String.join(
                " ",
                key,
                u.get("direction").asText(),
                u.get("cap").asText(),
                u.get("virq").asText());
    }

    private static List<String> capabilities(List<HypResource> resources) {
        return resources.stream()
                .map(HypResource::capability)
                .map(CapabilityId::toString)
                .toList();
    }

    private static List<String> each(JsonNode array, Function<JsonNode, String> text) {
        var list = new ArrayList<String>();
        array.forEach(element -> list.add(text.apply(element)));
        return list;
    }
}
