// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a devicetree source is to be read. Immutable: each method returns a changed reader.
 *
 * <pre>{@code
 * DeviceTree overlay = DeviceTreeSource.reader()
 *         .includes((name, includedFrom) -> texts.get(name))
 *         .symbols(true)
 *         .read("board.dts", text);
 * }</pre>
 *
 * <p>Context: any thread.
 *
 * @since 0.1
 */
public final class DeviceTreeSourceReader {
    static final DeviceTreeSourceReader PLAIN = new DeviceTreeSourceReader(null, false);

    private final @Nullable SourceResolver resolver;
    private final boolean withSymbols;

    private DeviceTreeSourceReader(@Nullable SourceResolver resolver, boolean withSymbols) {
        this.resolver = resolver;
        this.withSymbols = withSymbols;
    }

    /**
     * Where included texts come from. What the resolver does not have is looked for among the built-in headers,
     * {@code dt-bindings/interrupt-controller/arm-gic.h} (GIC_SPI, GIC_PPI, GIC_ESPI, GIC_EPPI and what follows) and
     * {@code dt-bindings/interrupt-controller/irq.h} (IRQ_TYPE_NONE, IRQ_TYPE_EDGE_RISING, IRQ_TYPE_EDGE_FALLING,
     * IRQ_TYPE_EDGE_BOTH, IRQ_TYPE_LEVEL_HIGH, IRQ_TYPE_LEVEL_LOW).
     *
     * @param resolver finds the texts
     * @return a reader that asks it
     */
    public DeviceTreeSourceReader includes(SourceResolver resolver) {
        return new DeviceTreeSourceReader(Objects.requireNonNull(resolver, "resolver"), withSymbols);
    }

    /**
     * Whether the tree gets {@code /__symbols__} with all labels, and a phandle for every node that has a label, so
     * that overlays can be applied to it: {@code dtc -@}.
     *
     * @param withSymbols true for symbols
     * @return a reader that does so
     */
    public DeviceTreeSourceReader symbols(boolean withSymbols) {
        return new DeviceTreeSourceReader(resolver, withSymbols);
    }

    /**
     * Reads a source.
     *
     * @param file the name under which the text appears in messages, and which the resolver gets
     * @param text the source
     * @return the tree, with boot CPU 0
     * @throws DeviceTreeException if the text is no valid source, or includes what nobody has
     */
    public DeviceTree read(String file, CharSequence text) {
        var main = new SourceFile(Objects.requireNonNull(file, "file"), text.toString());
        ExpandedSource source = Preprocessor.expand(main, resolver);
        SourceTree tree = SourceParser.parse(source);
        References.resolve(source, tree, withSymbols);
        return tree.build();
    }

    /** What the reader was told. */
    @Override
    public String toString() {
        return "DeviceTreeSourceReader[" + (resolver == null ? "no" : "with") + " includes, "
                + (withSymbols ? "with" : "no") + " symbols]";
    }
}
