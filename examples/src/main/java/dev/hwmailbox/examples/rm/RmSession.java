// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.ThreadedScheduler;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.ResourceManagerException;
import dev.hwmailbox.gunyah.rm.RmFrameCarrier;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmProtocolException;
import java.io.PrintWriter;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One connection to a Resource Manager: makes calls, one after the other, and prints what comes of them and what the
 * Resource Manager says by itself, a line of JSON each.
 *
 * <p>A notification that was sent before a reply is printed before it.
 */
final class RmSession implements AutoCloseable {
    private static final Duration CALL_TIMEOUT = Duration.ofSeconds(10);

    /** Notifications kept for waits to come; beyond that the oldest is forgotten. */
    private static final int MAX_UNSEEN = 1024;

    private final ThreadedScheduler scheduler = new ThreadedScheduler("rm-client");
    private final SocketController socket;
    private final ResourceManager resourceManager;
    private final PrintWriter out;

    private final ReentrantLock lock = new ReentrantLock(); // guards: out, and the two below
    private final Deque<ObjectNode> unseen = new ArrayDeque<>();
    private @Nullable Awaited awaited;

    private record Awaited(Wanted wanted, Completion seen) {}

    RmSession(SocketChannel channel, PrintWriter out) {
        this.out = out;
        socket = new SocketController(channel, scheduler);
        resourceManager =
                ResourceManager.bind(socket.channel()::bindClient, RmFrameCarrier.FRAMES, scheduler, CALL_TIMEOUT);
        resourceManager.addListener(this::notified);
    }

    /** The number by which the Resource Manager knows this end. */
    int vmid() {
        return resourceManager.vmid();
    }

    /**
     * Runs a line of a script.
     *
     * @param line a call, or {@code wait}, see {@link Wanted}
     * @return whether it ended well
     */
    boolean run(String line) {
        var words = new Words(line);
        if (!words.next("call").equals("wait")) {
            return run(Call.parse(line));
        }
        return await(Wanted.parse(words));
    }

    private boolean run(Call call) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("call", call.name());
        boolean ok = false;
        try {
            RmMessage reply = resourceManager.call(call.messageId(), call.payload());
            json.put("error", RmError.name(RmError.OK));
            json.setAll(MessageJson.reply(reply));
            ok = true;
        } catch (ResourceManagerException e) {
            json.put("error", RmError.name(e.errorWord()));
        } catch (RmProtocolException e) {
            json.put("failure", e.getMessage());
        } catch (MailboxException e) {
            String end = socket.end();
            json.put("failure", end == null ? e.getMessage() : end);
        }
        tellPending();
        print(json);
        return ok;
    }

    /** Lets the listener hear what has arrived so far. */
    private void tellPending() {
        Completion told = new Completion();
        scheduler.execute(() -> finish(told));
        scheduler.await(told, CALL_TIMEOUT.toNanos());
    }

    private void finish(Completion completion) {
        if (completion.complete(0)) {
            scheduler.wake(completion);
        }
    }

    private boolean await(Wanted wanted) {
        Completion seen = new Completion();
        if (locked(() -> takeUnseen(wanted, seen))) {
            return true;
        }
        boolean came = scheduler.await(seen, wanted.longest().toNanos());
        if (!came) {
            locked(() -> awaited = null);
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            json.put("wait", wanted.toString());
            json.put("failure", "none came within " + wanted.longest().toMillis() + " ms");
            print(json);
        }
        return came;
    }

    private boolean takeUnseen(Wanted wanted, Completion otherwise) {
        Iterator<ObjectNode> each = unseen.iterator();
        while (each.hasNext()) {
            if (wanted.matches(each.next())) {
                each.remove();
                return true;
            }
        }
        awaited = new Awaited(wanted, otherwise);
        return false;
    }

    private void notified(RmMessage notification) {
        ObjectNode json = toJson(notification);
        print(json);
        Completion seen = locked(() -> waitingFor(json));
        if (seen != null) {
            finish(seen);
        }
    }

    private static ObjectNode toJson(RmMessage notification) {
        try {
            return MessageJson.notification(notification);
        } catch (RmProtocolException e) {
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            json.put(MessageJson.NOTIFICATION, MessageJson.nameOf(notification));
            json.put("failure", e.getMessage());
            return json;
        }
    }

    private @Nullable Completion waitingFor(ObjectNode notification) {
        Awaited waiting = awaited;
        if (waiting != null && waiting.wanted.matches(notification)) {
            awaited = null;
            return waiting.seen;
        }
        if (unseen.size() == MAX_UNSEEN) {
            unseen.remove();
        }
        unseen.add(notification);
        return null;
    }

    private void print(ObjectNode json) {
        locked(() -> {
            out.println(json);
            out.flush();
            return json;
        });
    }

    private <T extends @Nullable Object> T locked(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        resourceManager.close();
        scheduler.close();
    }
}
