// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.testing;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.ResourceManagerOptions;
import dev.hwmailbox.testing.VirtualScheduler;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Everything a test of a Resource Manager's client needs, in one line: virtual time, a {@link FakeResourceManager}, a
 * channel to it, and a {@link ResourceManager} bound to that.
 *
 * <p>The channel is a mailbox loop-back that carries frames as they are, or message queues of Gunyah
 * ({@link Builder#overGunyah}), with the real controller at both ends.
 *
 * <pre>{@code
 * try (ResourceManagerTestBed bed = ResourceManagerTestBed.create()) {
 *     bed.fake().on(RmMessageId.VM_START, FakeReply.refuse(RmError.VM_STATE));
 *
 *     assertThatThrownBy(() -> bed.resourceManager().start(128)).hasMessageContaining("VM_STATE");
 * }
 * }</pre>
 *
 * <p>It needs no test framework; with JUnit, a field annotated {@code @AutoClose} will do.
 *
 * <p>Context: the thread of the test, as {@link VirtualScheduler} is.
 *
 * @since 0.1
 */
public final class ResourceManagerTestBed implements AutoCloseable {
    private final VirtualScheduler scheduler;
    private final FrameLink link;
    private final FakeResourceManager fake;
    private final ResourceManager resourceManager;
    private @Nullable MailboxChannel channel;
    private int refusedRequests;

    private ResourceManagerTestBed(Builder builder) {
        scheduler = builder.scheduler != null ? builder.scheduler : new VirtualScheduler();
        link = builder.overGunyah ? new GunyahLink(scheduler) : new LoopbackLink(scheduler);
        fake = FakeResourceManager.serve(link::requestFar, link.carrier(), scheduler);
        resourceManager = ResourceManager.bind(this::request, link.carrier(), scheduler, builder.options);
    }

    /**
     * Makes a test bed over a mailbox loop-back, whose client has the default options.
     *
     * @return a bed with everything
     */
    public static ResourceManagerTestBed create() {
        return builder().build();
    }

    /**
     * Starts a test bed with other settings.
     *
     * @return a builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Time and threads.
     *
     * @return the scheduler
     */
    public VirtualScheduler scheduler() {
        return scheduler;
    }

    /**
     * The other side.
     *
     * @return what the client talks to
     */
    public FakeResourceManager fake() {
        return fake;
    }

    /**
     * The client.
     *
     * @return what the code under test is given
     */
    public ResourceManager resourceManager() {
        return resourceManager;
    }

    /** Restarts the Resource Manager behind a channel that survives; the client is told as tasks run. */
    public void restart() {
        fake.restart();
        link.reset(requireChannel());
    }

    /** Closes the client's channel under it; the client is told at once, and requests the channel again. */
    public void disconnect() {
        fake.restart();
        requireChannel().close();
    }

    /**
     * Has the client's next requests for its channel fail.
     *
     * @param count how many
     */
    public void refuseRequests(int count) {
        refusedRequests = count;
    }

    /** Closes the client, the fake and the channel. */
    @Override
    public void close() {
        resourceManager.close();
        fake.close();
        link.close();
    }

    private MailboxChannel request(MailboxClient client) {
        if (refusedRequests > 0) {
            refusedRequests--;
            throw FrameLink.refusal();
        }
        channel = link.requestNear(client);
        return channel;
    }

    private MailboxChannel requireChannel() {
        return Objects.requireNonNull(channel, "channel");
    }

    /** Sets what differs from {@link ResourceManagerTestBed#create}. */
    public static final class Builder {
        private @Nullable VirtualScheduler scheduler;
        private ResourceManagerOptions options = ResourceManagerOptions.DEFAULT;
        private boolean overGunyah;

        private Builder() {}

        /**
         * Sets time and threads, such as a scheduler with a seed.
         *
         * @param value the scheduler
         * @return this
         */
        public Builder scheduler(VirtualScheduler value) {
            scheduler = Objects.requireNonNull(value, "scheduler");
            return this;
        }

        /**
         * Sets how the client behaves.
         *
         * @param value the options
         * @return this
         */
        public Builder options(ResourceManagerOptions value) {
            options = Objects.requireNonNull(value, "options");
            return this;
        }

        /**
         * Lets the frames go through message queues of Gunyah, 240 bytes by 8, and the controller for them.
         *
         * @return this
         */
        public Builder overGunyah() {
            overGunyah = true;
            return this;
        }

        /**
         * Makes the test bed.
         *
         * @return a bed with everything
         */
        public ResourceManagerTestBed build() {
            return new ResourceManagerTestBed(this);
        }
    }
}
