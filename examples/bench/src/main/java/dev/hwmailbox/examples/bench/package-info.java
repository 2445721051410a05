// SPDX-License-Identifier: Apache-2.0
/** What the framework costs, measured in one run against what the JDK offers for the same job. */
@NullMarked
package dev.hwmailbox.examples.bench;

import org.jspecify.annotations.NullMarked;
