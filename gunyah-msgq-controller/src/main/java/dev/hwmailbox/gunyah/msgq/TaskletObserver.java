// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

/** Sees what a {@link PublishedBinding} does with its tasklet; for tests. */
interface TaskletObserver {
    /** It is to run; already so, if it was before. */
    void scheduled(boolean already);

    /** It runs. */
    void runs();

    /** It is killed; if it was scheduled, it runs now for the last time. */
    void killed(boolean scheduled);
}
