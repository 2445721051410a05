// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import java.util.List;

/**
 * A devicetree does not say how to reach the Resource Manager. The errno is ENODEV when there is nothing to reach (no
 * Gunyah hypervisor node, no Resource Manager node, or one of them not available), EINVAL when it is described wrongly.
 *
 * @since 0.1
 */
public final class BindingException extends MailboxException {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // List.copyOf makes serializable lists.
    private final List<BindingViolation> violations;

    BindingException(List<BindingViolation> violations) {
        super(errno(violations.get(0).code()), summary(violations));
        this.violations = List.copyOf(violations);
    }

    /**
     * What is wrong.
     *
     * @return at least one violation, in the order in which they were found
     */
    public List<BindingViolation> violations() {
        return violations;
    }

    private static int errno(BindingViolation.Code code) {
        return switch (code) {
            case NO_HYPERVISOR_NODE, HYPERVISOR_COMPATIBLE, HYPERVISOR_DISABLED, NO_RM_NODE, RM_DISABLED ->
                Errno.ENODEV;
            default -> Errno.EINVAL;
        };
    }

    private static String summary(List<BindingViolation> violations) {
        String first = violations.get(0).message();
        return violations.size() == 1 ? first : first + " (and " + (violations.size() - 1) + " more)";
    }
}
