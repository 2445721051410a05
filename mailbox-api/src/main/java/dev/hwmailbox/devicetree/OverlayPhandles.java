// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the phandles of an overlay apart from those of the base: moves them and all references to them behind the
 * largest of the base, and back where an overlay node turns out to be a base node that has a phandle.
 */
final class OverlayPhandles {
    private final OverlayValues values;
    private final NodePaths overlay;

    /** The largest phandle of the base, unsigned in 32 bits. */
    private final long delta;

    /** Every place of the overlay that refers to one of its own nodes. */
    private final List<Place> references = new ArrayList<>();

    private @Nullable Map<Integer, List<Place>> referencesByPhandle;

    private record Place(Property property, int offset) {}

    OverlayPhandles(long delta, OverlayValues values, NodePaths overlay) {
        this.delta = delta;
        this.values = values;
        this.overlay = overlay;
    }

    /** The largest phandle of a tree, unsigned in 32 bits; 0 if it has none. */
    static long largest(DeviceTree tree) {
        long largest = 0;
        for (Node node : tree.nodes()) {
            largest = Math.max(largest, Integer.toUnsignedLong(node.phandle().orElse(0)));
        }
        return largest;
    }

    void shiftPhandles(DeviceTree tree) {
        for (Node node : tree.nodes()) {
            for (Property property : node.properties()) {
                if (OverlayValues.isPhandle(property)) {
                    shiftPhandle(node, property);
                }
            }
        }
    }

    private void shiftPhandle(Node node, Property property) {
        if (property.length() != Integer.BYTES) {
            String fact = "%s has %d bytes, not one cell".formatted(property.name(), property.length());
            throw OverlayError.at(Code.BAD_PHANDLE, node, property, fact);
        }
        if (property.u32() == 0) {
            throw OverlayError.at(Code.BAD_PHANDLE, node, property, property.name() + " is 0");
        }
        shift(node, property, property, 0);
    }

    private void shift(Node node, Property cause, Property property, int offset) {
        int number = values.cell(property, offset);
        long shifted = Integer.toUnsignedLong(number) + delta;
        if (shifted >= 0xffff_ffffL) {
            String fact = "phandle 0x%x cannot be moved behind 0x%x, the largest of the base".formatted(number, delta);
            throw OverlayError.at(Code.NO_PHANDLES, node, cause, fact);
        }
        values.setCell(property, offset, (int) shifted);
    }

    /** Shifts the references, whose places stand in nodes of the same shape as the overlay. */
    void shiftReferences(Node localFixups, Node target) {
        for (Property places : localFixups.properties()) {
            if (places.length() % Integer.BYTES != 0) {
                String fact =
                        "'%s' has %d bytes, not a whole number of cells".formatted(places.name(), places.length());
                throw OverlayError.at(Code.BAD_OVERLAY, localFixups, places, fact);
            }
            Property property = target.property(places.name())
                    .orElseThrow(() -> OverlayError.at(
                            Code.BAD_OVERLAY,
                            localFixups,
                            places,
                            "%s has no property '%s'".formatted(target.path(), places.name())));
            for (int at = 0; at < places.length(); at += Integer.BYTES) {
                shiftReference(localFixups, places, at, property);
            }
        }
        for (Node child : localFixups.children()) {
            Node same = overlay.child(target, child.name());
            if (same == null) {
                String fact = "%s has no node '%s'".formatted(target.path(), child.name());
                throw OverlayError.at(Code.BAD_OVERLAY, child, null, fact);
            }
            shiftReferences(child, same);
        }
    }

    private void shiftReference(Node localFixups, Property places, int at, Property property) {
        long offset = Integer.toUnsignedLong(values.cell(places, at));
        if (offset + Integer.BYTES > property.length()) {
            throw OverlayError.at(Code.BAD_OVERLAY, localFixups, places, OverlayError.outside(offset, property));
        }
        shift(localFixups, places, property, (int) offset);
        references.add(new Place(property, (int) offset));
    }

    /** Where a node below a fragment is in the base already, and both have a phandle, that of the base is to stay. */
    void protectBase(Node node, MergedNode existing) {
        OptionalInt ours = values.phandle(node);
        OptionalInt theirs = existing.phandle();
        if (ours.isPresent() && theirs.isPresent()) {
            node.properties().stream()
                    .filter(OverlayValues::isPhandle)
                    .forEach(property -> values.setCell(property, 0, theirs.getAsInt()));
            redirect(ours.getAsInt(), theirs.getAsInt());
        }
        for (Node child : node.children()) {
            MergedNode same = existing.child(child.name());
            if (same != null) {
                protectBase(child, same);
            }
        }
    }

    private void redirect(int from, int to) {
        List<Place> places = referencesByPhandle().remove(from);
        if (places != null) {
            places.forEach(place -> values.setCell(place.property, place.offset, to));
        }
    }

    private Map<Integer, List<Place>> referencesByPhandle() {
        Map<Integer, List<Place>> known = referencesByPhandle;
        if (known == null) {
            known = new HashMap<>();
            for (Place place : references) {
                int phandle = values.cell(place.property, place.offset);
                known.computeIfAbsent(phandle, number -> new ArrayList<>()).add(place);
            }
            referencesByPhandle = known;
        }
        return known;
    }
}
