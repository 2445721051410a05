// SPDX-License-Identifier: Apache-2.0
/**
 * How do packets larger than a message go over a message queue?
 *
 * <p>In pieces, of which the first has the packet's header and all but the last fill their message; those of two
 * packets never mix. Nothing numbers them: a lost piece is mostly found out by the length of a later one, or by a
 * header that is none; the loss of a whole packet is not, nor that of a piece of one whose pieces are all full.
 */
@NullMarked
package dev.hwmailbox.examples.pieces;

import org.jspecify.annotations.NullMarked;
