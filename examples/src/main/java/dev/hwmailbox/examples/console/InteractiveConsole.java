// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.console;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.rm.RmNotificationListener;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import java.time.Duration;
import java.util.Objects;
import org.jline.keymap.KeyMap;
import org.jline.reader.Binding;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.Reference;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;

/**
 * A terminal on the console of a VM: JLine edits lines, and what the VM prints appears above the line that is being
 * edited. Ctrl-] leaves, as does Ctrl-D on an empty line; lines that begin with ~ are for the owner, as with ssh.
 *
 * <p>Context: the thread that reads the terminal; output comes on the owner's scheduler, which looks for it. No thread
 * is made here; JLine may have one of its own for the terminal.
 */
final class InteractiveConsole {
    static final String HELP = "~. or Ctrl-] leaves, ~r restarts the VM, ~? says this; other lines go to the VM";

    /**
     * How much output is kept until it is looked at, in bytes: more than the longest command of the guest prints. What
     * the library keeps by itself is full long before {@link #LOOK_AGAIN} is over.
     */
    static final int CAPACITY = 64 << 10;

    private static final String LEAVE = "leave";
    private static final String LEAVE_IF_EMPTY = "leave-if-empty";
    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

    private final Attached attached;
    private final LineReader reader;
    private final MailboxScheduler.Timer looking;

    /** Only the owner's scheduler touches it. */
    private final WholeLines lines = new WholeLines();

    /** Whether the user has left; only the owner's scheduler touches it. */
    private boolean left;

    InteractiveConsole(Attached attached, Terminal terminal) {
        this.attached = attached;
        reader = LineReaderBuilder.builder().terminal(terminal).build();
        reader.setOpt(LineReader.Option.DISABLE_EVENT_EXPANSION);
        reader.getWidgets().put(LEAVE, () -> {
            throw new EndOfFileException();
        });
        reader.getWidgets().put(LEAVE_IF_EMPTY, this::leaveIfEmpty);
        KeyMap<Binding> keys = Objects.requireNonNull(reader.getKeyMaps().get(LineReader.MAIN));
        keys.bind(new Reference(LEAVE), KeyMap.ctrl(']'));
        keys.bind(new Reference(LEAVE_IF_EMPTY), KeyMap.ctrl('D'));
        looking = attached.machine().scheduler().timer("console output", this::look);
    }

    /** Runs until the user leaves. */
    void run() {
        reader.printAbove("attached to VM " + attached.vmid() + "; " + HELP);
        attached.type("\n"); // what it said before we were attached is lost: ask for a prompt
        RmNotificationListener exits = this::notified;
        attached.machine().resourceManager().addListener(exits);
        looking.arm(0);
        try {
            while (handle(reader.readLine())) {}
        } catch (EndOfFileException | UserInterruptException e) {
            // the user leaves
        }
        attached.machine().resourceManager().removeListener(exits);
        Completion shown = new Completion();
        attached.machine().scheduler().execute(() -> leave(shown));
        attached.machine().await(shown, "the last output cannot be shown");
    }

    private void notified(RmMessage notification) {
        if (notification.messageId() == RmMessageId.NOTIFY_VM_EXITED) {
            showAll();
            reader.printAbove("VM " + attached.vmid() + " has exited; ~r restarts it, ~. leaves");
        }
    }

    private boolean leaveIfEmpty() {
        if (reader.getBuffer().length() == 0) {
            throw new EndOfFileException();
        }
        reader.callWidget(LineReader.DELETE_CHAR);
        return true;
    }

    /** False to leave. */
    private boolean handle(String line) {
        switch (line) {
            case "~." -> {
                return false;
            }
            case "~r" -> {
                attached.stop();
                attached.start();
            }
            case "~?" -> reader.printAbove(HELP);
            default -> attached.type(line + "\n");
        }
        return true;
    }

    private void look() {
        if (!left) {
            String output = attached.output();
            show(output.isEmpty() ? lines.rest() : lines.add(output));
            looking.arm(LOOK_AGAIN.toNanos());
        }
    }

    private void leave(Completion shown) {
        left = true;
        looking.cancel();
        showAll();
        shown.complete(0);
        attached.machine().scheduler().wake(shown);
    }

    private void showAll() {
        show(lines.add(attached.output()) + lines.rest());
    }

    private void show(String text) {
        if (!text.isEmpty()) {
            reader.printAbove(text);
        }
    }
}
