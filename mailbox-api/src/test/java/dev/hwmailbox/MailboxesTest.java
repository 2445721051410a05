// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MailboxesTest {
    private final Mailboxes registry = new Mailboxes();
    private final World world = new World(TxDoneMethod.IRQ);

    private MailboxException registerFails(Mailboxes where, MailboxController controller) {
        return catchThrowableOfType(MailboxException.class, () -> where.register(controller));
    }

    @Test
    void registeringTwiceFailsWithEbusyHereAndElsewhere() {
        registry.register(world.controller);

        assertThat(registerFails(registry, world.controller).errno()).isEqualTo(Errno.EBUSY);
        assertThat(registerFails(new Mailboxes(), world.controller))
                .hasMessage("EBUSY: controller is registered already (c)");
    }

    @Test
    void anUnregisteredControllerCanBeRegisteredAgain() {
        registry.register(world.controller);

        assertThat(registry.unregister(world.controller)).isTrue();
        assertThat(registry.unregister(world.controller)).isFalse();

        new Mailboxes().register(world.controller);
    }

    @Test
    void unregisteringEndsLiveBindingsInOrderOfTheChannels() {
        registry.register(world.controller);
        MailboxChannel second = world.bind(2, ClientOptions.NON_BLOCKING);
        MailboxChannel first = world.bind(0, ClientOptions.NON_BLOCKING);
        first.sendMessage("lost");
        world.takeLog();

        registry.unregister(world.controller);

        assertThat(world.log)
                .containsExactly("shutdown", "event ABANDONED", "event CLOSED", "shutdown", "event CLOSED");
        assertThat(first.sendMessage("a")).isEqualTo(-Errno.EINVAL);
        assertThat(second.isClosed()).isTrue();
    }

    @Test
    void anUnregisteredControllerCanStillBeBoundDirectly() {
        registry.register(world.controller);
        registry.unregister(world.controller);

        assertThat(world.bind().sendMessage("a")).isZero();
    }

    @Test
    void registeringEvictsDirectlyBoundOwnersWithoutShutdown() {
        MailboxChannel direct = world.bind();
        direct.sendMessage("a");
        world.takeLog();

        registry.register(world.controller);

        assertThat(world.log).containsExactly("event ABANDONED", "event CLOSED");
        assertThat(direct.sendMessage("b")).isEqualTo(-Errno.EINVAL);
        assertThat(world.bind().sendMessage("c")).isZero();
    }

    @Test
    void closingUnregistersTheLatestFirst() {
        List<String> order = new ArrayList<>();
        for (String name : List.of("first", "second", "third")) {
            var each = new World(TxDoneMethod.IRQ);
            registry.register(each.controller);
            each.bind();
            each.on("shutdown", () -> order.add(name));
        }

        registry.close();
        registry.close();

        assertThat(order).containsExactly("third", "second", "first");
    }

    @Test
    void aClosedRegistryRefusesWithEshutdownAndLeavesTheControllerFree() {
        registry.close();

        assertThat(registerFails(registry, world.controller).errno()).isEqualTo(Errno.ESHUTDOWN);

        new Mailboxes().register(world.controller);
    }

    @Test
    void aClosedRegistryLeavesDirectlyBoundOwnersAlone() {
        MailboxChannel direct = world.bind();
        registry.close();

        registerFails(registry, world.controller);

        assertThat(direct.sendMessage("a")).isZero();
        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0");
    }

    @Test
    void closingAControllerTakesItOutOfItsRegistry() {
        registry.register(world.controller);
        MailboxChannel channel = world.bind();

        world.controller.close();

        assertThat(channel.isClosed()).isTrue();
        assertThat(registry.unregister(world.controller)).isFalse();
        registry.register(world.controller);
    }

    @Test
    void listsItsControllers() {
        registry.register(world.controller);

        assertThat(registry).hasToString("Mailboxes[c[4 channels]]");
    }

    @Test
    void unregisteringFromInsideACallbackWorks() {
        registry.register(world.controller);
        MailboxChannel channel = world.bind();
        channel.sendMessage("a");
        world.on("txDone", registry::close);

        world.hardware().txDone(0);

        assertThat(world.log).endsWith("txDone a 0", "shutdown", "event CLOSED");
    }
}
