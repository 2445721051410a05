// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

import dev.hwmailbox.Errno;
import dev.hwmailbox.examples.calls.Outcome;
import dev.hwmailbox.examples.gpio.GpioRecord.Response;
import java.io.ByteArrayOutputStream;
import java.util.function.Consumer;

/** Reads the block of names, piece by piece: each piece says whether to ask for another one. */
final class GpioNamesReader {
    private final GpioClient client;
    private final Consumer<Outcome<GpioLines>> told;
    private final ByteArrayOutputStream block = new ByteArrayOutputStream();

    GpioNamesReader(GpioClient client, Consumer<Outcome<GpioLines>> told) {
        this.client = client;
        this.told = told;
    }

    void begin() {
        client.request(GpioType.NAMES, 0, block.size(), this::answered);
    }

    private void answered(Outcome<Response> outcome) {
        if (!outcome.isAnswered()) {
            told.accept(Outcome.failed(outcome.status()));
            return;
        }
        Response response = outcome.reply();
        if (response.status() == GpioRecord.STATUS_ERROR) {
            told.accept(Outcome.failed(-Errno.EIO));
        } else if (response.value() > 1) {
            refuse(GpioField.VALUE, -Errno.EPROTO);
        } else if (!response.names().hasRemaining()) {
            refuse(GpioField.LENGTH, -Errno.EPROTO); // or a device could go on like this for ever
        } else {
            take(response);
        }
    }

    private void take(Response response) {
        byte[] piece = new byte[response.names().remaining()];
        response.names().duplicate().get(piece);
        block.writeBytes(piece);
        if (block.size() > GpioNames.MAX_BLOCK) {
            refuse(GpioField.LENGTH, -Errno.E2BIG);
        } else if (response.value() == 1) {
            begin();
        } else if (piece[piece.length - 1] != 0) {
            refuse(GpioField.LENGTH, -Errno.EPROTO); // cut in the middle of a name
        } else {
            told.accept(Outcome.answered(new GpioLines(GpioNames.names(block.toByteArray()))));
        }
    }

    private void refuse(GpioField field, int status) {
        client.counters().refuse(field);
        told.accept(Outcome.failed(status));
    }
}
