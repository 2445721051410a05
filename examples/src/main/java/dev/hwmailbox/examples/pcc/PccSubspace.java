// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pcc;

import java.time.Duration;
import java.util.Objects;

/**
 * One row of the table that describes a machine's communication channels: all there is to know about one of them.
 *
 * <p>Kernel counterpart: an entry of the ACPI table that drivers/mailbox/pcc.c reads (Linux 6.12).
 *
 * @param role who commands whom
 * @param windowAddress where its shared memory begins
 * @param windowSize bytes of it, at least 1
 * @param interrupt the line of the platform's interrupt
 * @param trigger what kind of line that is
 * @param latency how long a command usually takes; zero if unknown
 * @param maxRequestRate most commands a minute, 0 for no limit
 * @param minTurnaround shortest time between the end of a command and the next one
 */
record PccSubspace(
        Role role,
        long windowAddress,
        int windowSize,
        int interrupt,
        Trigger trigger,
        Duration latency,
        int maxRequestRate,
        Duration minTurnaround) {
    /** Who commands whom; in ACPI, extended subspaces of type 3 and type 4. */
    enum Role {
        /** Clients command, the platform answers. */
        INITIATOR,
        /** The platform commands, a client answers. */
        RESPONDER
    }

    /** What kind of line an interrupt has. */
    enum Trigger {
        /** Stays up until acknowledged, so several subspaces can share it. */
        LEVEL,
        /** A pulse, for one subspace alone. */
        EDGE
    }

    PccSubspace {
        Objects.requireNonNull(role, "role");
        Objects.requireNonNull(trigger, "trigger");
        if (windowSize < 1) {
            throw new IllegalArgumentException("windowSize must be positive: " + windowSize);
        }
        if (latency.isNegative() || maxRequestRate < 0 || minTurnaround.isNegative()) {
            throw new IllegalArgumentException("negative figure: latency %s, maxRequestRate %d, minTurnaround %s"
                    .formatted(latency, maxRequestRate, minTurnaround));
        }
    }

    boolean sharesInterrupt() {
        return trigger == Trigger.LEVEL;
    }

    @Override
    public String toString() {
        return "%s, window 0x%x (%d bytes), interrupt %d %s"
                .formatted(role, windowAddress, windowSize, interrupt, trigger);
    }
}
