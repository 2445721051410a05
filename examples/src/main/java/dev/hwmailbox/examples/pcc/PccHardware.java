// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pcc;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The driver's side of the hardware: shared memory, and for each subspace a command-complete register, an error
 * register, a doorbell and an interrupt.
 *
 * <p>The command-complete register says whose turn it is. Whoever commands clears it before ringing; whoever answers
 * sets it when the answer is in the window.
 *
 * <p>Context: any thread; no call blocks.
 */
interface PccHardware {
    /** Makes memory accessible; null if there is none. */
    @Nullable
    ByteBuffer map(long address, int size);

    /** Ends a mapping of the memory at an address. */
    void unmap(long address);

    /** Attaches a handler to a line: 0, or EBUSY if it is taken and one of the two does not share. */
    int requestInterrupt(int line, boolean shared, InterruptHandler handler);

    /** Detaches a handler, if it is attached. No run of it starts any more; one on another thread goes on. */
    void freeInterrupt(int line, InterruptHandler handler);

    /** Takes back the interrupt that a subspace has raised, if it has. */
    void acknowledgeInterrupt(int subspace);

    /** Reads the command-complete register. */
    boolean commandComplete(int subspace);

    /** Writes it. */
    void commandComplete(int subspace, boolean complete);

    /** Reads and clears the error register: 0, or a negative errno. */
    int takeError(int subspace);

    /** Tells the platform to look: 0, or a negative errno if the write failed. */
    int ringDoorbell(int subspace);

    /** Listens to a line. */
    @FunctionalInterface
    interface InterruptHandler {
        /**
         * IRQ entry; runs of one line never overlap.
         *
         * @return whether it was for this one
         */
        boolean handle();
    }
}
