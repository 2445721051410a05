// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Writes the phandles of the base to the places where an overlay refers to labels of the base. */
final class OverlayFixups {
    /** More digits than an offset into a value can have. */
    private static final long TOO_FAR = 1L << 32;

    private final Node fixups;
    private final NodePaths overlay;
    private final OverlayValues values;

    OverlayFixups(Node fixups, NodePaths overlay, OverlayValues values) {
        this.fixups = fixups;
        this.overlay = overlay;
        this.values = values;
    }

    void resolve(DeviceTree base) {
        var paths = new NodePaths(base.root());
        Optional<Node> symbols = base.root().child("__symbols__");
        for (Property label : fixups.properties()) {
            int phandle = phandle(
                    label,
                    symbols.orElseThrow(() -> unknown(label, "is not in the base, which has no /__symbols__")),
                    paths);
            forEachPlace(label, OptionalInt.of(phandle));
        }
    }

    /** Without a base there is nothing to write, but the places must be right all the same. */
    void check() {
        fixups.properties().forEach(label -> forEachPlace(label, OptionalInt.empty()));
    }

    private int phandle(Property label, Node symbols, NodePaths paths) {
        Property path =
                symbols.property(label.name()).orElseThrow(() -> unknown(label, "is not in /__symbols__ of the base"));
        if (path.length() == 0 || !path.isStringList()) {
            throw unknown(label, "has no path in /__symbols__ of the base");
        }
        Node node = paths.find(path.string());
        if (node == null) {
            throw unknown(label, "leads to '%s', which is not in the base".formatted(path.string()));
        }
        return node.phandle().orElseThrow(() -> unknown(label, "leads to %s, which has no phandle".formatted(node)));
    }

    /** Names the fragment that uses the label first, if it can be told. */
    private DeviceTreeException unknown(Property label, String fact) {
        String text = values.text(label);
        int colon = text.indexOf(':');
        var user = colon < 0 ? List.<String>of() : NodePaths.names(text.substring(0, colon));
        String where = user.isEmpty() ? "__fixups__" : user.get(0);
        String reason = "%s: label '%s' %s".formatted(where, label.name(), fact);
        return OverlayError.in(Code.NO_SUCH_TARGET, fixups, label, reason);
    }

    private void forEachPlace(Property label, OptionalInt phandle) {
        String places = values.text(label);
        if (!places.endsWith("\0")) {
            throw OverlayError.atLabel(Code.BAD_OVERLAY, fixups, label, "is not a list of NUL-terminated strings");
        }
        for (int begin = 0; begin < places.length(); ) {
            int end = places.indexOf('\0', begin);
            store(label, places.substring(begin, end), phandle);
            begin = end + 1;
        }
    }

    private void store(Property label, String place, OptionalInt phandle) {
        int first = place.indexOf(':');
        int second = place.indexOf(':', first + 1);
        if (first < 0 || second <= first + 1 || !isNumber(place, second + 1)) {
            throw badPlace(label, place, "is not path:property:offset");
        }
        Node node = overlay.find(place.substring(0, first));
        if (node == null) {
            throw badPlace(label, place, "names a node that is not in the overlay");
        }
        Property property = node.property(place.substring(first + 1, second))
                .orElseThrow(() -> badPlace(label, place, "names a property that is not there"));
        long offset = number(place, second + 1);
        if (offset + Integer.BYTES > property.length()) {
            throw badPlace(label, place, "has an offset outside the %d-byte value".formatted(property.length()));
        }
        phandle.ifPresent(number -> values.setCell(property, (int) offset, number));
    }

    private DeviceTreeException badPlace(Property label, String place, String fact) {
        return OverlayError.atLabel(Code.BAD_OVERLAY, fixups, label, "'" + place + "' " + fact);
    }

    private static boolean isNumber(String text, int begin) {
        for (int i = begin; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return begin < text.length();
    }

    private static long number(String text, int begin) {
        long number = 0;
        for (int i = begin; i < text.length() && number < TOO_FAR; i++) {
            number = number * 10 + (text.charAt(i) - '0');
        }
        return number;
    }
}
