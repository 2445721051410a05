// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** One interrupt line: what was asserted is handled, now or when the line is free and wanted again. */
final class LineStress {
    private LineStress() {}

    /** A line whose handler takes all the work there is, as a driver does. */
    abstract static class Line extends TwoGuests {
        static final int VIRQ = 100;

        private final AtomicInteger work = new AtomicInteger();
        private final AtomicInteger running = new AtomicInteger();
        final AtomicInteger overlaps = new AtomicInteger();
        volatile int done;

        Line() {
            super(1);
            near.interrupts().attach(VIRQ, this::handle);
        }

        private void handle() {
            overlaps.addAndGet(running.getAndIncrement());
            done = work.get();
            running.decrementAndGet();
        }

        final void raise() {
            work.incrementAndGet();
            near.interrupts().raise(VIRQ);
        }
    }

    /** An assertion while the handler of another one comes to its end. Results: work done; runs at the same time. */
    @JCStressTest
    @Outcome(id = "2, 0", expect = Expect.ACCEPTABLE, desc = "all work seen")
    @Outcome(id = "1, 0", expect = Expect.FORBIDDEN, desc = "the second assertion was lost")
    @Outcome(expect = Expect.FORBIDDEN, desc = "the handler overtook itself")
    @State
    public static class AssertAgainstEnd extends Line {
        @Actor
        void one() {
            raise();
        }

        @Actor
        void other() {
            raise();
        }

        @Arbiter
        void look(II_Result r) {
            r.r1 = done;
            r.r2 = overlaps.get();
        }
    }

    /** An assertion while the line is held back for a moment. Results as above. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "seen")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, or the handler overtook itself")
    @State
    public static class AssertAgainstMask extends Line {
        @Actor
        void assertIt() {
            raise();
        }

        @Actor
        void maskAndUnmask() {
            near.interrupts().mask(VIRQ);
            near.interrupts().unmask(VIRQ);
        }

        @Arbiter
        void look(II_Result r) {
            r.r1 = done;
            r.r2 = overlaps.get();
        }
    }

    /** The handler masks its own line while another thread unmasks it, and asserts. Results as above. */
    @JCStressTest
    @Outcome(id = "2, 0", expect = Expect.ACCEPTABLE, desc = "seen")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, or the handler overtook itself")
    @State
    public static class UnmaskAgainstUnmask extends Line {
        public UnmaskAgainstUnmask() {
            near.interrupts().mask(VIRQ);
            raise();
        }

        @Actor
        void one() {
            near.interrupts().unmask(VIRQ);
        }

        @Actor
        void other() {
            raise();
            near.interrupts().unmask(VIRQ);
        }

        @Arbiter
        void look(II_Result r) {
            r.r1 = done;
            r.r2 = overlaps.get();
        }
    }

    /** An assertion while the handler is detached. Results: runs of the old and of the next one; late starts. */
    @JCStressTest
    @Outcome(
            id = {"1, 0, 0", "0, 1, 0"},
            expect = Expect.ACCEPTABLE,
            desc = "the old handler before, or the next one")
    @Outcome(
            id = "1, 0, 1",
            expect = Expect.ACCEPTABLE_INTERESTING,
            desc = "taken before, and begun when detach had returned")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost or doubled")
    @State
    public static class AssertAgainstDetach extends TwoGuests {
        private final AtomicInteger late = new AtomicInteger();
        private final AtomicInteger old = new AtomicInteger();
        private volatile boolean detached;

        public AssertAgainstDetach() {
            super(1);
            near.interrupts().attach(Line.VIRQ, () -> {
                late.addAndGet(detached ? 1 : 0);
                old.incrementAndGet();
            });
        }

        @Actor
        void assertIt() {
            near.interrupts().raise(Line.VIRQ);
        }

        @Actor
        void detach() {
            near.interrupts().detach(Line.VIRQ);
            detached = true;
        }

        @Arbiter
        void look(III_Result r) {
            r.r2 = count(near, Line.VIRQ).get();
            r.r1 = old.get();
            r.r3 = late.get();
        }
    }
}
