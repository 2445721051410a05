// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import dev.hwmailbox.Completion;

/**
 * A blocking send: its own completion, so that no other message can wake it, and its own outcome, which is settled before
 * the completion is done: a sender that runs out of time while its message is being reported finds the outcome here.
 */
final class Sender {
    final Completion completion = new Completion();

    // Under the channel's section.
    boolean settled;
    int status;

    void settle(int outcome) {
        settled = true;
        status = outcome;
    }
}
