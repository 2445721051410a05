// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Has the nth call of several interfaces fail, counted over all of them. */
final class FailingSteps {
    private static final Set<String> STEPS =
            Set.of("msgqConfigureSend", "msgqConfigureReceive", "attach", "mask", "timer", "execute");

    /** The calls since the last {@link #failAt}. */
    final List<String> calls = new ArrayList<>();

    private int failing;

    /** Counts from 1; 0: none. */
    void failAt(int number) {
        calls.clear();
        failing = number;
    }

    <T> T over(Class<T> type, T real) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, args) -> {
            if (STEPS.contains(method.getName())) {
                calls.add(method.getName());
                if (calls.size() == failing) {
                    throw new IllegalStateException("on purpose: " + method.getName());
                }
            }
            return invoke(real, method, args);
        }));
    }

    private static @Nullable Object invoke(
            Object real, java.lang.reflect.Method method, @Nullable Object @Nullable [] args) throws Throwable {
        try {
            return method.invoke(real, args);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
