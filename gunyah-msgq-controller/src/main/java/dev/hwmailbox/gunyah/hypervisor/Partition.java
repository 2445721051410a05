// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

/** The memory from which objects are made. It is only counted; the garbage collector owns it. */
final class Partition extends HypervisorObject {
    // guarded by the set-up lock
    private long availableBytes;

    Partition(long bytes) {
        super(ObjectType.PARTITION);
        availableBytes = bytes;
    }

    void availableBytes(long bytes) {
        availableBytes = bytes;
    }

    boolean reserve(long bytes) {
        if (bytes > availableBytes) {
            return false;
        }
        availableBytes -= bytes;
        return true;
    }

    void release(long bytes) {
        availableBytes += bytes;
    }
}
