// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * VM_AUTH_IMAGE: has the platform authenticate a configured image.
 *
 * <p>Context: any thread; immutable.
 *
 * @param vmid 0..65535
 * @param parameters what the platform wants to know, at most {@link #MAX_PARAMETERS}; copied
 * @since 0.1
 */
public record VmAuthImageRequest(int vmid, List<Parameter> parameters) implements RmPayload {
    /** The most parameters a request can hold. */
    public static final int MAX_PARAMETERS = (RmFraming.MAX_REQUEST_LENGTH - 4) / Parameter.LENGTH;

    public VmAuthImageRequest {
        Unsigned.requireU16("vmid", vmid);
        parameters = Unsigned.copyOf("parameters", parameters, MAX_PARAMETERS);
    }

    /**
     * One parameter; the platform says what it means.
     *
     * @param type 32 bits
     * @param value 32 bits
     */
    public record Parameter(int type, int value) {
        static final int LENGTH = 8;

        static Parameter read(PayloadReader in) {
            return new Parameter(in.u32("parameter type"), in.u32("parameter value"));
        }

        void write(PayloadWriter out) {
            out.u32(type).u32(value);
        }
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes, or too many parameters
     */
    public static VmAuthImageRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        int vmid = in.u16("vmid");
        int count = in.u16("number of parameters");
        if (count > MAX_PARAMETERS) {
            throw in.refuse("number of parameters", 2, Integer.toString(count), "at most " + MAX_PARAMETERS);
        }
        List<Parameter> parameters = in.elements(count, Parameter::read);
        in.end();
        return new VmAuthImageRequest(vmid, parameters);
    }

    @Override
    public byte[] encode() {
        var out = new PayloadWriter(4 + parameters.size() * Parameter.LENGTH)
                .u16(vmid)
                .u16(parameters.size());
        parameters.forEach(parameter -> parameter.write(out));
        return out.toBytes();
    }
}
