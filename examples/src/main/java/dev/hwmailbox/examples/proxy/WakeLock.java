// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.proxy;

/**
 * What keeps the VM awake, in the hands of whoever suspends it. {@link #acquire} and {@link #release} alternate.
 *
 * <p>Context: the VM's scheduler.
 */
interface WakeLock {
    void acquire();

    void release();

    /** Whether the VM is suspended all the same: then nothing is sent or looked for, and no time passes for a call. */
    boolean isSuspended();
}
