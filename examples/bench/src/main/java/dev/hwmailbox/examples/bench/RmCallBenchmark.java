// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import dev.hwmailbox.CallerRunsScheduler;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import dev.hwmailbox.gunyah.rm.server.ResourceManagerServer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** A call to the Resource Manager and its reply, by one thread, through client, mailbox, queues and server. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(5)
@Warmup(iterations = 6, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 100, timeUnit = TimeUnit.MILLISECONDS)
public class RmCallBenchmark {
    /** A host and its Resource Manager, on the calling thread. */
    @State(Scope.Benchmark)
    public static class Host {
        private static final int DEPTH = 8;
        private static final int TX_VIRQ = 960;
        private static final int RX_VIRQ = 961;

        private final ResourceManager resourceManager;

        public Host() {
            var scheduler = new CallerRunsScheduler();
            SoftwareHypervisor hypervisor = SoftwareHypervisor.builder()
                    .schedulers(vmid -> scheduler)
                    .interruptDelivery(vmid -> SoftwareHypervisor.INLINE)
                    .build();
            VirtualMachine vm = hypervisor.createVm(ResourceManagerServer.HOST_VMID);
            var endpoint = new MsgqEndpoint(
                    CapabilityId.of(0x10), TX_VIRQ, CapabilityId.of(0x11), RX_VIRQ, RmFrame.MAX_LENGTH);
            ResourceManagerServer.builder(hypervisor).build().attachHost(vm, endpoint, DEPTH);
            GunyahMsgqController controller = GunyahMsgqController.builder(vm.hypercalls(), vm.interrupts(), scheduler)
                    .build();
            resourceManager = ResourceManager.bind(controller, endpoint, scheduler);
        }
    }

    @Benchmark
    public int rmCall(Host host) {
        return host.resourceManager.vmid();
    }
}
