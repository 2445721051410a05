// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.examples.machine.Guest;
import dev.hwmailbox.examples.machine.GuestConnection;
import dev.hwmailbox.examples.machine.Machine;
import dev.hwmailbox.examples.machine.ServiceProgram;
import dev.hwmailbox.examples.machine.ThreadedPlatform;
import dev.hwmailbox.gunyah.rm.ChannelSubscriber;
import dev.hwmailbox.gunyah.rm.VmChannel;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The blocking form, called from threads that are no VM's, in real time. */
class SmmuProxyThreadsTest {
    @Test
    @Timeout(value = 1, unit = TimeUnit.MINUTES)
    void anyThreadMayCall() {
        try (ThreadedPlatform platform = new ThreadedPlatform();
                Machine machine = new Machine(
                        platform,
                        (vmid, image) -> new ServiceProgram(connection -> {
                            ProxyService service = new ProxyService(new IommuTable());
                            return connection.channels().subscribe(service, GuestConnection.TO_OWNER, service);
                        }))) {
            SmmuProxy proxy = new SmmuProxy(
                    machine.scheduler(), new PowerManager(machine.host().controller()));
            Completion ready = new Completion();
            Guest guest = machine.allocate();
            machine.channels().subscribe(proxy, guest.channel(), new ChannelSubscriber() {
                @Override
                public void bound(MailboxChannel channel, VmChannel queues) {
                    proxy.bound(channel, queues);
                    ready.complete(0);
                    machine.scheduler().wake(ready);
                }
            });
            guest.start();
            machine.await(ready, "no channel to the guest");

            List<Integer> results = IntStream.range(0, 12)
                    .parallel()
                    .map(page -> proxy.map(new Mapping((long) page * Mapping.PAGE, 0, Mapping.PAGE, Mapping.READ)))
                    .boxed()
                    .toList();

            assertThat(results).hasSize(12).containsOnly(0);
            assertThat(proxy.map(new Mapping(0, 0, Mapping.PAGE, Mapping.READ))).isEqualTo(-Errno.EBUSY);
        }
    }
}
