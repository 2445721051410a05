// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.conformance;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.internal.ChannelState;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps account of every submission of a replay, whatever the trace says, by what clients and controllers get to see:
 *
 * <ul>
 *   <li>every submission has exactly one outcome, and none is lost: what is neither reported, nor returned as failed,
 *       nor abandoned by a release is in the channel's state;
 *   <li>messages are handed over and reported in order of submission, one at a time, and only while the channel has its
 *       owner;
 *   <li>nothing is transmitted after its sender was told ETIME, and nothing is reported that was not accepted;
 *   <li>a blocked sender returns at the time of its report, with its status;
 *   <li>a channel whose client reports completion is never polled;
 *   <li>shutdown comes once per binding, and never after a failed startup;
 *   <li>a released client hears nothing more.
 * </ul>
 */
final class Ledger {
    private final LongSupplier clock;
    private final Map<String, Binding> bindings = new HashMap<>();
    private final List<String> violations = new ArrayList<>();
    private int step;

    /** Makes a ledger of nothing, with a clock in microseconds. */
    Ledger(LongSupplier clock) {
        this.clock = clock;
    }

    /** One message on its way, from send to outcome. Messages recur, submissions do not. */
    static final class Submission {
        private final Binding binding;
        private final int number;
        private final int slot;
        private final boolean blocking;
        private final long deadline;
        private long txId;
        private boolean reported;
        private int status;
        private long reportedAt;

        private Submission(Binding binding, int number, boolean blocking, long deadline) {
            this.binding = binding;
            this.number = number;
            this.blocking = blocking;
            this.deadline = deadline;
            slot = binding.nextSlot;
        }

        @Override
        public String toString() {
            return "message " + number + " in slot " + slot + " of " + binding;
        }
    }

    /** The time from bind to release, with the submissions that have no outcome yet. */
    private static final class Binding {
        private final MailboxChannel handle;
        private final ClientOptions options;
        private final TxDoneMethod method;
        private final Deque<Submission> queued = new ArrayDeque<>();
        private final Deque<Submission> accepted = new ArrayDeque<>();
        private final List<Submission> blocked = new ArrayList<>();
        private int nextSlot;
        private long lastTxId;
        private int lastResult;
        private boolean spaceWanted;
        private boolean shutDown;
        private boolean abandoned;

        Binding(MailboxChannel handle, ClientOptions options, TxDoneMethod method) {
            this.handle = handle;
            this.options = options;
            this.method = method;
        }

        @Override
        public String toString() {
            return handle.toString();
        }
    }

    /** What was broken, each with the number of its step. */
    List<String> violations() {
        return violations;
    }

    /** The transmission in flight, 0 for none. */
    long inFlight(String channel) {
        Binding binding = bindings.get(channel);
        Submission latest = binding == null ? null : binding.accepted.peekLast();
        return latest == null ? 0 : latest.txId;
    }

    void bound(MailboxChannel handle, ClientOptions options, TxDoneMethod method) {
        Binding before = bindings.put(handle.toString(), new Binding(handle, options, method));
        require(before == null, "bound under an owner", handle);
    }

    /** A message is about to be sent; null if the channel has no owner. */
    @Nullable
    Submission submitting(MailboxChannel handle, int number) {
        Binding binding = bindings.get(handle.toString());
        if (binding == null || binding.handle != handle) {
            return null;
        }
        ClientOptions options = binding.options;
        Duration timeout = options.txTimeout().isZero() ? ClientOptions.LONGEST_TX_TIMEOUT : options.txTimeout();
        var submission =
                new Submission(binding, number, options.txBlock(), clock.getAsLong() + timeout.toNanos() / 1000);
        binding.queued.add(submission);
        if (submission.blocking) {
            binding.blocked.add(submission);
        }
        binding.nextSlot = (submission.slot + 1) % MailboxChannel.TX_QUEUE_LENGTH;
        return submission;
    }

    /** The send has returned. */
    void submitted(@Nullable Submission submission, int result) {
        if (submission == null) {
            require(result == -Errno.EINVAL, "sent without owner", result);
            return;
        }
        Binding binding = submission.binding;
        binding.blocked.remove(submission);
        if (result == -Errno.ENOBUFS) {
            binding.queued.remove(submission);
            require(
                    binding.queued.size() == MailboxChannel.TX_QUEUE_LENGTH,
                    "refused with room in the queue",
                    submission);
            binding.nextSlot = submission.slot;
            binding.spaceWanted = true;
        } else if (!submission.blocking) {
            require(result == submission.slot, "wrong slot " + result, submission);
        } else if (submission.reported) {
            int due = submission.status < 0 ? submission.status : submission.slot;
            require(result == due, "returned " + result + " instead of " + due, submission);
            require(clock.getAsLong() == submission.reportedAt, "returned later than reported", submission);
        } else if (result == -Errno.ESHUTDOWN) {
            require(binding.abandoned, "returned ESHUTDOWN without a release", submission);
        } else {
            require(result == -Errno.ETIME, "returned " + result + " without a report", submission);
            require(clock.getAsLong() == submission.deadline, "returned ETIME at the wrong time", submission);
            require(!binding.accepted.contains(submission), "returned ETIME without ending the message", submission);
            binding.queued.remove(submission);
        }
    }

    void attempted(ControllerChannel channel, int number, long txId, int result) {
        Binding binding = bindings.get(channel.toString());
        if (binding == null || binding.shutDown) {
            require(false, "transmitted without owner", channel);
            return;
        }
        require(txId > binding.lastTxId, "number of a transmission used again", txId);
        require(binding.accepted.size() <= 1, "transmitted with a message in flight", channel);
        binding.lastTxId = txId;
        binding.lastResult = result;
        Submission head = binding.queued.peek();
        while (head != null && head.blocking && head.number != number && head.deadline <= clock.getAsLong()) {
            binding.queued.remove(); // its sender gives up, and is about to say so
            head = binding.queued.peek();
        }
        if (head == null || head.number != number) {
            require(false, "transmitted " + number + " when it was not the oldest of the queue", binding);
        } else if (result == 0) {
            head.txId = txId;
            binding.accepted.add(binding.queued.remove());
        }
    }

    void reported(MailboxChannel handle, int number, int status) {
        Binding binding = owner(handle, "txDone");
        if (binding == null) {
            return;
        }
        Submission oldest = binding.accepted.poll();
        if (oldest == null || oldest.number != number) {
            require(false, "reported " + number + " when it was not the oldest accepted", binding);
            return;
        }
        oldest.reported = true;
        oldest.status = status;
        oldest.reportedAt = clock.getAsLong();
    }

    void refused(MailboxChannel handle, int number, int errno) {
        Binding binding = owner(handle, "refused");
        if (binding != null) {
            require(errno != 0 && errno == binding.lastResult, "told a refusal of " + number + " by " + errno, binding);
        }
    }

    void writable(MailboxChannel handle) {
        Binding binding = owner(handle, "writable");
        if (binding != null) {
            require(binding.spaceWanted, "told of space that nobody had wanted", binding);
            binding.spaceWanted = false;
        }
    }

    /** A client hears something that needs no account. */
    void heard(MailboxChannel handle, String callback) {
        owner(handle, callback);
    }

    void told(MailboxChannel handle, ChannelEvent event) {
        Binding binding = owner(handle, event.name());
        if (binding == null) {
            return;
        }
        boolean pending = !binding.queued.isEmpty() || !binding.accepted.isEmpty();
        if (event == ChannelEvent.ABANDONED) {
            require(pending, "told of losses without any", binding);
            binding.abandoned = true;
        } else if (event == ChannelEvent.CLOSED) {
            require(binding.abandoned == pending, "told the end without the losses", binding);
            bindings.remove(handle.toString());
        }
    }

    void shuttingDown(ControllerChannel channel) {
        Binding binding = bindings.get(channel.toString());
        require(binding != null && !binding.shutDown, "shutdown without a startup that went well", channel);
        if (binding != null) {
            binding.shutDown = true;
        }
    }

    void polled(ControllerChannel channel) {
        Binding binding = bindings.get(channel.toString());
        require(binding != null && binding.method == TxDoneMethod.POLL, "polled by mistake", channel);
        require(binding != null && !binding.accepted.isEmpty(), "polled with nothing in flight", channel);
    }

    private @Nullable Binding owner(MailboxChannel handle, String callback) {
        Binding binding = bindings.get(handle.toString());
        if (binding != null && binding.handle == handle) {
            return binding;
        }
        require(false, callback + " after release", handle);
        return null;
    }

    /** Compares a channel, at rest, with the account. */
    void compare(String channel, ChannelState state) {
        Binding binding = bindings.get(channel);
        require((state.owner() != null) == (binding != null), "owner not as in the account", channel);
        if (binding == null) {
            return;
        }
        require(
                state.queued() == binding.queued.size(),
                "queue of " + state.queued() + " not as in the account",
                binding);
        Submission inFlight = binding.accepted.peek();
        require(
                state.inFlight() == (inFlight != null)
                        && (inFlight == null || inFlight.number == Replay.number(state.message())),
                "message in flight not as in the account",
                binding);
        require(binding.accepted.size() <= 1, "accepted and not reported", binding);
        binding.blocked.forEach(sender -> require(!sender.reported, "reported, and its sender still blocked", sender));
    }

    void endOfStep() {
        step++;
    }

    private void require(boolean condition, String broken, Object where) {
        if (!condition) {
            violations.add("step " + step + ": " + broken + " (" + where + ")");
        }
    }
}
