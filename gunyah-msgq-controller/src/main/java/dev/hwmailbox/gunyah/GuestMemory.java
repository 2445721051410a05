// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

/**
 * A VM's memory as the hypervisor reaches it, by guest physical address. Accesses may fault.
 *
 * <p>Context: any thread; an access is not atomic against others.
 *
 * @since 0.1
 */
public interface GuestMemory {
    /**
     * Copies bytes out of the VM.
     *
     * @param address guest physical address of the first byte, unsigned
     * @param target receives the bytes
     * @param offset index in target of the first byte
     * @param length how many, 0 or more
     * @return OK, or the fault as a raw Gunyah error: ADDR_OVERFLOW (the range wraps), ADDR_INVALID (not mapped),
     *     DENIED (not permitted); on a fault some bytes may have been copied
     */
    int read(long address, byte[] target, int offset, int length);

    /**
     * Copies bytes into the VM.
     *
     * @param address guest physical address of the first byte, unsigned
     * @param source holds the bytes
     * @param offset index in source of the first byte
     * @param length how many, 0 or more
     * @return as {@link #read}
     */
    int write(long address, byte[] source, int offset, int length);
}
