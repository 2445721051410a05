// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.NewCapability;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Making, naming, binding and ending of objects: everything that is not the data path, under one lock. All of it is
 * rare and short; nothing outside the hypervisor is called under the lock.
 *
 * <p>Lock order: this set-up lock, then a line's, then a queue's.
 */
final class ObjectManager {
    /** A master capability of an object that this hypervisor does not model: all rights its type may define. */
    static final int ALL_RIGHTS = GunyahRights.OBJECT_ACTIVATE | 0x3ff;

    private static final int QUEUE_RIGHTS = GunyahRights.OBJECT_ACTIVATE
            | GunyahRights.MSGQ_SEND
            | GunyahRights.MSGQ_RECEIVE
            | GunyahRights.MSGQ_BIND_SEND
            | GunyahRights.MSGQ_BIND_RECEIVE;

    private final HypervisorOptions options;
    private final Partition partition;

    // guards: the fields below; contents of capability spaces, capabilities of objects, bindings of queue ends.
    private final ReentrantLock setUp = new ReentrantLock();
    private final SplittableRandom random;
    private final Set<MessageQueue> queues = new LinkedHashSet<>();
    private int queuesMade;

    ObjectManager(HypervisorOptions options) {
        this.options = options;
        partition = new Partition(options.partitionBytes());
        random = new SplittableRandom(options.seed());
    }

    Partition partition() {
        return partition;
    }

    CapabilitySpace newSpace() {
        return locked(() -> new CapabilitySpace(random, options.capabilityLimit()));
    }

    // ---- capabilities ----

    /** Puts a capability into a space for the embedder: INVALID if the space is full, or it or the object gone. */
    CapabilityId grant(CapabilitySpace space, HypervisorObject object, int rights, boolean master) {
        return locked(() -> CapabilityId.of(space.insert(object, rights, master).id()));
    }

    /** Copies a capability to an ID the embedder dictates. */
    int install(CapabilitySpace destination, long at, CapabilitySpace source, long capability, int rightsMask) {
        return locked(() -> {
            Capability original = source.find(capability);
            if (original.error() != GunyahError.OK) {
                return original.error();
            }
            if (at == CapabilityId.INVALID.value() || destination.isGone()) {
                return GunyahError.ARGUMENT_INVALID;
            }
            Capability old = destination.find(at);
            if (old != Capability.EMPTY && old != Capability.UNDECODABLE) {
                return GunyahError.BUSY;
            }
            int rights = original.rights() & rightsMask;
            if (rights == 0) {
                return GunyahError.CSPACE_INSUFFICIENT_RIGHTS;
            }
            destination.insertAt(at, original.object(), rights);
            return GunyahError.OK;
        });
    }

    int copy(
            CapabilitySpace caller,
            long sourceCspace,
            long capability,
            long destinationCspace,
            int rightsMask,
            NewCapability result) {
        return locked(() -> {
            Capability source = caller.find(sourceCspace);
            int error = source.refusal(ObjectType.CSPACE, GunyahRights.CSPACE_CAP_COPY);
            if (error != GunyahError.OK) {
                return error;
            }
            Capability destination = caller.find(destinationCspace);
            error = destination.refusal(ObjectType.CSPACE, GunyahRights.CSPACE_CAP_CREATE);
            if (error != GunyahError.OK) {
                return error;
            }
            Capability original = ((CapabilitySpace) source.object()).find(capability);
            if (original.error() != GunyahError.OK) {
                return original.error();
            }
            int rights = original.rights() & rightsMask;
            if (rights == 0) {
                return GunyahError.CSPACE_INSUFFICIENT_RIGHTS;
            }
            return insert((CapabilitySpace) destination.object(), original.object(), rights, false, result);
        });
    }

    private static int insert(
            CapabilitySpace space, HypervisorObject object, int rights, boolean master, NewCapability result) {
        Capability made = space.insert(object, rights, master);
        if (made == Capability.EMPTY) {
            return GunyahError.CSPACE_FULL;
        }
        result.set(made.id());
        return GunyahError.OK;
    }

    int delete(CapabilitySpace caller, long cspace, long capability) {
        return locked(released -> {
            Capability space = caller.find(cspace);
            int error = space.refusal(ObjectType.CSPACE, GunyahRights.CSPACE_CAP_DELETE);
            if (error != GunyahError.OK) {
                return error;
            }
            CapabilitySpace target = (CapabilitySpace) space.object();
            Capability doomed = target.find(capability);
            if (doomed == Capability.UNDECODABLE || doomed == Capability.EMPTY) {
                return doomed.error();
            }
            target.remove(capability);
            if (doomed != Capability.REVOKED) {
                endIfUnnamed(doomed.object(), released);
            }
            return GunyahError.OK;
        });
    }

    int revokeChildren(CapabilitySpace caller, long cspace, long capability) {
        return locked(() -> {
            Capability space = caller.find(cspace);
            int error = space.refusal(ObjectType.CSPACE, GunyahRights.CSPACE_CAP_REVOKE);
            if (error != GunyahError.OK) {
                return error;
            }
            Capability master = ((CapabilitySpace) space.object()).find(capability);
            if (master.error() != GunyahError.OK) {
                return master.error();
            }
            if (!master.isMaster()) {
                return GunyahError.CSPACE_INSUFFICIENT_RIGHTS;
            }
            revokeAllBut(master, master.object());
            return GunyahError.OK;
        });
    }

    private static void revokeAllBut(@Nullable Capability kept, HypervisorObject object) {
        for (Capability capability : List.copyOf(object.capabilities())) {
            if (capability != kept) {
                capability.space().revoke(capability);
            }
        }
    }

    // ---- queues ----

    int createQueue(CapabilitySpace caller, long partitionCapability, long cspace, NewCapability result) {
        return locked(() -> {
            int error = caller.find(partitionCapability)
                    .refusal(ObjectType.PARTITION, GunyahRights.PARTITION_OBJECT_CREATE);
            if (error != GunyahError.OK) {
                return error;
            }
            Capability space = caller.find(cspace);
            error = space.refusal(ObjectType.CSPACE, GunyahRights.CSPACE_CAP_CREATE);
            if (error != GunyahError.OK) {
                return error;
            }
            if (!partition.reserve(MessageQueue.OBJECT_SIZE)) {
                return GunyahError.NOMEM;
            }
            var queue = new MessageQueue(queuesMade, partition, options);
            error = insert((CapabilitySpace) space.object(), queue, QUEUE_RIGHTS, true, result);
            if (error == GunyahError.OK) {
                queuesMade++;
                queues.add(queue);
            } else {
                partition.release(MessageQueue.OBJECT_SIZE);
            }
            return error;
        });
    }

    int activate(CapabilitySpace caller, long capability) {
        return locked(() -> {
            Capability object = caller.find(capability);
            int error = object.activationRefusal();
            return error == GunyahError.OK ? object.object().activate() : error;
        });
    }

    int bind(CapabilitySpace caller, long capability, boolean sending, long vicCapability, int virq) {
        return locked(() -> {
            Capability found = caller.find(capability);
            int error = found.refusal(ObjectType.MSGQUEUE, bindRight(sending));
            if (error != GunyahError.OK) {
                return error;
            }
            if (!found.queue().isActive()) {
                return GunyahError.OBJECT_STATE;
            }
            Capability vic = caller.find(vicCapability);
            error = vic.refusal(ObjectType.VIC, GunyahRights.VIC_BIND_SOURCE);
            if (error != GunyahError.OK) {
                return error;
            }
            return bind(found.queue().end(sending), ((VicObject) vic.object()).controller(), virq);
        });
    }

    private static int bind(QueueEnd end, VirtualInterruptController controller, int virq) {
        if (end.binding() != null) {
            return GunyahError.VIRQ_BOUND;
        }
        InterruptLine line = controller.line(virq);
        if (line == null) {
            return GunyahError.ARGUMENT_INVALID;
        }
        var binding = new Binding(end, controller, line);
        if (!line.claim(binding)) {
            return GunyahError.BUSY;
        }
        end.binding(binding);
        return GunyahError.OK;
    }

    int unbind(CapabilitySpace caller, long capability, boolean sending) {
        return locked(released -> {
            Capability found = caller.find(capability);
            int error = found.refusal(ObjectType.MSGQUEUE, bindRight(sending));
            if (error != GunyahError.OK) {
                return error;
            }
            if (!found.queue().isActive()) {
                return GunyahError.OBJECT_STATE;
            }
            release(found.queue().end(sending).binding(), released);
            return GunyahError.OK;
        });
    }

    private static int bindRight(boolean sending) {
        return sending ? GunyahRights.MSGQ_BIND_SEND : GunyahRights.MSGQ_BIND_RECEIVE;
    }

    // ---- ending ----

    /**
     * Moves the bindings of a VM's lines to those of a fresh controller, which know nothing of what the old ones
     * latched. Returns the receiving ends among them.
     */
    List<QueueEnd> rebind(VicObject vic, VirtualInterruptController fresh) {
        return locked(() -> {
            List<QueueEnd> receiving = new ArrayList<>();
            vic.controller().forEachLine(line -> {
                Binding old = line.source();
                InterruptLine successor = fresh.line(line.virq());
                if (old != null && successor != null) {
                    var moved = new Binding(old.end(), fresh, successor);
                    line.release(old);
                    successor.claim(moved);
                    old.end().binding(moved);
                    if (!old.end().isSending()) {
                        receiving.add(old.end());
                    }
                }
            });
            vic.controller(fresh);
            return receiving;
        });
    }

    /** The queues that a VM can send into, at one moment. */
    List<MessageQueue> queuesSentBy(CapabilitySpace sender) {
        return locked(() -> queues.stream()
                .filter(queue -> queue.capabilities().stream()
                        .anyMatch(capability -> capability.space() == sender
                                && capability.refusal(ObjectType.MSGQUEUE, GunyahRights.MSGQ_SEND) == GunyahError.OK))
                .toList());
    }

    /** Ends what a VM has: its capabilities, those of others to it, and the bindings of its interrupt lines. */
    void release(CapabilitySpace space, VicObject vic) {
        locked(released -> {
            revokeAllBut(null, space);
            revokeAllBut(null, vic);
            vic.markGone();
            vic.controller().forEachLine(line -> release(line.source(), released));
            space.close().forEach(object -> endIfUnnamed(object, released));
            return GunyahError.OK;
        });
    }

    private void endIfUnnamed(HypervisorObject object, List<Binding> released) {
        if (object instanceof MessageQueue queue && queue.capabilities().isEmpty() && queues.remove(queue)) {
            MessageQueue.State was = queue.destroy();
            release(queue.end(true).binding(), released);
            release(queue.end(false).binding(), released);
            if (options.observer() != null) {
                options.observer().destroyed(queue, was);
            }
        }
    }

    private static void release(@Nullable Binding binding, List<Binding> released) {
        if (binding != null) {
            binding.end().binding(null);
            binding.line().release(binding);
            released.add(binding);
        }
    }

    /** The live queues, at one moment. */
    List<MessageQueue> queues() {
        return locked(() -> List.copyOf(queues));
    }

    int capabilities(CapabilitySpace space) {
        return locked(space::size);
    }

    private <T> T locked(Supplier<T> action) {
        setUp.lock();
        try {
            return action.get();
        } finally {
            setUp.unlock();
        }
    }

    /** Runs an action that may end bindings; an embedder's sink hears of it after the lock is released. */
    private int locked(Releasing action) {
        List<Binding> released = new ArrayList<>(2);
        int error;
        setUp.lock();
        try {
            error = action.apply(released);
        } finally {
            setUp.unlock();
        }
        for (Binding binding : released) {
            binding.end().withdrawFromSink(binding);
        }
        return error;
    }

    @FunctionalInterface
    private interface Releasing {
        int apply(List<Binding> released);
    }
}
