// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * The three states of a VM: the reply of VM_GET_STATE, and the request of VM_SET_STATUS, where the VM state is ignored
 * and an OS state of 0 leaves that as it is.
 *
 * <p>Context: any thread; immutable.
 *
 * @param vmState see {@link VmState}; 0..255
 * @param osState see {@link OsState}; 0..255
 * @param appState whatever the VM's applications mean by it; 0..65535
 * @since 0.1
 */
public record VmStatus(int vmState, int osState, int appState) implements RmPayload {
    public VmStatus {
        Unsigned.requireU8("vmState", vmState);
        Unsigned.requireU8("osState", osState);
        Unsigned.requireU16("appState", appState);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static VmStatus decode(RmMessage message) {
        var in = new PayloadReader(message);
        var decoded = read(in);
        in.end();
        return decoded;
    }

    static VmStatus read(PayloadReader in) {
        return new VmStatus(in.u8("VM state"), in.u8("OS state"), in.u16("application state"));
    }

    /**
     * The VM state by name.
     *
     * @return the state, {@link VmState#UNKNOWN} if it has no name here
     */
    public VmState vm() {
        return VmState.fromValue(vmState);
    }

    /**
     * The OS state by name.
     *
     * @return the state, {@link OsState#UNKNOWN} if it has no name here
     */
    public OsState os() {
        return OsState.fromValue(osState);
    }

    void write(PayloadWriter out) {
        out.u8(vmState).u8(osState).u16(appState);
    }

    @Override
    public byte[] encode() {
        var out = new PayloadWriter(4);
        write(out);
        return out.toBytes();
    }
}
