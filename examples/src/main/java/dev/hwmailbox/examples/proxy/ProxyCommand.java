// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.proxy;

import dev.hwmailbox.Errno;
import dev.hwmailbox.examples.machine.Guest;
import dev.hwmailbox.examples.machine.GuestConnection;
import dev.hwmailbox.examples.machine.Machine;
import dev.hwmailbox.examples.machine.ServiceProgram;
import dev.hwmailbox.examples.machine.VirtualPlatform;
import dev.hwmailbox.examples.story.StoryCommand;
import dev.hwmailbox.examples.timeline.Timeline;
import dev.hwmailbox.gunyah.rm.ChannelSubscription;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntConsumer;
import picocli.CommandLine.Command;

/** {@code proxy}: the owner has memory mapped for a device by a trusted guest. */
@Command(
        name = "proxy",
        mixinStandardHelpOptions = true,
        description = {
            "The owner has memory mapped for a device by a trusted guest, one call at a time.",
            "Exits 0 if everything was as it must be, 1 on a mismatch."
        })
public final class ProxyCommand extends StoryCommand {
    /** What takes the trusted guest longer than a caller waits. */
    private static final long SLOW = 0xdead000;

    private static final Duration TOO_LONG = Duration.ofMillis(310);
    private static final int BOTH = Mapping.READ | Mapping.WRITE;

    private Runnable lateReplySent = () -> {};

    /** Made by picocli. */
    public ProxyCommand() {}

    @Override
    protected Map<String, Object> tell(VirtualPlatform platform, Timeline timeline) {
        try (Machine machine = new Machine(
                platform, (vmid, image) -> new ServiceProgram(connection -> trustedVm(connection, timeline)))) {
            PowerManager power = new PowerManager(machine.host().controller());
            SmmuProxy proxy = new SmmuProxy(machine.scheduler(), power);
            Guest guest = machine.allocate();
            machine.channels().subscribe(proxy, guest.channel(), proxy);
            guest.start();
            platform.time().advance(Duration.ofMillis(1));
            new Story(platform, timeline, proxy, power, guest).tell();
            Map<String, Object> counts = new LinkedHashMap<>();
            counts.put("replies_drained", proxy.counters().drained());
            counts.put("replies_between_calls", proxy.counters().unasked());
            counts.put("stale_replies", proxy.counters().stale());
            return counts;
        }
    }

    private ChannelSubscription trustedVm(GuestConnection connection, Timeline timeline) {
        IommuTable table = new IommuTable();
        ProxyService service = new ProxyService(table, (request, answer) -> {
            int errno = ProxyService.work(table, request);
            IntConsumer tell = result -> {
                timeline.add("guest", "answers %s: %s", request, name(result));
                answer.accept(result);
            };
            if (request instanceof ProxyRecord.Map map && map.mapping().address() == SLOW) {
                connection
                        .scheduler()
                        .timer("slow work", () -> {
                            tell.accept(errno);
                            lateReplySent.run();
                        })
                        .arm(TOO_LONG.toNanos());
            } else {
                tell.accept(errno);
            }
        });
        return connection.channels().subscribe(service, GuestConnection.TO_OWNER, service);
    }

    private static String name(int errno) {
        return errno == 0 ? "done" : Errno.name(errno);
    }

    private final class Story {
        private final VirtualPlatform platform;
        private final Timeline timeline;
        private final SmmuProxy proxy;
        private final PowerManager power;
        private final Guest guest;

        Story(VirtualPlatform platform, Timeline timeline, SmmuProxy proxy, PowerManager power, Guest guest) {
            this.platform = platform;
            this.timeline = timeline;
            this.proxy = proxy;
            this.power = power;
            this.guest = guest;
        }

        void tell() {
            Mapping camera = new Mapping(0x1000, 0x84000000L, 4 * Mapping.PAGE, BOTH);
            say("maps " + camera, proxy.map(camera), 0);
            say("maps it again", proxy.map(camera), -Errno.EBUSY);
            say("maps half a page", proxy.map(new Mapping(0x10000, 0, Mapping.PAGE / 2, BOTH)), -Errno.EINVAL);
            inTurn();
            late();
            suspend();
            say("unmaps the camera", proxy.unmap(0x1000, 4 * Mapping.PAGE), 0);
            gone();
        }

        private void inTurn() {
            timeline.add("owner", "three calls that do not wait for each other");
            for (int i = 1; i <= 3; i++) {
                int number = i;
                Mapping mapping = new Mapping(i * 0x100000L, 0x88000000L, Mapping.PAGE, Mapping.READ);
                proxy.map(mapping, status -> say("call " + number + " of 3", status, 0));
            }
            platform.time().advance(Duration.ofMillis(1));
        }

        /** The next call begins when the reply is in the queue and its interrupt has not come yet. */
        private void late() {
            timeline.add("owner", "a call that takes the guest %d ms", TOO_LONG.toMillis());
            Mapping next = new Mapping(0x400000, 0x88000000L, Mapping.PAGE, Mapping.READ);
            lateReplySent = () -> proxy.map(next, status -> say("the next call", status, 0));
            Mapping slow = new Mapping(SLOW, 0x88000000L, Mapping.PAGE, Mapping.READ);
            say("gave up", proxy.map(slow), -Errno.ETIMEDOUT);
            platform.time().advance(Duration.ofMillis(20));
            timeline.add(
                    "owner",
                    "replies drained before the next call: %d",
                    proxy.counters().drained());
            expect("replies drained", proxy.counters().drained(), 1L);
            lateReplySent = () -> timeline.add("guest", "that was for the caller of before");
        }

        private void suspend() {
            Mapping mapping = new Mapping(0x500000, 0x88000000L, Mapping.PAGE, Mapping.READ);
            proxy.map(mapping, status -> say("the call", status, 0));
            platform.scheduler(0).execute(() -> say("suspend during a call", power.suspend(), -Errno.EBUSY));
            platform.time().advance(Duration.ofMillis(1));
            say("suspend afterwards", power.suspend(), 0);
            power.resume();
        }

        private void gone() {
            Mapping slow = new Mapping(SLOW, 0x88000000L, Mapping.PAGE, Mapping.READ);
            say("unmaps what it had given up", proxy.unmap(SLOW, Mapping.PAGE), 0);
            proxy.map(slow, status -> say("the call during which the guest stops", status, -Errno.ESHUTDOWN));
            platform.time().advance(Duration.ofMillis(1));
            guest.stop(true);
            say("a call without a guest", proxy.map(slow), -Errno.ENODEV);
        }

        private void say(String what, int status, int expected) {
            timeline.add("owner", "%s: %s", what, name(-status));
            expect(what, status, expected);
        }
    }
}
