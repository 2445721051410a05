// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import dev.hwmailbox.Errno;
import dev.hwmailbox.gunyah.rm.protocol.RmArrival.Verdict;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The Resource Manager's end: forgiving to strangers, all types welcome. */
final class ResourceManagerReassembler extends RmReassembler {
    @Override
    public RmArrival accept(RmFrame frame) {
        if (!frame.hasValidHeader()) {
            return RmArrival.dropped(Verdict.BAD_HEADER);
        }
        if (frame.continuations() > RmFraming.MAX_CONTINUATIONS) {
            return RmArrival.dropped(Verdict.TOO_MANY_FRAGMENTS);
        }
        return RmMessageType.fromValue(frame.typeValue())
                .map(type -> begin(type, frame, discard()))
                .orElseGet(() -> acceptContinuation(frame));
    }

    /** The receive call of the Resource Manager's transport cuts at its buffer's end. */
    @Override
    RmArrival acceptOverlong(ByteBuffer bytes) {
        return accept(RmFrame.of(bytes.slice(bytes.position(), RmFrame.MAX_LENGTH), false));
    }

    @Override
    RmArrival deliver(RmMessage message, RmArrival.@Nullable Loss loss) {
        return new RmArrival(Verdict.COMPLETE, message, loss);
    }

    private RmArrival acceptContinuation(RmFrame frame) {
        Assembly current = assembly();
        if (current == null) {
            return RmArrival.dropped(Verdict.STRAY_CONTINUATION);
        }
        return current.isContinuedBy(frame, true)
                ? resume(current, frame)
                : RmArrival.dropped(Verdict.FOREIGN_CONTINUATION);
    }

    private RmArrival.@Nullable Loss discard() {
        Assembly discarded = dropAssembly();
        return discarded == null ? null : discarded.toLoss(Errno.EIO);
    }
}
