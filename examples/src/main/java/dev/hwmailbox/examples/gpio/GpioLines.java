// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

import java.util.List;

/** The lines a device has, by name; a name may be empty. */
record GpioLines(List<String> names) {
    GpioLines {
        names = List.copyOf(names);
    }

    /** The number of the line with a name, or -1. */
    int find(String name) {
        return names.indexOf(name);
    }
}
