// SPDX-License-Identifier: Apache-2.0
/**
 * For tests of what uses a Resource Manager: {@link dev.hwmailbox.gunyah.rm.testing.ResourceManagerTestBed} has a
 * client and a {@link dev.hwmailbox.gunyah.rm.testing.FakeResourceManager} at the other end of its channel, in one line
 * and in virtual time. It needs no test framework.
 */
@NullMarked
package dev.hwmailbox.gunyah.rm.testing;

import org.jspecify.annotations.NullMarked;
