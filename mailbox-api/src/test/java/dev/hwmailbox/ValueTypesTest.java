// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The small types: options, exception, error numbers, completion. */
class ValueTypesTest {
    @Test
    void optionsHaveFactoriesForTheUsualCases() {
        assertThat(new MailboxClient() {}.options()).isEqualTo(ClientOptions.NON_BLOCKING);
        assertThat(new MailboxClient() {}.node()).isNull();
        assertThat(ClientOptions.blocking(Duration.ofMillis(5)).withKnowsTxDone())
                .isEqualTo(new ClientOptions(true, Duration.ofMillis(5), true));
    }

    @Test
    void aNegativeTimeoutIsRefused() {
        assertThatThrownBy(() -> ClientOptions.blocking(Duration.ofNanos(-1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anExceptionCarriesItsErrnoAndNamesIt() {
        var cause = new IllegalStateException();
        var failure = new MailboxException(Errno.EBUSY, "in use", cause);

        assertThat(failure).hasMessage("EBUSY: in use").hasCause(cause);
        assertThat(failure.errno()).isEqualTo(16);
        assertThatThrownBy(() -> new MailboxException(0, "fine")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void errorNumbersHaveNamesWhateverTheirSign() {
        assertThat(Errno.name(Errno.ENOBUFS)).isEqualTo("ENOBUFS");
        assertThat(Errno.name(-Errno.EPROBE_DEFER)).isEqualTo("EPROBE_DEFER");
        assertThat(Errno.name(-1234)).isEqualTo("errno 1234");
    }

    @Test
    void onlyTheFirstReportOfACompletionCounts() {
        var completion = new Completion();
        assertThatThrownBy(completion::status).isInstanceOf(IllegalStateException.class);
        assertThat(completion).hasToString("Completion[pending]");

        assertThat(completion.complete(3)).isTrue();
        assertThat(completion.complete(-1)).isFalse();

        assertThat(completion.isDone()).isTrue();
        assertThat(completion.status()).isEqualTo(3);
        assertThat(completion).hasToString("Completion[status=3]");
    }
}
