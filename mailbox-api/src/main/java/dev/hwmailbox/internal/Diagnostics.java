// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where complaints go: to the log, or to a test that compares them with recorded ones. */
@FunctionalInterface
public interface Diagnostics {
    /** Misuse is a warning. What a result or an exception says as well, is not; the queue is full once per message. */
    Diagnostics LOG = new Diagnostics() {
        private final Logger log = LoggerFactory.getLogger(Diagnostics.class);

        @Override
        public void complain(Complaint complaint, Object where, String detail) {
            switch (complaint) {
                case QUEUE_FULL -> log.trace("{}: {}", where, detail);
                case NOT_IRQ_METHOD, NOT_ACK_METHOD, NOT_MANAGED -> log.warn("{}: {}", where, detail);
                default -> log.debug("{}: {}", where, detail);
            }
        }
    };

    /**
     * Takes a complaint. Called with no lock held.
     *
     * @param complaint what kind
     * @param where the channel, controller or client it is about
     * @param detail one sentence
     */
    void complain(Complaint complaint, Object where, String detail);
}
