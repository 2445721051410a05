// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A blob, a source text, an overlay, a node, a property, a reference or an interrupt list is not what it should be.
 * The errno is EINVAL, or ENOENT for a reference that is not there; {@link #code()} says what is wrong.
 *
 * <p>Context: any thread; immutable.
 *
 * @since 0.1
 */
public final class DeviceTreeException extends MailboxException {
    private static final long serialVersionUID = 1L;

    /**
     * What is wrong.
     *
     * @since 0.1
     */
    public enum Code {
        /** The bytes end before the structure they announce. */
        TRUNCATED,
        /** The bytes do not begin with the magic number of a blob. */
        BAD_MAGIC,
        /** The blob has a version that this reader does not know. */
        BAD_VERSION,
        /** A block starts at an offset that its elements are not aligned to. */
        ALIGNMENT,
        /** The tokens of the structure block do not describe one tree. */
        BAD_STRUCTURE,
        /** A property takes its name from outside the strings block. */
        BAD_STRING,
        /** A node or a property has an impossible name. */
        BAD_NAME,
        /** Two properties or two children of one node have the same name. */
        DUPLICATE,
        /** The tree has more than {@link DeviceTree#MAX_DEPTH} levels. */
        TOO_DEEP,
        /** The tree does not fit into a blob of 2^31-1 bytes. */
        TOO_LARGE,
        /** The value of a property has not the shape that was asked for. */
        BAD_VALUE,
        /** The node has neither {@code interrupts} nor {@code interrupts-extended}. */
        NO_INTERRUPTS,
        /** No interrupt controller is in charge of the node. */
        NO_INTERRUPT_PARENT,
        /** The list of interrupts ends before the one asked for. */
        TOO_FEW_INTERRUPTS,
        /** {@code interrupts-extended} refers to a phandle that no node has. */
        BAD_INTERRUPT_REFERENCE,
        /** The node that an interrupt belongs to is no interrupt controller. */
        NOT_AN_INTERRUPT_CONTROLLER,
        /** The cells of an interrupt are not those of a GIC. */
        UNSUPPORTED_INTERRUPT_SPECIFIER,
        /** The number of an interrupt is larger than its kind allows. */
        INTERRUPT_OUT_OF_RANGE,
        /** A list of references has no such entry, or an empty one. The errno is ENOENT. */
        NO_SUCH_REFERENCE,
        /** An entry of a list of references, or one before it, cannot be read. */
        BAD_REFERENCE,
        /** A list of names does not have the name. */
        NO_SUCH_NAME,
        /** The text is no devicetree source. */
        SYNTAX,
        /** A file that the source includes is not there, or files include each other too deeply. */
        BAD_INCLUDE,
        /** A label, path or phandle that is referred to is not there. */
        NO_SUCH_TARGET,
        /** A phandle is zero, the placeholder, used twice, or not one cell. */
        BAD_PHANDLE,
        /** No number is left for the phandles of an overlay. */
        NO_PHANDLES,
        /** An overlay is not built as overlays are. */
        BAD_OVERLAY
    }

    private final Code code;
    private final long offset;
    private final @Nullable String nodePath;
    private final @Nullable String property;
    private final @Nullable SourcePosition position;
    private final String reason;

    private DeviceTreeException(
            Code code,
            long offset,
            @Nullable String nodePath,
            @Nullable String property,
            @Nullable SourcePosition position,
            String reason) {
        super(code == Code.NO_SUCH_REFERENCE ? Errno.ENOENT : Errno.EINVAL, reason);
        this.code = Objects.requireNonNull(code, "code");
        this.offset = offset;
        this.nodePath = nodePath;
        this.property = property;
        this.position = position;
        this.reason = reason;
    }

    static DeviceTreeException inBlob(Code code, long offset, String reason) {
        return new DeviceTreeException(code, offset, null, null, null, reason);
    }

    static DeviceTreeException inBlob(
            Code code, long offset, String nodePath, @Nullable String property, String reason) {
        return new DeviceTreeException(code, offset, nodePath, property, null, reason);
    }

    static DeviceTreeException inTree(Code code, @Nullable String nodePath, @Nullable String property, String reason) {
        return new DeviceTreeException(code, -1, nodePath, property, null, reason);
    }

    static DeviceTreeException inSource(
            Code code, SourcePosition position, @Nullable String nodePath, @Nullable String property, String reason) {
        return new DeviceTreeException(code, -1, nodePath, property, position, reason);
    }

    /**
     * What is wrong.
     *
     * @return the code
     */
    public Code code() {
        return code;
    }

    /**
     * Where in the blob the fault was found.
     *
     * @return bytes from the start of the blob, or -1 if the fault was not found in a blob
     */
    public long offset() {
        return offset;
    }

    /**
     * Where in a source text the fault was found.
     *
     * @return the place, or empty if the fault was not found in a source text
     */
    public Optional<SourcePosition> position() {
        return Optional.ofNullable(position);
    }

    /**
     * The node that is at fault.
     *
     * @return its path, or empty if the fault is not in a node
     */
    public Optional<String> nodePath() {
        return Optional.ofNullable(nodePath);
    }

    /**
     * The property that is at fault.
     *
     * @return its name, or empty if the fault is not in a property
     */
    public Optional<String> property() {
        return Optional.ofNullable(property);
    }

    /**
     * The message without the errno's name, for use inside another message.
     *
     * @return a sentence that names node and property
     */
    public String reason() {
        return reason;
    }
}
