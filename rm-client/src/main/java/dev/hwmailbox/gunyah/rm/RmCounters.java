// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

/**
 * What a client has dropped since it was bound. No count ever falls.
 *
 * <p>Context: any thread; immutable.
 *
 * @param lateReplies frames of replies to calls that had ended without one: out of time, cancelled, interrupted
 * @param duplicateReplies frames of further replies to calls that had one
 * @param foreignReplies frames of replies to no call of the last {@value RecentCalls#REMEMBERED}, or with the message
 *     id of another call
 * @param staleFrames frames of before the last restart: marked so by the channel, or replies to calls of that time
 * @param brokenFrames any other frame that belonged to nothing: too short or long, of another version, continuations of
 *     nothing, requests
 * @param untoldNotifications notifications that came faster than the listeners took them
 * @since 0.1
 */
public record RmCounters(
        long lateReplies,
        long duplicateReplies,
        long foreignReplies,
        long staleFrames,
        long brokenFrames,
        long untoldNotifications) {
    /**
     * All frames that were dropped.
     *
     * @return the sum of the five counts of frames
     */
    public long droppedFrames() {
        return lateReplies + duplicateReplies + foreignReplies + staleFrames + brokenFrames;
    }
}
