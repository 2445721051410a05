// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** One end of a {@link FakeQueue}: its interrupt, and what becomes of it. */
final class FakeEnd {
    private final FakeGunyah fake;
    private final String name;

    // guarded by the fake's lock
    private int virq;
    private final Deque<InterruptAnswer> answers = new ArrayDeque<>();

    FakeEnd(FakeGunyah fake, String name, int virq) {
        this.fake = fake;
        this.name = name;
        this.virq = virq;
    }

    int virq() {
        return fake.locked(() -> virq);
    }

    boolean isBound() {
        return virq() != MsgqEndpoint.NO_VIRQ;
    }

    void bind(int virq) {
        fake.locked(() -> this.virq = virq);
    }

    void onInterrupt(Collection<InterruptAnswer> next) {
        fake.locked(() -> answers.addAll(next));
    }

    /** The queue has an interrupt for this end. */
    void fire() {
        InterruptAnswer answer = fake.<@Nullable InterruptAnswer>locked(answers::poll);
        perform(answer == null ? InterruptAnswer.now() : answer);
    }

    /** The script has an interrupt for this end, or takes one away. */
    void follow(InterruptAnswer scripted) {
        if (scripted.kind() == InterruptAnswer.Kind.NEVER) {
            fake.locked(() -> answers.offerFirst(scripted));
        } else {
            perform(scripted);
        }
    }

    private void perform(InterruptAnswer answer) {
        switch (answer.kind()) {
            case NOW -> raise();
            case LATER -> fake.after(answer.delayNanos(), this + " interrupt", this::raise);
            case NEVER -> fake.log().interrupt("interrupt " + virq() + " of " + name + " lost");
            case TWICE -> {
                raise();
                fake.afterHandling(this::raise);
            }
        }
    }

    void raise() {
        int line = virq();
        if (line == MsgqEndpoint.NO_VIRQ) {
            fake.log().interrupt("interrupt of " + name + " lost, none is bound");
        } else {
            fake.log().interrupt("interrupt " + line + " of " + name);
            fake.raise(line);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
