// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.Property;
import java.util.List;

/**
 * Reads which vCPUs a VM has and who runs them.
 *
 * <p>Differs: the published Resource Manager leaves the limits of a timeslice to the hypervisor; here they are 1 to
 * {@value #MAX_TIMESLICE} us.
 */
final class VcpuReader {
    static final int MAX_TIMESLICE = 100_000;

    private static final List<String> ENABLE_METHODS = List.of("psci", "qcom,gunyah-hvc");

    private final ConfigurationNode vcpus;
    private final int count;

    private VcpuReader(ConfigurationNode vcpus, int count) {
        this.vcpus = vcpus;
        this.count = count;
    }

    static VcpuReader read(DeviceTree tree, ConfigurationNode vcpus) {
        String path = vcpus.string("config").orElse("/cpus");
        ConfigurationNode cpus = tree.find(path)
                .map(ConfigurationNode::new)
                .orElseThrow(() -> vcpus.invalid("config names " + path + ", which is not there"));
        List<ConfigurationNode> cpuNodes = cpus.node().children().stream()
                .map(ConfigurationNode::new)
                .filter(cpu -> cpu.strings("device_type").contains("cpu"))
                .toList();
        for (int i = 0; i < cpuNodes.size(); i++) {
            checkBoot(cpuNodes.get(i), i == 0);
        }
        VcpuReader reader = new VcpuReader(vcpus, cpuNodes.size());
        reader.checkAffinityMap();
        return reader;
    }

    /** A CPU that does not run from the start must be told how it is started. */
    private static void checkBoot(ConfigurationNode cpu, boolean first) {
        boolean boots = cpu.string("status").map("okay"::equals).orElse(first);
        if (!boots
                && cpu.string("enable-method").filter(ENABLE_METHODS::contains).isEmpty()) {
            throw cpu.invalid("is no boot CPU and has no enable-method of " + ENABLE_METHODS);
        }
    }

    private void checkAffinityMap() {
        int mapped = vcpus.node().property("affinity-map").map(Property::length).orElse(0) / Integer.BYTES;
        if (!isProxyScheduled() && mapped != count) {
            throw vcpus.invalid("affinity-map names %d cores for %d vCPUs".formatted(mapped, count));
        }
    }

    /** vCPUs that the hypervisor runs must not get in the way of the owner. */
    void requireSchedulable(int cores) {
        if (count == 0 || count > cores) {
            throw vcpus.unavailable(count + " vCPUs for " + cores + " cores");
        }
        if (isProxyScheduled()) {
            return;
        }
        int priority = vcpus.u32("sched-priority").orElse(0);
        if (priority >= 0) {
            throw vcpus.unavailable("sched-priority " + priority + " is not below the owner's");
        }
        int timeslice = vcpus.u32("sched-timeslice").orElse(0);
        if (timeslice <= 0 || timeslice > MAX_TIMESLICE) {
            throw vcpus.unavailable("sched-timeslice %d us is outside 1..%d".formatted(timeslice, MAX_TIMESLICE));
        }
    }

    int count() {
        return count;
    }

    /** The owner runs the vCPUs; every other affinity leaves them to the hypervisor. */
    boolean isProxyScheduled() {
        return vcpus.string("affinity").filter("proxy"::equals).isPresent();
    }
}
