// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

/**
 * Memory that has been lent.
 *
 * @param transaction the request it was lent for
 * @param handle the parcel, as the Resource Manager knows it
 * @param size bytes, whole pages, unsigned
 */
record MemBuf(int transaction, int handle, int size) {
    @Override
    public String toString() {
        return "parcel 0x%x of %d KiB".formatted(handle, Integer.toUnsignedLong(size) >> 10);
    }
}
