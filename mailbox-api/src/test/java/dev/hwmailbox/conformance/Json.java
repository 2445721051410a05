// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.conformance;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hwmailbox.Errno;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** How the traces write results: an error by its Linux name, everything else as it is. */
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final int HIGHEST_ERRNO = 600;
    private static final Map<String, Integer> ERRNOS = IntStream.rangeClosed(1, HIGHEST_ERRNO)
            .boxed()
            .filter(errno -> !Errno.name(errno).startsWith("errno "))
            .collect(Collectors.toUnmodifiableMap(Errno::name, Function.identity()));

    private Json() {}

    static JsonNode read(String text) {
        try {
            return MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    /** A result as the framework gives it. */
    static JsonNode result(int result) {
        return result < 0 ? text(Errno.name(result)) : number(result);
    }

    /** A number as the framework takes it: errors are negative. */
    static int code(JsonNode node) {
        if (!node.isTextual()) {
            return node.intValue();
        }
        Integer errno = ERRNOS.get(node.textValue());
        if (errno == null) {
            throw new IllegalArgumentException("unknown error " + node);
        }
        return -errno;
    }

    /** Parsed numbers have the smallest type that fits; those made here must equal them. */
    static JsonNode number(long number) {
        return number == (int) number ? NODES.numberNode((int) number) : NODES.numberNode(number);
    }

    static JsonNode text(String text) {
        return NODES.textNode(text);
    }

    static JsonNode bool(boolean value) {
        return NODES.booleanNode(value);
    }

    static JsonNode none() {
        return NODES.nullNode();
    }

    static ObjectNode object() {
        return NODES.objectNode();
    }

    static ObjectNode event(String kind) {
        return object().put("e", kind);
    }

    /** The text of a field, null if it is absent or null. */
    static @Nullable String text(JsonNode node, String field) {
        JsonNode value = node.get(field);
        return value == null || value.isNull() ? null : value.asText();
    }

    static boolean is(JsonNode event, String kind) {
        return event.path("e").asText().equals(kind);
    }
}
