// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.examples.calls.Outcome;
import dev.hwmailbox.examples.gpio.GpioRecord.Event;
import dev.hwmailbox.examples.machine.GuestConnection;
import dev.hwmailbox.examples.timeline.Timeline;
import dev.hwmailbox.gunyah.rm.ChannelSubscription;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * What the guest does with its lines: blinks an LED, listens to a button, and runs a fan while it is too hot.
 *
 * <p>Context: the guest's scheduler.
 */
final class GpioGuest implements AutoCloseable {
    private static final Duration BLINK = Duration.ofMillis(100);
    private static final Duration DEBOUNCE = Duration.ofMillis(5);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

    private final Timeline timeline;
    private final MailboxScheduler scheduler;
    private final GpioClient client;
    private final ChannelSubscription subscription;
    private GpioLines lines = new GpioLines(List.of());
    private int blinks;

    GpioGuest(GuestConnection connection, Timeline timeline, int blinks) {
        this.timeline = timeline;
        this.blinks = blinks;
        scheduler = connection.scheduler();
        client = new GpioClient(scheduler, this::begin);
        subscription = connection.channels().subscribe(client, GuestConnection.TO_OWNER, client);
    }

    private void begin() {
        client.names(this::named);
    }

    private void named(Outcome<GpioLines> outcome) {
        if (!outcome.isAnswered()) {
            timeline.add("guest", "no names: %s", outcome);
            return;
        }
        lines = outcome.reply();
        timeline.add("guest", "lines %s", lines.names());
        int led = lines.find("led-status");
        client.value(led, before -> {
            timeline.add("guest", "led-status is %d", before);
            client.setDirection(led, GpioDirection.OUT, done -> blink(led, 1 - before));
        });
        listen("button-user", GpioInterrupt.BOTH, this::buttonChanged);
        listen("alarm-temperature", GpioInterrupt.HIGH, this::tooHot);
    }

    private void listen(String name, GpioInterrupt type, Consumer<Event> handler) {
        int line = lines.find(name);
        IntConsumer set = status -> timeline.add("guest", "%s interrupts: %s, status %d", name, type, status);
        client.setDirection(line, GpioDirection.IN, done -> client.setInterrupt(line, type, handler, set));
    }

    private void blink(int led, int level) {
        if (blinks-- > 0) {
            client.setValue(led, level, done -> after(BLINK, () -> blink(led, 1 - level)));
        } else {
            client.setValue(
                    lines.find("button-user"),
                    1,
                    status -> timeline.add("guest", "a value for an input: %s", Errno.name(-status)));
        }
    }

    /** The contacts bounce: whatever they do until the acknowledgement is one more event. */
    private void buttonChanged(Event event) {
        timeline.add("guest", "button-user is %d (event %d)", event.level(), event.id());
        after(DEBOUNCE, () -> client.acknowledge(event));
    }

    private void tooHot(Event event) {
        timeline.add("guest", "alarm-temperature is %d (event %d): fan on", event.level(), event.id());
        int fan = lines.find("fan-enable");
        client.setValue(fan, 1, latched -> client.setDirection(fan, GpioDirection.OUT, done -> {}));
        after(LOOK_AGAIN, () -> client.acknowledge(event));
    }

    private void after(Duration delay, Runnable task) {
        scheduler.timer("gpio guest", task).arm(delay.toNanos());
    }

    @Override
    public void close() {
        subscription.close();
        timeline.add("guest", "stops, %s", client.counters());
    }
}
