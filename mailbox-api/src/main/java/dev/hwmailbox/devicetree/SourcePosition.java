// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.io.Serializable;
import java.util.Objects;

/**
 * A place in a devicetree source text.
 *
 * <p>Context: any thread.
 *
 * @param file the name under which the text was given or included
 * @param line counted from 1
 * @param column counted from 1, in characters; a tab is one character
 * @since 0.1
 */
public record SourcePosition(String file, int line, int column) implements Serializable {
    public SourcePosition {
        Objects.requireNonNull(file, "file");
        if (line < 1 || column < 1) {
            throw new IllegalArgumentException("line " + line + " and column " + column + " count from 1");
        }
    }

    /** {@code file:line:column}. */
    @Override
    public String toString() {
        return file + ":" + line + ":" + column;
    }
}
