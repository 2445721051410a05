// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.gunyah.GunyahError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A guest whose start by the real Resource Manager was recorded: its tree before, its tree after, and the resource
 * lists of both sides. Its image is 4 MiB with label 1, and the devicetree lies in the middle of it.
 *
 * @param facts its line in the index
 */
record RecordedGuest(JsonNode facts) {
    private static final int IMAGE_SIZE = 4 << 20;
    private static final int TREE_OFFSET = 2 << 20;
    private static final int TREE_ROOM = 64 << 10;
    private static final int IMAGE_LABEL = 1;

    /** All lines of the index. */
    static List<RecordedGuest> all() {
        ObjectMapper mapper = new ObjectMapper();
        return new String(file("index.jsonl"), StandardCharsets.UTF_8)
                .lines()
                .map(line -> {
                    try {
                        return new RecordedGuest(mapper.readTree(line));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .toList();
    }

    String name() {
        return facts.get("file").asText().replace(".dtbo", "");
    }

    boolean isGuest() {
        return facts.has("base");
    }

    DeviceTree overlay() {
        return tree(facts.get("file").asText());
    }

    DeviceTree merged() {
        return tree(facts.get("merged").asText());
    }

    DeviceTree base() {
        return tree(facts.get("base").asText());
    }

    /** Allocates the guest, gives it its image and configures it; the n-th 4 MiB of the host's memory go into it. */
    int configure(RmTestBed bed, int piece) {
        int vmid = bed.allocate();
        byte[] base = file(facts.get("base").asText());
        long address = RmTestBed.MEMORY + (long) piece * IMAGE_SIZE;
        assertThat(bed.host.memory().write(address + TREE_OFFSET, base, 0, base.length))
                .isEqualTo(GunyahError.OK);
        int handle = bed.give(RmTestBed.MEM_LEND, IMAGE_LABEL, address, IMAGE_SIZE, vmid);
        bed.ok(RmTestBed.VM_CONFIG_IMAGE, vmid, handle, 0, 0, TREE_OFFSET, 0, TREE_OFFSET, 0, TREE_ROOM, 0);
        return vmid;
    }

    private static DeviceTree tree(String name) {
        return DeviceTreeBlob.read(ByteBuffer.wrap(file(name)));
    }

    private static byte[] file(String name) {
        return RecordedCalls.file("devicetree", "rm-dto/" + name);
    }

    @Override
    public String toString() {
        return name();
    }
}
