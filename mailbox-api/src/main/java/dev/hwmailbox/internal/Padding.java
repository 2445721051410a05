// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

/**
 * Room between neighbouring channels. A controller binds its channels one after the other, so their states lie side by
 * side, and two that share a cache line cost each other all parallelism. Together with what else lies between them this
 * keeps what changes per message more than a line apart.
 *
 * <p>A class of its own, because the fields of a class come after those of its superclass, and within a class in
 * whatever order the virtual machine likes.
 */
@SuppressWarnings("unused") // there for the space they take
abstract class Padding {
    private int fillsTheGapBehindTheHeader;
    private long p0;
    private long p1;
    private long p2;
    private long p3;
    private long p4;
    private long p5;
    private long p6;
    private long p7;
}
