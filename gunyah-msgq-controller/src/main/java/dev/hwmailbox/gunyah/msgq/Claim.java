// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

/** A slot and resources that a binding is about to be made for. */
record Claim(Slot slot, MsgqEndpoint endpoint) implements SlotOwner {}
