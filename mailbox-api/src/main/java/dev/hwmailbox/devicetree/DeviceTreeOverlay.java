// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.util.List;

/**
 * Applies overlays (DTBO) to a base tree.
 *
 * <p>Each child of an overlay's root that has a child {@code __overlay__} is a fragment: its content is laid over the
 * node of the base that {@code target} or {@code target-path} names. Properties replace those of the same name and
 * keep their place, or go to the end; children are merged or go to the end. A name without unit address also finds a
 * child that has one. Later fragments find what earlier ones have added. References to labels of the base
 * ({@code __fixups__}) are resolved by its {@code __symbols__}; phandles of the overlay and the references to them
 * ({@code __local_fixups__}) move behind the largest phandle of the base; labels of the overlay become labels of the
 * result. Nothing of the base is ever taken away.
 *
 * <p>Trees are immutable, so the base stays as it is whatever happens. The time is proportional to the sizes of base
 * and overlay, and so is the result: every node and property of the overlay goes to one place, and only the paths of
 * labels get longer, to 4096 characters at most.
 *
 * <p>Context: any thread.
 *
 * <p>Kernel counterpart: {@code fdt_overlay_apply}, scripts/dtc/libfdt/fdt_overlay.c (Linux 6.12). Differs: offsets of
 * {@code __fixups__} and {@code __local_fixups__} that are negative, too large or outside the value are refused, where
 * libfdt writes elsewhere or takes them for smaller ones; so are phandles that are 0, references that would wrap
 * around, and labels whose path gets longer than 4096 characters; an alias with a longer path leads nowhere. New
 * properties and nodes go to the end, in libfdt to the front. A child of exactly the name comes before one with a unit
 * address, whatever their order. As in libfdt, a phandle that a fragment has given to a new node is replaced by that of
 * a later fragment for the same node, and references to the earlier number lead nowhere.
 *
 * @since 0.1
 */
public final class DeviceTreeOverlay {
    private DeviceTreeOverlay() {}

    /**
     * Tells whether a tree is an overlay.
     *
     * @param tree any tree
     * @return true if a child of its root has a child {@code __overlay__}
     */
    public static boolean isOverlay(DeviceTree tree) {
        return tree.root().children().stream().anyMatch(OverlayFragments::isFragment);
    }

    /**
     * Applies an overlay. A tree without fragments changes nothing but labels.
     *
     * @param base the tree to apply it to; memory reservations and boot CPU of the result are the base's
     * @param overlay the overlay
     * @return the merged tree
     * @throws DeviceTreeException with {@link DeviceTreeException.Code#BAD_OVERLAY} if the overlay is not built as
     *     overlays are, {@link DeviceTreeException.Code#NO_SUCH_TARGET} if a label, path or phandle is not in the base,
     *     {@link DeviceTreeException.Code#BAD_PHANDLE} if a phandle or target is no phandle,
     *     {@link DeviceTreeException.Code#NO_PHANDLES} if the base leaves no numbers for those of the overlay,
     *     {@link DeviceTreeException.Code#BAD_VALUE} if a path of the overlay is no path, and
     *     {@link DeviceTreeException.Code#TOO_DEEP} if the result has more than {@link DeviceTree#MAX_DEPTH} levels
     */
    public static DeviceTree apply(DeviceTree base, DeviceTree overlay) {
        return new OverlayApplication(base, overlay).apply();
    }

    /**
     * Applies several overlays, one after another: each finds what the earlier ones have added, labels included.
     *
     * @param base the tree to apply them to
     * @param overlays the overlays, in order
     * @return the merged tree; the base itself if there are no overlays
     * @throws DeviceTreeException as {@link #apply(DeviceTree, DeviceTree)}
     */
    public static DeviceTree apply(DeviceTree base, List<DeviceTree> overlays) {
        DeviceTree merged = base;
        for (DeviceTree overlay : overlays) {
            merged = apply(merged, overlay);
        }
        return merged;
    }

    /**
     * Makes as much of a tree as an overlay tells when its base is not at hand. The nodes that {@code target-path}
     * names are made; fragments whose target is a label, a number or begins with an alias are left out, and so are
     * their labels. Phandles stay as they are in the overlay; references to labels of the base stay placeholders,
     * 0xffffffff. Apart from that the overlay must be as good as for {@link #apply(DeviceTree, DeviceTree)}.
     *
     * @param overlay the overlay
     * @return the tree, without memory reservations, with boot CPU 0
     * @throws DeviceTreeException as {@link #apply(DeviceTree, DeviceTree)}, or with
     *     {@link DeviceTreeException.Code#BAD_NAME} if a {@code target-path} has an impossible name
     */
    public static DeviceTree applyAlone(DeviceTree overlay) {
        DeviceTree nothing = DeviceTree.of(NodeBuilder.root().build());
        return new OverlayApplication(nothing, overlay).applyAlone();
    }
}
