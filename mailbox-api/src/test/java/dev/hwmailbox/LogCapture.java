// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.slf4j.LoggerFactory;

/** What a package logs while this is open, instead of on the console. */
public final class LogCapture implements AutoCloseable {
    static {
        // The tests run inside the module, which reads slf4j but not its backend.
        Module tests = LogCapture.class.getModule();
        ModuleLayer.boot().findModule("ch.qos.logback.classic").ifPresent(tests::addReads);
        ModuleLayer.boot().findModule("ch.qos.logback.core").ifPresent(tests::addReads);
    }

    private final Logger logger = (Logger) LoggerFactory.getLogger("dev.hwmailbox");
    private final ListAppender<ILoggingEvent> appender = new ListAppender<>();
    private final boolean additive = logger.isAdditive();

    public LogCapture() {
        appender.start();
        logger.addAppender(appender);
        logger.setAdditive(false);
    }

    @SuppressWarnings("exports") // the backend is there for tests only
    public List<String> at(Level level) {
        return List.copyOf(appender.list).stream()
                .filter(event -> event.getLevel() == level)
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    @Override
    public void close() {
        logger.setAdditive(additive);
        logger.detachAppender(appender);
    }
}
