// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.devicetree.InterruptSpecifier;
import dev.hwmailbox.gunyah.BindingVariant;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.ResourceManagerExtras;
import dev.hwmailbox.gunyah.ResourceManagerNode;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class MsgqEndpointTest {
    private static final CapabilityId TX = CapabilityId.of(0);
    private static final CapabilityId RX = CapabilityId.of(0x8000000000000001L);

    @Test
    void refusalNamesTheFieldAndTheValue() {
        expectRefusal(
                () -> new MsgqEndpoint(TX, 40, TX, 41, 240),
                "txCapability and rxCapability are the same, 0x0000000000000000");
        expectRefusal(() -> new MsgqEndpoint(TX, 40, RX, 40, 240), "txVirq and rxVirq are the same, 40");
        expectRefusal(() -> new MsgqEndpoint(TX, 31, RX, 41, 240), "txVirq 31 is outside the shared range 32..1019");
        expectRefusal(
                () -> new MsgqEndpoint(TX, 40, RX, 1020, 240), "rxVirq 1020 is outside the shared range 32..1019");
        expectRefusal(() -> new MsgqEndpoint(TX, 40, RX, 41, 0), "maxMessageSize 0 is outside 1..1023");
        expectRefusal(() -> new MsgqEndpoint(TX, 40, RX, 41, 1024), "maxMessageSize 1024 is outside 1..1023");
        expectRefusal(
                () -> new MsgqEndpoint(CapabilityId.INVALID, -1, CapabilityId.INVALID, -1, 240),
                "neither txCapability nor rxCapability is valid");
        expectRefusal(() -> new MsgqEndpoint(CapabilityId.INVALID, 40, RX, 41, 240), "txVirq 40 has no queue");
    }

    @Test
    void acceptsTheWholeRangeOfNumbers() {
        MsgqEndpoint endpoint = new MsgqEndpoint(CapabilityId.of(-2), 32, RX, 1019, 1023);

        assertThat(endpoint.canSend()).isTrue();
        assertThat(endpoint.canReceive()).isTrue();
        assertThat(endpoint).hasToString("tx 0xfffffffffffffffe irq 32, rx 0x8000000000000001 irq 1019, 1023 bytes");
    }

    @Test
    void oneWayEndpointsHaveOneDirection() {
        MsgqEndpoint out = MsgqEndpoint.sendOnly(TX, 40, 240);
        MsgqEndpoint in = MsgqEndpoint.receiveOnly(RX, 41, 240);

        assertThat(out.canSend()).isTrue();
        assertThat(out.canReceive()).isFalse();
        assertThat(in.canSend()).isFalse();
        assertThat(in.canReceive()).isTrue();
        assertThat(out).hasToString("tx 0x0000000000000000 irq 40, no rx, 240 bytes");
        assertThat(in).hasToString("no tx, rx 0x8000000000000001 irq 41, 240 bytes");
    }

    @Test
    void takesCapabilitiesInterruptsAndSizeFromTheDevicetree() {
        MsgqEndpoint endpoint = MsgqEndpoint.of(node("/gic", "/gic", 64, 240));

        assertThat(endpoint).isEqualTo(new MsgqEndpoint(TX, 35, RX, 36, 240));
    }

    @Test
    void refusesTwoInterruptControllers() {
        expectRefusal(
                () -> MsgqEndpoint.of(node("/gic", "/other", 240, 240)), "txVirq belongs to /gic, rxVirq to /other");
        expectRefusal(
                () -> MsgqEndpoint.of(node("/gic", null, 240, 240)),
                "txVirq belongs to /gic, rxVirq to an unknown controller");
    }

    @Test
    void acceptsInterruptsWhoseControllerIsNotInSight() {
        assertThat(MsgqEndpoint.of(node(null, null, 64, 240))).isEqualTo(new MsgqEndpoint(TX, 35, RX, 36, 240));
    }

    private static ResourceManagerNode node(
            @Nullable String txController, @Nullable String rxController, int txSize, int rxSize) {
        return new ResourceManagerNode(
                "/hypervisor/rm",
                TX,
                RX,
                interrupt(txController, 3),
                interrupt(rxController, 4),
                txSize,
                rxSize,
                8,
                8,
                BindingVariant.FINAL,
                ResourceManagerExtras.NONE,
                List.of());
    }

    private static InterruptSpecifier interrupt(@Nullable String controller, int number) {
        return new InterruptSpecifier(
                controller,
                List.of(0, number, 1),
                InterruptSpecifier.Kind.SPI,
                32 + number,
                InterruptSpecifier.Trigger.EDGE_RISING);
    }

    private static void expectRefusal(ThrowingCallable making, String fact) {
        assertThatThrownBy(making)
                .isInstanceOfSatisfying(
                        MailboxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
                .hasMessage("EINVAL: endpoint: " + fact);
    }
}
