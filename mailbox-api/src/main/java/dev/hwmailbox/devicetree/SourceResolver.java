// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import org.jspecify.annotations.Nullable;

/**
 * Finds the texts that a devicetree source includes, by {@code /include/ "name"}, {@code #include "name"} or
 * {@code #include <name>}. Supplied by the caller, who alone knows what may be read; a map will do:
 *
 * <pre>{@code (name, includedFrom) -> texts.get(name)}</pre>
 *
 * <p>Context: called by the thread that reads the source, any number of times, also for one name. What it throws
 * passes through to the caller of the reader.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface SourceResolver {
    /**
     * The text of an included file.
     *
     * @param name the name as it stands in the source, without quotes or angle brackets
     * @param includedFrom the file that includes it, under the name by which it was itself given, or the one that
     *     {@link #nameOf} has for it
     * @return the text, decoded by the caller, or null if there is no such file
     */
    @Nullable
    CharSequence resolve(String name, String includedFrom);

    /**
     * The name that an included file has from then on: in messages, and as the one that includes others. A resolver
     * for which one name may mean several files, such as one beside each including file, answers with a path.
     *
     * @param name the name as it stands in the source, for which {@link #resolve} has just found a text
     * @param includedFrom the file that includes it
     * @return the name; by default as it stands in the source
     */
    default String nameOf(String name, String includedFrom) {
        return name;
    }
}
