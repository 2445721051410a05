// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

/** What a {@link NamedList} holds. */
interface Named {
    String name();
}
