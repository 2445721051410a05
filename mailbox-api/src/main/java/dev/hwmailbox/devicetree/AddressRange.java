// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

/**
 * An entry of {@code reg}: where something is in the address space of its parent.
 *
 * <p>Context: any thread.
 *
 * @param address the first address, unsigned
 * @param size how many addresses, unsigned; 0 where the parent counts none ({@code #size-cells = <0>})
 * @since 0.1
 */
public record AddressRange(long address, long size) {
    /** Both numbers, in hexadecimal. */
    @Override
    public String toString() {
        return "0x" + Long.toHexString(address) + "+0x" + Long.toHexString(size);
    }
}
