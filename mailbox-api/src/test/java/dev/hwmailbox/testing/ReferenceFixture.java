// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.testing.ReferenceDriver.Note;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A driver with the hands of its other side. */
class ReferenceFixture implements ControllerFixture {
    private final ReferenceDriver driver;
    private final MailboxController controller;

    ReferenceFixture(ReferenceDriver driver) {
        this(driver, 20);
    }

    ReferenceFixture(ReferenceDriver driver, int ringLength) {
        this.driver = driver;
        controller = MailboxController.builder(driver, driver.scheduler)
                .name("reference")
                .channelCount(driver.lines.length)
                .txDoneMethod(driver.kind.method)
                .ringLength(ringLength)
                .build();
    }

    @Override
    public VirtualScheduler scheduler() {
        return driver.scheduler;
    }

    @Override
    public MailboxController controller() {
        return controller;
    }

    @Override
    public @Nullable Object message(int number) {
        return new Note(number);
    }

    @Override
    public List<Integer> transmitted(int index) {
        return driver.lines[index].transmitted;
    }

    @Override
    public void complete(int index) {
        driver.completes(driver.lines[index]);
    }

    @Override
    public void refuse(int index, boolean refusing) {
        driver.refuse(driver.lines[index], refusing);
    }

    @Override
    public void deliver(int index, int number) {
        driver.arrives(driver.lines[index], number);
    }

    @Override
    public int received(@Nullable Object message) {
        return message instanceof Note note ? note.number : -1;
    }

    @Override
    public void deliverQuietly(int index, int number) {
        driver.lines[index].quiet.add(number);
    }

    @Override
    public List<Object> badMessages() {
        return List.of("text", new int[] {1});
    }

    @Override
    public void failStartup(int index, boolean failing) {
        driver.lines[index].failing = failing;
    }

    @Override
    public boolean released(int index) {
        return driver.lines[index].channel == null;
    }
}
