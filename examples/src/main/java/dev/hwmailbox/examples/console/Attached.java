// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.console;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.examples.machine.Guest;
import dev.hwmailbox.examples.machine.Machine;
import dev.hwmailbox.examples.machine.Platform;
import dev.hwmailbox.examples.machine.ServiceProgram;
import dev.hwmailbox.gunyah.rm.VmConsole;
import java.io.IOException;

/**
 * A guest, and its console as the owner has it.
 *
 * <p>Context: {@link #output} from one thread at a time, the rest from the thread that made it; may block.
 */
final class Attached implements AutoCloseable {
    private final Machine machine;
    private final Guest guest;
    private final VmConsole console;
    private final TextDecoder decoder = new TextDecoder();

    /** Launches a guest and attaches to its console, which keeps so many bytes that have not been looked at. */
    Attached(Platform platform, int capacity) {
        machine = new Machine(platform, (vmid, image) -> new ServiceProgram(ShellGuest::new));
        guest = machine.launch();
        console = VmConsole.open(machine.resourceManager(), guest.vmid(), capacity);
    }

    Machine machine() {
        return machine;
    }

    int vmid() {
        return guest.vmid();
    }

    /** Types text into the console; EIO if it cannot be told to the Resource Manager. */
    void type(String text) {
        try {
            console.output().write(text.getBytes(UTF_8));
            console.output().flush();
        } catch (IOException e) {
            throw new MailboxException(Errno.EIO, "console of VM " + guest.vmid() + ": " + e.getMessage(), e);
        }
    }

    /** What has come since the last time; does not wait. */
    String output() {
        try {
            return decoder.decode(console.input().readNBytes(console.input().available()));
        } catch (IOException e) {
            throw new MailboxException(Errno.EIO, "console of VM " + guest.vmid() + ": " + e.getMessage(), e);
        }
    }

    /** Ends the VM by force; the console stays attached. */
    void stop() {
        guest.reset();
    }

    /** Begins another life of it. */
    void start() {
        guest.start();
    }

    void awaitExit() {
        guest.awaitExit();
    }

    /** What has become of bytes that nobody had room for. */
    String summary() {
        VmConsole.Counters counters = console.counters();
        return "dropped: %d bytes of output, %d bytes typed; reopened %d times"
                .formatted(counters.droppedInput(), counters.droppedOutput(), counters.reopened());
    }

    @Override
    public void close() {
        console.close();
        machine.close();
    }
}
