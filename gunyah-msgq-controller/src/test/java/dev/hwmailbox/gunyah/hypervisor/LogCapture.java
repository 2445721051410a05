// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.ArrayList;
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
    private final ListAppender<ILoggingEvent> appender = new ListAppender<>();

    LogCapture(Class<?> type) {
        this(type.getName());
    }

    LogCapture(String name) {
        logger = (Logger) LoggerFactory.getLogger(name);
        appender.start();
        logger.setAdditive(false);
        logger.addAppender(appender);
    }

    /** Passes each line on at once: its format and its arguments. */
    static LogCapture following(String name, BiConsumer<String, Object[]> follower) {
        LogCapture capture = new LogCapture(name);
        // No appender of our own: its superclass would be looked for before this module reads the backend.
        capture.appender.list = new ArrayList<>() {
            @Override
            public boolean add(ILoggingEvent event) {
                follower.accept(event.getMessage(), event.getArgumentArray());
                return true;
            }
        };
        return capture;
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
