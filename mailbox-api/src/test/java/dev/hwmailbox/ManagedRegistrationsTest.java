// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.hwmailbox.controller.TxDoneMethod;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ManagedRegistrationsTest {
    private final Mailboxes mailboxes = new Mailboxes();
    private final ManagedRegistrations scope = mailboxes.managed();
    private final World world = new World(TxDoneMethod.IRQ);

    @Test
    void closingUndoesTheRegistrationsTheLatestFirst() {
        List<String> order = new ArrayList<>();
        for (String name : List.of("first", "second")) {
            var each = new World(TxDoneMethod.IRQ);
            scope.register(each.controller);
            each.bind();
            each.on("shutdown", () -> order.add(name));
        }
        mailboxes.register(world.controller);

        scope.close();
        scope.close();

        assertThat(order).containsExactly("second", "first");
        assertThat(mailboxes).hasToString("Mailboxes[c[4 channels]]");
    }

    @Test
    void aRegistrationThatFailsLeavesNothingBehind() {
        mailboxes.register(world.controller);

        assertThatThrownBy(() -> scope.register(world.controller)).hasMessageStartingWith("EBUSY");
        scope.close();

        assertThat(mailboxes.unregister(world.controller)).isTrue();
    }

    @Test
    void undoesOneRegistrationEarly() {
        scope.register(world.controller);
        MailboxChannel channel = world.bind();

        assertThat(scope.unregister(world.controller)).isTrue();

        assertThat(channel.isClosed()).isTrue();
        assertThat(scope).hasToString("ManagedRegistrations[]");
    }

    @Test
    void complainsWhenThereIsNothingToUndo() {
        mailboxes.register(world.controller);

        try (var log = new LogCapture()) {
            assertThat(scope.unregister(world.controller)).isFalse();

            assertThat(log.at(Level.WARN)).containsExactly("c[4 channels]: no managed registration to undo");
        }
        assertThat(mailboxes.unregister(world.controller)).isTrue();
    }

    @Test
    void aControllerThatWasUnregisteredMeanwhileIsSkipped() {
        scope.register(world.controller);
        mailboxes.unregister(world.controller);
        MailboxChannel direct = world.bind();

        scope.close();

        assertThat(direct.isClosed()).isFalse();
    }

    @Test
    void anErrorOfOneControllerDoesNotKeepTheOthersRegistered() {
        var failing = new World(TxDoneMethod.IRQ);
        scope.register(world.controller);
        scope.register(failing.controller);
        failing.bind();
        failing.on("shutdown", () -> {
            throw new AssertionError("expected");
        });

        try (var log = new LogCapture()) {
            assertThatThrownBy(scope::close).hasMessage("expected");
            assertThat(log.at(Level.ERROR)).hasSize(1);
        }

        assertThat(mailboxes).hasToString("Mailboxes[]");
    }

    @Test
    void aRegistrationAtWhichAListenerFailsBadlyIsUndoneAllTheSame() {
        mailboxes.addListener(controller -> {
            throw new AssertionError("expected");
        });

        try (var log = new LogCapture()) {
            assertThatThrownBy(() -> scope.register(world.controller)).hasMessage("expected");
            assertThat(log.at(Level.ERROR)).hasSize(1);
        }
        scope.close();

        assertThat(mailboxes).hasToString("Mailboxes[]");
    }

    @Test
    void doesNotClaimToHaveUndoneWhatWasUndoneMeanwhile() {
        scope.register(world.controller);
        mailboxes.unregister(world.controller);

        assertThat(scope.unregister(world.controller)).isFalse();
    }
}
