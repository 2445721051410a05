/**
 * The mailbox framework: channels and clients, controllers, devicetree, and a test kit.
 *
 * <p>Clients use {@link dev.hwmailbox}; authors of controllers use {@link dev.hwmailbox.controller}; tests of either
 * use {@link dev.hwmailbox.testing}.
 */
module dev.hwmailbox {
    requires org.slf4j;
    requires static transitive org.jspecify;

    exports dev.hwmailbox;
    exports dev.hwmailbox.controller;
    exports dev.hwmailbox.devicetree;
    exports dev.hwmailbox.testing;
}
