// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

/**
 * Room in front of what threads write, so that it shares no cache line with what others write: queues and lines are
 * made one after the other and lie side by side.
 *
 * <p>A class of its own, because the fields of a class come after those of its superclass, and within a class in
 * whatever order the virtual machine likes.
 */
@SuppressWarnings("unused") // there for the space they take
abstract class Padded {
    private int fillsTheGapBehindTheHeader;
    private long p0;
    private long p1;
    private long p2;
    private long p3;
    private long p4;
    private long p5;
    private long p6;
    private long p7;
    private long p8;
    private long p9;
    private long p10;
    private long p11;
    private long p12;
    private long p13;
    private long p14;
}
