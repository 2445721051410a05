// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * Properties or children in order, no two of one name. Grows only while its tree is being made; for everybody else it
 * is an unmodifiable list.
 *
 * <p>Most nodes have a handful of each, where looking at all of them is as fast as any index and takes no memory. Long
 * lists have a hash map, because it stays fast when a hostile blob gives all names the same hash.
 */
final class NamedList<T extends Named> extends AbstractList<T> implements RandomAccess {
    /** Longest list without an index. */
    private static final int LONGEST_PLAIN = 8;

    private static final Named[] NONE = new Named[0];

    private Named[] elements = NONE;
    private int size;
    private @Nullable Map<String, T> index;

    /** Adds an element; false, and no change, if there is one of its name. */
    boolean append(T element) {
        boolean isNew =
                index == null ? find(element.name()) == null : index.putIfAbsent(element.name(), element) == null;
        if (!isNew) {
            return false;
        }
        if (size == elements.length) {
            elements = Arrays.copyOf(elements, Math.max(4, size + (size >> 1)));
        }
        elements[size++] = element;
        if (index == null && size > LONGEST_PLAIN) {
            Map<String, T> byName = new HashMap<>();
            forEach(each -> byName.put(each.name(), each));
            index = byName;
        }
        return true;
    }

    @Nullable
    T find(String name) {
        if (index != null) {
            return index.get(name);
        }
        for (int i = 0; i < size; i++) {
            if (elements[i].name().equals(name)) {
                return element(i);
            }
        }
        return null;
    }

    /** Gives back what was set aside for growth. */
    void trim() {
        if (size < elements.length) {
            elements = size == 0 ? NONE : Arrays.copyOf(elements, size);
        }
    }

    @Override
    public T get(int i) {
        if (i >= size) {
            throw new IndexOutOfBoundsException(i);
        }
        return element(i);
    }

    @Override
    public int size() {
        return size;
    }

    @SuppressWarnings("unchecked") // Only append stores, and it stores elements.
    private T element(int i) {
        return (T) elements[i];
    }
}
