// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.devicetree.Node;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A client of a trace: writes down what it is told, and does in its callbacks what the script says. Callbacks that the
 * original does not have, or that this client of the trace leaves out, go to the ledger only.
 */
final class ScriptedClient implements MailboxClient {
    private final Replay replay;
    private final String id;
    private final ClientOptions options;
    private final @Nullable Node node;
    private final List<String> callbacks = new ArrayList<>();
    private final List<MailboxChannel> owned = new ArrayList<>();

    ScriptedClient(Replay replay, JsonNode header, @Nullable Node node) {
        this.replay = replay;
        id = header.get("id").asText();
        options = new ClientOptions(
                header.get("tx_block").booleanValue(),
                Duration.ofMillis(header.get("tx_tout").longValue()),
                header.get("knows_txdone").booleanValue());
        this.node = node;
        header.get("cb").forEach(callback -> callbacks.add(callback.asText()));
    }

    @Override
    public ClientOptions options() {
        return options;
    }

    @Override
    public @Nullable Node node() {
        return node;
    }

    void bound(MailboxChannel channel) {
        owned.add(channel);
    }

    /** The channel that {@code @} stands for in this client's script. */
    private @Nullable MailboxChannel latest() {
        owned.removeIf(MailboxChannel::isClosed);
        return owned.isEmpty() ? null : owned.get(owned.size() - 1);
    }

    @Override
    public void rxCallback(MailboxChannel channel, @Nullable Object message) {
        replay.ledger().heard(channel, "rxCallback");
        called("rx_callback", message, null);
    }

    @Override
    public void txPrepare(MailboxChannel channel, @Nullable Object message) {
        replay.ledger().heard(channel, "txPrepare");
        called("tx_prepare", message, null);
    }

    @Override
    public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
        replay.ledger().reported(channel, Replay.number(message), status);
        called("tx_done", message, Json.result(status));
    }

    @Override
    public void writable(MailboxChannel channel) {
        replay.ledger().writable(channel);
    }

    @Override
    public void refused(MailboxChannel channel, @Nullable Object message, int errno) {
        replay.ledger().refused(channel, Replay.number(message), errno);
    }

    @Override
    public void event(MailboxChannel channel, ChannelEvent event) {
        replay.ledger().told(channel, event);
    }

    private void called(String callback, @Nullable Object message, @Nullable JsonNode status) {
        if (!callbacks.contains(callback)) {
            return;
        }
        ObjectNode event = Json.event(callback).put("cl", id).put("msg", Replay.number(message));
        if (status != null) {
            event.set("r", status);
        }
        replay.happens(event);
        JsonNode actions = replay.script().next(id, callback);
        if (actions != null) {
            actions.forEach(this::act);
        }
    }

    private void act(JsonNode action) {
        String channel = action.get("ch").asText();
        if (channel.equals("@")) {
            MailboxChannel latest = latest();
            if (latest == null) {
                return;
            }
            channel = latest.toString();
        }
        ObjectNode resolved = action.deepCopy();
        resolved.put("ch", channel);
        replay.happens(Json.event("call").setAll(resolved));
        JsonNode result = replay.act(resolved);
        replay.happens(Json.event("ret").put("op", resolved.get("op").asText()).set("r", result));
    }

    @Override
    public String toString() {
        return id;
    }
}
