// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.loopback;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.NodeBuilder;

/** A mailbox with channels 0 and 1, another one, and test clients of all kinds. */
final class TestTree {
    private static final DeviceTree TREE = DeviceTree.of(NodeBuilder.root()
            .child("mailbox", mailbox -> mailbox.property("#mbox-cells", 1).property("phandle", 1))
            .child("other", mailbox -> mailbox.property("#mbox-cells", 1).property("phandle", 2))
            .child("both", test -> test.property("mboxes", 1, 0, 1, 1).property("mbox-names", "tx", "rx"))
            .child("only-tx", test -> test.property("mboxes", 1, 0).property("mbox-names", "tx"))
            .child("only-rx", test -> test.property("mboxes", 1, 1).property("mbox-names", "rx"))
            .child("neither", test -> test.property("mboxes", 1, 0).property("mbox-names", "txrx"))
            .build());

    private TestTree() {}

    static Node mailbox() {
        return node("mailbox");
    }

    static Node other() {
        return node("other");
    }

    static Node node(String name) {
        return TREE.find("/" + name).orElseThrow();
    }
}
