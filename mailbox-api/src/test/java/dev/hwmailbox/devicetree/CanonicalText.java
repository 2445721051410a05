// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.function.Function;
import java.util.stream.Stream;

/** The canonical text of the conformance data, by whose SHA-256 two trees are compared. */
final class CanonicalText {
    private final StringBuilder text = new StringBuilder();
    private final boolean sorted;

    private CanonicalText(boolean sorted) {
        this.sorted = sorted;
    }

    /** Keeps the order of the tree. */
    static String sha256(DeviceTree tree) {
        return sha256(tree, false);
    }

    /** Does not depend on the order of properties and children. */
    static String sortedSha256(DeviceTree tree) {
        return sha256(tree, true);
    }

    private static String sha256(DeviceTree tree, boolean sorted) {
        var canonical = new CanonicalText(sorted);
        tree.memoryReservations()
                .forEach(r -> canonical.text.append("R %016x %016x\n".formatted(r.address(), r.size())));
        canonical.append(tree.root());
        return sha256(canonical.text.toString().getBytes(StandardCharsets.US_ASCII));
    }

    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    static String hex(ByteBuffer value) {
        var bytes = new byte[value.remaining()];
        value.get(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private void append(Node node) {
        text.append("N ").append(hexName(node.name())).append('\n');
        ordered(node.properties().stream(), Property::name)
                .forEach(property -> text.append("P ")
                        .append(hexName(property.name()))
                        .append(' ')
                        .append(hex(property.bytes()))
                        .append('\n'));
        ordered(node.children().stream(), Node::name).forEach(this::append);
        text.append("E\n");
    }

    private <T> Stream<T> ordered(Stream<T> elements, Function<T, String> name) {
        return sorted ? elements.sorted(Comparator.comparing(name)) : elements;
    }

    private static String hexName(String name) {
        return HexFormat.of().formatHex(name.getBytes(StandardCharsets.ISO_8859_1));
    }
}
