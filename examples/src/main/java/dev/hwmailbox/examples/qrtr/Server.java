// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

/** A service that somebody offers, and where. */
record Server(int service, int instance, Address address) {
    /** Is this one of those that are looked for? 0 stands for any. */
    boolean matches(int wantedService, int wantedInstance) {
        return (wantedService == 0 || wantedService == service) && (wantedInstance == 0 || wantedInstance == instance);
    }

    @Override
    public String toString() {
        return "service " + service + "/" + instance + " at " + address;
    }
}
