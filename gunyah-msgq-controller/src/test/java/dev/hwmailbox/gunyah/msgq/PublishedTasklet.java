// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

/** What becomes of the tasklet of a published controller, for tests of other packages. */
public interface PublishedTasklet {
    /** It is to run; already so, if it was before. */
    void scheduled(boolean already);

    /** It runs. */
    void runs();

    /** It is killed; if it was scheduled, it runs now for the last time. */
    void killed(boolean scheduled);

    /** Makes a controller published, and has its tasklet watched. */
    static GunyahMsgqController.Builder watch(GunyahMsgqController.Builder builder, PublishedTasklet watcher) {
        return builder.published().observer(new TaskletObserver() {
            @Override
            public void scheduled(boolean already) {
                watcher.scheduled(already);
            }

            @Override
            public void runs() {
                watcher.runs();
            }

            @Override
            public void killed(boolean scheduled) {
                watcher.killed(scheduled);
            }
        });
    }
}
