// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Level;
import dev.hwmailbox.controller.ChannelTranslation;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.ControllerOwner;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.NodeBuilder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a client finds its channel by devicetree. */
class RequestChannelTest {
    private static final int PROVIDER = 7;

    private final DeviceTree tree = DeviceTree.of(NodeBuilder.root()
            .child("mbox@1000", mbox -> mbox.property("phandle", PROVIDER).property("#mbox-cells", 1))
            .child(
                    "client",
                    client -> client.property("mboxes", PROVIDER, 1, PROVIDER, 9, 0)
                            .property("mbox-names", "tx", "rx"))
            .build());
    private final Node provider = tree.find("/mbox@1000").orElseThrow();
    private final Mailboxes mailboxes = new Mailboxes();

    private World world(@Nullable ChannelTranslation translation) {
        return new World(builder -> {
            builder.txDoneMethod(TxDoneMethod.IRQ).node(provider);
            if (translation != null) {
                builder.translation(translation);
            }
        });
    }

    private MailboxClient client() {
        return client(tree.find("/client").orElseThrow());
    }

    private static MailboxClient client(@Nullable Node node) {
        return new MailboxClient() {
            @Override
            public @Nullable Node node() {
                return node;
            }

            @Override
            public String toString() {
                return "a client";
            }
        };
    }

    private MailboxException requestFails(MailboxClient client, int index) {
        return catchThrowableOfType(MailboxException.class, () -> mailboxes.requestChannel(client, index));
    }

    @Test
    void bindsTheChannelThatTheEntryMeans() {
        World world = world(null);
        mailboxes.register(world.controller);

        MailboxChannel channel = mailboxes.requestChannel(client(), 0);

        assertThat(channel).hasToString("c/1");
        assertThat(world.controller.channel(1).isBound()).isTrue();
    }

    @Test
    void findsAChannelByItsName() {
        mailboxes.register(world(null).controller);

        assertThat(mailboxes.requestChannelByName(client(), "tx")).hasToString("c/1");
    }

    @Test
    void refusesAnUnknownNameWithEinvalAndListsTheKnownOnes() {
        assertThatThrownBy(() -> mailboxes.requestChannelByName(client(), "t"))
                .isInstanceOf(MailboxException.class)
                .hasMessage("EINVAL: /client: mbox-names has no \"t\" (has \"tx\", \"rx\")");
    }

    @Test
    void refusesAClientWithoutNodeWithEnodev() {
        assertThat(requestFails(client(null), 0)).hasMessage("ENODEV: the client has no node (a client)");
        assertThatThrownBy(() -> mailboxes.requestChannelByName(client(null), "tx"))
                .hasMessageStartingWith("ENODEV");
    }

    @Test
    void defersWhileNoControllerIsRegistered() {
        assertThat(requestFails(client(), 0))
                .hasMessage("EPROBE_DEFER: /client: mboxes[0]: controller /mbox@1000 is not registered");
    }

    @Test
    void aListenerHearsWhenADeferredRequestIsWorthRepeating() {
        List<String> found = new ArrayList<>();
        RegistrationListener retry =
                controller -> found.add(mailboxes.requestChannel(client(), 0).toString());
        mailboxes.addListener(retry);

        mailboxes.register(world(null).controller);

        assertThat(found).containsExactly("c/1");
        assertThat(mailboxes.removeListener(retry)).isTrue();
        assertThat(mailboxes.removeListener(retry)).isFalse();
    }

    @Test
    void aListenerThatThrowsUpsetsNobody() {
        List<String> heard = new ArrayList<>();
        mailboxes.addListener(controller -> {
            throw new IllegalStateException("expected");
        });
        mailboxes.addListener(controller -> heard.add(controller.name()));

        try (var log = new LogCapture()) {
            mailboxes.register(world(null).controller);

            assertThat(log.at(Level.ERROR)).anyMatch(message -> message.contains("controllerRegistered threw"));
        }

        assertThat(heard).containsExactly("c");
    }

    @Test
    void refusesAChannelThatTheControllerDoesNotHaveWithEinval() {
        mailboxes.register(world(null).controller);

        assertThat(requestFails(client(), 1))
                .hasMessage("EINVAL: /client: mboxes[1]: no channel of /mbox@1000 for <&/mbox@1000 0x9>");
    }

    @Test
    @DisplayName("D17 an entry without cells means no channel")
    void refusesAnEntryWithoutCellsWithEinval() {
        DeviceTree bare = DeviceTree.of(NodeBuilder.root()
                .child("mbox@1000", mbox -> mbox.property("phandle", PROVIDER).property("#mbox-cells", 0))
                .child("client", client -> client.property("mboxes", PROVIDER))
                .build());
        mailboxes.register(world(null).controller);

        assertThat(requestFails(client(bare.find("/client").orElseThrow()), 0))
                .hasMessage("EINVAL: /client: mboxes[0]: no channel of /mbox@1000 for <&/mbox@1000>");
    }

    @Test
    void refusesAnEmptyEntryAndOnePastTheEndWithEnoent() {
        mailboxes.register(world(null).controller);

        assertThat(requestFails(client(), 2)).hasMessage("ENOENT: /client: mboxes[2] is empty");
        assertThat(requestFails(client(), 3)).hasMessage("ENOENT: /client: mboxes: no entry with index 3");
    }

    @Test
    void ofTwoControllersOfOneNodeTheFirstThatCanTranslateDecides() {
        mailboxes.register(world((controller, reference) -> -Errno.ENXIO).controller);
        World second = world((controller, reference) -> (int) reference.cell(0) + 1);
        mailboxes.register(second.controller);

        mailboxes.requestChannel(client(), 0);

        assertThat(second.controller.channel(2).isBound()).isTrue();
        // Translated, a busy channel is final.
        assertThat(requestFails(client(), 0).errno()).isEqualTo(Errno.EBUSY);
    }

    @Test
    void theLastTranslationErrorIsTheAnswer() {
        mailboxes.register(world((controller, reference) -> -Errno.ENXIO).controller);
        mailboxes.register(world((controller, reference) -> 4).controller);

        assertThat(requestFails(client(), 0).errno()).isEqualTo(Errno.EINVAL);
    }

    @ParameterizedTest
    @ValueSource(classes = {IllegalStateException.class, IOException.class})
    void aTranslationThatThrowsIsTakenForEio(Class<? extends Exception> kind) throws Exception {
        Exception thrown = kind.getConstructor(String.class).newInstance("expected");
        mailboxes.register(world((controller, reference) -> {
                    CallbackFailureTest.<RuntimeException>throwUndeclared(thrown);
                    return 0;
                })
                .controller);

        try (var log = new LogCapture()) {
            assertThat(requestFails(client(), 0).errno()).isEqualTo(Errno.EIO);
            assertThat(log.at(Level.ERROR)).anyMatch(message -> message.contains("translation threw"));
        }
    }

    @Test
    void aControllerThatIsUnregisteredDuringStartupLeavesNoBindingBehind() {
        World world = world(null);
        mailboxes.register(world.controller);
        world.on("startup", () -> mailboxes.unregister(world.controller));

        assertThat(requestFails(client(), 0).errno()).isEqualTo(Errno.ESHUTDOWN);

        assertThat(world.controller.channel(1).isBound()).isFalse();
    }

    @Test
    void aControllerThatLeavesBetweenLookUpAndBindIsDeferredAgain() {
        World world = world(null);
        List<ChannelEvent> events = new ArrayList<>();
        mailboxes.register(world.controller);
        MailboxClient client = new MailboxClient() {
            @Override
            public @Nullable Node node() {
                return tree.find("/client").orElseThrow();
            }

            @Override
            public ClientOptions options() {
                mailboxes.unregister(world.controller);
                return ClientOptions.NON_BLOCKING;
            }

            @Override
            public void event(MailboxChannel channel, ChannelEvent event) {
                events.add(event);
            }
        };

        assertThat(requestFails(client, 0).errno()).isEqualTo(Errno.EPROBE_DEFER);

        assertThat(world.controller.channel(1).isBound()).isFalse();
        assertThat(events).containsExactly(ChannelEvent.CLOSED);
    }

    @Test
    void eachBindingHoldsOneReferenceToTheOwner() {
        var owner = new CountingOwner();
        World world =
                new World(builder -> builder.txDoneMethod(TxDoneMethod.IRQ).owner(owner));

        MailboxChannel channel = world.bind();
        assertThat(owner.references).isEqualTo(1);
        channel.close();
        channel.close();

        assertThat(owner.references).isZero();
    }

    @Test
    void aFailedStartupGivesTheReferenceBack() {
        var owner = new CountingOwner();
        World world =
                new World(builder -> builder.txDoneMethod(TxDoneMethod.IRQ).owner(owner));
        world.driver.startupResult = -Errno.ENXIO;

        assertThatThrownBy(world::bind).hasMessageStartingWith("ENXIO");

        assertThat(owner.references).isZero();
    }

    @Test
    void anOwnerThatIsGoingAwayIsAnsweredEbusy() {
        var owner = new CountingOwner();
        owner.alive = false;
        World world =
                new World(builder -> builder.txDoneMethod(TxDoneMethod.IRQ).owner(owner));

        assertThatThrownBy(world::bind).hasMessage("EBUSY: the controller is going away (c/0)");

        assertThat(world.hardware().isBound()).isFalse();
        assertThat(world.log).isEmpty();
    }

    @Test
    void anOwnerThatThrowsInsteadOfAnsweringLeavesTheChannelFree() {
        World world =
                new World(builder -> builder.txDoneMethod(TxDoneMethod.IRQ).owner(new ControllerOwner() {
                    @Override
                    public boolean tryAcquire() {
                        throw new IllegalStateException("expected");
                    }

                    @Override
                    public void release() {}
                }));

        assertThatThrownBy(world::bind).hasMessage("expected");

        assertThat(world.hardware().isBound()).isFalse();
    }

    @Test
    void anEvictedBindingKeepsItsReferenceUntilItsClientCloses() {
        var owner = new CountingOwner();
        World world =
                new World(builder -> builder.txDoneMethod(TxDoneMethod.IRQ).owner(owner));
        MailboxChannel channel = world.bind();

        mailboxes.register(world.controller);
        assertThat(owner.references).isEqualTo(1);
        channel.close();
        channel.close();

        assertThat(owner.references).isZero();
    }

    @Test
    void aReferenceIsGivenBackOnceThoughAnEvictedClientClosesDuringItsLastAttempt() {
        var owner = new CountingOwner();
        World world =
                new World(builder -> builder.txDoneMethod(TxDoneMethod.IRQ).owner(owner));
        MailboxChannel channel = world.bind();
        world.on("sendData", () -> {
            mailboxes.register(world.controller);
            channel.close();
            assertThat(owner.references).as("while the driver is at work").isEqualTo(1);
        });

        channel.sendMessage("a");
        channel.close();

        assertThat(owner.references).isZero();
    }

    @Test
    void nothingReachesTheClientBeforeStartup() {
        var hardware = new ArrayList<ControllerChannel>();
        ControllerOwner early = new ControllerOwner() {
            @Override
            public boolean tryAcquire() {
                hardware.get(0).receivedData("early");
                hardware.get(0).raiseEvent(ChannelEvent.PEER_RESET);
                return true;
            }

            @Override
            public void release() {}
        };
        World world =
                new World(builder -> builder.txDoneMethod(TxDoneMethod.IRQ).owner(early));
        hardware.add(world.hardware());

        world.controller.channel(0).bindClient(world.new LoggingClient(ClientOptions.NON_BLOCKING));
        world.hardware().raiseEvent(ChannelEvent.PEER_RESET);

        assertThat(world.log).containsExactly("startup", "event PEER_RESET");
    }

    @Test
    void anOwnerThatThrowsUpsetsNobody() {
        World world =
                new World(builder -> builder.txDoneMethod(TxDoneMethod.IRQ).owner(new ControllerOwner() {
                    @Override
                    public boolean tryAcquire() {
                        return true;
                    }

                    @Override
                    public void release() {
                        throw new IllegalStateException("expected");
                    }
                }));
        MailboxChannel channel = world.bind();

        try (var log = new LogCapture()) {
            channel.close();

            assertThat(log.at(Level.ERROR)).anyMatch(message -> message.contains("releasing the owner threw"));
        }
        assertThat(world.hardware().isBound()).isFalse();
        assertThat(world.log).endsWith("event CLOSED");
    }

    private static final class CountingOwner implements ControllerOwner {
        private int references;
        private boolean alive = true;

        @Override
        public boolean tryAcquire() {
            references += alive ? 1 : 0;
            return alive;
        }

        @Override
        public void release() {
            references--;
        }
    }
}
