// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import java.util.List;

/**
 * What a VM's devicetree says about the VM itself: the node {@code /gunyah-vm-config} and the device nodes.
 *
 * @param identity its names
 * @param baseAddress guest physical address of its memory
 * @param vcpus number of vCPUs, 1 or more
 * @param proxyScheduled the owner runs the vCPUs and gets an interrupt for each
 * @param devices devices in the order of the tree
 */
record VmConfiguration(
        VmIdentity identity, long baseAddress, int vcpus, boolean proxyScheduled, List<DeviceConfiguration> devices) {}
