// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;

/**
 * What every mailbox controller must do, as checks that any author can run against theirs, with the dynamic tests of a
 * test framework or in a loop. It is also how designs of controllers are compared. The body of a factory of tests:
 *
 * <pre>{@code
 * return ControllerContract.checks(MyFixture::new, Set.of(NO_FLUSH)).stream()
 *         .map(check -> dynamicTest(check.toString(), () -> {
 *             assumeTrue(check.isApplicable(), () -> check.obstacle().orElseThrow());
 *             check.run();
 *         }));
 * }</pre>
 *
 * <p>Context: any thread; the checks run in virtual time, on the thread that runs them.
 *
 * <p>Kernel counterpart: none; there the rules are prose, include/linux/mailbox_controller.h and
 * Documentation/driver-api/mailbox.rst (Linux 6.12).
 *
 * @since 0.1
 */
public final class ControllerContract {
    private ControllerContract() {}

    /**
     * The checks for a controller, those included that do not apply to it.
     *
     * @param factory makes a fixture for each run of a check; nothing is made before
     * @param traits what the controller cannot do
     * @return all checks, always the same ones in the same order
     */
    public static List<ControllerCheck> checks(
            Supplier<? extends ControllerFixture> factory, Set<ControllerTrait> traits) {
        Objects.requireNonNull(factory, "factory");
        ControllerCheckList list = new ControllerCheckList(factory, Set.copyOf(traits));
        ControllerBindingChecks.addTo(list);
        ControllerSendChecks.addTo(list);
        ControllerRefusalChecks.addTo(list);
        ControllerCompletionChecks.addTo(list);
        ControllerReceiveChecks.addTo(list);
        ControllerFlushAndPeekChecks.addTo(list);
        ControllerReentrancyChecks.addTo(list);
        ControllerNeighbourChecks.addTo(list);
        ControllerLifeChecks.addTo(list);
        return list.toList();
    }
}
