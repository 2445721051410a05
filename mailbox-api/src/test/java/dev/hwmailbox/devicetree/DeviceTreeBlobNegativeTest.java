// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import dev.hwmailbox.Errno;
import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every message of the reader. Structure offsets in messages count from the block, {@code offset()} from the blob. */
class DeviceTreeBlobNegativeTest {
    private static final int TOTAL_SIZE = 4;
    private static final int OFF_STRUCTURE = 8;
    private static final int OFF_STRINGS = 12;
    private static final int OFF_RESERVATIONS = 16;
    private static final int VERSION = 20;
    private static final int LAST_COMPATIBLE = 24;

    @Test
    void namesTheSizeOfATooShortBlob() {
        refuses(ByteBuffer.allocate(39), Code.TRUNCATED, 0, "blob has 39 bytes, a devicetree header needs 40");
    }

    @Test
    void namesAWrongMagic() {
        refuses(
                minimal().putInt(0, 0xedfe0dd0),
                Code.BAD_MAGIC,
                0,
                "not a flattened devicetree: magic 0xedfe0dd0, expected 0xd00dfeed");
    }

    @Test
    void namesVersionsItDoesNotKnow() {
        refuses(
                minimal().putInt(VERSION, 15).putInt(LAST_COMPATIBLE, 2),
                Code.BAD_VERSION,
                VERSION,
                "devicetree version 15 (compatible back to 2) is not supported");
        refuses(
                minimal().putInt(VERSION, -1).putInt(LAST_COMPATIBLE, 18),
                Code.BAD_VERSION,
                VERSION,
                "devicetree version 4294967295 (compatible back to 18) is not supported");
        refuses(
                minimal().putInt(VERSION, 16).putInt(LAST_COMPATIBLE, 17),
                Code.BAD_VERSION,
                VERSION,
                "devicetree version 16 (compatible back to 17) is not supported");
    }

    @Test
    void namesATotalsizeThatDoesNotFit() {
        refuses(minimal().putInt(TOTAL_SIZE, 39), Code.TRUNCATED, 4, "totalsize 39 does not fit: 72 bytes are there");
        refuses(minimal().putInt(TOTAL_SIZE, 73), Code.TRUNCATED, 4, "totalsize 73 does not fit: 72 bytes are there");
        refuses(
                minimal().putInt(TOTAL_SIZE, -1),
                Code.TRUNCATED,
                4,
                "totalsize 4294967295 does not fit: 72 bytes are there");
    }

    @Test
    void namesABlockOutOfAlignment() {
        refuses(
                minimal().putInt(OFF_RESERVATIONS, 44),
                Code.ALIGNMENT,
                OFF_RESERVATIONS,
                "memory reservation block starts at 44, which is not a multiple of 8");
        refuses(
                minimal().putInt(OFF_STRUCTURE, 57),
                Code.ALIGNMENT,
                OFF_STRUCTURE,
                "structure block starts at 57, which is not a multiple of 4");
    }

    @Test
    void namesABlockOutsideTheBlob() {
        refuses(
                minimal().putInt(OFF_STRUCTURE, 36),
                Code.TRUNCATED,
                OFF_STRUCTURE,
                "structure block [36,52) lies outside the blob of 72 bytes");
        refuses(
                minimal().putInt(OFF_STRINGS, 0xffff_fffc),
                Code.TRUNCATED,
                OFF_STRINGS,
                "strings block [4294967292,4294967292) lies outside the blob of 72 bytes");
        refuses(
                minimal().putInt(36, 0x7fff_fffc),
                Code.TRUNCATED,
                OFF_STRUCTURE,
                "structure block [56,2147483700) lies outside the blob of 72 bytes");
        refuses(
                minimal().putInt(OFF_RESERVATIONS, 80),
                Code.TRUNCATED,
                OFF_RESERVATIONS,
                "memory reservation block [80,80) lies outside the blob of 72 bytes");
    }

    @Test
    void namesAReservationListWithoutEnd() {
        refuses(minimal().putLong(48, 1).putLong(64, 1), Code.TRUNCATED, 40, "memory reservation block has no end");
    }

    @Test
    void namesWhatTheStructureBlockEndsInTheMiddleOf() {
        String message = "structure block ends in the middle of %s at %d";
        refuses(new RawBlob().begin("").blob(), Code.TRUNCATED, 64, message.formatted("a token", 8));
        refuses(
                new RawBlob().begin("").token(1).token(0x61616161).blob(),
                Code.TRUNCATED,
                64,
                message.formatted("the name of a node", 8));
        refuses(
                new RawBlob().begin("").token(3).token(4).blob(),
                Code.TRUNCATED,
                64,
                message.formatted("a property", 8));
        refuses(
                new RawBlob()
                        .begin("")
                        .token(3)
                        .token(-1)
                        .token(0)
                        .token(1)
                        .strings("a\0")
                        .blob(),
                Code.TRUNCATED,
                64,
                message.formatted("a property", 8));
    }

    @Test
    void namesTokensThatMakeNoTree() {
        int end = BlobFormat.END;
        refuses(
                new RawBlob().begin("").token(5).blob(),
                Code.BAD_STRUCTURE,
                64,
                "unknown token 0x5 at structure offset 8");
        refuses(
                new RawBlob().begin("").token(end).blob(),
                Code.BAD_STRUCTURE,
                64,
                "end of the tree inside a node at structure offset 8");
        refuses(
                new RawBlob().end().token(end).blob(),
                Code.BAD_STRUCTURE,
                56,
                "end of a node that has not begun at structure offset 0");
        refuses(
                new RawBlob().begin("").end().begin("").end().token(end).blob(),
                Code.BAD_STRUCTURE,
                68,
                "second root node at structure offset 12");
        refuses(
                new RawBlob().begin("root").end().token(end).blob(),
                Code.BAD_STRUCTURE,
                56,
                "root node with name \"root\" at structure offset 0");
        refuses(
                new RawBlob().property("a").begin("").end().token(end).blob(),
                Code.BAD_STRUCTURE,
                56,
                "property outside a node at structure offset 0");
        refuses(new RawBlob().token(end).blob(), Code.BAD_STRUCTURE, 56, "the tree has no root node");
    }

    @Test
    void namesAPropertyBehindAChild() {
        var refusal = refuses(
                new RawBlob()
                        .begin("")
                        .begin("n")
                        .begin("c")
                        .end()
                        .property("late")
                        .blob(),
                Code.BAD_STRUCTURE,
                84,
                "property 'late' of /n follows a child node");

        assertThat(refusal.nodePath()).contains("/n");
        assertThat(refusal.property()).contains("late");
    }

    @Test
    void namesAStringOutsideItsBlock() {
        refuses(
                new RawBlob().begin("").propertyAt(2).strings("a\0").blob(),
                Code.BAD_STRING,
                64,
                "property at 8 names string 2, the strings block has 2 bytes");
        refuses(
                new RawBlob().begin("").propertyAt(-1).strings("a\0").blob(),
                Code.BAD_STRING,
                64,
                "property at 8 names string 4294967295, the strings block has 2 bytes");
    }

    @Test
    void namesAStringWithoutEnd() {
        refuses(
                new RawBlob().begin("").propertyAt(1).strings("abc").blob(),
                Code.TRUNCATED,
                77,
                "string at 1 is not terminated");
    }

    @Test
    void namesImpossibleNames() {
        refuses(
                new RawBlob().begin("").begin("a b\n\u00ff").blob(),
                Code.BAD_NAME,
                64,
                "node name \"a b\\n\\xff\" in /");
        refuses(new RawBlob().begin("").begin("a/b").blob(), Code.BAD_NAME, 64, "node name \"a/b\" in /");
        refuses(new RawBlob().begin("").begin("n").begin("").blob(), Code.BAD_NAME, 72, "node name \"\" in /n");
        refuses(new RawBlob().begin("").property("").blob(), Code.BAD_NAME, 76, "property name \"\" in /");
    }

    @Test
    void boundsTheLengthOfPropertyNames() {
        String longest = "x".repeat(Names.MAX_PROPERTY_NAME);
        ByteBuffer good = new RawBlob()
                .begin("")
                .property(longest)
                .end()
                .token(BlobFormat.END)
                .blob();
        assertThat(DeviceTreeBlob.read(good).root().hasProperty(longest)).isTrue();

        refuses(
                new RawBlob().begin("").property(longest + "x").blob(),
                Code.BAD_NAME,
                76,
                "property name \"" + "x".repeat(64) + "...\" in /: longer than 255 characters");
        refuses(
                new RawBlob().begin("").propertyAt(0).strings(longest).blob(),
                Code.TRUNCATED,
                76,
                "string at 0 is not terminated");
    }

    @Test
    void namesDuplicates() {
        refuses(
                new RawBlob().begin("").property("a").property("a").blob(),
                Code.DUPLICATE,
                76,
                "/ has two properties named a");
        refuses(
                new RawBlob().begin("").begin("n").end().begin("n").blob(),
                Code.DUPLICATE,
                76,
                "/ has two children named n");
    }

    @Test
    void readsSixtyFourLevelsAndRefusesTheSixtyFifth() {
        var deepest = new RawBlob().begin("");
        for (int level = 2; level <= 64; level++) {
            deepest.begin("n");
        }
        for (int level = 64; level >= 1; level--) {
            deepest.end();
        }
        assertThat(DeviceTreeBlob.read(deepest.token(BlobFormat.END).blob()).nodes())
                .hasSize(64);

        var tooDeep = new RawBlob().begin("");
        for (int level = 2; level <= 65; level++) {
            tooDeep.begin("n");
        }
        refuses(tooDeep.blob(), Code.TOO_DEEP, 56 + 64 * 8, "more than 64 levels of nodes at " + "/n".repeat(64));
    }

    @Test
    @Timeout(20)
    void spendsNoMoreOnOverlappingNamesThanTheBlobJustifies() {
        // Each property names another tail of one endless string: unbounded, the names alone would need gigabytes.
        int properties = 40_000;
        var raw = new RawBlob().begin("").strings("x".repeat(properties + 300) + "\0");
        for (int i = 0; i < properties; i++) {
            raw.begin("n" + i).propertyAt(i).end();
        }

        refuses(
                raw.end().token(BlobFormat.END).blob(),
                Code.BAD_NAME,
                -1,
                "property name \"" + "x".repeat(64) + "...\" in /n0: longer than 255 characters");
    }

    /** A root without anything, 72 bytes: header 40, reservations 16, structure 16. */
    private static ByteBuffer minimal() {
        return new RawBlob().begin("").end().token(BlobFormat.END).blob();
    }

    private static DeviceTreeException refuses(ByteBuffer blob, Code code, long offset, String reason) {
        var refusal = assertThrowsExactly(DeviceTreeException.class, () -> DeviceTreeBlob.read(blob));
        assertThat(refusal.reason()).isEqualTo(reason);
        assertThat(refusal).hasMessage("EINVAL: " + reason);
        assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
        assertThat(refusal.code()).isEqualTo(code);
        if (offset >= 0) {
            assertThat(refusal.offset()).isEqualTo(offset);
        }
        return refusal;
    }
}
