// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import dev.hwmailbox.controller.TxDoneMethod;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Callbacks and operations that throw: logged once, and the channel goes on. */
class CallbackFailureTest {
    private final World world = new World(TxDoneMethod.IRQ);
    private final MailboxChannel channel = world.bind();
    private final LogCapture logged = new LogCapture();

    @AfterEach
    void endCapture() {
        logged.close();
    }

    private void fail(String call) {
        world.on(call, () -> {
            throw new IllegalStateException("thrown by " + call);
        });
    }

    private void failBadly(String call) {
        world.on(call, () -> {
            throw new AssertionError("thrown by " + call);
        });
    }

    @Test
    void anExceptionInTxPrepareDoesNotKeepTheMessageBack() {
        fail("prepare");

        channel.sendMessage("a");

        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0");
        assertThat(logged.at(Level.ERROR)).containsExactly("c/0: txPrepare callback threw");
    }

    @Test
    void anExceptionInSendDataIsARefusalWithEio() {
        fail("sendData");

        channel.sendMessage("a");
        world.hardware().resubmit();
        world.hardware().txDone(0);

        assertThat(world.log)
                .containsExactly(
                        "prepare a", "sendData a -> 0", "refused a -EIO", "prepare a", "sendData a -> 0", "txDone a 0");
        assertThat(logged.at(Level.ERROR)).containsExactly("c/0: sendData threw");
    }

    @Test
    void anExceptionInTxDoneDoesNotHoldUpTheNextReport() {
        fail("txDone");
        channel.sendMessage("a");
        channel.sendMessage("b");

        world.hardware().txDone(0);
        world.hardware().txDone(0);

        assertThat(world.log).endsWith("txDone a 0", "txDone b 0");
        assertThat(logged.at(Level.ERROR)).containsExactly("c/0: txDone callback threw");
    }

    @Test
    void anExceptionInTxDoneStillWakesTheBlockedSender() {
        var blocking = new World(TxDoneMethod.IRQ);
        blocking.on("txDone", () -> {
            throw new IllegalStateException("client");
        });
        blocking.on("sendData", () -> blocking.hardware().txDone(0));

        assertThat(blocking.bind(ClientOptions.blocking(Duration.ofMillis(1))).sendMessage("a"))
                .isZero();
        assertThat(blocking.scheduler.elapsed()).isZero();
    }

    @Test
    void exceptionsInTheOtherCallbacksAreLoggedOnceEach() {
        fail("rx");
        world.hardware().receivedData("data");
        fail("refused");
        world.driver.sendResults.add(-Errno.EBUSY);
        channel.sendMessage("a");
        for (int i = 0; i < 19; i++) {
            world.driver.sendResults.add(-Errno.EBUSY);
            channel.sendMessage(i);
        }
        assertThat(channel.sendMessage("too many")).isEqualTo(-Errno.ENOBUFS);
        fail("writable");
        world.hardware().resubmit();
        fail("event PEER_RESET");
        world.hardware().raiseEvent(ChannelEvent.PEER_RESET);

        assertThat(logged.at(Level.ERROR))
                .containsExactly(
                        "c/0: rxCallback threw",
                        "c/0: refused callback threw",
                        "c/0: writable callback threw",
                        "c/0: event callback threw");
    }

    @Test
    void exceptionsInTheOtherOperationsAreLoggedAndTakenForFailure() {
        fail("flush");
        assertThat(channel.flush(Duration.ZERO)).isEqualTo(-Errno.EIO);
        fail("peekData");
        assertThat(channel.peekData()).isFalse();
        fail("shutdown");
        fail("event CLOSED");
        channel.close();

        assertThat(logged.at(Level.ERROR))
                .containsExactly(
                        "c/0: flush threw", "c/0: peekData threw", "c/0: shutdown threw", "c/0: event callback threw");
        assertThat(world.hardware().isBound()).isFalse();
    }

    @Test
    void anErrorIsThrownOnOnceTheChannelIsInOrder() {
        channel.sendMessage("a");
        channel.sendMessage("b");
        failBadly("prepare");
        failBadly("txDone");

        assertThat(catchThrowable(() -> world.hardware().txDone(0))).hasMessage("thrown by prepare");

        assertThat(world.log).endsWith("prepare b", "sendData b -> 0", "txDone a 0");
        world.hardware().txDone(0);
        assertThat(world.log).endsWith("txDone b 0");
        assertThat(logged.at(Level.ERROR)).hasSize(2);
    }

    @Test
    void anErrorInSendDataIsARefusalAndThrownOn() {
        failBadly("sendData");

        assertThat(catchThrowable(() -> channel.sendMessage("a"))).hasMessage("thrown by sendData");

        world.hardware().resubmit();
        world.hardware().txDone(0);
        assertThat(world.log).endsWith("sendData a -> 0", "txDone a 0");
    }

    @Test
    void anErrorThatEndsABlockingSendTakesItsMessageWithIt() {
        MailboxChannel blocking = world.bind(1, ClientOptions.blocking(Duration.ofSeconds(1)));
        failBadly("sendData");

        assertThat(catchThrowable(() -> blocking.sendMessage("a"))).hasMessage("thrown by sendData");

        assertThat(blocking.slotsAvailable()).isEqualTo(MailboxChannel.TX_QUEUE_LENGTH);
        world.log.clear();
        world.controller.channel(1).resubmit();
        assertThat(world.log).isEmpty();
    }

    @Test
    void anErrorThatEndsAnAsynchronousSendTakesItsMessageWithIt() {
        failBadly("sendData");

        assertThat(catchThrowable(() -> channel.sendMessageAsync("a"))).hasMessage("thrown by sendData");

        assertThat(channel.slotsAvailable()).isEqualTo(MailboxChannel.TX_QUEUE_LENGTH);
        world.log.clear();
        world.hardware().resubmit();
        assertThat(world.log).isEmpty();
    }

    @Test
    void anErrorWhileAMessageIsTakenOffIsKeptWithTheOneThatEndedItsSend() {
        MailboxChannel blocking = world.bind(1, ClientOptions.blocking(Duration.ofSeconds(1)));
        var behind = new ArrayList<CompletableFuture<Integer>>();
        world.on("prepare", () -> {});
        failBadly("prepare");
        world.on("sendData", () -> {
            behind.add(blocking.sendMessageAsync("b"));
            throw new AssertionError("thrown by sendData");
        });

        Throwable thrown = catchThrowable(() -> blocking.sendMessage("a"));

        assertThat(thrown)
                .hasMessage("thrown by sendData")
                .hasSuppressedException(new AssertionError("thrown by prepare"));
        world.controller.channel(1).txDone(0);
        assertThat(behind.get(0)).isCompleted();
    }

    @Test
    void anErrorDuringCloseIsThrownOnWhenTheChannelIsClosed() {
        failBadly("shutdown");

        assertThat(catchThrowable(channel::close)).hasMessage("thrown by shutdown");

        assertThat(world.log).containsExactly("shutdown", "event CLOSED");
        assertThat(world.hardware().isBound()).isFalse();
    }

    @Test
    void anErrorOfOneChannelDoesNotKeepTheControllerFromClosingTheOthers() {
        world.bind(1, ClientOptions.NON_BLOCKING);
        var registry = new Mailboxes();
        var other = new World(TxDoneMethod.IRQ);
        registry.register(other.controller);
        MailboxChannel stays = other.bind();
        failBadly("event CLOSED");

        assertThat(catchThrowable(() -> registry.register(world.controller))).hasMessage("thrown by event CLOSED");
        MailboxChannel again = world.bind();
        failBadly("shutdown");
        assertThat(catchThrowable(registry::close)).hasMessage("thrown by shutdown");

        assertThat(again.isClosed()).isTrue();
        assertThat(stays.isClosed()).isTrue();
        assertThat(world.controller.channel(1).isBound()).isFalse();
    }

    /** As code in other languages of the JVM may do anywhere. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    static <T extends Throwable> void throwUndeclared(Throwable thrown) throws T {
        throw (T) thrown;
    }

    private void failUndeclared(String call) {
        world.on(call, () -> CallbackFailureTest.<RuntimeException>throwUndeclared(new IOException(call)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"prepare", "sendData", "refused", "txDone"})
    void aCheckedExceptionThatNobodyDeclaredGoesNoFurther(String call) {
        world.driver.sendResults.add(-Errno.EBUSY);
        failUndeclared(call);

        channel.sendMessage("a");
        world.hardware().resubmit();
        world.hardware().txDone(0);

        assertThat(world.log).endsWith("sendData a -> 0", "txDone a 0");
        assertThat(logged.at(Level.ERROR)).hasSize(1);
        assertThat(channel.sendMessage("next")).isEqualTo(1);
        world.hardware().txDone(0);
        assertThat(world.log).endsWith("txDone next 0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"shutdown", "event CLOSED"})
    void aCheckedExceptionThatNobodyDeclaredDoesNotKeepAChannelFromClosing(String call) {
        failUndeclared(call);

        channel.close();

        assertThat(world.log).containsExactly("shutdown", "event CLOSED");
        assertThat(world.hardware().isBound()).isFalse();
    }

    @Test
    void aCheckedExceptionThatStartupDidNotDeclareFailsTheBindingWithEio() {
        channel.close();
        failUndeclared("startup");

        assertThat(catchThrowable(world::bind))
                .isInstanceOf(MailboxException.class)
                .hasMessageStartingWith("EIO");

        assertThat(world.hardware().isBound()).isFalse();
    }
}
