// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.function.BiConsumer;
import org.slf4j.LoggerFactory;

/** Keeps what one class logs from the console and for the test. */
final class LogCapture implements AutoCloseable {
    static {
        // Surefire runs the tests inside the library's module, which does not know the logging backend.
        try {
            for (String type : List.of("ch.qos.logback.classic.Logger", "ch.qos.logback.core.read.ListAppender")) {
                LogCapture.class.getModule().addReads(Class.forName(type).getModule());
            }
        } catch (ClassNotFoundException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Logger logger;
    private final ListAppender<ILoggingEvent> appender;

    LogCapture(Class<?> type) {
        this(type.getName());
    }

    LogCapture(String name) {
        this(name, new ListAppender<>());
    }

    private LogCapture(String name, ListAppender<ILoggingEvent> appender) {
        logger = (Logger) LoggerFactory.getLogger(name);
        this.appender = appender;
        appender.start();
        logger.setAdditive(false);
        logger.addAppender(appender);
    }

    /** Passes each line on at once: its format and its arguments. */
    static LogCapture following(String name, BiConsumer<String, Object[]> follower) {
        return new LogCapture(name, new ListAppender<>() {
            @Override
            protected void append(ILoggingEvent event) {
                follower.accept(event.getMessage(), event.getArgumentArray());
            }
        });
    }

    /** The lines so far, as {@code LEVEL message}. */
    List<String> lines() {
        return appender.list.stream()
                .map(event -> event.getLevel() + " " + event.getFormattedMessage())
                .toList();
    }

    @Override
    public void close() {
        logger.detachAppender(appender);
        logger.setAdditive(true);
    }
}
