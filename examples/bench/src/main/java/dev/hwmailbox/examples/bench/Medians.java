// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import java.util.stream.IntStream;
import org.openjdk.jmh.util.ListStatistics;

/** Medians of the figures of rounds. */
final class Medians {
    private Medians() {}

    static double of(double[] figures) {
        return new ListStatistics(figures).getPercentile(50);
    }

    /** What {@code figures} are to {@code others}, round by round. */
    static double ofRatios(double[] figures, double[] others) {
        if (figures.length != others.length) {
            throw new IllegalArgumentException(figures.length + " rounds against " + others.length);
        }
        return of(IntStream.range(0, figures.length)
                .mapToDouble(round -> figures[round] / others[round])
                .toArray());
    }
}
