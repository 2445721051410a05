// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/** One overlay on its way into one base, in the order of libfdt's steps. */
final class OverlayApplication {
    private final DeviceTree base;
    private final DeviceTree overlay;
    private final NodePaths paths;
    private final OverlayValues values = new OverlayValues();
    private final MergedTree merged;
    private final OverlayFragments fragments;
    private final OverlayPhandles phandles;

    OverlayApplication(DeviceTree base, DeviceTree overlay) {
        this.base = base;
        this.overlay = overlay;
        this.paths = new NodePaths(overlay.root());
        this.merged = new MergedTree(base);
        this.fragments = new OverlayFragments(overlay.root(), values, merged);
        this.phandles = new OverlayPhandles(OverlayPhandles.largest(base), values, paths);
    }

    DeviceTree apply() {
        shift();
        part("__fixups__", fixups -> new OverlayFixups(fixups, paths, values).resolve(base));
        fragments.forEach((fragment, content) -> {
            MergedNode target = fragments.find(fragment);
            if (target != null) {
                phandles.protectBase(content, target);
            }
        });
        return merge(fragment -> Optional.of(fragments.require(fragment)));
    }

    DeviceTree applyAlone() {
        shift();
        part("__fixups__", fixups -> new OverlayFixups(fixups, paths, values).check());
        return merge(fragments::make);
    }

    private void shift() {
        phandles.shiftPhandles(overlay);
        part("__local_fixups__", localFixups -> phandles.shiftReferences(localFixups, overlay.root()));
    }

    private DeviceTree merge(Function<Node, Optional<MergedNode>> targetOf) {
        Map<Node, Optional<MergedNode>> targets = new LinkedHashMap<>();
        fragments.forEach((fragment, content) -> {
            Optional<MergedNode> target = targetOf.apply(fragment);
            target.ifPresent(node -> merged.merge(content, values, node));
            targets.put(fragment, target);
        });
        part("__symbols__", symbols -> new OverlaySymbols(symbols, paths, values, targets).mergeInto(merged));
        return merged.build();
    }

    private void part(String name, Consumer<Node> step) {
        overlay.root().child(name).ifPresent(step);
    }
}
