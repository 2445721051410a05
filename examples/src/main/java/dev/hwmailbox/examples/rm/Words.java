// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

import java.util.Iterator;
import java.util.List;

/** The words of one call, taken one after the other; what is missing, left over or no number is told by name. */
final class Words {
    private final String call;
    private final Iterator<String> words;

    Words(String call) {
        this.call = call;
        words = List.of(call.strip().split("\\s+")).iterator();
    }

    boolean hasNext() {
        return words.hasNext();
    }

    String next(String what) {
        if (!words.hasNext()) {
            throw new RmFailure("'%s': %s is missing".formatted(call, what));
        }
        return words.next();
    }

    /** All that is left, with single spaces. */
    String rest(String what) {
        StringBuilder rest = new StringBuilder(next(what));
        words.forEachRemaining(word -> rest.append(' ').append(word));
        return rest.toString();
    }

    /** A number in decimal or hexadecimal digits, of at most so many bits. */
    long number(String what, int bits) {
        return number(next(what), what, bits);
    }

    static long number(String word, String what, int bits) {
        try {
            boolean isHex = word.startsWith("0x");
            long number = isHex ? Long.parseUnsignedLong(word.substring(2), 16) : Long.parseLong(word);
            if (bits == Long.SIZE || (number >= 0 && number >>> bits == 0)) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Told below, as any other word that is no such number.
        }
        throw new RmFailure("%s is %s, not a number of %d bits".formatted(what, word, bits));
    }

    int vmid() {
        return (int) number("VMID", Short.SIZE);
    }

    int optionalVmid() {
        return hasNext() ? vmid() : 0;
    }

    int number32(String what) {
        return (int) number(what, Integer.SIZE);
    }

    void end() {
        if (words.hasNext()) {
            throw new RmFailure("'%s': nothing is known of %s".formatted(call, words.next()));
        }
    }
}
