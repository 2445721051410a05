/**
 * Gunyah for the mailbox framework: the hypercall and interrupt seams, a mailbox controller for message queues whose
 * resources the client supplies, a software hypervisor that serves the same seams, and a test kit.
 */
module dev.hwmailbox.gunyah {
    requires transitive dev.hwmailbox;
    requires org.slf4j;
    requires static transitive org.jspecify;

    exports dev.hwmailbox.gunyah;
    exports dev.hwmailbox.gunyah.hypervisor;
    exports dev.hwmailbox.gunyah.msgq;
    exports dev.hwmailbox.gunyah.testing;
}
