// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

/**
 * Rights bits of capabilities, by object type. They are combined by OR.
 *
 * <p>Gunyah counterpart: docs/api/gunyah_api.md, sections on capability rights (gunyah-hypervisor).
 *
 * @since 0.1
 */
public final class GunyahRights {
    /** Message queue: send, and configure the send side. */
    public static final int MSGQ_SEND = 0x1;

    /** Message queue: receive, flush, and configure the receive side. */
    public static final int MSGQ_RECEIVE = 0x2;

    /** Message queue: bind and unbind the sender's interrupt. */
    public static final int MSGQ_BIND_SEND = 0x4;

    /** Message queue: bind and unbind the receiver's interrupt. */
    public static final int MSGQ_BIND_RECEIVE = 0x8;

    /** Doorbell: ring it. */
    public static final int DOORBELL_SEND = 0x1;

    /** Doorbell: hear it, and silence it. */
    public static final int DOORBELL_RECEIVE = 0x2;

    /** Partition: create objects. */
    public static final int PARTITION_OBJECT_CREATE = 0x1;

    /** Capability space: create capabilities. */
    public static final int CSPACE_CAP_CREATE = 0x1;

    /** Capability space: delete capabilities. */
    public static final int CSPACE_CAP_DELETE = 0x2;

    /** Capability space: copy capabilities out of it. */
    public static final int CSPACE_CAP_COPY = 0x4;

    /** Capability space: revoke capabilities. */
    public static final int CSPACE_CAP_REVOKE = 0x10;

    /** Virtual interrupt controller: bind an interrupt source. */
    public static final int VIC_BIND_SOURCE = 0x1;

    /** Any object: configure and activate. A master capability has it, and a copy whose mask keeps it. */
    public static final int OBJECT_ACTIVATE = 0x80000000;

    private GunyahRights() {}
}
