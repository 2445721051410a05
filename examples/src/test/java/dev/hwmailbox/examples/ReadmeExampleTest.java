// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.gunyah.rm.server.ResourceManagerServer;
import dev.hwmailbox.testing.VirtualScheduler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The client of the README, compiled and run; its text must be what stands there. */
final class ReadmeExampleTest {
    private static final Path OWN_SOURCE = Path.of("src/test/java/dev/hwmailbox/examples/ReadmeExampleTest.java");

    // tag::client[]
    static final class Logbook implements MailboxClient {
        final List<String> entries = new ArrayList<>();

        @Override
        public void rxCallback(MailboxChannel channel, @Nullable Object message) {
            if (message instanceof ByteBuffer bytes) { // valid in here only
                entries.add("received " + bytes.remaining() + " bytes");
            }
        }

        @Override
        public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
            entries.add(status == 0 ? "sent" : "not sent: " + Errno.name(status));
        }
    }

    static int send(GunyahHypercalls hypercalls, InterruptController irqs, MailboxScheduler scheduler, Logbook client) {
        try (var controller =
                GunyahMsgqController.builder(hypercalls, irqs, scheduler).build()) {
            var endpoint = new MsgqEndpoint(CapabilityId.of(0x10), 960, CapabilityId.of(0x11), 961, 240);
            MailboxChannel channel = controller.requestChannel(client, endpoint);
            int token = channel.sendMessage(MsgqMessage.of(new byte[] {1, 2, 3}));
            return token == -Errno.ENOBUFS ? 0 : 1; // ENOBUFS: twenty wait already, send again from txDone
        }
    }
    // end::client[]

    @Test
    void clientOfTheReadmeSends() {
        VirtualScheduler scheduler = new VirtualScheduler();
        SoftwareHypervisor hypervisor =
                SoftwareHypervisor.builder().schedulers(vmid -> scheduler).build();
        VirtualMachine vm = hypervisor.createVm(ResourceManagerServer.HOST_VMID);
        ResourceManagerServer.builder(hypervisor)
                .build()
                .attachHost(vm, new MsgqEndpoint(CapabilityId.of(0x10), 960, CapabilityId.of(0x11), 961, 240), 8);
        Logbook client = new Logbook();

        int sent = send(vm.hypercalls(), vm.interrupts(), scheduler, client);

        assertThat(sent).isEqualTo(1);
        assertThat(client.entries).containsExactly("sent");
    }

    @Test
    void readmeShowsThisCode() throws IOException {
        String source = Files.readString(OWN_SOURCE);
        String code = source.substring(
                source.indexOf("// tag::client[]\n") + "// tag::client[]\n".length(),
                source.indexOf("    // end::client[]"));

        assertThat(Files.readString(Path.of("../README.md")))
                .contains("```java\n" + code.stripTrailing().stripIndent() + "\n```");
    }
}
