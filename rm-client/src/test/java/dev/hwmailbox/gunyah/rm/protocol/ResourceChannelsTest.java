// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.rm.protocol.ResourceChannels.Pair;
import dev.hwmailbox.gunyah.rm.protocol.ResourceChannels.Reason;
import dev.hwmailbox.gunyah.rm.protocol.ResourceChannels.Unpaired;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResourceChannelsTest {
    private static final HypResource SEND = side(HypResourceType.MSGQ_SEND, 128, 5, 1);
    private static final HypResource RECEIVE = side(HypResourceType.MSGQ_RECEIVE, 128, 5, 2);

    @Test
    void pairsSidesOfOnePartnerAndLabelInAnyOrder() {
        var pair = new Pair(128, 5, SEND, RECEIVE);

        assertThat(ResourceChannels.of(List.of(SEND, RECEIVE)))
                .isEqualTo(new ResourceChannels(List.of(pair), List.of()));
        assertThat(ResourceChannels.of(List.of(RECEIVE, SEND)))
                .isEqualTo(new ResourceChannels(List.of(pair), List.of()));
    }

    @Test
    void keepsPartnersApart() {
        var elsewhere = side(HypResourceType.MSGQ_RECEIVE, 129, 5, 3);

        var channels = ResourceChannels.of(List.of(SEND, elsewhere));

        assertThat(channels.pairs()).isEmpty();
        assertThat(channels.unpaired())
                .containsExactly(
                        new Unpaired(128, 5, List.of(SEND), List.of()),
                        new Unpaired(129, 5, List.of(), List.of(elsewhere)))
                .allMatch(unpaired -> unpaired.reason() == Reason.LONE);
    }

    @Test
    void pairsNoneOfSeveralEqualSides() {
        var second = side(HypResourceType.MSGQ_SEND, 128, 5, 3);

        var channels = ResourceChannels.of(List.of(SEND, RECEIVE, second));

        assertThat(channels.pairs()).isEmpty();
        assertThat(channels.unpaired())
                .containsExactly(new Unpaired(128, 5, List.of(SEND, second), List.of(RECEIVE)))
                .allMatch(unpaired -> unpaired.reason() == Reason.AMBIGUOUS);
    }

    @Test
    void twoSidesOfOneDirectionAreAmbiguousToo() {
        var second = side(HypResourceType.MSGQ_SEND, 128, 5, 3);

        assertThat(ResourceChannels.of(List.of(SEND, second)).unpaired())
                .extracting(Unpaired::reason)
                .containsExactly(Reason.AMBIGUOUS);
    }

    @Test
    void passesOverWhatIsNoMessageQueue() {
        var doorbell = side(HypResourceType.DOORBELL_SEND, 128, 5, 3);
        var strange = new HypResource(255, 128, 0, 5, CapabilityId.of(4), 0, 0, 0, 0);

        var channels = ResourceChannels.of(List.of(doorbell, SEND, strange, RECEIVE));

        assertThat(channels.pairs()).hasSize(1);
        assertThat(channels.unpaired()).isEmpty();
    }

    private static HypResource side(HypResourceType type, int partner, int label, long capability) {
        return HypResource.of(type, partner, label, CapabilityId.of(capability), 40);
    }
}
