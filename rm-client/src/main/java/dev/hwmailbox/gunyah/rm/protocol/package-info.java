// SPDX-License-Identifier: Apache-2.0
/**
 * The Resource Manager's wire protocol: bytes in, values out. No time, no threads, no input or output.
 *
 * <ul>
 *   <li>{@link dev.hwmailbox.gunyah.rm.protocol.RmFrame} is one message of the queue,
 *       {@link dev.hwmailbox.gunyah.rm.protocol.RmMessage} a whole request, reply or notification;
 *       {@link dev.hwmailbox.gunyah.rm.protocol.RmFraming} and
 *       {@link dev.hwmailbox.gunyah.rm.protocol.RmReassembler} turn one into the other.
 *   <li>{@link dev.hwmailbox.gunyah.rm.protocol.RmPayload}: what a message says, typed; one record per layout.
 *   <li>{@link dev.hwmailbox.gunyah.rm.protocol.RmMessageId} and
 *       {@link dev.hwmailbox.gunyah.rm.protocol.RmError} name the numbers,
 *       {@link dev.hwmailbox.gunyah.rm.protocol.RmProtocolException} says where a payload is wrong.
 *   <li>{@link dev.hwmailbox.gunyah.rm.protocol.ResourceChannels} finds the message queues in a list of resources.
 * </ul>
 *
 * <p>Numbers are little-endian. Unsigned 32-bit numbers are kept in an {@code int}, unsigned 64-bit ones in a
 * {@code long}, bit for bit.
 */
@NullMarked
package dev.hwmailbox.gunyah.rm.protocol;

import org.jspecify.annotations.NullMarked;
