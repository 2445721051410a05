// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.rm.protocol.RmArrival;
import dev.hwmailbox.gunyah.rm.protocol.RmArrival.Verdict;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import dev.hwmailbox.gunyah.rm.protocol.RmFraming;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageType;
import dev.hwmailbox.gunyah.rm.protocol.RmPayload;
import dev.hwmailbox.gunyah.rm.protocol.RmProtocolException;
import dev.hwmailbox.gunyah.rm.protocol.RmReassembler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** What must hold for the Resource Manager protocol, whatever the bytes are. */
final class RmProtocolExaminer {
    private static final int OUTSTANDING_CALLS = 16;

    /** Every payload type that can be read, in an order that does not change with the virtual machine. */
    private static final List<Method> DECODERS = Arrays.stream(RmPayload.class.getPermittedSubclasses())
            .sorted(Comparator.comparing(Class::getName))
            .map(RmProtocolExaminer::decoder)
            .toList();

    private RmProtocolExaminer() {}

    private static Method decoder(Class<?> payload) {
        try {
            return payload.getMethod("decode", RmMessage.class);
        } catch (NoSuchMethodException e) {
            throw new AssertionError(payload + " cannot be read", e);
        }
    }

    /**
     * The bytes are what arrives: for each, its length in one byte, and its bytes. Either role takes it or says why
     * not, in bounded memory; and a message that came together can be sent.
     */
    static void frames(byte[] input) {
        for (boolean comparing : new boolean[] {true, false}) {
            arrive(input, RmReassembler.forClient(RmProtocolExaminer::outstanding, comparing));
        }
        arrive(input, RmReassembler.forResourceManager());
    }

    private static int outstanding(int sequence) {
        return sequence < OUTSTANDING_CALLS ? RmMessageId.VM_GET_HYP_RESOURCES : RmMessageId.NONE;
    }

    private static void arrive(byte[] input, RmReassembler receiver) {
        ByteBuffer rest = ByteBuffer.wrap(input);
        while (rest.hasRemaining()) {
            int length = Math.min(Byte.toUnsignedInt(rest.get()), rest.remaining());
            RmArrival arrival = receiver.accept(rest.slice().limit(length));
            rest.position(rest.position() + length);

            RmMessage message = arrival.message();
            assertThat(message != null).isEqualTo(arrival.verdict() == Verdict.COMPLETE);
            assertThat(receiver.remainingFragments()).isBetween(0, RmFraming.MAX_CONTINUATIONS);
            assertThat(receiver.bytesGathered()).isBetween(0, RmFraming.MAX_MESSAGE_LENGTH);
            if (message != null) {
                canBeSent(message);
            }
        }
    }

    private static void canBeSent(RmMessage message) {
        boolean request = message.type() == RmMessageType.REQUEST;
        boolean tooLong = request && message.payloadLength() > RmFraming.MAX_REQUEST_LENGTH;
        boolean noReply = message.type() == RmMessageType.REPLY && message.payloadLength() < Integer.BYTES;
        if (message.messageId() == RmMessageId.NONE || tooLong || noReply) {
            return; // may arrive, but is not sent
        }
        RmReassembler receiver =
                request ? RmReassembler.forResourceManager() : RmReassembler.forClient(sequence -> message.messageId());
        RmMessage again = null;
        for (RmFrame frame : RmFraming.split(message)) {
            again = receiver.accept(frame).message();
        }
        assertThat(again).isEqualTo(message);
    }

    /** The first byte says which type the others are: a value that survives being written, or a typed refusal. */
    static void payload(byte[] input) {
        if (input.length == 0) {
            return;
        }
        Method decoder = DECODERS.get(Byte.toUnsignedInt(input[0]) % DECODERS.size());
        byte[] bytes = Arrays.copyOfRange(input, 1, input.length);
        Object value = decode(decoder, bytes);
        if (value instanceof RmPayload payload) {
            assertThat(decode(decoder, payload.encode())).isEqualTo(payload);
        }
    }

    /** The value, or the refusal. */
    private static Object decode(Method decoder, byte[] bytes) {
        try {
            return decoder.invoke(null, RmMessage.request(RmMessageId.VM_START, 0, bytes));
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RmProtocolException refusal) {
                assertThat(refusal.offset()).as(refusal.getMessage()).isBetween(0, bytes.length);
                assertThat(refusal.field()).isNotBlank();
                return refusal;
            }
            throw new AssertionError(decoder.getDeclaringClass() + " threw something else", e.getCause());
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }
}
