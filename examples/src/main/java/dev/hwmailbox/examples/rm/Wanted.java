// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Which notification to wait for, and how long: {@code NOTIFICATION [MILLISECONDS] [FIELD=VALUE...]}.
 *
 * @param name its name
 * @param longest how long
 * @param fields what its JSON must say
 */
record Wanted(String name, Duration longest, Map<String, String> fields) {
    private static final Duration DEFAULT = Duration.ofSeconds(10);

    static Wanted parse(Words words) {
        String name = words.next("notification");
        Duration longest = DEFAULT;
        Map<String, String> fields = new LinkedHashMap<>();
        while (words.hasNext()) {
            String word = words.next("condition");
            int equals = word.indexOf('=');
            if (equals > 0) {
                fields.put(word.substring(0, equals), word.substring(equals + 1));
            } else {
                longest = Duration.ofMillis(Words.number(word, "milliseconds", Integer.SIZE));
            }
        }
        return new Wanted(name, longest, fields);
    }

    boolean matches(ObjectNode notification) {
        return notification.path(MessageJson.NOTIFICATION).asText().equals(name)
                && fields.entrySet().stream()
                        .allMatch(field ->
                                notification.path(field.getKey()).asText().equals(field.getValue()));
    }

    @Override
    public String toString() {
        return fields.entrySet().stream().map(field -> " " + field).collect(Collectors.joining("", name, ""));
    }
}
