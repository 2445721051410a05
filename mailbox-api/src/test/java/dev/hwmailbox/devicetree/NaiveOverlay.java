// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A second reading of the rules of overlays, to compare with: on maps from path to property to value, without any care
 * for speed. What is wrong with an overlay it says with {@link IllegalArgumentException} and no details.
 */
final class NaiveOverlay {
    private record Place(ByteBuffer value, int offset) {}

    private final Map<String, Map<String, ByteBuffer>> base;
    private final Map<String, Map<String, ByteBuffer>> overlay;
    private final List<Place> places = new ArrayList<>();
    private final Map<String, String> targets = new HashMap<>();

    private NaiveOverlay(DeviceTree base, DeviceTree overlay) {
        this.base = flatten(base);
        this.overlay = flatten(overlay);
    }

    /** Each node with its properties, values in hex. */
    static Map<String, Map<String, String>> apply(DeviceTree base, DeviceTree overlay) {
        var naive = new NaiveOverlay(base, overlay);
        naive.shift();
        naive.fixups();
        naive.protect();
        naive.merge();
        naive.symbols();
        return hex(naive.base);
    }

    static Map<String, Map<String, String>> hex(DeviceTree tree) {
        return hex(flatten(tree));
    }

    private static Map<String, Map<String, String>> hex(Map<String, Map<String, ByteBuffer>> tree) {
        Map<String, Map<String, String>> hex = new TreeMap<>();
        tree.forEach((path, properties) -> {
            Map<String, String> values = new TreeMap<>();
            properties.forEach((name, value) -> values.put(name, CanonicalText.hex(value.duplicate())));
            hex.put(path, values);
        });
        return hex;
    }

    /** Paths without trailing slash: the root's is empty. */
    private static Map<String, Map<String, ByteBuffer>> flatten(DeviceTree tree) {
        Map<String, Map<String, ByteBuffer>> flat = new LinkedHashMap<>();
        for (Node node : tree.nodes()) {
            Map<String, ByteBuffer> values = new LinkedHashMap<>();
            node.properties()
                    .forEach(p -> values.put(
                            p.name(),
                            ByteBuffer.allocate(p.length()).put(p.bytes()).flip()));
            flat.put(node.parent() == null ? "" : node.path(), values);
        }
        return flat;
    }

    private static void check(boolean condition) {
        if (!condition) {
            throw new IllegalArgumentException();
        }
    }

    private static <T> T require(@Nullable T found) {
        if (found == null) {
            throw new IllegalArgumentException();
        }
        return found;
    }

    private static int phandle(@Nullable Map<String, ByteBuffer> properties) {
        for (String name : List.of("phandle", "linux,phandle")) {
            ByteBuffer value = properties == null ? null : properties.get(name);
            if (value != null && value.remaining() >= 4 && value.getInt(0) != 0 && value.getInt(0) != -1) {
                return value.getInt(0);
            }
        }
        return 0;
    }

    private void shift() {
        long delta = base.values().stream()
                .mapToLong(p -> phandle(p) & 0xffff_ffffL)
                .max()
                .orElse(0);
        overlay.forEach((path, properties) -> properties.forEach((name, value) -> {
            if (name.equals("phandle") || name.equals("linux,phandle")) {
                check(value.remaining() == 4 && value.getInt(0) != 0);
                add(value, 0, delta);
            }
        }));
        overlay.forEach((path, properties) -> {
            if (path.equals("/__local_fixups__") || path.startsWith("/__local_fixups__/")) {
                String mirrored = require(find(overlay, path.substring("/__local_fixups__".length())));
                properties.forEach((name, offsets) -> {
                    ByteBuffer value = require(require(overlay.get(mirrored)).get(name));
                    check(offsets.remaining() % 4 == 0);
                    for (int i = 0; i < offsets.remaining(); i += 4) {
                        int offset = offsets.getInt(i);
                        check(offset >= 0 && offset <= value.remaining() - 4);
                        add(value, offset, delta);
                        places.add(new Place(value, offset));
                    }
                });
            }
        });
    }

    private static void add(ByteBuffer value, int offset, long delta) {
        long sum = (value.getInt(offset) & 0xffff_ffffL) + delta;
        check(sum < 0xffff_ffffL);
        value.putInt(offset, (int) sum);
    }

    private static @Nullable String find(Map<String, Map<String, ByteBuffer>> tree, String path) {
        String found = "";
        for (String name : path.split("/", -1)) {
            found = name.isEmpty() ? found : child(tree, found, name);
            if (found == null) {
                return null;
            }
        }
        return found;
    }

    private static @Nullable String child(Map<String, Map<String, ByteBuffer>> tree, String parent, String name) {
        String exact = parent + "/" + name;
        if (tree.containsKey(exact) || name.contains("@")) {
            return tree.containsKey(exact) ? exact : null;
        }
        return tree.keySet().stream()
                .filter(path -> path.startsWith(exact + "@") && path.indexOf('/', exact.length()) < 0)
                .findFirst()
                .orElse(null);
    }

    private static String text(ByteBuffer value) {
        return StandardCharsets.ISO_8859_1.decode(value.duplicate()).toString();
    }

    private void fixups() {
        String fixups = child(overlay, "", "__fixups__");
        if (fixups == null) {
            return;
        }
        Map<String, ByteBuffer> labels = Optional.ofNullable(child(base, "", "__symbols__"))
                .map(base::get)
                .orElse(Map.of());
        require(overlay.get(fixups)).forEach((label, list) -> {
            ByteBuffer symbol = require(labels.get(label));
            check(text(symbol).endsWith("\0") && text(symbol).startsWith("/"));
            String node = require(find(base, text(symbol).split("\0", -1)[0]));
            check(phandle(base.get(node)) != 0);
            check(text(list).endsWith("\0"));
            String[] entries = text(list).split("\0", -1);
            for (int i = 0; i < entries.length - 1; i++) {
                String[] parts = entries[i].split(":", 3);
                check(parts.length == 3 && !parts[1].isEmpty() && parts[2].matches("[0-9]+"));
                check(parts[0].startsWith("/"));
                String place = require(find(overlay, parts[0]));
                ByteBuffer value = require(require(overlay.get(place)).get(parts[1]));
                var offset = new BigInteger(parts[2]);
                check(offset.compareTo(BigInteger.valueOf(value.remaining() - 4L)) <= 0);
                value.putInt(offset.intValue(), phandle(base.get(node)));
            }
        });
    }

    private List<String> fragments() {
        return overlay.keySet().stream()
                .filter(path -> path.lastIndexOf('/') == 0 && child(overlay, path, "__overlay__") != null)
                .toList();
    }

    private @Nullable String target(String fragment) {
        Map<String, ByteBuffer> properties = require(overlay.get(fragment));
        ByteBuffer target = properties.get("target");
        check(target == null || target.remaining() == 4);
        if (target != null && target.getInt(0) != 0) {
            check(target.getInt(0) != -1);
            return base.keySet().stream()
                    .filter(path -> phandle(base.get(path)) == target.getInt(0))
                    .findFirst()
                    .orElse(null);
        }
        String path = text(require(properties.get("target-path")));
        check(path.indexOf('\0') >= 0);
        path = path.substring(0, path.indexOf('\0'));
        if (path.startsWith("/")) {
            return find(base, path);
        }
        String[] aliasAndRest = path.split("/", 2);
        String aliases = child(base, "", "aliases");
        ByteBuffer alias = aliases == null ? null : require(base.get(aliases)).get(aliasAndRest[0]);
        if (alias == null || !text(alias).endsWith("\0") || !text(alias).startsWith("/")) {
            return null;
        }
        String rest = aliasAndRest.length == 1 ? "" : "/" + aliasAndRest[1];
        return find(base, text(alias).split("\0", -1)[0] + rest);
    }

    private void protect() {
        for (String fragment : fragments()) {
            String target = target(fragment);
            String content = require(child(overlay, fragment, "__overlay__"));
            overlay.forEach((path, properties) -> {
                String existing = target == null || !isBelow(path, content)
                        ? null
                        : follow(target, path.substring(content.length()));
                int ours = phandle(properties);
                int theirs = existing == null ? 0 : phandle(base.get(existing));
                if (ours != 0 && theirs != 0) {
                    properties.computeIfPresent("phandle", (name, value) -> value.putInt(0, theirs));
                    properties.computeIfPresent("linux,phandle", (name, value) -> value.putInt(0, theirs));
                    places.stream()
                            .filter(place -> place.value.getInt(place.offset) == ours)
                            .forEach(place -> place.value.putInt(place.offset, theirs));
                }
            });
        }
    }

    private static boolean isBelow(String path, String top) {
        return path.equals(top) || path.startsWith(top + "/");
    }

    private @Nullable String follow(String start, String rest) {
        String found = start;
        for (String name : rest.split("/", -1)) {
            found = name.isEmpty() ? found : child(base, found, name);
            if (found == null) {
                return null;
            }
        }
        return found;
    }

    private void merge() {
        for (String fragment : fragments()) {
            String target = require(target(fragment));
            targets.put(fragment, target);
            String content = require(child(overlay, fragment, "__overlay__"));
            overlay.forEach((path, properties) -> {
                if (isBelow(path, content)) {
                    String parent = path.equals(content) ? "" : path.substring(content.length(), path.lastIndexOf('/'));
                    String name = path.equals(content) ? "" : path.substring(path.lastIndexOf('/') + 1);
                    String above = require(follow(target, parent));
                    String found = follow(above, name);
                    String merged = found == null ? above + "/" + name : found;
                    check(merged.chars().filter(c -> c == '/').count() < DeviceTree.MAX_DEPTH);
                    base.computeIfAbsent(merged, added -> new LinkedHashMap<>()).putAll(properties);
                }
            });
        }
    }

    private void symbols() {
        String symbols = child(overlay, "", "__symbols__");
        if (symbols == null) {
            return;
        }
        require(overlay.get(symbols)).forEach((label, value) -> {
            String path = text(value);
            check(path.startsWith("/") && path.indexOf('\0') == path.length() - 1);
            String[] parts = path.substring(1, path.length() - 1).split("/", 3);
            if (parts.length >= 2 && parts[1].equals("__overlay__")) {
                check(!parts[0].isEmpty());
                String fragment = require(child(overlay, "", parts[0]));
                check(targets.containsKey(fragment));
                String target = targets.get(fragment) + (parts.length == 2 || parts[2].isEmpty() ? "" : "/" + parts[2]);
                String written = (target.isEmpty() ? "/" : target) + "\0";
                check(written.length() - 1 <= MergedTree.MAX_PATH);
                base.computeIfAbsent("/__symbols__", made -> new LinkedHashMap<>())
                        .put(label, StandardCharsets.ISO_8859_1.encode(written));
            }
        });
    }
}
