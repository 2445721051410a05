// SPDX-License-Identifier: Apache-2.0
/**
 * How do packets larger than a message go over a message queue?
 *
 * <p>In pieces, of which the first has the packet's header and all but the last fill their message; those of two
 * packets never mix. Nothing numbers them: a lost piece is found out by the length of a later one, or by a header that
 * is none.
 */
@NullMarked
package dev.hwmailbox.examples.pieces;

import org.jspecify.annotations.NullMarked;
