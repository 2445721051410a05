/** The Gunyah Resource Manager: its wire protocol, a client, and a server for simulators and tests. */
module dev.hwmailbox.gunyah.rm {
    requires transitive dev.hwmailbox.gunyah;
    requires org.slf4j;
    requires static transitive org.jspecify;

    exports dev.hwmailbox.gunyah.rm;
    exports dev.hwmailbox.gunyah.rm.protocol;
    exports dev.hwmailbox.gunyah.rm.server;
    exports dev.hwmailbox.gunyah.rm.testing;
}
