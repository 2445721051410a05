// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A controller that is broken in one way.
 *
 * @param caughtBy the check that must fail on it
 * @param defect what is wrong with it
 * @param factory makes one
 * @param traits what it is said not to be able to do
 */
record Mutant(
        String caughtBy, String defect, Supplier<? extends ControllerFixture> factory, Set<ControllerTrait> traits) {
    static Mutant of(String caughtBy, String defect, Supplier<ReferenceDriver> driver) {
        return new Mutant(caughtBy, defect, () -> new ReferenceFixture(driver.get()), driver.get().kind.traits);
    }

    static Mutant ofFixture(String caughtBy, String defect, Supplier<? extends ControllerFixture> factory) {
        return new Mutant(caughtBy, defect, factory, Set.of());
    }

    static List<Mutant> all() {
        return Stream.of(
                        BindingMutants.all(),
                        SendMutants.all(),
                        RefusalMutants.all(),
                        CompletionMutants.all(),
                        ReceiveMutants.all(),
                        FlushAndPeekMutants.all(),
                        ReentrancyMutants.all(),
                        NeighbourMutants.all(),
                        LifeMutants.all())
                .flatMap(List::stream)
                .toList();
    }
}
