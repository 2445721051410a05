// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class TextDecoderTest {
    private final TextDecoder decoder = new TextDecoder();

    @Test
    void textIsTheSameHoweverItIsCut() {
        String text = "a\u00e9\u20ac\ud83d\ude00z";
        byte[] bytes = text.getBytes(UTF_8);

        for (int first = 0; first <= bytes.length; first++) {
            for (int second = first; second <= bytes.length; second++) {
                String decoded = decoder.decode(Arrays.copyOfRange(bytes, 0, first))
                        + decoder.decode(Arrays.copyOfRange(bytes, first, second))
                        + decoder.decode(Arrays.copyOfRange(bytes, second, bytes.length));

                assertThat(decoded).as("cut at %d and %d", first, second).isEqualTo(text);
            }
        }
    }

    @Test
    void whatIsNoTextIsReplacedAndHidesNothingBehindIt() {
        assertThat(decoder.decode(new byte[] {'a', (byte) 0xff, 'b'})).isEqualTo("a\ufffdb");
    }

    @Test
    void aCharacterCutOffByTheEndOfALifeSpoilsNothingOfTheNext() {
        assertThat(decoder.decode(new byte[] {'a', (byte) 0xe2, (byte) 0x82})).isEqualTo("a");

        assertThat(decoder.decode("hello".getBytes(UTF_8))).isEqualTo("\ufffdhello");
    }
}
