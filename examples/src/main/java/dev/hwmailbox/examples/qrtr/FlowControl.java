// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

/**
 * How many packets are on their way to one port of one node: {@code struct qrtr_tx_flow}, net/qrtr/af_qrtr.c (Linux
 * 6.12).
 */
final class FlowControl {
    /** The packet that makes it so many asks for confirmation. */
    static final int CONFIRM_AT = 5;

    /** With so many the sender waits. */
    static final int WAIT_AT = 10;

    private int pending;
    private boolean confirmFailed;

    int pending() {
        return pending;
    }

    boolean mustWait() {
        return pending >= WAIT_AT;
    }

    /** Is the next packet one that asks for confirmation? */
    boolean confirmsNext() {
        return pending + 1 == CONFIRM_AT || confirmFailed;
    }

    /** The next packet went out, or did not: what should have asked and could not is made good by the next. */
    void sent(boolean confirm, boolean ok) {
        if (ok) {
            pending++;
            confirmFailed &= !confirm;
        } else {
            confirmFailed |= confirm;
        }
    }

    void resume() {
        pending = 0;
    }
}
