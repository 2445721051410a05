// SPDX-License-Identifier: Apache-2.0
/** {@code dt}: prints, checks, converts and overlays devicetrees. */
@NullMarked
package dev.hwmailbox.examples.dt;

import org.jspecify.annotations.NullMarked;
