// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.InterruptController;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The virtual interrupt controller of one VM: its shared lines, and the guest's face of them.
 *
 * <p>Lines start edge triggered and without handler. An assertion is latched until a handler is attached and the line
 * is unmasked; it is then delivered by the VM's delivery executor. A delivery runs the handler again while the line is
 * pending again, a bounded number of times; then it is handed to the executor anew, so that a storming line cannot
 * starve others. Should the executor run it on the spot even then, the VM's scheduler takes it.
 *
 * <p>It serves from one reset of its VM to the next. After that its lines have no source, nothing can be attached, and
 * what is still asserted reaches nobody.
 *
 * <p>Context: any thread, also from handlers; never blocks, and never runs a handler under a lock.
 *
 * <p>Gunyah counterpart: hyp/vm/vgic (gunyah-hypervisor). Differs: a line without handler counts as disabled.
 *
 * @since 0.1
 */
public final class VirtualInterruptController implements InterruptController {
    private static final Logger LOG = LoggerFactory.getLogger(VirtualInterruptController.class);

    private final int vmid;
    private final int lastVirq;
    private final Executor delivery;
    private final boolean inline;
    private final MailboxScheduler scheduler;
    private final @Nullable HypervisorObserver observer;
    private final AtomicReferenceArray<@Nullable InterruptLine> lines;
    private final Set<Integer> wakeUps = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    VirtualInterruptController(
            int vmid,
            int lastVirq,
            Executor delivery,
            MailboxScheduler scheduler,
            @Nullable HypervisorObserver observer) {
        this.vmid = vmid;
        this.lastVirq = lastVirq;
        this.delivery = delivery;
        inline = delivery.equals(SoftwareHypervisor.INLINE);
        this.scheduler = scheduler;
        this.observer = observer;
        lines = new AtomicReferenceArray<>(lastVirq - FIRST_SHARED_VIRQ + 1);
    }

    int vmid() {
        return vmid;
    }

    /**
     * Programs the trigger of a line.
     *
     * @param virq interrupt number
     * @param trigger how the line follows its source
     * @throws MailboxException EINVAL if the controller has no such number
     */
    public void trigger(int virq, Trigger trigger) {
        Objects.requireNonNull(trigger, "trigger");
        knownLine(virq).trigger(trigger == Trigger.LEVEL);
    }

    /**
     * {@inheritDoc}
     *
     * @throws MailboxException EINVAL if the controller has no such number, or its VM is destroyed or has been reset;
     *     EBUSY if the line has a handler
     */
    @Override
    public void attach(int virq, Runnable handler) {
        Objects.requireNonNull(handler, "handler");
        InterruptLine line = knownLine(virq);
        if (!closed && !line.attach(handler)) {
            throw new MailboxException(Errno.EBUSY, "interrupt has a handler (" + name(virq) + ")");
        }
        if (closed) {
            line.detach();
            throw new MailboxException(Errno.EINVAL, "virtual machine is gone (" + name(virq) + ")");
        }
    }

    @Override
    public void detach(int virq) {
        InterruptLine line = lineOrNull(virq);
        if (line != null) {
            line.detach();
        }
    }

    @Override
    public void mask(int virq) {
        InterruptLine line = lineOrNull(virq);
        if (line != null) {
            line.mask();
        }
    }

    @Override
    public void unmask(int virq) {
        InterruptLine line = lineOrNull(virq);
        if (line != null) {
            line.unmask();
        }
    }

    @Override
    public void wakeUp(int virq, boolean enabled) {
        if (enabled) {
            wakeUps.add(virq);
        } else {
            wakeUps.remove(virq);
        }
    }

    /**
     * Whether the interrupts of a line are to wake the VM while it is suspended, for the embedder that suspends it.
     *
     * @param virq interrupt number
     * @return true if the line's driver has said so
     */
    public boolean wakesUp(int virq) {
        return wakeUps.contains(virq);
    }

    /**
     * Asserts a line once, whoever else its source is: how an embedder that owns delivery passes an interrupt on to the
     * attached handler, and how it models interrupts that come from no queue. The line's mask and the VM's delivery
     * executor apply.
     *
     * @param virq interrupt number
     * @throws MailboxException EINVAL if the controller has no such number
     */
    public void raise(int virq) {
        knownLine(virq).raise();
    }

    /** The line, or null if there is no such number. */
    @Nullable
    InterruptLine line(int virq) {
        if (virq < FIRST_SHARED_VIRQ || virq > lastVirq) {
            return null;
        }
        int index = virq - FIRST_SHARED_VIRQ;
        InterruptLine line = lines.get(index);
        if (line == null) {
            lines.compareAndSet(index, null, new InterruptLine(this, virq, observer));
            line = lines.get(index);
        }
        return line;
    }

    private InterruptLine knownLine(int virq) {
        InterruptLine line = line(virq);
        if (line == null) {
            throw new MailboxException(Errno.EINVAL, "no such shared interrupt (" + name(virq) + ")");
        }
        return line;
    }

    private @Nullable InterruptLine lineOrNull(int virq) {
        return virq < FIRST_SHARED_VIRQ || virq > lastVirq ? null : lines.get(virq - FIRST_SHARED_VIRQ);
    }

    private String name(int virq) {
        return "vm %d, virq %d".formatted(vmid, Integer.toUnsignedLong(virq));
    }

    /** Passes each line that has been used. */
    void forEachLine(Consumer<InterruptLine> action) {
        for (int i = 0; i < lines.length(); i++) {
            InterruptLine line = lines.get(i);
            if (line != null) {
                action.accept(line);
            }
        }
    }

    /** A controller with the same triggers and nothing else: what the VM has after a reset. */
    VirtualInterruptController successor() {
        var successor = new VirtualInterruptController(vmid, lastVirq, delivery, scheduler, observer);
        forEachLine(line -> {
            if (line.isLevelTriggered()) {
                successor.trigger(line.virq(), Trigger.LEVEL);
            }
        });
        return successor;
    }

    /** Detaches all handlers for good. Bindings are the ObjectManager's business. */
    void close() {
        closed = true;
        forEachLine(InterruptLine::detach);
    }

    /** Whether deliveries run on the asserting thread, and need no executor. */
    boolean deliversInline() {
        return inline;
    }

    /** Hands a delivery to the executor; false if it was refused. */
    boolean deliver(Runnable task) {
        return execute(delivery, task);
    }

    /** Hands over a delivery that must not run before this returns. */
    boolean deliverLater(Runnable task) {
        if (inline) {
            return execute(scheduler::execute, task);
        }
        var deferred = new Deferred(task);
        boolean accepted = execute(delivery, deferred);
        deferred.handedOver = true;
        return deferred.ranInside ? execute(scheduler::execute, task) : accepted;
    }

    private boolean execute(Executor executor, Runnable task) {
        try {
            executor.execute(task);
            return true;
        } catch (RuntimeException e) { // the asserting VM is not to blame
            LOG.warn("interrupt delivery was refused (vm {})", vmid, e);
            return false;
        }
    }

    @Override
    public String toString() {
        return "VirtualInterruptController[vmid=" + vmid + "]";
    }

    /** How a line follows its source. */
    public enum Trigger {
        /** Each assertion is latched once; clearing does not take it back. */
        EDGE,
        /** Pending for as long as the source's condition holds. */
        LEVEL
    }

    /** Refuses to run on the thread that hands it over, while it does. */
    private static final class Deferred implements Runnable {
        private final Runnable task;
        private final Thread origin = Thread.currentThread();

        // Both used by the origin only.
        private boolean handedOver;
        private boolean ranInside;

        Deferred(Runnable task) {
            this.task = task;
        }

        @Override
        public void run() {
            if (Thread.currentThread() == origin && !handedOver) {
                ranInside = true;
            } else {
                task.run();
            }
        }
    }
}
