// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.gunyah.GunyahHypercalls;

/**
 * What a reset does with the messages that the VM's old incarnation may have sent and nobody has taken: those in the
 * queues into which the VM can send. A queue does not know who has sent what; so a queue with several senders treats
 * the messages of all alike. In order of strength: when resets of one VM meet, the strongest wins.
 *
 * @since 0.1
 */
public enum StaleMessages {
    /** They stay, as on real Gunyah, where nobody flushes. */
    KEEP,

    /** They stay, and a receive says that they are stale: {@link GunyahHypercalls#STALE}. */
    TAG,

    /** They are dropped, as {@link GunyahHypercalls#msgqFlush} does it. */
    FLUSH;

    StaleMessages strongest(StaleMessages other) {
        return compareTo(other) < 0 ? other : this;
    }
}
