// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

/**
 * The calls of {@link dev.hwmailbox.gunyah.GunyahHypercalls}, to say which one is meant.
 *
 * @since 0.1
 */
public enum Hypercall {
    /** {@code msgqSend}. */
    SEND,
    /** {@code msgqReceive}. */
    RECEIVE,
    /** {@code msgqFlush}. */
    FLUSH,
    /** {@code msgqConfigureSend}. */
    CONFIGURE_SEND,
    /** {@code msgqConfigureReceive}. */
    CONFIGURE_RECEIVE,
    /** {@code msgqBindSendVirq}. */
    BIND_SEND,
    /** {@code msgqBindReceiveVirq}. */
    BIND_RECEIVE,
    /** {@code msgqUnbindSendVirq}. */
    UNBIND_SEND,
    /** {@code msgqUnbindReceiveVirq}. */
    UNBIND_RECEIVE,
    /** {@code partitionCreateMsgq}; its subject is the partition's capability. */
    CREATE,
    /** {@code msgqConfigure}. */
    CONFIGURE,
    /** {@code objectActivate}. */
    ACTIVATE,
    /** {@code cspaceDeleteCapability}; its subject is the capability that goes. */
    DELETE,
    /** {@code cspaceCopyCapability}; its subject is the capability that is copied. */
    COPY,
    /** {@code cspaceRevokeCapabilities}; its subject is the master capability. */
    REVOKE;

    /** Whether the call moves a message, and so has a flag and a payload beside its status. */
    boolean movesMessage() {
        return this == SEND || this == RECEIVE;
    }
}
