// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import java.nio.ByteBuffer;

/**
 * Turns Resource Manager frames into the messages of one kind of mailbox controller and back, so that the client works
 * over any channel that carries frames.
 *
 * <p>Context: any thread, the interrupt path included; must not block.
 *
 * @since 0.1
 */
public interface RmFrameCarrier {
    /** Carries frames on channels of a {@link dev.hwmailbox.gunyah.msgq.GunyahMsgqController}. */
    RmFrameCarrier MSGQ = new RmFrameCarrier() {
        @Override
        public Object toMessage(RmFrame frame) {
            byte[] bytes = frame.toBytes();
            return MsgqMessage.of(bytes, 0, bytes.length, frame.push());
        }

        @Override
        public ByteBuffer toBytes(Object message) {
            return (ByteBuffer) message;
        }
    };

    /** Carries frames on channels whose messages are {@link RmFrame}s. */
    RmFrameCarrier FRAMES = new RmFrameCarrier() {
        @Override
        public Object toMessage(RmFrame frame) {
            return frame;
        }

        @Override
        public ByteBuffer toBytes(Object message) {
            return ((RmFrame) message).asByteBuffer();
        }
    };

    /**
     * The message to send for a frame.
     *
     * @param frame the frame
     * @return what the controller's channels take
     */
    Object toMessage(RmFrame frame);

    /**
     * The frame in a received message.
     *
     * @param message what the controller's channels deliver
     * @return the frame's bytes from position to limit, whatever their number
     */
    ByteBuffer toBytes(Object message);
}
