// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The headers with the constants of interrupt specifiers, which nearly every source includes. */
final class BuiltInHeaders {
    private static final String TRIGGERS = """
            #ifndef HWMAILBOX_IRQ_H
            #define HWMAILBOX_IRQ_H
            #define IRQ_TYPE_NONE 0
            #define IRQ_TYPE_EDGE_RISING 1
            #define IRQ_TYPE_EDGE_FALLING 2
            #define IRQ_TYPE_EDGE_BOTH 3
            #define IRQ_TYPE_LEVEL_HIGH 4
            #define IRQ_TYPE_LEVEL_LOW 8
            #endif
            """;

    private static final String GIC = TRIGGERS + """
            #ifndef HWMAILBOX_ARM_GIC_H
            #define HWMAILBOX_ARM_GIC_H
            #define GIC_SPI 0
            #define GIC_PPI 1
            #define GIC_ESPI 2
            #define GIC_EPPI 3
            #endif
            """;

    private static final Map<String, String> HEADERS = Map.of(
            "dt-bindings/interrupt-controller/irq.h", TRIGGERS, "dt-bindings/interrupt-controller/arm-gic.h", GIC);

    private BuiltInHeaders() {}

    static @Nullable String find(String name) {
        return HEADERS.get(name);
    }
}
