// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import java.util.Locale;

/** The table that is printed: figures, and for some a bar and whether they are within it. */
final class Table {
    private int missed;

    void heading() {
        print("%-58s %12s %12s  %s%n", "what", "figure", "bar", "within");
    }

    void figure(String what, double figure) {
        print("%-58s %12.2f%n", what, figure);
    }

    void bar(String what, double figure, double most) {
        verdict(what, figure, "<= ", most, figure <= most);
    }

    void atLeast(String what, double figure, double least) {
        verdict(what, figure, ">= ", least, figure >= least);
    }

    void end() {
        print("%d of the bars missed%n", missed);
    }

    private void verdict(String what, double figure, String relation, double bar, boolean within) {
        missed += within ? 0 : 1;
        print(
                "%-58s %12.2f %12s  %s%n",
                what, figure, relation + String.format(Locale.ROOT, "%.2f", bar), within ? "yes" : "NO");
    }

    private static void print(String format, Object... arguments) {
        System.out.printf(Locale.ROOT, format, arguments);
    }
}
