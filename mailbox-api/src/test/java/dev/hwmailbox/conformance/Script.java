// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the mocks of a trace do on their n-th call: every call takes the next entry. */
final class Script {
    private final Map<String, Deque<JsonNode>> entries = new HashMap<>();

    Script(JsonNode script) {
        script.properties()
                .forEach(who -> who.getValue().properties().forEach(list -> {
                    Deque<JsonNode> queue = new ArrayDeque<>();
                    list.getValue().forEach(queue::add);
                    entries.put(key(who.getKey(), list.getKey()), queue);
                }));
    }

    /** The next entry of a channel or client for an operation, null when there are no more. */
    @Nullable
    JsonNode next(String who, String operation) {
        Deque<JsonNode> queue = entries.get(key(who, operation));
        return queue == null ? null : queue.poll();
    }

    private static String key(String who, String operation) {
        return who + " " + operation;
    }
}
