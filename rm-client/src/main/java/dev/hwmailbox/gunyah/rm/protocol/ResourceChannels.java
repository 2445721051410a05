// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The message queues of a resource list, put together into channels: one send and one receive side with the same
 * partner and label are the two directions of one duplex channel, in whatever order they are listed.
 *
 * <p>Context: any thread; immutable.
 *
 * <p>Differs: the downstream driver looks at labels alone and so confuses partners; Linux lets the first of several
 * equal labels win, where this calls them ambiguous and pairs none.
 *
 * @param pairs the duplex channels, by the first appearance of either side
 * @param unpaired the other message queues, by first appearance
 * @since 0.1
 */
public record ResourceChannels(List<Pair> pairs, List<Unpaired> unpaired) {
    public ResourceChannels {
        pairs = List.copyOf(pairs);
        unpaired = List.copyOf(unpaired);
    }

    /**
     * Finds the channels of a resource list. Objects other than message queues are passed over.
     *
     * @param resources the list, see {@link HypResourceList#resources()}
     * @return its channels
     */
    public static ResourceChannels of(List<HypResource> resources) {
        var sidesByKey = new LinkedHashMap<Key, Sides>();
        for (var resource : resources) {
            switch (resource.resourceType()) {
                case MSGQ_SEND -> sidesOf(resource, sidesByKey).send.add(resource);
                case MSGQ_RECEIVE -> sidesOf(resource, sidesByKey).receive.add(resource);
                default -> {}
            }
        }
        var pairs = new ArrayList<Pair>();
        var unpaired = new ArrayList<Unpaired>();
        sidesByKey.forEach((key, sides) -> {
            if (sides.send.size() == 1 && sides.receive.size() == 1) {
                pairs.add(new Pair(key.partnerVmid, key.label, sides.send.get(0), sides.receive.get(0)));
            } else {
                unpaired.add(new Unpaired(key.partnerVmid, key.label, sides.send, sides.receive));
            }
        });
        return new ResourceChannels(pairs, unpaired);
    }

    private static Sides sidesOf(HypResource side, Map<Key, Sides> sidesByKey) {
        return sidesByKey.computeIfAbsent(new Key(side.partnerVmid(), side.label()), key -> new Sides());
    }

    /**
     * A duplex channel.
     *
     * @param partnerVmid the VM at the other end
     * @param label what both ends know it by, unsigned 32 bits
     * @param send the caller's send side
     * @param receive the caller's receive side
     */
    public record Pair(int partnerVmid, int label, HypResource send, HypResource receive) {}

    /**
     * Message queues with one partner and label that are no duplex channel.
     *
     * @param partnerVmid the VM at the other end
     * @param label what both ends know them by, unsigned 32 bits
     * @param send the send sides
     * @param receive the receive sides
     */
    public record Unpaired(int partnerVmid, int label, List<HypResource> send, List<HypResource> receive) {
        public Unpaired {
            send = List.copyOf(send);
            receive = List.copyOf(receive);
        }

        /**
         * Why they are not paired.
         *
         * @return {@link Reason#LONE} for a single side, otherwise {@link Reason#AMBIGUOUS}
         */
        public Reason reason() {
            return send.size() + receive.size() == 1 ? Reason.LONE : Reason.AMBIGUOUS;
        }
    }

    /** Why message queues are not paired. */
    public enum Reason {
        /** There is only one side: a one-way channel. */
        LONE,

        /** There are several sides of one direction, and nothing tells which belongs to which. */
        AMBIGUOUS
    }

    private record Key(int partnerVmid, int label) {}

    private static final class Sides {
        private final List<HypResource> send = new ArrayList<>();
        private final List<HypResource> receive = new ArrayList<>();
    }
}
