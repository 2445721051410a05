// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.gunyah.msgq.ReservationKey;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What is known of one other VM: its queues, and whether the Resource Manager is being asked. Used by serial tasks. */
final class VmView {
    private final int vmid;
    private final Map<ReservationKey, VmChannel> channels = new LinkedHashMap<>();

    /** Which life of the VM an answer is about: one to a question of an earlier life means nothing. */
    private int life;

    /** Queues that stay while the VM ends and is reset: listeners have been told of it. */
    private final Set<VmChannel> resetTold = new HashSet<>();

    private boolean asking;
    private boolean askAgain;
    private int failures;

    VmView(int vmid) {
        this.vmid = vmid;
    }

    int vmid() {
        return vmid;
    }

    List<VmChannel> channels() {
        return List.copyOf(channels.values());
    }

    int life() {
        return life;
    }

    /** The VM's queues are gone, whatever an answer that is on its way may say. */
    List<VmChannel> endLife() {
        life++;
        List<VmChannel> gone = channels();
        channels.clear();
        return gone;
    }

    /** True if listeners have not been told of this end of the VM yet: EXITED and RESETTING are the same one. */
    boolean beginsReset(VmChannel channel) {
        return resetTold.add(channel);
    }

    /** The VM begins a new life. */
    void endReset() {
        resetTold.clear();
    }

    /** True if the question is to be put now; otherwise it is put when the answer to the last one is there. */
    boolean beginAsking() {
        askAgain = asking;
        boolean now = !asking;
        asking = true;
        return now;
    }

    /** The answer is there; true if the question is to be put again. */
    boolean endAsking() {
        asking = false;
        return askAgain;
    }

    /** True if a question without an answer is to be put again; if not, the next one starts counting anew. */
    boolean failedFewerTimesThan(int limit) {
        failures = (failures + 1) % limit;
        return failures != 0;
    }

    boolean isForgettable() {
        return channels.isEmpty() && !asking;
    }

    /** What an answer changes. */
    record Difference(List<VmChannel> gone, List<Change> changed, List<VmChannel> appeared) {}

    /** The same key, other queues. */
    record Change(VmChannel before, VmChannel now) {}

    /** Takes over an answer. */
    Difference update(List<VmChannel> listed) {
        failures = 0;
        Map<ReservationKey, VmChannel> now = new LinkedHashMap<>();
        listed.forEach(channel -> now.put(channel.key(), channel));
        var difference = new Difference(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        channels.forEach((key, channel) -> {
            if (!now.containsKey(key)) {
                difference.gone.add(channel);
            }
        });
        now.forEach((key, channel) -> {
            VmChannel before = channels.get(key);
            if (before == null) {
                difference.appeared.add(channel);
            } else if (!before.equals(channel)) {
                difference.changed.add(new Change(before, channel));
            }
        });
        channels.keySet().retainAll(now.keySet());
        channels.putAll(now);
        return difference;
    }
}
