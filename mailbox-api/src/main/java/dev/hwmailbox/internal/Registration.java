// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import dev.hwmailbox.Mailboxes;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A controller's side of being registered: in one registry at a time, and what a registry does to its channels. */
public final class Registration {
    private final AtomicReference<@Nullable Mailboxes> registry = new AtomicReference<>();
    private final Supplier<@Nullable Error> closeChannels;
    private final Supplier<@Nullable Error> evictOwners;

    /**
     * Makes the registration of a controller that is in no registry.
     *
     * @param closeChannels ends all bindings, shutdown included
     * @param evictOwners ends all bindings without shutdown
     */
    public Registration(Supplier<@Nullable Error> closeChannels, Supplier<@Nullable Error> evictOwners) {
        this.closeChannels = closeChannels;
        this.evictOwners = evictOwners;
    }

    /**
     * Where the controller is registered.
     *
     * @return its registry, or null
     */
    public @Nullable Mailboxes registry() {
        return registry.get();
    }

    /**
     * Enters a registry.
     *
     * @param entered the registry
     * @return false if the controller is in one already
     */
    public boolean enter(Mailboxes entered) {
        return registry.compareAndSet(null, entered);
    }

    /**
     * Leaves a registry.
     *
     * @param left the registry; nothing happens if the controller is in another one
     */
    public void leave(Mailboxes left) {
        registry.compareAndSet(left, null);
    }

    /**
     * Ends all bindings, shutdown included.
     *
     * @return an error that a callback threw, to be thrown on when the registry is in order, or null
     */
    public @Nullable Error closeChannels() {
        return closeChannels.get();
    }

    /**
     * Ends all bindings without shutdown.
     *
     * @return likewise
     */
    public @Nullable Error evictOwners() {
        return evictOwners.get();
    }
}
