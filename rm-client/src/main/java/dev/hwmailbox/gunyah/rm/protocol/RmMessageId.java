// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * The message ids. 0x51xxxxxx is memory and firmware, 0x56xxxxxx VM management; notifications have 0x00100000 set. An
 * id that is not listed here is a legal one: see {@link #name(int)}, which is total.
 *
 * <p>Context: any thread.
 *
 * <p>Gunyah counterpart: the message ids of include/linux/gunyah/gh_rm_drv.h (Android) and
 * drivers/virt/gunyah/rsc_mgr_rpc.c (Linux, Gunyah series of 2024).
 *
 * @since 0.1
 */
public final class RmMessageId {
    /** Reserved: a client never sends it. */
    public static final int NONE = 0;

    /** Reserve a VMID and make a VM of it. */
    public static final int VM_ALLOC_VMID = 0x56000001;

    /** Give a VMID back. The published Resource Manager dies of an unknown VMID. */
    public static final int VM_DEALLOC_VMID = 0x56000002;

    /** Let a VM run. */
    public static final int VM_START = 0x56000004;

    /** Ask a VM to shut down, or stop it by force. */
    public static final int VM_STOP = 0x56000005;

    /** Take a stopped VM apart. The published Resource Manager dies of a VM that was never configured. */
    public static final int VM_RESET = 0x56000006;

    /** Tell where a VM's image and device tree are. */
    public static final int VM_CONFIG_IMAGE = 0x56000009;

    /** Authenticate a VM's image. */
    public static final int VM_AUTH_IMAGE = 0x5600000A;

    /** Make a VM's devices, among them its message queues. */
    public static final int VM_INIT = 0x5600000B;

    /** How a VM is identified. */
    public static final int VM_GET_ID = 0x56000010;

    /** Find VMs by URI. */
    public static final int VM_LOOKUP_URI = 0x56000011;

    /** Find VMs by GUID. */
    public static final int VM_LOOKUP_GUID = 0x56000012;

    /** Find VMs by name. */
    public static final int VM_LOOKUP_NAME = 0x56000013;

    /** The VMID of the caller's owner. */
    public static final int VM_GET_OWNER = 0x56000015;

    /** The state of a VM. */
    public static final int VM_GET_STATE = 0x56000017;

    /** What a VM said before it crashed. */
    public static final int VM_GET_CRASH_MSG = 0x56000019;

    /** What hypervisor objects the caller shares with a VM. */
    public static final int VM_GET_HYP_RESOURCES = 0x56000020;

    /** Not implemented by the published Resource Manager. */
    public static final int VM_GET_HYP_CAPIDS = 0x56000021;

    /** Not implemented by the published Resource Manager. */
    public static final int VM_GET_HYP_IRQS = 0x56000022;

    /** The caller's own VMID. */
    public static final int VM_GET_VMID = 0x56000024;

    /** The VMs the caller may know of. */
    public static final int VM_GET_PEERS = 0x56000025;

    /** Set a VM's time base. */
    public static final int VM_SET_TIME_BASE = 0x56000030;

    /** Set a register of the first vCPU (Linux of 2024); not implemented by the published Resource Manager. */
    public static final int VM_SET_BOOT_CONTEXT = 0x56000031;

    /** Tell where a VM's firmware is. */
    public static final int VM_SET_FIRMWARE_MEM = 0x56000032;

    /** Declare memory as paged on demand (Linux of 2024); not implemented by the published Resource Manager. */
    public static final int VM_SET_DEMAND_PAGING = 0x56000033;

    /** Place an address range (Linux of 2024); not implemented by the published Resource Manager. */
    public static final int VM_SET_ADDRESS_LAYOUT = 0x56000034;

    /** The first of four minidump calls of the downstream driver; not implemented by the published Resource Manager. */
    public static final int VM_MINIDUMP_0 = 0x56000040;

    /** The second of the minidump calls. */
    public static final int VM_MINIDUMP_1 = 0x56000041;

    /** The third of the minidump calls. */
    public static final int VM_MINIDUMP_2 = 0x56000042;

    /** The fourth of the minidump calls. */
    public static final int VM_MINIDUMP_3 = 0x56000043;

    /** Take a lent interrupt. */
    public static final int VM_IRQ_ACCEPT = 0x56000050;

    /** Lend an interrupt to a VM. */
    public static final int VM_IRQ_LEND = 0x56000051;

    /** Give a lent interrupt up. */
    public static final int VM_IRQ_RELEASE = 0x56000052;

    /** Take a lent interrupt back. */
    public static final int VM_IRQ_RECLAIM = 0x56000053;

    /** Have the Resource Manager tell another VM about an interrupt. */
    public static final int VM_IRQ_NOTIFY = 0x56000054;

    /** Unmap interrupts. */
    public static final int VM_IRQ_UNMAP = 0x56000055;

    /** Publish the caller's state. */
    public static final int VM_SET_STATUS = 0x56000080;

    /** Open a VM's console. */
    public static final int VM_CONSOLE_OPEN = 0x56000081;

    /** Close a VM's console. */
    public static final int VM_CONSOLE_CLOSE = 0x56000082;

    /** Write to a VM's console. The published Resource Manager dies of an empty payload. */
    public static final int VM_CONSOLE_WRITE = 0x56000083;

    /** Flush a VM's console. */
    public static final int VM_CONSOLE_FLUSH = 0x56000084;

    /** The caller ends. */
    public static final int VM_EXIT = 0x56000085;

    /** Leave a message for the owner in case of a crash. */
    public static final int VM_SET_CRASH_MSG = 0x56000086;

    /** What kind of hypervisor this is. */
    public static final int VM_HOST_GET_TYPE = 0x560000A0;

    /** Reserve guest addresses. */
    public static final int IPA_RESERVE = 0x560000B0;

    /** Give memory away. */
    public static final int MEM_DONATE = 0x51000010;

    /** Map memory that was given, lent or shared. */
    public static final int MEM_ACCEPT = 0x51000011;

    /** Lend memory: the owner loses access. */
    public static final int MEM_LEND = 0x51000012;

    /** Share memory: the owner keeps access. */
    public static final int MEM_SHARE = 0x51000013;

    /** Give lent or shared memory up. */
    public static final int MEM_RELEASE = 0x51000014;

    /** Take lent or shared memory back. */
    public static final int MEM_RECLAIM = 0x51000015;

    /** Have the Resource Manager tell another VM about memory. */
    public static final int MEM_NOTIFY = 0x51000017;

    /** Add ranges to a parcel begun with more to come. */
    public static final int MEM_APPEND = 0x51000018;

    /** Find a parcel by its ranges. */
    public static final int MEM_QCOM_LOOKUP_SGL = 0x5100001A;

    /** The platform's firmware has been loaded. */
    public static final int FW_MILESTONE = 0x51000020;

    /** Tell where the firmware of VMs is. */
    public static final int FW_SET_VM_FIRMWARE = 0x51000021;

    /** A VM has ended. */
    public static final int NOTIFY_VM_EXITED = 0x56100001;

    /** The receiver is asked to shut down. */
    public static final int NOTIFY_VM_SHUTDOWN = 0x56100002;

    /** A VM's state has changed. */
    public static final int NOTIFY_VM_STATUS = 0x56100008;

    /** An interrupt is lent to the receiver. */
    public static final int NOTIFY_VM_IRQ_LENT = 0x56100011;

    /** A borrower has given an interrupt up. */
    public static final int NOTIFY_VM_IRQ_RELEASED = 0x56100012;

    /** A borrower has taken an interrupt. */
    public static final int NOTIFY_VM_IRQ_ACCEPTED = 0x56100013;

    /** The other side wrote to a console. */
    public static final int NOTIFY_VM_CONSOLE_CHARS = 0x56100080;

    /** Memory is given, lent or shared with the receiver. */
    public static final int NOTIFY_MEM_SHARED = 0x51100011;

    /** A recipient has given memory up. */
    public static final int NOTIFY_MEM_RELEASED = 0x51100012;

    /** A recipient has mapped memory. */
    public static final int NOTIFY_MEM_ACCEPTED = 0x51100013;

    /** The owner wants memory back. */
    public static final int NOTIFY_MEM_RECALL = 0x51100014;

    private RmMessageId() {}

    /**
     * The name of a message id.
     *
     * @param messageId a message id
     * @return its name, or {@code message 0x00001234} for an id without a name here
     */
    public static String name(int messageId) {
        return switch (messageId) {
            case VM_ALLOC_VMID -> "VM_ALLOC_VMID";
            case VM_DEALLOC_VMID -> "VM_DEALLOC_VMID";
            case VM_START -> "VM_START";
            case VM_STOP -> "VM_STOP";
            case VM_RESET -> "VM_RESET";
            case VM_CONFIG_IMAGE -> "VM_CONFIG_IMAGE";
            case VM_AUTH_IMAGE -> "VM_AUTH_IMAGE";
            case VM_INIT -> "VM_INIT";
            case VM_GET_ID -> "VM_GET_ID";
            case VM_LOOKUP_URI -> "VM_LOOKUP_URI";
            case VM_LOOKUP_GUID -> "VM_LOOKUP_GUID";
            case VM_LOOKUP_NAME -> "VM_LOOKUP_NAME";
            case VM_GET_OWNER -> "VM_GET_OWNER";
            case VM_GET_STATE -> "VM_GET_STATE";
            case VM_GET_CRASH_MSG -> "VM_GET_CRASH_MSG";
            case VM_GET_HYP_RESOURCES -> "VM_GET_HYP_RESOURCES";
            case VM_GET_HYP_CAPIDS -> "VM_GET_HYP_CAPIDS";
            case VM_GET_HYP_IRQS -> "VM_GET_HYP_IRQS";
            case VM_GET_VMID -> "VM_GET_VMID";
            case VM_GET_PEERS -> "VM_GET_PEERS";
            case VM_SET_TIME_BASE -> "VM_SET_TIME_BASE";
            case VM_SET_BOOT_CONTEXT -> "VM_SET_BOOT_CONTEXT";
            case VM_SET_FIRMWARE_MEM -> "VM_SET_FIRMWARE_MEM";
            case VM_SET_DEMAND_PAGING -> "VM_SET_DEMAND_PAGING";
            case VM_SET_ADDRESS_LAYOUT -> "VM_SET_ADDRESS_LAYOUT";
            case VM_MINIDUMP_0 -> "VM_MINIDUMP_0";
            case VM_MINIDUMP_1 -> "VM_MINIDUMP_1";
            case VM_MINIDUMP_2 -> "VM_MINIDUMP_2";
            case VM_MINIDUMP_3 -> "VM_MINIDUMP_3";
            case VM_IRQ_ACCEPT -> "VM_IRQ_ACCEPT";
            case VM_IRQ_LEND -> "VM_IRQ_LEND";
            case VM_IRQ_RELEASE -> "VM_IRQ_RELEASE";
            case VM_IRQ_RECLAIM -> "VM_IRQ_RECLAIM";
            case VM_IRQ_NOTIFY -> "VM_IRQ_NOTIFY";
            case VM_IRQ_UNMAP -> "VM_IRQ_UNMAP";
            case VM_SET_STATUS -> "VM_SET_STATUS";
            case VM_CONSOLE_OPEN -> "VM_CONSOLE_OPEN";
            case VM_CONSOLE_CLOSE -> "VM_CONSOLE_CLOSE";
            case VM_CONSOLE_WRITE -> "VM_CONSOLE_WRITE";
            case VM_CONSOLE_FLUSH -> "VM_CONSOLE_FLUSH";
            case VM_EXIT -> "VM_EXIT";
            case VM_SET_CRASH_MSG -> "VM_SET_CRASH_MSG";
            case VM_HOST_GET_TYPE -> "VM_HOST_GET_TYPE";
            case IPA_RESERVE -> "IPA_RESERVE";
            case MEM_DONATE -> "MEM_DONATE";
            case MEM_ACCEPT -> "MEM_ACCEPT";
            case MEM_LEND -> "MEM_LEND";
            case MEM_SHARE -> "MEM_SHARE";
            case MEM_RELEASE -> "MEM_RELEASE";
            case MEM_RECLAIM -> "MEM_RECLAIM";
            case MEM_NOTIFY -> "MEM_NOTIFY";
            case MEM_APPEND -> "MEM_APPEND";
            case MEM_QCOM_LOOKUP_SGL -> "MEM_QCOM_LOOKUP_SGL";
            case FW_MILESTONE -> "FW_MILESTONE";
            case FW_SET_VM_FIRMWARE -> "FW_SET_VM_FIRMWARE";
            case NOTIFY_VM_EXITED -> "NOTIFY_VM_EXITED";
            case NOTIFY_VM_SHUTDOWN -> "NOTIFY_VM_SHUTDOWN";
            case NOTIFY_VM_STATUS -> "NOTIFY_VM_STATUS";
            case NOTIFY_VM_IRQ_LENT -> "NOTIFY_VM_IRQ_LENT";
            case NOTIFY_VM_IRQ_RELEASED -> "NOTIFY_VM_IRQ_RELEASED";
            case NOTIFY_VM_IRQ_ACCEPTED -> "NOTIFY_VM_IRQ_ACCEPTED";
            case NOTIFY_VM_CONSOLE_CHARS -> "NOTIFY_VM_CONSOLE_CHARS";
            case NOTIFY_MEM_SHARED -> "NOTIFY_MEM_SHARED";
            case NOTIFY_MEM_RELEASED -> "NOTIFY_MEM_RELEASED";
            case NOTIFY_MEM_ACCEPTED -> "NOTIFY_MEM_ACCEPTED";
            case NOTIFY_MEM_RECALL -> "NOTIFY_MEM_RECALL";
            default -> "message 0x%08x".formatted(messageId);
        };
    }

    /** How ids are printed everywhere: the name, if there is one, and the number. */
    static String describe(int messageId) {
        var number = "0x%08x".formatted(messageId);
        var name = name(messageId);
        return name.endsWith(number) ? name : name + " (" + number + ")";
    }
}
