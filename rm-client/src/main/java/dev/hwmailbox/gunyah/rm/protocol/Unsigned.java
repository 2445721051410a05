// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/** Checks that a record's components fit the wire. */
final class Unsigned {
    private Unsigned() {}

    static void requireU8(String name, int value) {
        require(name, value, 0xFF);
    }

    static void requireU16(String name, int value) {
        require(name, value, 0xFFFF);
    }

    /** A copy of a list that the wire bounds. */
    static <T> List<T> copyOf(String name, List<T> list, int max) {
        requireAtMost(name, list, max);
        return List.copyOf(list);
    }

    private static void requireAtMost(String name, List<?> list, int max) {
        require("number of " + name, list.size(), max);
    }

    /** A copy of a list of VMIDs; empty unless the message has one at all. */
    static List<Integer> vmids(List<Integer> vmids, boolean listed) {
        requireAtMost("VMIDs", vmids, listed ? MemParcelRequest.MAX_LIST_LENGTH : 0);
        vmids.forEach(vmid -> requireU16("vmid", vmid));
        return List.copyOf(vmids);
    }

    private static void require(String name, int value, int max) {
        if (value < 0 || value > max) {
            throw new IllegalArgumentException(name + " must be 0.." + max + ": " + value);
        }
    }
}
