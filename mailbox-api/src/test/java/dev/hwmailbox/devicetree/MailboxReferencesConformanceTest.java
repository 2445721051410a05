// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.Mailboxes;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests channels as the recorded trees ask for them: by index and by name, from controllers that have registered
 * and some that have not, through references good and bad.
 */
class MailboxReferencesConformanceTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");
    private static final int NO_POSITION = Integer.MIN_VALUE;

    @AutoClose
    private final Corpus corpus = Corpus.open();

    @AutoClose
    private final VirtualScheduler scheduler = new VirtualScheduler();

    /**
     * The channel or the error; the position in the list, given or found by name; the reference, if it leads
     * anywhere.
     */
    private record Answer(String result, int position, String reference) {}

    private record Query(String name, Answer expected, Answer actual) {
        boolean isMet() {
            return expected.equals(actual);
        }
    }

    @TestFactory
    Stream<DynamicTest> findsTheChannelsThatTheTreesName() {
        Map<String, List<Query>> trees = new TreeMap<>();
        ask(corpus.recorded(), trees);
        assertThat(trees).hasSize(30);
        assertThat(trees.values().stream().mapToInt(List::size).sum()).isEqualTo(73);
        Corpus.extra().forEach(directory -> ask(directory, trees));
        TALLY.info(
                "conformance devicetree mailbox: {} trees, {} of {} queries",
                trees.size(),
                trees.values().stream()
                        .flatMap(List::stream)
                        .filter(Query::isMet)
                        .count(),
                trees.values().stream().mapToInt(List::size).sum());
        return trees.values().stream()
                .flatMap(List::stream)
                .map(query ->
                        dynamicTest(query.name, () -> assertThat(query.actual).isEqualTo(query.expected)));
    }

    private void ask(Path data, Map<String, List<Query>> trees) {
        Path directory = data.resolve("mailbox");
        if (!Files.exists(directory)) {
            return;
        }
        for (JsonNode tree : Corpus.cases(directory.resolve("cases.json"))) {
            DeviceTree parsed = Corpus.tree(directory.resolve(tree.get("dtb").asText()));
            List<Query> queries = new ArrayList<>();
            for (JsonNode query : tree.get("queries")) {
                Node client = parsed.find(query.get("client").asText()).orElseThrow();
                String name = "%s of %s: %s"
                        .formatted(
                                client.path(), directory.resolve(tree.get("id").asText()), query);
                queries.add(new Query(name, expected(query), ask(parsed, tree, client, query)));
            }
            trees.put(directory + " " + tree.get("id").asText(), queries);
        }
    }

    private static Answer expected(JsonNode query) {
        JsonNode expect = query.get("expect");
        JsonNode found = expect.has("ok") ? expect.get("ok") : expect;
        String result = expect.has("ok")
                ? found.get("controller").asText() + " " + found.get("channel")
                : found.get("error").asText();
        int position = query.has("index")
                ? query.get("index").intValue()
                : expect.path("index").asInt(NO_POSITION);
        String reference = found.has("args") ? found.get("controller").asText() + " " + found.get("args") : "none";
        return new Answer(result, position, reference);
    }

    /** Asks in a system of its own, as the queries of a tree are independent of each other. */
    private Answer ask(DeviceTree tree, JsonNode recorded, Node client, JsonNode query) {
        String result;
        try (var mailboxes = new Mailboxes()) {
            for (JsonNode controller : recorded.get("registered")) {
                mailboxes.register(controller(tree, controller));
            }
            result = describe(request(mailboxes, client, query));
        } catch (MailboxException e) {
            result = Errno.name(e.errno());
        }
        int position = position(client, query);
        return new Answer(result, position, reference(client, position));
    }

    private static int position(Node client, JsonNode query) {
        try {
            return query.has("index")
                    ? query.get("index").intValue()
                    : PhandleReference.indexOf(
                            client, "mbox-names", query.get("name").asText());
        } catch (DeviceTreeException e) {
            return NO_POSITION;
        }
    }

    private static String reference(Node client, int position) {
        try {
            PhandleReference reference = PhandleReference.find(client, "mboxes", "#mbox-cells", position);
            return reference.provider().path() + " " + cells(reference);
        } catch (DeviceTreeException e) {
            return "none";
        }
    }

    private MailboxController controller(DeviceTree tree, JsonNode registered) {
        String path = registered.get("controller").asText();
        return MailboxController.builder((channel, message, txId) -> 0, scheduler)
                .name(path)
                .node(tree.find(path).orElseThrow())
                .channelCount(registered.get("channels").intValue())
                .build();
    }

    private static MailboxChannel request(Mailboxes mailboxes, Node node, JsonNode query) {
        var client = new MailboxClient() {
            @Override
            public Node node() {
                return node;
            }
        };
        return query.has("index")
                ? mailboxes.requestChannel(client, query.get("index").intValue())
                : mailboxes.requestChannelByName(client, query.get("name").asText());
    }

    /** A channel is called by its controller's name, here the path, and its number. */
    private static String describe(MailboxChannel channel) {
        String name = channel.toString();
        int slash = name.lastIndexOf('/');
        return name.substring(0, slash) + " " + name.substring(slash + 1);
    }

    private static String cells(PhandleReference reference) {
        return IntStream.range(0, reference.cellCount())
                .mapToObj(i -> Long.toString(reference.cell(i)))
                .collect(Collectors.joining(",", "[", "]"));
    }
}
