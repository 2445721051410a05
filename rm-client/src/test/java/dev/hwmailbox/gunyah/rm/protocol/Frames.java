// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Frames with any header, right or wrong. */
final class Frames {
    static final int CONTINUATION = RmFrame.TYPE_CONTINUATION;
    static final int REQUEST = RmMessageType.REQUEST.value();
    static final int REPLY = RmMessageType.REPLY.value();
    static final int NOTIFICATION = RmMessageType.NOTIFICATION.value();

    private Frames() {}

    static RmFrame frame(int type, int continuations, int sequence, int messageId, int... content) {
        var bytes = ByteBuffer.allocate(RmFrame.HEADER_LENGTH + content.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put((byte) 0x21).put((byte) (continuations << 2 | type));
        bytes.putShort((short) sequence).putInt(messageId);
        for (int b : content) {
            bytes.put((byte) b);
        }
        return RmFrame.of(bytes.array(), false);
    }

    static RmFrame withByte0(int byte0, RmFrame frame) {
        var bytes = new byte[frame.length()];
        frame.copyTo(bytes, 0);
        bytes[0] = (byte) byte0;
        return RmFrame.of(bytes, false);
    }
}
