// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.InterruptController;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;

/**
 * The interrupt layer of the guest that was recorded: pending lines wait until they are handled, one delivery each, and
 * the receive line is one-shot, which means acknowledged, disabled and ended before its handler runs.
 */
final class GuestLines implements InterruptController {
    static final int TX = 33;
    static final int RX = 34;

    private final VirtualInterruptController controller;
    private final BiConsumer<Integer, Integer> requests;
    private final BiConsumer<Integer, Boolean> handlings;
    private final Map<Integer, Runnable> handlers = new HashMap<>();
    private boolean oneShot;
    private boolean masked;

    /** The line that cannot be had. */
    private int failing;

    /**
     * Makes the layer.
     *
     * @param requests told of each request of a line and what came of it
     * @param handlings told of each line that is handled (true) or given back (false)
     */
    GuestLines(
            VirtualInterruptController controller,
            BiConsumer<Integer, Integer> requests,
            BiConsumer<Integer, Boolean> handlings) {
        this.controller = controller;
        this.requests = requests;
        this.handlings = handlings;
    }

    void fail(int virq) {
        failing = virq;
    }

    /** Handles a line once if it is pending. */
    boolean handle(int virq) {
        InterruptLine line = line(virq);
        Runnable handler = handlers.get(virq);
        if (handler == null || !line.acknowledge()) {
            return false;
        }
        handlings.accept(virq, true);
        if (virq == TX) {
            handler.run();
            line.endOfInterrupt();
        } else {
            line.disable();
            line.endOfInterrupt();
            oneShot = true;
            handler.run();
            oneShot = false;
            enableReceive();
        }
        return true;
    }

    void maskReceive() {
        masked = true;
        line(RX).disable();
    }

    void unmaskReceive() {
        masked = false;
        enableReceive();
    }

    private void enableReceive() {
        if (!masked && handlers.containsKey(RX)) {
            line(RX).enable();
        }
    }

    @Override
    public void attach(int virq, Runnable handler) {
        boolean refused = virq == failing;
        requests.accept(virq, refused ? -Errno.EBUSY : 0);
        if (refused) {
            throw new MailboxException(Errno.EBUSY, "interrupt has a handler");
        }
        handlers.put(virq, handler);
        masked &= virq != RX;
        line(virq).enable();
    }

    @Override
    public void detach(int virq) {
        handlings.accept(virq, false);
        handlers.remove(virq);
        line(virq).disable();
    }

    @Override
    public void mask(int virq) {
        if (!oneShot || virq != RX) {
            line(virq).disable();
        }
    }

    @Override
    public void unmask(int virq) {
        if ((!oneShot && !masked) || virq != RX) {
            line(virq).enable();
        }
    }

    private InterruptLine line(int virq) {
        return Objects.requireNonNull(controller.line(virq), "line");
    }
}
