// SPDX-License-Identifier: Apache-2.0
/** What the subcommands that tell a story have in common. */
@NullMarked
package dev.hwmailbox.examples.story;

import org.jspecify.annotations.NullMarked;
