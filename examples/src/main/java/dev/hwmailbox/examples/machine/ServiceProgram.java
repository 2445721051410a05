// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.machine;

import dev.hwmailbox.gunyah.hypervisor.GuestContext;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What runs in a guest: a service over the guest's connection.
 *
 * <p>Context: as {@link GuestProgram} says.
 *
 * @since 0.1
 */
public final class ServiceProgram implements GuestProgram {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceProgram.class);

    private final Function<GuestConnection, ? extends AutoCloseable> opener;
    private @Nullable GuestConnection connection;
    private @Nullable AutoCloseable service;

    /**
     * Makes a program for one life of a guest.
     *
     * @param opener starts the service; it is closed when the VM stops, before its connection
     */
    public ServiceProgram(Function<GuestConnection, ? extends AutoCloseable> opener) {
        this.opener = opener;
    }

    @Override
    public void start(GuestContext vm) {
        connection = new GuestConnection(vm);
        service = opener.apply(connection);
    }

    @Override
    public void stop(StopReason reason) {
        if (service != null) {
            close(service);
        }
        if (connection != null) {
            connection.close();
        }
    }

    private static void close(AutoCloseable service) {
        try {
            service.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            LOG.error("the guest's service could not be closed", e);
        }
    }
}
