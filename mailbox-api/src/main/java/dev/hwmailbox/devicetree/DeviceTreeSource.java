// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

/**
 * Reads and writes devicetree source (DTS), the language in which devicetrees are written by hand. A source gives the
 * tree that dtc 1.6.1 makes of it, numbers of phandles and order of nodes included.
 *
 * <p>Understood is all of the language: labels, references by label and by path, {@code /include/}, {@code /bits/},
 * expressions, {@code /memreserve/}, {@code /plugin/}, {@code /delete-node/}, {@code /delete-property/},
 * {@code /omit-if-no-ref/}. Of the C preprocessor: {@code #include}, {@code #define} and {@code #undef} of constants,
 * {@code #ifdef}, {@code #ifndef}, {@code #else}, {@code #endif}, {@code #error}, and the line markers that a
 * preprocessor leaves behind. As in C, a macro is replaced wherever its name stands as a whole word of letters, digits
 * and underscores outside strings, character literals and comments, be it in the name of a node; {@code 0x10} and
 * {@code 1e} are numbers and no such words. Nothing is defined beforehand.
 *
 * <p>Not supported, and refused with a message that says so: {@code /incbin/}, the use of macros with parameters,
 * {@code #if}, {@code #elif}, {@code #pragma}.
 *
 * <p>The reader takes any text: the outcome is a tree or a {@link DeviceTreeException}, in time and memory proportional
 * to the text, inclusions counted. Its limits: {@link DeviceTree#MAX_DEPTH} levels of nodes; 2^23 characters of text,
 * 2^22 of expanded macros and 2^24 bytes of paths that stand for references
 * ({@link DeviceTreeException.Code#TOO_LARGE}); 64 files inside each other, 2^14 inclusions
 * ({@link DeviceTreeException.Code#BAD_INCLUDE}); 128 levels of an expression; 128 macros inside each other.
 *
 * <p>Messages are {@code file:line:column: what was expected, what was found}, followed by the line and a caret below
 * the character. {@link DeviceTreeException#position()} has the place, {@link DeviceTreeException#nodePath()} the node
 * where there is one.
 *
 * <p>Two properties or two nodes of one name in one block are refused, be it the first block of the node or a later
 * one. A node that was deleted and is written again starts empty and comes last among its siblings. {@code phandle} is
 * a number, or asks for one by a reference to its own node: {@code phandle = <&self>}.
 *
 * <p>Differs from dtc 1.6.1: {@code '\\'} followed by another character literal is read as what it is.
 *
 * <p>A source is text. Whoever decodes it from bytes takes UTF-8; strings of the tree are written as UTF-8, so that
 * they have the bytes of the file. A byte order mark is refused.
 *
 * <p>Context: any thread.
 *
 * @since 0.1
 */
public final class DeviceTreeSource {
    private DeviceTreeSource() {}

    /**
     * Reads a source that includes nothing but the built-in headers, without a table of symbols.
     *
     * @param file the name under which the text appears in messages
     * @param text the source
     * @return the tree, with boot CPU 0
     * @throws DeviceTreeException if the text is no valid source
     */
    public static DeviceTree read(String file, CharSequence text) {
        return reader().read(file, text);
    }

    /**
     * A reader without inclusions and without symbols, to be set up further.
     *
     * @return the reader
     */
    public static DeviceTreeSourceReader reader() {
        return DeviceTreeSourceReader.PLAIN;
    }

    /**
     * Writes a tree as source that reads back as the same tree. Values have no types in a tree: text, cells or bytes is
     * a guess, but never a loss. Nodes that {@code /__symbols__} names get their labels.
     *
     * <p>Source has no words for the boot CPU: a tree that is read back has 0. The source of a tree of some megabytes
     * may have more characters than the reader takes.
     *
     * @param tree the tree
     * @return the source
     * @throws DeviceTreeException if source cannot say it: with {@link DeviceTreeException.Code#BAD_NAME} for names of
     *     nodes with other characters than letters, digits and {@code , . _ + -} and one {@code @}, or of properties
     *     with others than letters, digits and {@code , . _ + - ? # *}; with
     *     {@link DeviceTreeException.Code#BAD_PHANDLE} for {@code phandle} or {@code linux,phandle} that is 0,
     *     0xffffffff, not one cell, or of two nodes. {@link DeviceTree#toString()} prints these, too
     */
    public static String print(DeviceTree tree) {
        PrintableTree.check(tree);
        return DtsPrinter.print(tree);
    }
}
