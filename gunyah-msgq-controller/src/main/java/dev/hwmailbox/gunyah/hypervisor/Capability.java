// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahRights;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a look-up finds: an immutable grant of rights to an object, or one of three answers for "nothing usable".
 * Revoking and deleting replace it in its slot, so a look-up is one read and a call in progress keeps what it found.
 */
final class Capability {
    static final Capability UNDECODABLE = new Capability(GunyahError.ARGUMENT_INVALID);
    static final Capability EMPTY = new Capability(GunyahError.CSPACE_CAP_NULL);
    static final Capability REVOKED = new Capability(GunyahError.CSPACE_CAP_REVOKED);

    private final int error;
    private final @Nullable HypervisorObject object;
    private final @Nullable CapabilitySpace space;
    private final long id;
    private final int rights;
    private final boolean master;

    private Capability(int error) {
        this.error = error;
        object = null;
        space = null;
        id = CapabilityId.INVALID.value();
        rights = 0;
        master = false;
    }

    Capability(HypervisorObject object, CapabilitySpace space, long id, int rights, boolean master) {
        error = GunyahError.OK;
        this.object = object;
        this.space = space;
        this.id = id;
        this.rights = rights;
        this.master = master;
    }

    /** Why this does not give some rights to an object of some type: OK if it does. */
    int refusal(ObjectType type, int rights) {
        if (object == null) {
            return error;
        }
        return object.type() == type ? missing(rights) : GunyahError.CSPACE_WRONG_OBJECT_TYPE;
    }

    /** Why this does not give the right to configure and activate an object, whatever its type. */
    int activationRefusal() {
        return object == null ? error : missing(GunyahRights.OBJECT_ACTIVATE);
    }

    private int missing(int rights) {
        return (this.rights & rights) == rights ? GunyahError.OK : GunyahError.CSPACE_INSUFFICIENT_RIGHTS;
    }

    /** Why this is not a valid capability: OK if it is. */
    int error() {
        return error;
    }

    /** The object. Only for a valid capability. */
    HypervisorObject object() {
        return Objects.requireNonNull(object, "object");
    }

    /** The queue. Only for a capability that was found to name one. */
    MessageQueue queue() {
        return (MessageQueue) object();
    }

    /** The space this capability is in. Only for a valid capability. */
    CapabilitySpace space() {
        return Objects.requireNonNull(space, "space");
    }

    long id() {
        return id;
    }

    int rights() {
        return rights;
    }

    boolean isMaster() {
        return master;
    }

    @Override
    public String toString() {
        return error == GunyahError.OK
                ? "%s %s rights=0x%x".formatted(CapabilityId.toString(id), object, rights)
                : GunyahError.name(error);
    }
}
